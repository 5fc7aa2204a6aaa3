"""Putting a run together, and taking it apart again."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gemtag_tui.core.concurrency import Concurrency
from gemtag_tui.core.flex import INTERACTIVE
from gemtag_tui.engine import batch_side, near, split
from gemtag_tui.engine.admission import Admission
from gemtag_tui.engine.batch_lanes import BATCH
from gemtag_tui.engine.committer import Committer
from gemtag_tui.engine.entries import Entries
from gemtag_tui.engine.feeder import Feeder
from gemtag_tui.engine.figures import limit_figures
from gemtag_tui.engine.lane import InteractiveLane
from gemtag_tui.engine.own_prices import own_prices
from gemtag_tui.engine.preflight import Ready, check_lane, choose_lane, find_provider
from gemtag_tui.engine.preparer import Preparer, open_preparer
from gemtag_tui.engine.pricing import Pricing
from gemtag_tui.engine.sender import Sender
from gemtag_tui.engine.settling import Settling, lesson_words
from gemtag_tui.engine.shelf import Shelf
from gemtag_tui.engine.spending import Spending
from gemtag_tui.engine.terms import budgets_of, check_budgets, patience, ways
from gemtag_tui.engine.view import View
from gemtag_tui.engine.wiring import (
    Ground,
    make_lane,
    make_settling,
    make_shelf,
    make_view,
    sample_of,
)
from gemtag_tui.gemini.client import GeminiClient
from gemtag_tui.store import batches, commands, limits, runs, selections, tracks, work

if TYPE_CHECKING:
    import random

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.pilot import Findings
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.core.snapshot import Counts
    from gemtag_tui.engine.admission import Lesson
    from gemtag_tui.engine.batch_ground import Ground as BatchGround
    from gemtag_tui.engine.batch_lanes import Lanes
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.request import RunRequest
    from gemtag_tui.engine.split import Split
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_log = logging.getLogger(__name__)
_WORDS_KEPT = 400


@dataclass(slots=True)
class Assembly:
    """The parts of one run."""

    lib: Library
    committer: Committer
    settling: Settling
    shelf: Shelf
    feeder: Feeder
    lane: Lanes
    batch: BatchGround
    view: View
    ready: Ready
    settings: Settings
    max_cost: float | None
    lessons: list[Lesson]
    sample: Findings | None = None
    split: Split | None = None

    @property
    def clock(self) -> Clock:
        """The run's time."""
        return self.view.clock

    @property
    def track(self) -> Track:
        """What results are stored under."""
        return self.view.track

    @property
    def control(self) -> Control:
        """The run's state."""
        return self.view.control

    @property
    def admission(self) -> Admission:
        """The limits."""
        return self.view.admission

    @property
    def concurrency(self) -> Concurrency:
        """How many calls may be in flight."""
        return self.view.concurrency

    async def refresh(self) -> None:
        """Keep what 429s have taught, and let concurrency know what the limits let through.

        Raises:
            LibraryError: when it cannot be written; lessons are kept for the next time.
        """
        self.concurrency.set_rate(self.admission.pace())
        await self._set_aside()
        self.lessons.extend(self.admission.found(self.clock.now()))
        while self.lessons:
            lesson = self.lessons[0]
            words = lesson.words[:_WORDS_KEPT]
            who = (self.track.provider, self.track.model)
            await limits.learn(self.lib, *who, lesson.name, lesson.new, words, named=lesson.named)
            _log.info("learned: %s", lesson_words(lesson))
            self.lessons.pop(0)
        if self.view.counts.remaining > self.feeder.on_hand:
            self.feeder.wake()

    def compare(self) -> None:
        """Warn when the run leaves what its sample said."""
        if self.sample is not None:
            self.view.tally.compare(self.sample)

    async def _set_aside(self) -> None:
        """Keep money back for batch jobs on their way, where a cap is set at all."""
        budgets = budgets_of(self.settings, self.max_cost)
        if not (budgets.run or budgets.day or budgets.month):
            return
        provider, run = self.track.provider, self.view.run
        jobs = await batches.expected_usd(self.lib, provider)
        own = await batches.expected_usd(self.lib, provider, run) if jobs else 0.0
        self.admission.commit(self.clock.now(), jobs, own)

    def written(self, assets: list[int], counts: Counts | None, beside: int) -> None:
        """Hear what is on disk now; `beside`: how many a batch job's result had already."""
        self.view.tally.on_disk += len(assets)
        self.view.tally.overtaken(beside)
        self.feeder.committed(assets)
        if counts is not None:
            self.view.rebase(
                counts, due_taken=self.shelf.due_taken, passed_over=self.shelf.passed_over
            )

    async def apply(self, settings: Settings, origins: dict[str, str]) -> str:
        """Use changed settings from now on; model and profile wait for the next run."""
        figures = limit_figures(settings, origins, self.ready.rules)
        self.admission.set_limits(self.clock.monotonic(), figures)
        self.admission.set_budgets(budgets_of(settings, self.max_cost))
        self.concurrency.set_cap(settings.concurrency)
        await self._forget_learned()
        fixed = [
            n for n in ("model", "profile") if getattr(settings, n) != getattr(self.settings, n)
        ]
        self.settings = settings
        self.settling.service.terms = settings.flex
        self.control.unpark()
        if fixed:
            return f"in force; {' and '.join(fixed)} will be with the next run"
        return "in force"

    async def _forget_learned(self) -> None:
        """Drop what a person has told the library to forget."""
        kept = await limits.learned(self.lib, self.track.provider, self.track.model)
        new = {lesson.name for lesson in self.lessons}
        for name in ("rpm", "tpm", "rpd", "spend"):
            if name not in kept and name not in new:
                self.admission.forget(self.clock.monotonic(), name)

    async def change_lane(self, lane: str) -> str:
        """Hand what remains to another lane.

        Raises:
            UsageError: this version cannot run it.
        """
        lane = choose_lane(lane)
        check_lane(lane, self.settings, self.ready.rules)
        self.view.lane, self.view.split = lane, False
        if self.split is not None:
            await self.split.forget(self.lib)
        if lane != BATCH:
            self.settling.service.lane = lane
            self.concurrency.expect(patience(self.settings, lane))
        await runs.set_lane(self.lib, self.view.run, lane)
        self.lane.switch(lane)
        self.lane.nudge()
        return f"what remains goes through the {lane} lane"


@contextlib.asynccontextmanager
async def assemble(
    lib: Library,
    request: RunRequest,
    ready: Ready,
    *,
    control: Control,
    clock: Clock,
    rng: random.Random,
) -> AsyncIterator[Assembly]:
    """Put a run together; its row in the library is there from here on.

    Raises:
        InterruptedRunError: a stop came before that.
        UsageError: a budget is set that nobody could keep.
        LibraryError: the library cannot be written.
    """
    await runs.mark_died(lib)
    await commands.clear_stale(lib)
    check_budgets(request, ready, clock)
    async with contextlib.AsyncExitStack() as stack:
        client = GeminiClient.from_environ(ready.key.secret, os.environ)
        stack.push_async_callback(client.close)
        provider, trouble = await control.unless_stopped(find_provider(lib, client, ready))
        preparer = open_preparer(stack, request.settings.images)
        profile = ready.profile
        track = await control.unless_stopped(
            tracks.ensure_track(lib, provider, ready.model, profile.id, profile.name, profile.body)
        )
        await control.unless_stopped(near.make_ready(lib, track.id, request.settings))
        request = await _of_selection(lib, request, track)
        parted = await split.begin(lib, track, request, ready.lane)
        ground = Ground(lib, request, ready, track, control, clock, rng, parted)
        parts = await _wire(ground, client, preparer, stack)
        if parted is not None:
            parts.split = parted
            parts.view.tally.warn(parted.words())
        parts.sample = await sample_of(ground)
        if trouble is not None:
            parts.view.tally.warn(f"The server did not describe the model: {trouble.message}")
        yield parts


async def _of_selection(lib: Library, request: RunRequest, track: Track) -> RunRequest:
    """A run on a selection is a run on so many images."""
    if not request.selection:
        return request
    there = await selections.remaining(lib, request.selection, track.id)
    return replace(request, limit=there if request.limit is None else min(request.limit, there))


async def _wire(
    ground: Ground,
    client: GeminiClient,
    preparer: Preparer,
    stack: contextlib.AsyncExitStack,
) -> Assembly:
    lib, request, ready, clock = ground.lib, ground.request, ground.ready, ground.clock
    view = await make_view(ground)
    calls = ways(request.settings, ready)
    pricing = Pricing(ready.model, INTERACTIVE, clock, own_prices(request.config))
    spending = Spending(calls[INTERACTIVE].form.estimate, pricing)
    shelf = make_shelf(ground, view.tally)
    feeder = Feeder(shelf, preparer, clock)

    def written(assets: list[int], counts: Counts | None, beside: int) -> None:
        parts.written(assets, counts, beside)

    committer = Committer(lib, view.run, clock, view.snapshot, written)
    lessons: list[Lesson] = []
    entries = Entries(ground.track, committer, clock, request.settings.calls.retry_hours)
    settling = make_settling(
        ground, view, spending=spending, entries=entries, feeder=feeder, learned=lessons.append
    )
    sender = Sender(client, calls, spending, ready.model)
    lane = make_lane(
        ground, view, feeder=feeder, committer=committer, sender=sender, settling=settling
    )

    batch = await stack.enter_async_context(
        batch_side.run_ground(lib, request, ready, view=view, rng=ground.rng)
    )
    retire = _retire(feeder, committer)
    lanes = _lanes(ground, view, batch=batch, preparer=preparer, interactive=lane, retire=retire)
    parts = Assembly(
        lib=lib,
        committer=committer,
        settling=settling,
        shelf=shelf,
        feeder=feeder,
        lane=lanes,
        batch=batch,
        view=view,
        ready=ready,
        settings=request.settings,
        max_cost=request.max_cost,
        lessons=lessons,
    )
    parts.written([], await work.counts(lib, ground.track.id), 0)
    await parts.refresh()
    return parts


def _lanes(
    ground: Ground,
    view: View,
    *,
    batch: BatchGround,
    preparer: Preparer,
    interactive: InteractiveLane,
    retire: Callable[[], Awaitable[None]],
) -> Lanes:
    return batch_side.lanes(
        batch,
        ground.request,
        ground.ready,
        track=ground.track,
        view=view,
        preparer=preparer,
        interactive=interactive,
        retire=retire,
        split=ground.split,
    )


def _retire(feeder: Feeder, committer: Committer) -> Callable[[], Awaitable[None]]:
    """Return what lets go of all that the interactive lane holds."""

    async def retire() -> None:
        feeder.clear()
        await committer.flush()

    return retire
