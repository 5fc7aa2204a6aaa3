"""What is asked before failures are settled, and which keys fit them. Pure words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from gemtag_tui.core.failures import LOCAL_KINDS, FailureKind, Standing
from gemtag_tui.core.remedies import UNREADY, Remedy, Way
from gemtag_tui.tui.wanted_failures import Reach
from gemtag_tui.tui.words import money, plural

Verb = Literal[
    "retry", "ignore", "reopen", "rejudge", "model", "more-output", "resolution", "re-encode"
]
VERBS: frozenset[Verb] = frozenset(get_args(Verb))
CHANGED: frozenset[Verb] = frozenset({"more-output", "resolution", "re-encode"})
"""Retries with a changed setting."""

KEYS: dict[Way, str] = {
    Way.RETRY: "R",
    Way.RESCAN: "R",
    Way.IGNORE: "I",
    Way.REOPEN: "O",
    Way.REJUDGE: "J",
    Way.MODEL: "M",
    Way.MORE_OUTPUT: "A",
    Way.RESOLUTION: "D",
    Way.REENCODE: "E",
}
HOW: dict[Way, str] = {
    Way.MODEL: "a run on these alone, kept apart from this model's results",
    Way.MORE_OUTPUT: "one try each; all else as the profile says",
    Way.RESOLUTION: "one try each; all else as the profile says",
    Way.REENCODE: "one try each; all else as the profile says",
}
"""What is to be known of a remedy before it is chosen."""
NONE: dict[Verb, str] = {
    "retry": "None of these can be retried: O opens ignored ones again.",
    "ignore": "None of these can be ignored: they are already.",
    "reopen": "None of these can be opened again: they are tried again anyway.",
    "rejudge": "No answer of these is stored: there is nothing to judge.",
    "model": "No model was asked about any of these.",
    "more-output": "None of these can have more room: no model was asked, or it was the most.",
    "resolution": "None of these can be tried so: no model was asked, or it was refused before.",
    "re-encode": "None of these can be tried so: no model was asked, or it was refused before.",
}


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a key makes sense: what the present one or the marked ones are."""

    kind: FailureKind
    standing: Standing
    raw: bool

    @property
    def verbs(self) -> frozenset[Verb]:
        """Those that can do something."""
        if self.standing is Standing.IGNORED:
            return frozenset({"reopen"})
        found: set[Verb] = {"retry", "ignore"}
        if self.standing is Standing.KNOWN_BAD:
            found.add("reopen")
        if self.kind not in LOCAL_KINDS:
            found.add("model")
            if self.kind in UNREADY:
                found.add("more-output")
            if self.kind is FailureKind.REJECTED_IMAGE:
                found |= {"resolution", "re-encode"}
            if self.raw and self.kind in UNREADY:
                found.add("rejudge")
        return frozenset(found)


def reached(verb: Verb, reach: Reach) -> int:
    """How many a verb would really touch."""
    return {"rejudge": reach.raw, "model": reach.sent}.get(verb, reach.count)


def question(verb: Verb, reach: Reach) -> str:
    """What is asked, with count and cost."""
    if verb == "ignore":
        spent = f" ({money(reach.spent_usd)} was spent on them)" if reach.spent_usd else ""
        return f"Ignore {plural(reach.count, 'image')} for good{spent}?"
    if verb == "rejudge":
        return f"Judge {plural(reach.raw, 'stored answer')} again, at no cost (nothing is sent)?"
    cost = "price not known" if reach.cost_usd is None else f"about {money(reach.cost_usd)}"
    if verb == "model":
        return f"Ask {reach.model} about {plural(reach.sent, 'image')}, {cost}?"
    if verb in CHANGED:
        left = f" ({plural(reach.refused, 'other')} refused so before: left out)"
        tail = left if reach.refused else ""
        return f"Retry {plural(reach.count, 'image')} with {reach.setting}, {cost}{tail}?"
    first = "Retry" if verb == "retry" else "Reopen"
    scans = f"look at {plural(reach.local, 'file')} again by the next scan"
    if not reach.sent:
        return f"{scans[:1].upper()}{scans[1:]}, at no cost?"
    also = f", and {scans}" if reach.local else ""
    return f"{first} {plural(reach.sent, 'image')}, {cost}{also}?"


def price_words(way: Remedy) -> str:
    """The price of a remedy for a whole cause."""
    if way.total_usd is None:
        return "price?"
    return money(way.total_usd) if way.total_usd else "free"
