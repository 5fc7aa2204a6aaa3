"""The parts of a run that calls go through, made from what the run stands on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.concurrency import Concurrency
from gemtag_tui.core.flex import INTERACTIVE
from gemtag_tui.core.meter import RateMeter
from gemtag_tui.core.pilot import findings_of
from gemtag_tui.engine.admission import Admission
from gemtag_tui.engine.batch_lanes import BATCH
from gemtag_tui.engine.figures import limit_figures
from gemtag_tui.engine.lane import InteractiveLane
from gemtag_tui.engine.recall import past
from gemtag_tui.engine.service import Service
from gemtag_tui.engine.settling import Settling
from gemtag_tui.engine.shelf import Shelf
from gemtag_tui.engine.tally import Tally
from gemtag_tui.engine.terms import budgets_of, patience, run_options
from gemtag_tui.engine.view import View
from gemtag_tui.store import parts, pilots, runs
from gemtag_tui.store.parts import Part

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.pilot import Findings
    from gemtag_tui.engine.admission import Lesson
    from gemtag_tui.engine.committer import Committer
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.entries import Entries
    from gemtag_tui.engine.feeder import Feeder
    from gemtag_tui.engine.preflight import Ready
    from gemtag_tui.engine.request import RunRequest
    from gemtag_tui.engine.sender import Sender
    from gemtag_tui.engine.spending import Spending
    from gemtag_tui.engine.split import Split
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track


@dataclass(frozen=True, slots=True)
class Ground:
    """What all parts of a run stand on."""

    lib: Library
    request: RunRequest
    ready: Ready
    track: Track
    control: Control
    clock: Clock
    rng: random.Random
    split: Split | None = None


def make_lane(
    ground: Ground,
    view: View,
    *,
    feeder: Feeder,
    committer: Committer,
    sender: Sender,
    settling: Settling,
) -> InteractiveLane:
    """Return the lane of single calls, with what others hear of it wired."""
    lane = InteractiveLane(
        feeder=feeder,
        admission=view.admission,
        concurrency=view.concurrency,
        sender=sender,
        settling=settling,
        control=view.control,
        clock=ground.clock,
        held=committer.held,
        no_wait=ground.request.no_wait,
        give_up_seconds=ground.request.settings.calls.give_up_minutes * 60,
    )
    feeder.refuse = settling.refuse
    view.in_flight = lambda: lane.in_flight
    view.retries = lambda: (len(feeder.waiting), feeder.waiting.next_due())
    return lane


async def make_view(ground: Ground) -> View:
    """Begin the run's row and return what makes its snapshot."""
    request, ready, clock = ground.request, ground.ready, ground.clock
    admission = await _admission(ground)
    run = await runs.begin(ground.lib, ground.track, ready.lane, run_options(request), os.getpid())
    return View(
        run=run,
        pid=os.getpid(),
        lane=ready.lane,
        track=ground.track,
        profile_name=ready.profile.name,
        tally=Tally(RateMeter(clock.monotonic()), clock.now()),
        control=ground.control,
        admission=admission,
        concurrency=_concurrency(ground),
        clock=clock,
        limit=request.limit,
        split=bool(ground.split),
    )


async def sample_of(ground: Ground) -> Findings | None:
    """Return what the latest sample of this track and lane told; `None` for a sample's own run."""
    if await pilots.is_sample(ground.lib, ground.request.selection):
        return None
    row = await pilots.latest(ground.lib, ground.track.id)
    if row is None or row.lane != ground.ready.lane:
        return None
    return findings_of(await pilots.tried(ground.lib, row))


def _concurrency(ground: Ground) -> Concurrency:
    settings = ground.request.settings
    concurrency = Concurrency(settings.concurrency, rng=ground.rng.random)
    concurrency.expect(patience(settings, ground.ready.lane))
    return concurrency


async def _admission(ground: Ground) -> Admission:
    request, clock = ground.request, ground.clock
    figures = limit_figures(request.settings, request.origins, ground.ready.rules)
    budgets = budgets_of(request.settings, request.max_cost)
    admission = Admission(figures, budgets, rng=ground.rng.random)
    admission.restore(clock.monotonic(), clock.now(), await past(ground.lib, ground.track))
    return admission


def make_shelf(ground: Ground, tally: Tally) -> Shelf:
    """Return what gives the images that are to be done."""
    lib, track, clock, split = ground.lib, ground.track, ground.clock, ground.split
    whole = Part(selection=ground.request.selection)
    told = ground.ready.profile.use_context

    def part() -> Part:
        return split.quick if split else whole

    return Shelf(
        lambda after, most: parts.todo_page(lib, track.id, part(), after, most, context=told),
        lambda most: parts.due_page(lib, track.id, part(), clock.now(), most, context=told),
        clock,
        reopen=tally.reopen,
        limit=ground.request.limit,
    )


def make_settling(
    ground: Ground,
    view: View,
    *,
    spending: Spending,
    entries: Entries,
    feeder: Feeder,
    learned: Callable[[Lesson], None],
) -> Settling:
    """Return what takes every call's outcome to its end."""
    lane = INTERACTIVE if ground.ready.lane == BATCH else ground.ready.lane
    terms = ground.request.settings.flex
    return Settling(
        provider=ground.track.provider,
        service=Service(lane, ground.clock, ground.rng.random, terms),
        profile=ground.ready.profile,
        calls=ground.request.settings.calls,
        tally=view.tally,
        admission=view.admission,
        spending=spending,
        entries=entries,
        feeder=feeder,
        control=view.control,
        clock=ground.clock,
        rng=ground.rng,
        learned=learned,
    )
