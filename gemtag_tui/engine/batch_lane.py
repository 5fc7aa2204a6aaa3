"""The batch lane: builds jobs from what remains, has them worked off, takes in what they bring."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from gemtag_tui.core.batch_job import ACTIVE, JobState
from gemtag_tui.core.batch_plan import Caps, caps, enqueued_limit, wants_first
from gemtag_tui.core.errors import GemtagError
from gemtag_tui.engine.batch_account import Clearance
from gemtag_tui.engine.batch_desk import SENDING, Desk, clean_up, give_back_unsent, recover
from gemtag_tui.engine.batch_ends import let_go_words, trial_words, why_stop
from gemtag_tui.engine.batch_money import COMMITTED, Purse, no_budget
from gemtag_tui.engine.batch_submit import BatchSetupError
from gemtag_tui.engine.control import CONFIGURATION, LIMITED
from gemtag_tui.store import batches, work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gemtag_tui.engine.batch_build import Builder, Built
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.engine.two_parts import Hand
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.tracks import Track

SOME_FAILED = 1
DRAIN_SECONDS = 10.0
_LONGEST_WAIT = 2.0
_UNSENT = "Not submitted: this run has stopped submitting."


class BatchLane:
    """Ends when all jobs have ended and are taken in, and nothing is left to submit.

    Args:
        ground: library, server and settings.
        builder: builds jobs of the run's track.
        control: pause and end.
        limit: most assets to submit; `None` for all that remain.
        no_wait: end once all that can be submitted is.
        budget: gives the US dollars that may still be committed, `None` for no cap.
        say: told in words what the lane waits for, "" for nothing.
        warn: told what a person should know.
    """

    def __init__(
        self,
        ground: Ground,
        builder: Builder,
        control: Hand,
        *,
        limit: int | None = None,
        no_wait: bool = False,
        budget: Callable[[], Awaitable[float | None]] = no_budget,
        say: Callable[[str], None] = lambda _: None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._ground = ground
        self._builder = builder
        self._control = control
        self._left = limit
        self._no_wait = no_wait
        self._purse = Purse(builder, budget)
        self._say = say
        self._warn = warn
        self._desk = Desk(ground)
        self._clearance = Clearance(ground)
        self._building: asyncio.Task[Built] | None = None
        self._more = True
        self._mine: set[int] = set()
        self._unseen: set[int] | None = None  # jobs of earlier runs, until each was looked at
        self._stopped = ""
        self._stop_code = 0
        self._refused = False

    @property
    def track(self) -> Track:
        """The track that jobs are built for."""
        return self._builder.track

    async def run(self) -> None:
        """Work until nothing is left or the control says to end.

        Raises:
            LibraryError: the library can no longer be used.
        """
        await recover(self._ground)
        try:
            while self._control.ending is None:
                jobs = await self._turn()
                if jobs is None:
                    break
                await self._rest(jobs)
        finally:
            await self._end()
        await clean_up(self._ground)

    async def _turn(self) -> list[JobRow] | None:
        """Do what can be done now; `None` when all is done."""
        self._desk.sending = not self._control.paused and not self._holds_back
        try:
            jobs = await self._desk.tick()
            await self._hear_built()
        except GemtagError as error:
            self._refused = isinstance(error, BatchSetupError)
            self._control.end(error.exit_code, error.message)
            return None
        # Jobs of earlier runs too: what becomes of one says as much as of this run's own.
        self._mine |= {job.id for job in self._own(jobs) if job.rescued_at is None}
        unknown = _unknown(self._own(jobs), self._desk.at_work, self._ground.clock.now())
        self._unseen = unknown if self._unseen is None else self._unseen & unknown
        await self._judge_mine()
        if await self._may_build(jobs) and await self._is_clear():
            await self._begin(jobs)
        if self._done(jobs):
            await self._conclude(jobs)
            return None
        self._say(self._words(jobs))
        return jobs

    # -- building -------------------------------------------------------------------------------

    async def _may_build(self, jobs: list[JobRow]) -> bool:
        own = self._own(jobs)
        waiting = any(job.place in SENDING for job in own)
        busy = self._building is not None or self._control.paused or waiting
        if busy or self._stopped or not self._more or self._unseen:
            return False
        if any(self._is_trial(job) for job in own):
            return False  # the large ones follow once it has landed well
        return self._left is None or self._left > 0

    async def _is_clear(self) -> bool:
        if forgotten := await self._clearance.refusal():
            self._stop(forgotten, CONFIGURATION)
        return self._clearance.given

    def _wait_for_money(self, jobs: list[JobRow]) -> None:
        """Build on when a job has landed, and for good when none is left to land."""
        open_jobs = [job for job in jobs if job.id in self._mine and not job.is_let_go]
        if self._no_wait or not open_jobs:
            self._stop(COMMITTED, LIMITED)
            return
        self._more = False
        if news := self._purse.news():
            self._warn(news)

    async def _begin(self, jobs: list[JobRow]) -> None:
        remaining = await self._unclaimed()
        most = self._left
        if (affordable := await self._purse.requests()) is not None:
            if not affordable:
                self._wait_for_money(jobs)
                return
            most = affordable if most is None else min(most, affordable)
        proven = await batches.proven(self._ground.lib, self.track.id)
        first = wants_first(self._ground.batch, min(remaining, most or remaining), proven=proven)
        size = await _caps(self._builder, first=first, most=most)
        self._building = asyncio.ensure_future(self._builder.build(size, first=first))

    async def _hear_built(self) -> None:
        if self._building is None or not self._building.done():
            return
        task, self._building = self._building, None
        built = task.result()
        if built.passed_over:
            self._warn("Some files changed or went away since the scan: `gemtag scan` them again.")
        if built.job is None:
            self._more = bool(built.refused or built.passed_over)
            return
        self._mine.add(built.job.id)
        self._purse.submitted(built.job.requests)
        if self._left is not None:
            self._left -= built.job.requests

    # -- judging --------------------------------------------------------------------------------

    async def _judge_mine(self) -> None:
        """Look at what became of jobs; trouble with one stops the building."""
        for number in list(self._mine):
            job = await batches.by_id(self._ground.lib, number)
            if job is not None and (why := why_stop(job)):
                self._stop(why, SOME_FAILED)
            if job is None or job.place in SENDING | ACTIVE | {JobState.ENDED, JobState.BUILDING}:
                continue
            self._mine.discard(number)
            await clean_up(self._ground)
            self._more = True
        if self._holds_back:
            busy = self._desk.at_work
            await give_back_unsent(self._ground, self.track, _UNSENT, but=busy)

    @property
    def _holds_back(self) -> bool:
        """Whether not even what is built already is sent: that would be done blindly."""
        return self._stop_code == SOME_FAILED

    def _stop(self, why: str, exit_code: int) -> None:
        """Build nothing more by itself: a person decides what is to be done with what remains."""
        if not self._stopped:
            self._stopped, self._stop_code = why, exit_code
            self._warn(why)

    def _own(self, jobs: list[JobRow]) -> list[JobRow]:
        return [job for job in jobs if job.track == self.track.id]

    def _done(self, jobs: list[JobRow]) -> bool:
        if self._building is not None or self._desk.busy or self._control.paused:
            return False
        open_jobs = [job for job in jobs if not job.is_let_go]
        if self._no_wait:
            now = self._ground.clock.now()
            open_jobs = [
                job
                for job in open_jobs
                if job.place not in {JobState.PENDING, JobState.RUNNING} and job.look_at <= now
            ]
        if open_jobs:
            return False
        if self._no_wait and any(job.place in SENDING or self._is_trial(job) for job in jobs):
            return True
        return bool(self._stopped) or not self._more or self._left == 0

    async def _conclude(self, jobs: list[JobRow]) -> None:
        if words := let_go_words(self._own(jobs)):
            self._warn(words)
        if self._stopped:
            self._control.end(self._stop_code, self._stopped)
        elif self._no_wait and (unsent := await self._unsent(jobs)):
            self._control.end(LIMITED, unsent)

    async def _unsent(self, jobs: list[JobRow]) -> str:
        """Return that most waits for the first small job's verdict, "" when nothing does."""
        trial = next((job for job in self._own(jobs) if self._is_trial(job)), None)
        if trial is None or not self._more:
            return ""
        left = await self._unclaimed()
        left = left if self._left is None else min(left, self._left)
        return trial_words(trial, left) if left else ""

    async def _unclaimed(self) -> int:
        counts = await work.counts(self._ground.lib, self.track.id)
        return counts.remaining - counts.in_batches

    @staticmethod
    def _is_trial(job: JobRow) -> bool:
        return bool(job.first) and not job.is_let_go

    # -- waiting --------------------------------------------------------------------------------

    async def _rest(self, jobs: list[JobRow]) -> None:
        now = self._ground.clock.now()
        pause = _LONGEST_WAIT
        looks = [self._clearance.look_at, *(job.look_at for job in jobs)]
        if due := [at - now for at in looks if at > now]:
            pause = min(pause, *due)
        elif not self._desk.busy and self._building is None:
            pause = 0.05
        done = asyncio.Event()
        if self._building is not None:
            self._building.add_done_callback(lambda _: done.set())
        await self._desk.wait(max(0.01, pause), self._control.changed, done)

    def _words(self, jobs: list[JobRow]) -> str:
        if self._control.paused:
            return "paused by you: jobs on the server go on"
        if self._building is not None:
            return "building a batch job"
        return self._clearance.waiting or _places(jobs)

    async def _end(self) -> None:
        if self._building is not None:
            self._building.cancel()
            with contextlib.suppress(asyncio.CancelledError, GemtagError):
                await self._building
        self._building = None
        await self._desk.drain(0.0 if self._control.hurried else DRAIN_SECONDS)
        if self._refused:  # the server takes no job from this key: other lanes may do the work
            await give_back_unsent(self._ground, self.track, _UNSENT)


async def _caps(builder: Builder, *, first: bool, most: int | None) -> Caps:
    """Return how large a job may be: by settings and tier, or by what refusals have taught."""
    ground = builder.ground
    limit = enqueued_limit(ground.batch, builder.form.rules, ground.settings.limits.tier)
    size = caps(ground.batch, limit, first=first, most=most)
    taught = await batches.job_tokens(ground.lib, builder.track.model)
    if not taught:
        return size
    return Caps(size.requests, size.bytes, min(taught, size.tokens or taught))


def _unknown(jobs: list[JobRow], at_work: set[int], now: float) -> set[int]:
    """Return the jobs that may have ended: how has to be known before more is built."""
    open_ones = [job for job in jobs if job.place in ACTIVE | {JobState.ENDED}]
    return {job.id for job in open_ones if job.id in at_work or job.look_at <= now}


def _places(jobs: list[JobRow]) -> str:
    """Return in words where jobs are."""
    active = [job for job in jobs if job.place in ACTIVE]
    waiting = sum(job.place in SENDING - ACTIVE for job in jobs)
    ended = sum(job.place is JobState.ENDED for job in jobs)
    answered = sum(job.succeeded + job.failed for job in active)
    words = [_count(len(active), "on the server")] if active else []
    words += [f"{answered:,} of {sum(j.requests for j in active):,} answered"] * bool(active)
    words += [_count(waiting, "waiting for their turn")] if waiting else []
    words += [_count(ended, "being taken in")] if ended else []
    return ", ".join(words)


def _count(number: int, what: str) -> str:
    return f"{number:,} batch job{'' if number == 1 else 's'} {what}"


__all__ = ["CONFIGURATION", "BatchLane"]
