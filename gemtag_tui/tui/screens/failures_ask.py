"""What is asked before failures are settled, and which keys fit them. Pure words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gemtag_tui.core.failures import LOCAL_KINDS, FailureKind, Standing
from gemtag_tui.core.remedies import UNREADY, Remedy, Way
from gemtag_tui.tui.wanted_failures import Reach
from gemtag_tui.tui.words import money, plural

Verb = Literal["retry", "ignore", "reopen", "rejudge", "model"]

KEYS: dict[Way, str] = {
    Way.RETRY: "R",
    Way.RESCAN: "R",
    Way.IGNORE: "I",
    Way.REOPEN: "O",
    Way.REJUDGE: "J",
    Way.MODEL: "M",
}
HOW: dict[Way, str] = {
    Way.MORE_OUTPUT: "first raise model.max_output_tokens in the profile's file, then R",
    Way.REENCODE: "first gemtag config set images.send_max_bytes 100000, then R",
    Way.RESOLUTION: "model.media_resolution in the profile's file: a new profile, so the whole "
    "library counts as not tagged by it; gemtag run --query failed keeps to these",
    Way.MODEL: "a run on these alone",
}
"""What has to be set for a remedy, where it is more than a key."""
NONE: dict[Verb, str] = {
    "retry": "None of these can be retried: O opens ignored ones again.",
    "ignore": "None of these can be ignored: they are already.",
    "reopen": "None of these can be opened again: they are tried again anyway.",
    "rejudge": "No answer of these is stored: there is nothing to judge.",
    "model": "No model was asked about any of these.",
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
