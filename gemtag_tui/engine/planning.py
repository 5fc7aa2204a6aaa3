"""The plan: gathers once what the library, the settings and the machine say; core reckons with it.

Sends nothing, needs no key.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.batch_words import quarantine_words
from gemtag_tui.core.estimate import Counted, Measured
from gemtag_tui.core.models import MODELS, ModelRules, canonical_model, rules_for
from gemtag_tui.core.pacific import day_of, month_of
from gemtag_tui.core.plan_book import PlanBook, wish_of
from gemtag_tui.core.plan_values import (
    RESOLUTIONS,
    Figure,
    LanePlan,
    ModelFacts,
    Options,
    Plan,
    PlanFacts,
    Selected,
    Selection,
    Wish,
)
from gemtag_tui.core.profile import Profile
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.engine.config import Loaded
from gemtag_tui.engine.figures import limit_figures
from gemtag_tui.engine.own_prices import own_prices
from gemtag_tui.engine.plan_near import near_facts
from gemtag_tui.engine.plan_tokens import rule_text
from gemtag_tui.engine.preflight import KEY_HELP
from gemtag_tui.engine.profiles import load_profile
from gemtag_tui.engine.provider import likely_provider
from gemtag_tui.gemini.key import find_key
from gemtag_tui.store import batches, counted, ledger, plan_facts, work
from gemtag_tui.store.batch_holders import quarantined
from gemtag_tui.store.plan_facts import TrackFacts
from gemtag_tui.store.tracks import Track, find_track

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

__all__ = [
    "LanePlan",
    "Options",
    "Plan",
    "PlanBook",
    "PlanFacts",
    "Selection",
    "Wish",
    "drift_words",
    "gather",
    "key_place",
    "make_plan",
    "own_track",
    "wish_of",
]


async def make_plan(
    lib: Library,
    loaded: Loaded,
    config: Path,
    environ: Mapping[str, str],
    lane: str = "auto",
    *,
    first: int = 0,
) -> Plan:
    """Reckon cost and time of all that remains, by the wishes in the settings.

    Args:
        lib: the library, may be read-only.
        loaded: the settings in force.
        config: the settings file, beside which profiles and prices lie.
        environ: where a key is looked for.
        lane: the lane asked for; "auto" lets the plan choose.
        first: so many images; 0 for all that remain.

    Raises:
        GemtagError: the profile, the prices or the library cannot be used.
    """
    facts = await gather(lib, loaded, config, environ)
    return PlanBook(facts).compute(options=Options(lane=lane, first=first))


async def gather(
    lib: Library,
    loaded: Loaded,
    config: Path,
    environ: Mapping[str, str],
    selection: Selection | None = None,
) -> PlanFacts:
    """Look up everything that plans are reckoned from, for every known model and resolution.

    Args:
        lib: the library, may be read-only.
        loaded: the settings in force.
        config: the settings file, beside which profiles and prices lie.
        environ: where a key is looked for.
        selection: a part of the library; `None` for all of it.

    Raises:
        GemtagError: the profile, the prices or the library cannot be used.
    """
    settings = loaded.settings
    profile, now = load_profile(settings.profile, config), lib.clock.now()
    provider, model = await likely_provider(lib, environ), canonical_model(settings.model)
    ids = _profile_ids(profile)
    near = await near_facts(
        lib, settings, await plan_facts.track_facts(lib, provider), await work.library_counts(lib)
    )
    tracks = near.tracks
    own_id = ids[profile.model.media_resolution]
    bad = await plan_facts.bad_kinds(lib, provider)
    track = next((t for t in tracks if (t.model, t.profile) == (model, own_id)), None)
    return PlanFacts(
        now=now,
        settings=settings,
        provider=provider,
        profile=profile.name,
        resolution=profile.model.media_resolution,
        shapes=tuple(await plan_facts.shapes(lib)),
        library=near.library,
        models=await _models(lib, loaded, profile, tracks, provider=provider, bad=bad),
        bad=bad.get(("", ""), {}),
        selected=await _selected(lib, track, selection),
        spent_day=await ledger.day_spend(lib, day_of(now)),
        spent_month=await ledger.month_spend(lib, month_of(now)),
        free_bytes=shutil.disk_usage(lib.path.parent).free,
        key_where=key_place(environ),
        own=own_prices(config),
        notes=(*await _notes(lib, track, environ), *near.notes),
    )


async def own_track(
    lib: Library, loaded: Loaded, config: Path, environ: Mapping[str, str]
) -> Track | None:
    """Return the track that the settings lead to; `None` while there is none.

    Raises:
        GemtagError: the profile or the library cannot be used.
    """
    profile = load_profile(loaded.settings.profile, config)
    provider = await likely_provider(lib, environ)
    return await find_track(lib, provider, canonical_model(loaded.settings.model), profile.id)


def key_place(environ: Mapping[str, str]) -> str:
    """Return the variable a usable key was found in, "" when there is none."""
    found = find_key(environ)
    return found.where if found else ""


def _profile_ids(profile: Profile) -> dict[str, str]:
    """Return the id that a profile has at each media resolution."""
    return {name: _at(profile, name).id for name in RESOLUTIONS}


def _at(profile: Profile, resolution: str) -> Profile:
    options = msgspec.structs.replace(profile.model, media_resolution=resolution)
    return msgspec.structs.replace(profile, model=options)


async def _notes(lib: Library, track: TrackFacts | None, environ: Mapping[str, str]) -> list[str]:
    found = [] if key_place(environ) else [f"No API key was found. {KEY_HELP}"]
    if track is not None and (words := quarantine_words(await quarantined(lib, track.id))):
        found.append(words)
    if track is not None and (words := await drift_words(lib, track.id)):
        found.append(words)
    return found


async def drift_words(lib: Library, track: int) -> str:
    """Say that what runs cost since a track's latest pilot leaves its interval; "" while not."""
    from gemtag_tui.store import pilots  # noqa: PLC0415 - seldom needed

    pilot = await pilots.latest(lib, track)
    if pilot is None:
        return ""
    from gemtag_tui.core.pilot import drift, findings_of  # noqa: PLC0415 - seldom needed

    images, cost = await pilots.since(lib, pilot)
    found = findings_of(await pilots.tried(lib, pilot)) if images else None
    return "" if found is None else drift(found, images, cost)


async def _selected(
    lib: Library, track: TrackFacts | None, selection: Selection | None
) -> Selected | None:
    if selection is None or not selection:
        return None
    from gemtag_tui.store import plan_selection  # noqa: PLC0415 - it brings the search along

    shapes = await plan_selection.shapes_of(lib, track.id if track else None, selection)
    return Selected(selection.words, sum(one.assets for one in shapes), tuple(shapes))


async def _models(
    lib: Library,
    loaded: Loaded,
    profile: Profile,
    tracks: list[TrackFacts],
    *,
    provider: str,
    bad: dict[tuple[str, str], dict[str, int]],
) -> dict[str, ModelFacts]:
    sampled = await plan_facts.pilots(lib, provider)
    looked = _Looked(
        profile=profile,
        ids=_profile_ids(profile),
        tracks=tracks,
        used=await plan_facts.used(lib, provider, sampled),
        counted=await counted.kept(lib, provider),
        bad=bad,
        learned=await plan_facts.learned(lib, provider),
        calls=await plan_facts.calls_today(lib, provider, day_of(lib.clock.now())),
        hours=await plan_facts.batch_hours(lib, provider),
        tries={one.model: await plan_facts.tries(lib, one.id) for one in tracks},
        proven={one.model for one in tracks if await batches.proven(lib, one.id)},
    )
    names = {*MODELS, canonical_model(loaded.settings.model)}
    return {name: _model_facts(rules_for(name), loaded, looked) for name in sorted(names)}


class _Looked(msgspec.Struct, kw_only=True):
    """What the library says of all models."""

    profile: Profile
    ids: dict[str, str]
    tracks: list[TrackFacts]
    used: dict[tuple[str, str], Measured]
    counted: dict[tuple[str, str], Counted]
    bad: dict[tuple[str, str], dict[str, int]]
    learned: dict[tuple[str, str], float]
    calls: dict[str, float]
    hours: dict[str, tuple[float, int]]
    tries: dict[str, float]
    proven: set[str]

    def counts(self, model: str) -> dict[str, Counts]:
        """Return the counts of a model's tracks by media resolution."""
        found = {(t.model, t.profile): t.counts for t in self.tracks}
        return {r: found[model, i] for r, i in self.ids.items() if (model, i) in found}

    def measured(self, model: str) -> dict[str, Measured]:
        """Return what a model's results have used, by media resolution."""
        return {r: self.used[model, i] for r, i in self.ids.items() if (model, i) in self.used}

    def by_count(self, model: str) -> dict[str, Counted]:
        """Return what the API counted for a model, by media resolution."""
        found = {r: self.counted.get((model, i)) for r, i in self.ids.items()}
        return {r: one for r, one in found.items() if one is not None}

    def bad_here(self, model: str) -> dict[str, dict[str, int]]:
        """Return a model's known bad images by kind, by media resolution."""
        return {r: self.bad[model, i] for r, i in self.ids.items() if (model, i) in self.bad}


def _model_facts(rules: ModelRules, loaded: Loaded, looked: _Looked) -> ModelFacts:
    prompt, output, thinking = rule_text(looked.profile, rules)
    hours, jobs = looked.hours.get(rules.id, (0.0, 0))
    return ModelFacts(
        rules=rules,
        prompt=prompt,
        output=output,
        thinking=thinking,
        limits=_limits(rules, loaded, looked),
        counts=looked.counts(rules.id),
        measured=looked.measured(rules.id),
        counted=looked.by_count(rules.id),
        bad=looked.bad_here(rules.id),
        used_today=looked.calls.get(rules.id, 0.0),
        tries=looked.tries.get(rules.id, 1.0),
        batch_hours=hours,
        batch_jobs=jobs,
        proven=rules.id in looked.proven,
    )


def _limits(rules: ModelRules, loaded: Loaded, looked: _Looked) -> dict[str, Figure]:
    figures = limit_figures(loaded.settings, loaded.origins, rules)
    found = {}
    for name in ("rpm", "tpm", "rpd", "spend"):
        value = looked.learned.get((rules.id, name))
        one = getattr(figures, name)
        found[name] = Figure(one.value, one.source) if value is None else Figure(value, "learned")
    return found
