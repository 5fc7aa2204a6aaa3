"""Tagging a sample to measure with: choosing it, what it may cost, what it told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.pilot import (
    Findings,
    Interval,
    Picked,
    choose,
    findings_of,
    pool_size,
    predicted_total,
)
from gemtag_tui.core.plan_book import PlanBook
from gemtag_tui.core.plan_lanes import pace_of
from gemtag_tui.core.plan_pace import Load
from gemtag_tui.core.plan_time import Before, Epoch, course_of
from gemtag_tui.core.plan_values import LanePlan, Options, Plan, Selection
from gemtag_tui.engine.planning import gather, own_track
from gemtag_tui.store import pilots, plan_selection, runs, search
from gemtag_tui.store.pilots import PilotRow

if TYPE_CHECKING:
    from gemtag_tui.engine.config import Loaded
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.search import AssetDetail
    from gemtag_tui.store.tracks import Track

LOOKED_AT = 3
"""Answers that are shown."""
ROOM = 2.0
"""How many times the high end of what it is expected to cost a sample may cost by itself."""
LEAST_CAP = 0.01


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample before it is tagged: its images, its lane, and what it would take.

    Attributes:
        cap: US dollars that it may cost at most, 0 when no price is known.
        note: what is to be said of the lane.
    """

    picked: tuple[Picked, ...]
    lane: str
    plan: LanePlan
    cap: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sample told, and the plan with its results in it.

    Attributes:
        cost: US dollars for all that remains, in the sample's lane.
        seconds: for all that remains, in the sample's lane.
        looked_at: some of its images with their answers.
        lane: that the sample went through.
    """

    found: Findings
    plan: Plan
    cost: Interval
    seconds: Interval
    looked_at: tuple[AssetDetail, ...]
    lane: str = ""


async def drawn(
    lib: Library, track: Track | None, selection: Selection, *, size: int, seed: int
) -> list[Picked]:
    """Draw images in proportion to sizes and formats, spread over folders; the same for a seed."""
    number = track.id if track else None
    if selection:
        pool = await plan_selection.assets_of(lib, number, selection)
    else:
        pool = await pilots.drawn(lib, number, pool_size(size), seed)
    return choose(await pilots.probes(lib, pool), size, seed)


async def choose_sample(
    lib: Library,
    loaded: Loaded,
    config: Path,
    environ: Mapping[str, str],
    selection: Selection,
    *,
    size: int,
    seed: int,
    max_cost: float | None,
) -> Sample:
    """Choose the images of a sample and reckon what it would take. Sends nothing.

    Batch jobs answer within a day: a sample for them goes one by one, at the price of that.

    Raises:
        GemtagError: the profile or the library cannot be used.
    """
    track = await own_track(lib, loaded, config, environ)
    picked = await drawn(lib, track, selection, size=size, seed=seed)
    wanted = loaded.settings.lane
    lane = "flex" if wanted == "flex" else "interactive"
    note = "" if wanted != "batch" else "A batch would take a day: the sample goes one by one."
    book = PlanBook(await gather(lib, loaded, config, environ))
    plans = book.compute(options=Options(lane=lane, first=max(1, len(picked)))).lanes
    plan = next(one for one in plans if one.lane == lane)
    high = plan.cost.high if plan.cost else 0.0
    cap = max_cost or (max(LEAST_CAP, ROOM * high) if plan.cost else 0.0)
    return Sample(tuple(picked), lane, plan, cap, note)


async def conclude(
    lib: Library,
    loaded: Loaded,
    config: Path,
    environ: Mapping[str, str],
    *,
    sample: Sample,
    seed: int,
) -> Outcome | None:
    """Keep a sample whose run has just ended, and return what it told; `None` for nothing.

    Raises:
        LibraryError: the library cannot be used.
    """
    run = await runs.last(lib)
    if run is None:
        return None
    row = PilotRow(0, run.track, run.id, sample.lane, seed, run.started_at, sample.cap)
    number = await pilots.keep(lib, row, sample.picked)
    kept = PilotRow(number, row.track, row.run, row.lane, row.seed, row.at, row.max_cost)
    return await _outcome(lib, loaded, config, environ, kept)


async def recall(
    lib: Library, loaded: Loaded, config: Path, environ: Mapping[str, str]
) -> Outcome | None:
    """Return what the latest sample of this model and profile told; `None` while there is none.

    Raises:
        GemtagError: the profile or the library cannot be used.
    """
    track = await own_track(lib, loaded, config, environ)
    kept = None if track is None else await pilots.latest(lib, track.id)
    return None if kept is None else await _outcome(lib, loaded, config, environ, kept)


async def _outcome(
    lib: Library, loaded: Loaded, config: Path, environ: Mapping[str, str], kept: PilotRow
) -> Outcome | None:
    tried = await pilots.tried(lib, kept)
    found = findings_of(tried)
    if found is None:
        return None
    book = PlanBook(await gather(lib, loaded, config, environ))
    plan = book.compute(options=Options(lane=loaded.settings.lane))
    tagged = [one.asset for one in tried if not one.failure][:LOOKED_AT]
    looked_at = tuple([await search.show(lib, asset) for asset in tagged])
    return Outcome(
        found=found,
        plan=plan,
        cost=predicted_total(found.costs, plan.images),
        seconds=seconds_of(book, plan, found, kept.lane),
        looked_at=tuple(one for one in looked_at if one is not None),
        lane=kept.lane,
    )


def seconds_of(book: PlanBook, plan: Plan, found: Findings, lane: str) -> Interval:
    """Return how long all that remains takes, by what a sample told of tokens, calls and cost."""
    case = book.case(plan.model, plan.resolution, Options())
    facts, ends = book.facts, []
    before = Before(facts.now, case.model.used_today, facts.spent_month)
    for end in ("low", "likely", "high"):
        tokens, calls = getattr(found.tokens_in, end), getattr(found.calls, end)
        each = getattr(found.cost, end)
        load = Load(tokens, case.mix.sent_bytes * 4 / 3, max(1.0, calls))
        pace = pace_of(case, lane, end)
        ends.append(course_of(plan.images, pace, load, before, (Epoch(0.0, each),)).seconds)
    return Interval(min(ends), ends[1], max(ends))
