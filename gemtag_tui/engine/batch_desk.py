"""All jobs of the library side by side: every one goes on as soon as it is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import FINAL, JobState, refusal_pause
from gemtag_tui.core.calls import CallError
from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.text import plain
from gemtag_tui.engine import batch_account, batch_watch
from gemtag_tui.engine.batch_build import clear_leavings
from gemtag_tui.engine.batch_ground import batch_folder
from gemtag_tui.engine.batch_ingest import ingest
from gemtag_tui.engine.batch_submit import resolve, submit, upload
from gemtag_tui.engine.waits import cancelled
from gemtag_tui.store import batch_jobs, batches

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.tracks import Track

_log = logging.getLogger(__name__)
SENDING = frozenset({JobState.BUILT, JobState.UPLOADED, JobState.SUBMITTING})
_LATER_SECONDS = 60.0


async def recover(ground: Ground) -> None:
    """Undo what an engine that died left half built, and delete files that belong to no job.

    Before, jobs of another life are looked for on the server: the library may be a copy of one that
    went on. For who holds the engine's lock.
    """
    jobs = await batches.unfinished(ground.lib, ground.provider)
    ground.leavings = {job.id for job in jobs if job.place is JobState.BUILDING}
    if not await _is_sure(ground):
        return  # what passes is waited for; all that is left half done can wait, too
    for number in list(ground.leavings):
        await _undo(ground, number)
    if batch_folder(ground.lib.path).is_dir() and not ground.batch.keep_files:
        kept = await batch_jobs.files(ground.lib)
        await asyncio.to_thread(clear_leavings, ground.folder, kept)


async def _is_sure(ground: Ground) -> bool:
    """Make sure of all jobs that the server has not named; `False` when it does not answer now.

    A key that may not even list jobs (a definite refusal) cannot have made them.
    """
    jobs = await batches.unfinished(ground.lib, ground.provider)
    if all(job.id in ground.sure or job.place not in batch_account.NAMELESS for job in jobs):
        return True
    found = await batch_account.look_through(ground)
    return not isinstance(found, CallError) or batch_account.says_for_good(found)


async def give_back_unsent(
    ground: Ground, track: Track, words: str, but: Collection[int] = ()
) -> None:
    """Give back the images of a track's jobs that the server was surely not asked for.

    Args:
        ground: library and server.
        track: whose jobs.
        words: for their timelines.
        but: jobs that are being worked on just now.
    """
    if not await _is_sure(ground):
        return  # they keep their images until it is known that no job holds them
    for job in await batches.unfinished(ground.lib, ground.provider):
        mine = job.track == track.id and job.id not in but
        if mine and job.place in {JobState.BUILT, JobState.UPLOADED}:
            await batch_jobs.move(
                ground.lib, job, JobState.CANCELLED, words, release=True, waiting=""
            )


async def advance(ground: Ground, job: JobRow) -> None:
    """Take a job one step further; what passes is waited for, and noted with the job.

    Raises:
        GemtagError: a person has to do something before any job can go on.
        OSError: the disk cannot be read or written.
    """
    match job.place:
        case JobState.BUILDING:
            await _undo_leaving(ground, job)
        case JobState.BUILT:
            await upload(ground, job)
        case JobState.UPLOADED:
            await submit(ground, job)
        case JobState.SUBMITTING:
            await resolve(ground, job)
        case JobState.PENDING | JobState.RUNNING:
            await batch_watch.look(ground, job)
        case JobState.ENDED:
            if (fetched := await batch_watch.fetch(ground, job)) is not None:
                await ingest(ground, fetched)
        case _:
            return


async def _undo_leaving(ground: Ground, job: JobRow) -> None:
    """Undo what an engine that died left half built, once it is sure that no job came of it."""
    if not await _is_sure(ground):
        pause = refusal_pause(ground.batch.poll_seconds, job.looks, ground.rng.random())
        at = ground.clock.now() + pause
        await batch_jobs.note(ground.lib, job, looks=job.looks + 1, look_at=at)
        return
    await _undo(ground, job.id)


async def _undo(ground: Ground, number: int) -> None:
    found = await batches.by_id(ground.lib, number)
    if found is not None and found.place is JobState.BUILDING:
        await batch_jobs.undo(ground.lib, found)
    ground.leavings.discard(number)


async def settle(ground: Ground, job_id: int, *, sending: bool = True) -> JobRow | None:
    """Take a job as far as it goes without waiting; returns it as it then stands."""
    for _ in range(2 * len(JobState)):
        job = await batches.by_id(ground.lib, job_id)
        if job is None or not is_due(ground, job, sending=sending):
            return job
        before = (job.state, job.look_at)
        await advance(ground, job)
        job = await batches.by_id(ground.lib, job_id)
        if job is None or (job.state, job.look_at) == before:
            return job
    return await batches.by_id(ground.lib, job_id)


def is_due(ground: Ground, job: JobRow, *, sending: bool = True) -> bool:
    """Whether something can be done about a job now."""
    if job.place in FINAL:
        return False
    if job.place is JobState.BUILDING:
        return job.id in ground.leavings and job.look_at <= ground.clock.now()
    if job.place in SENDING and not sending:
        return job.place is JobState.SUBMITTING and job.look_at <= ground.clock.now()
    return job.look_at <= ground.clock.now()


async def clean_up(ground: Ground, *, most: int = 20) -> None:
    """Delete what finished jobs have left: local files, and by the setting those on the server."""
    for job in await batches.uncleaned(ground.lib, ground.provider, most):
        if not ground.batch.keep_files:
            for name in filter(None, (job.file, job.results)):
                (ground.folder / name).unlink(missing_ok=True)
        if ground.batch.clean_up and not await _clean_remote(ground, job):
            continue
        await batch_jobs.note(ground.lib, job, cleaned_at=ground.clock.now())


async def _clean_remote(ground: Ground, job: JobRow) -> bool:
    """Delete a finished job and its input; `False` when that is to be tried again."""
    errors = []
    if job.input_file:
        errors.append(await ground.files.delete(job.input_file))
    if job.name:
        errors.append(await ground.jobs.delete(job.name))
    # 4xx: it is not there any more, or not ours to delete; either way there is no more to do.
    return all(error is None or 400 <= error.http_status < 500 for error in errors)


class Desk:
    """Works on all unfinished jobs at once, one task for each.

    Args:
        ground: library, server and settings.
        sending: whether built jobs are sent to the server.
    """

    def __init__(self, ground: Ground, *, sending: bool = True) -> None:
        self.ground = ground
        self.sending = sending
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._not_before: dict[int, float] = {}
        self.trouble: GemtagError | None = None

    @property
    def busy(self) -> bool:
        """Whether anything is being done just now."""
        return bool(self._tasks)

    @property
    def at_work(self) -> set[int]:
        """The jobs that something is being done about just now."""
        return set(self._tasks)

    async def tick(self) -> list[JobRow]:
        """Begin what is due; returns all unfinished jobs as they stand.

        Raises:
            GemtagError: a person has to do something; told once.
        """
        self._reap()
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        jobs = await batches.unfinished(self.ground.lib, self.ground.provider)
        now = self.ground.clock.now()
        for job in jobs:
            late = self._not_before.get(job.id, 0.0) <= now
            if (
                job.id not in self._tasks
                and late
                and is_due(self.ground, job, sending=self.sending)
            ):
                self._tasks[job.id] = asyncio.ensure_future(self._work(job.id))
        return jobs

    async def _work(self, job: int) -> None:
        try:
            await settle(self.ground, job, sending=self.sending)
        except OSError as error:
            words = f"The disk: {plain(str(error), 200)}"
            _log.warning("batch job %s: %s", job, words)
            self._not_before[job] = self.ground.clock.now() + _LATER_SECONDS
            found = await batches.by_id(self.ground.lib, job)
            if found is not None:
                await batch_jobs.note(self.ground.lib, found, "trouble", words, waiting=words)
        except GemtagError:
            self._not_before[job] = self.ground.clock.now() + _LATER_SECONDS
            raise

    def _reap(self) -> None:
        for job, task in list(self._tasks.items()):
            if not task.done():
                continue
            del self._tasks[job]
            error = None if task.cancelled() else task.exception()
            if isinstance(error, GemtagError):
                self.trouble = self.trouble or error
            elif error is not None:
                raise error

    async def wait(self, seconds: float, *events: asyncio.Event) -> None:
        """Wait until something is done, an event comes, or some seconds are over."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(one.wait()) for one in events]
        waits.append(asyncio.ensure_future(self._pause(seconds)))
        try:
            everything: list[asyncio.Future[Any]] = [*self._tasks.values(), *waits]
            await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled(*waits)

    async def _pause(self, seconds: float) -> None:
        await self.ground.clock.sleep(seconds)

    async def drain(self, seconds: float) -> None:
        """Let what is under way end within some seconds, then cut it off; all of it can go on."""
        if self._tasks:
            await self._wait_all(seconds)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def _wait_all(self, seconds: float) -> None:
        everything: asyncio.Future[Any] = asyncio.gather(
            *self._tasks.values(), return_exceptions=True
        )
        pause: asyncio.Future[Any] = asyncio.ensure_future(self._pause(seconds))
        try:
            await asyncio.wait({everything, pause}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled(pause)
