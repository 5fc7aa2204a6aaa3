"""Putting a run together, and taking it apart again."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.concurrency import Concurrency
from gemtag_tui.core.meter import RateMeter
from gemtag_tui.engine.admission import Admission, Budgets
from gemtag_tui.engine.committer import Committer
from gemtag_tui.engine.control import Control
from gemtag_tui.engine.feeder import Feeder
from gemtag_tui.engine.figures import limit_figures
from gemtag_tui.engine.lane import InteractiveLane
from gemtag_tui.engine.preflight import Ready, choose_lane, find_provider
from gemtag_tui.engine.preparer import Preparer, image_limits, prepare_rules
from gemtag_tui.engine.pricing import Pricing
from gemtag_tui.engine.recall import past
from gemtag_tui.engine.sender import Sender
from gemtag_tui.engine.settling import Settling
from gemtag_tui.engine.spending import Spending
from gemtag_tui.engine.tally import Tally
from gemtag_tui.engine.view import View
from gemtag_tui.gemini.client import GeminiClient
from gemtag_tui.gemini.request import RequestForm
from gemtag_tui.imaging.child import ImagingPool
from gemtag_tui.store import commands, limits, runs, tracks, work

if TYPE_CHECKING:
    import random

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.engine.admission import Lesson
    from gemtag_tui.engine.request import RunRequest
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_log = logging.getLogger(__name__)
_READERS = 2
_MOST_DECODERS = 4
FLEX_TIMEOUT = 960.0
"""Seconds for a flex call: its target is one to fifteen minutes (flex page, 2026)."""


@dataclass(slots=True)
class Assembly:
    """The parts of one run."""

    lib: Library
    clock: Clock
    track: Track
    control: Control
    admission: Admission
    concurrency: Concurrency
    committer: Committer
    settling: Settling
    sender: Sender
    spending: Spending
    feeder: Feeder
    lane: InteractiveLane
    view: View
    ready: Ready
    settings: Settings
    max_cost: float | None
    lessons: list[Lesson]

    async def refresh(self) -> None:
        """Read the library's counts again, and keep what 429s have taught."""
        self.view.counts = await work.counts(self.lib, self.track.id)
        self.concurrency.set_rate(self.admission.pace())
        self.view.later = max(0, self.view.counts.retry_later - self.feeder.held_due)
        while self.lessons:
            lesson = self.lessons.pop(0)
            _log.info("learned: %s", lesson.words)
            who = (self.track.provider, self.track.model)
            await limits.learn(
                self.lib, *who, lesson.name, lesson.new, lesson.words, named=lesson.named
            )
        if self.view.counts.remaining > self.feeder.on_hand:
            self.feeder.wake()

    async def apply(self, settings: Settings, origins: dict[str, str]) -> str:
        """Use changed settings from now on; model and profile wait for the next run."""
        figures = limit_figures(settings, origins, self.ready.rules)
        self.admission.set_limits(self.clock.monotonic(), figures)
        self.admission.set_budgets(_budgets(settings, self.max_cost))
        self.concurrency.set_cap(settings.concurrency)
        await self._forget_learned()
        fixed = [
            n for n in ("model", "profile") if getattr(settings, n) != getattr(self.settings, n)
        ]
        self.settings = settings
        self.control.unpark()
        if fixed:
            return f"in force; {' and '.join(fixed)} will be with the next run"
        return "in force"

    async def _forget_learned(self) -> None:
        """Drop what a person has told the library to forget."""
        kept = await limits.learned(self.lib, self.track.provider, self.track.model)
        for name in ("rpm", "tpm", "rpd", "spend"):
            if name not in kept:
                self.admission.forget(self.clock.monotonic(), name)

    async def change_lane(self, lane: str) -> str:
        """Hand what remains to another lane.

        Raises:
            UsageError: this version cannot run it.
        """
        lane = choose_lane(lane)
        self.settling.lane = self.view.lane = lane
        self.sender.form = RequestForm(self.ready.profile, self.ready.rules, flex=lane == "flex")
        self.sender.timeout = call_timeout(self.settings, lane)
        self.spending.pricing = Pricing(self.ready.model, lane, self.clock)
        await runs.set_lane(self.lib, self.view.run, lane)
        return f"what remains goes through the {lane} lane"


def call_timeout(settings: Settings, lane: str) -> float:
    """Return the seconds after which a call on a lane is abandoned."""
    return max(settings.calls.timeout, FLEX_TIMEOUT) if lane == "flex" else settings.calls.timeout


def _budgets(settings: Settings, max_cost: float | None) -> Budgets:
    caps = [cap for cap in (settings.budget.run, max_cost) if cap]
    return Budgets(run=min(caps, default=0.0), day=settings.budget.day, month=settings.budget.month)


@contextlib.asynccontextmanager
async def assemble(
    lib: Library, request: RunRequest, ready: Ready, clock: Clock, rng: random.Random
) -> AsyncIterator[Assembly]:
    """Put a run together; its row in the library is there from here on.

    Raises:
        GemtagError: the server refuses the key before anything is sent.
    """
    async with contextlib.AsyncExitStack() as stack:
        client = GeminiClient.from_environ(ready.key.secret, os.environ)
        stack.push_async_callback(client.close)
        provider, trouble = await find_provider(lib, client, ready)
        preparer = await _preparer(stack, request.settings)
        profile = ready.profile
        track = await tracks.ensure_track(
            lib, provider, ready.model, profile.id, profile.name, profile.body
        )
        ground = _Ground(lib, request, ready, track, clock, rng)
        parts = await _wire(ground, client, preparer)
        if trouble is not None:
            parts.view.tally.warn(f"The server did not describe the model: {trouble.message}")
        yield parts


async def _preparer(stack: contextlib.AsyncExitStack, settings: Settings) -> Preparer:
    images = settings.images
    pool = ImagingPool(
        images.workers or min(_MOST_DECODERS, os.cpu_count() or 1),
        deadline=images.decode_seconds,
        limits=image_limits(images),
    )
    stack.push_async_callback(pool.aclose)
    readers = ThreadPoolExecutor(_READERS, thread_name_prefix="gemtag-read")
    stack.callback(readers.shutdown, wait=False, cancel_futures=True)
    return Preparer(pool, prepare_rules(images), readers)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all parts of a run stand on."""

    lib: Library
    request: RunRequest
    ready: Ready
    track: Track
    clock: Clock
    rng: random.Random


async def _wire(ground: _Ground, client: GeminiClient, preparer: Preparer) -> Assembly:
    lib, request, ready, clock = ground.lib, ground.request, ground.ready, ground.clock
    await runs.mark_died(lib)
    await commands.clear_stale(lib)
    view = await _view(ground)
    form = RequestForm(ready.profile, ready.rules, flex=ready.lane == "flex")
    spending = Spending(form.estimate, Pricing(ready.model, ready.lane, clock))
    feeder = _feeder(ground, preparer)
    committer = Committer(lib, view.run, clock, view.snapshot, feeder.committed)
    lessons: list[Lesson] = []
    settling = _settling(ground, view, spending, committer, feeder, lessons)
    feeder.refuse = settling.refuse
    sender = Sender(client, form, spending, ready.model, call_timeout(request.settings, ready.lane))
    lane = InteractiveLane(
        feeder,
        view.admission,
        view.concurrency,
        sender,
        settling,
        view.control,
        clock,
        no_wait=request.no_wait,
        give_up_seconds=request.settings.calls.give_up_minutes * 60,
    )
    view.in_flight = lambda: lane.in_flight
    parts = Assembly(
        lib=lib,
        clock=clock,
        track=ground.track,
        control=view.control,
        admission=view.admission,
        concurrency=view.concurrency,
        committer=committer,
        settling=settling,
        sender=sender,
        spending=spending,
        feeder=feeder,
        lane=lane,
        view=view,
        ready=ready,
        settings=request.settings,
        max_cost=request.max_cost,
        lessons=lessons,
    )
    await parts.refresh()
    return parts


async def _view(ground: _Ground) -> View:
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
        control=Control(),
        admission=admission,
        concurrency=Concurrency(request.settings.concurrency, rng=ground.rng.random),
        clock=clock,
        limit=request.limit,
    )


async def _admission(ground: _Ground) -> Admission:
    request, clock = ground.request, ground.clock
    figures = limit_figures(request.settings, request.origins, ground.ready.rules)
    budgets = _budgets(request.settings, request.max_cost)
    admission = Admission(figures, budgets, rng=ground.rng.random)
    admission.restore(clock.monotonic(), clock.now(), await past(ground.lib, ground.track))
    return admission


def _feeder(ground: _Ground, preparer: Preparer) -> Feeder:
    lib, track, clock = ground.lib, ground.track, ground.clock
    return Feeder(
        lambda after, most: work.todo_page(lib, track.id, after, most),
        lambda most: work.due_page(lib, track.id, clock.now(), most),
        preparer,
        clock,
        limit=ground.request.limit,
    )


def _settling(
    ground: _Ground,
    view: View,
    spending: Spending,
    committer: Committer,
    feeder: Feeder,
    lessons: list[Lesson],
) -> Settling:
    return Settling(
        track=ground.track,
        lane=ground.ready.lane,
        profile=ground.ready.profile,
        calls=ground.request.settings.calls,
        tally=view.tally,
        admission=view.admission,
        spending=spending,
        committer=committer,
        feeder=feeder,
        control=view.control,
        clock=ground.clock,
        rng=ground.rng,
        learned=lessons.append,
    )


def run_options(request: RunRequest) -> dict[str, Any]:
    """Return a run's options for its row in the library."""
    return {
        "lane": request.lane,
        "limit": request.limit,
        "max_cost": request.max_cost,
        "no_wait": request.no_wait,
        "concurrency": request.settings.concurrency,
    }
