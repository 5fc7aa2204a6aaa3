"""The plan: what tagging the rest would take, lane by lane. Sends nothing, needs no key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.batch_words import quarantine_words
from gemtag_tui.core.calls import Usage
from gemtag_tui.core.estimate import Cost, Duration, Pace, PerImage, cost_of, duration_of
from gemtag_tui.core.models import ModelRules, canonical_model, notices, rules_for
from gemtag_tui.core.pacific import day_of, next_midnight
from gemtag_tui.core.prices import price
from gemtag_tui.core.settings import Settings, Tier
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.engine.config import Loaded
from gemtag_tui.engine.figures import limit_figures
from gemtag_tui.engine.plan_batch import (
    BatchFacts,
    available,
    batch_duration,
    batch_facts,
    batch_notes,
)
from gemtag_tui.engine.plan_tokens import tokens_per_image
from gemtag_tui.engine.preflight import KEY_HELP
from gemtag_tui.engine.profiles import load_profile
from gemtag_tui.engine.provider import likely_provider
from gemtag_tui.gemini.key import find_key
from gemtag_tui.store import ledger, limits, tracks, work
from gemtag_tui.store.batch_holders import quarantined

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

LANES = ("interactive", "flex", "batch")
LATENCY = {"interactive": 2.0, "flex": 120.0}
"""Seconds a call may take: a small model's answer; flex aims at one to fifteen minutes."""
WORKERS = 64
"""Calls at once to reckon with when a person has set no cap."""
WAIT_WORTH = 3600.0
"""Below this many seconds nobody waits for half the price."""


@dataclass(frozen=True, slots=True)
class LanePlan:
    """One lane's price and time. `cost` is `None` when the model's price is not known."""

    lane: str
    available: bool
    cost: Cost | None
    duration: Duration | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer of `gemtag plan`."""

    counts: Counts
    model: str
    profile: str
    provider: str
    tokens: PerImage
    lanes: tuple[LanePlan, ...]
    recommended: str
    reason: str
    warnings: tuple[str, ...] = ()
    key_where: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    """What every lane is reckoned from."""

    settings: Settings
    model: str
    rules: ModelRules
    images: int
    tokens: PerImage
    pace: Pace
    now: float
    batch: BatchFacts


async def make_plan(
    lib: Library, loaded: Loaded, config: Path, environ: Mapping[str, str], lane: str = "auto"
) -> Plan:
    """Reckon cost and time of all that remains.

    Args:
        lib: the library, may be read-only.
        loaded: the settings in force.
        config: the settings file, beside which profiles lie.
        environ: where a key is looked for.
        lane: the lane asked for; "auto" lets the plan choose.

    Raises:
        GemtagError: the profile or the library cannot be used.
    """
    settings = loaded.settings
    profile = load_profile(settings.profile, config)
    model = canonical_model(settings.model)
    rules = rules_for(model)
    provider = await likely_provider(lib, environ)
    track = await tracks.find_track(lib, provider, model, profile.id)
    counts = await (work.library_counts(lib) if track is None else work.counts(lib, track.id))
    tokens = await tokens_per_image(lib, track, profile, rules)
    now = lib.clock.now()
    pace = await _pace(lib, loaded, rules, provider, now)
    images = max(0, counts.remaining - counts.in_batches)
    facts = await batch_facts(lib, track)
    case = _Case(settings, model, rules, images, tokens, pace, now, facts)
    lanes = tuple(_lane(case, name) for name in LANES)
    recommended, reason = _recommend(lanes, lane, images)
    warnings = _warnings(case, counts, lanes, environ)
    if track is not None:
        warnings += filter(None, [quarantine_words(await quarantined(lib, track.id))])
    return Plan(
        counts=counts,
        model=model,
        profile=profile.name,
        provider=provider,
        tokens=tokens,
        lanes=lanes,
        recommended=recommended,
        reason=reason,
        warnings=tuple(warnings),
        key_where=key_place(environ),
    )


def key_place(environ: Mapping[str, str]) -> str:
    """Return the variable a usable key was found in, "" when there is none."""
    found = find_key(environ)
    return found.where if found else ""


async def _pace(lib: Library, loaded: Loaded, rules: ModelRules, provider: str, now: float) -> Pace:
    figures = limit_figures(loaded.settings, loaded.origins, rules)
    learned = await limits.learned(lib, provider, rules.id)
    values = {
        name: learned[name].value if name in learned else getattr(figures, name).value
        for name in ("rpm", "tpm", "rpd", "spend")
    }
    return Pace(
        rpm=values["rpm"],
        tpm=values["tpm"],
        rpd=values["rpd"],
        spend_per_10min=values["spend"],
        used_today=await ledger.requests_today(lib, provider, rules.id, day_of(now)),
        workers=loaded.settings.concurrency or WORKERS,
        to_midnight=next_midnight(now) - now,
    )


def _lane(case: _Case, lane: str) -> LanePlan:
    each = _price_each(case, lane)
    cost = None if each is None else cost_of(case.images, each, case.tokens)
    if lane == "batch":
        return _batch_lane(case, each, cost)
    notes, possible = _notes(case, lane)
    if each is None:
        notes.append(f"The price of {case.model} is not known to gemtag.")
    pace = replace(case.pace, latency=LATENCY[lane])
    length = duration_of(case.images, case.tokens, each or 0.0, pace)
    return LanePlan(lane, possible, cost, length, tuple(notes))


def _batch_lane(case: _Case, each: float | None, cost: Cost | None) -> LanePlan:
    length, rounds = batch_duration(case.settings, case.rules, case.images, case.tokens.tokens_in)
    notes = list(batch_notes(case.settings, case.rules, case.images, rounds, case.batch))
    if each is None:
        notes.append(f"The price of {case.model} is not known to gemtag.")
    return LanePlan("batch", available(case.settings, case.rules), cost, length, tuple(notes))


def _price_each(case: _Case, lane: str) -> float | None:
    found = price(case.model, lane, case.now)
    if found is None:
        return None
    tokens = case.tokens
    usage = Usage(prompt=round(tokens.tokens_in), output=round(tokens.output))
    return found.cost(usage)


def _notes(case: _Case, lane: str) -> tuple[list[str], bool]:
    tier = case.settings.limits.tier
    if lane == "flex":
        if tier is Tier.FREE:
            return ["The free tier has no flex service."], False
        return ["Half the price; answers take one to fifteen minutes and may be turned away."], True
    if tier is Tier.FREE:
        return ["On the free tier nothing is charged, and Google may use what is sent."], True
    return [], True


def _recommend(lanes: tuple[LanePlan, ...], wanted: str, images: int) -> tuple[str, str]:
    by_name = {one.lane: one for one in lanes}
    if images == 0:
        return "interactive", "Nothing remains to be tagged."
    if wanted in by_name:
        able = by_name[wanted].available
        return (
            wanted,
            "You chose it." if able else "You chose it, but it cannot be run; see its notes.",
        )
    interactive = by_name["interactive"]
    if interactive.duration is not None and interactive.duration.seconds <= WAIT_WORTH:
        return "interactive", "It is the quickest, and every result is there at once."
    for name, wait in (("batch", "a day or so"), ("flex", "and some may be turned away")):
        if by_name[name].available:
            return "interactive", (
                f"It is the quickest; the {name} lane costs half if you can wait ({wait}): "
                f"`gemtag run --lane {name}`."
            )
    return "interactive", "It is the quickest, and every result is there at once."


def _warnings(
    case: _Case, counts: Counts, lanes: tuple[LanePlan, ...], environ: Mapping[str, str]
) -> list[str]:
    found = []
    if not key_place(environ):
        found.append(f"No API key was found. {KEY_HELP}")
    if counts.total == 0:
        found.append("The library is empty: `gemtag scan PATH` adds images.")
    found += notices(case.model, datetime.fromtimestamp(case.now, UTC).date())
    table = case.rules.limits.get(case.settings.limits.tier)
    if table is not None and not table.available:
        found.append(f"The {case.settings.limits.tier} tier does not have {case.model}.")
    elif table is not None and table.assumed:
        found.append(
            f"Limits of {case.model} are assumed ({table.source}): AI Studio shows your project's; "
            "set limits.rpm, limits.tpm and limits.rpd."
        )
    return [*found, *_budget_warnings(case.settings, lanes[0])]


def _budget_warnings(settings: Settings, plan: LanePlan) -> list[str]:
    if plan.cost is None:
        return []
    caps = {"run": settings.budget.run, "day": settings.budget.day, "month": settings.budget.month}
    return [
        f"The budget for a {name} (${cap:,.2f}) ends it before all is tagged."
        for name, cap in caps.items()
        if cap and plan.cost.likely > cap
    ]
