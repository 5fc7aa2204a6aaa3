"""From remaining assets to a job's input file: streamed, in constant memory."""

from __future__ import annotations

import asyncio
import errno
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import JobState
from gemtag_tui.core.batch_plan import Caps
from gemtag_tui.core.errors import StoppedError
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.text import plain
from gemtag_tui.engine.attempts import Attempt
from gemtag_tui.engine.batch_file import JobFile
from gemtag_tui.engine.batch_fill import Filled, Filling
from gemtag_tui.store import batch_jobs, commits
from gemtag_tui.store.batches import by_id
from gemtag_tui.store.commits import Group, NewFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.engine.preparer import Picture, Preparer
    from gemtag_tui.engine.pricing import Pricing
    from gemtag_tui.gemini.request import RequestForm
    from gemtag_tui.imaging.values import Refused
    from gemtag_tui.store.batch_rows import Taken
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.tracks import Track

TAKE = 1000
"""Assets taken in one transaction."""
_SLICE = 64
_SLICE_BYTES = 8_000_000
"""Raw bytes that one thread goes through before it looks up."""
_AHEAD = 3
"""Slices at once: one is passed through, the others wait for that or for their decoding."""
_SYNC_BYTES = 8_000_000
"""Written bytes after which the disk is set to work."""
SPARE_BYTES = 256_000_000
"""Disk that is left alone."""
LINE_BYTES = 4_000
"""Of a line beside its picture, roughly."""


class NoRoomError(StoppedError):
    """The disk has no room for a job's file."""

    title = "No room on the disk"


@dataclass(slots=True)
class Built:
    """What building came to; `job` is `None` when nothing could be put into one.

    Attributes:
        passed_over: assets whose file is no longer what was scanned.
        refused: assets recorded as failed, found out without asking a model.
        full: more could be put into another job.
    """

    job: JobRow | None = None
    passed_over: list[int] = field(default_factory=list)
    refused: int = 0
    full: bool = False


class Builder:
    """Builds jobs of one track.

    Args:
        ground: library, settings and the rest.
        track: what is asked of.
        form: of the requests.
        preparer: reads and decodes pictures.
        pricing: of the batch lane.

    Attributes:
        shun: assets that are left where they are.
        selection: id of a kept list that jobs are built of; 0 for all that remain.
        above: assets up to this id are another lane's.
        each: US dollars of a request as answers have shown them, `None` while there are none.
    """

    def __init__(
        self, ground: Ground, track: Track, form: RequestForm, preparer: Preparer, pricing: Pricing
    ) -> None:
        self.ground = ground
        self.track = track
        self.form = form
        self.preparer = preparer
        self.pricing = pricing
        self.shun: set[int] = set()
        self.selection = 0
        self.above = 0
        self.each: float | None = None

    async def build(self, caps: Caps, *, first: bool) -> Built:
        """Build one job as large as allowed; its file is whole when this returns.

        Raises:
            NoRoomError: the disk is full; nothing was begun, or it was undone.
            LibraryError: the library cannot be written.
        """
        ground = self.ground
        check_room(ground.folder, LINE_BYTES)
        job = await batch_jobs.open_job(
            ground.lib, self.track, echo=ground.batch.echo, first=first, run=ground.run
        )
        ground.sure.add(job.id)
        path = ground.folder / f"{job.display_name}.jsonl"
        work = _Work(self, job, caps, await asyncio.to_thread(JobFile, path))
        try:
            built = await work.run()
        except BaseException as error:
            await asyncio.shield(_undo(ground, job, work.file))
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise _no_room(ground.folder, work.file.size) from error
            raise
        self.shun.update(built.passed_over)
        return built


async def _undo(ground: Ground, job: JobRow, file: JobFile) -> None:
    await asyncio.to_thread(file.discard)
    await batch_jobs.undo(ground.lib, job)


class _Work:
    """The building of one job."""

    def __init__(self, builder: Builder, job: JobRow, caps: Caps, file: JobFile) -> None:
        self._b = builder
        self._job = job
        self._caps = caps
        self.file = file
        self._fill = Filling(
            job,
            file,
            builder.form,
            caps=caps,
            pricing=builder.pricing,
            rules=builder.preparer.rules,
            each=builder.each,
        )
        self._cursor = 0
        self._left: list[int] = []
        self._result = Built()
        self._syncing: asyncio.Task[None] | None = None
        self._filling = asyncio.Lock()
        """One thread is quicker than two that take the interpreter from each other."""
        self._taking = asyncio.Lock()
        """An asset that is refused is given back first: nobody takes it before it is marked."""

    async def run(self) -> Built:
        ground = self._b.ground
        try:
            await self._fill_all()
        finally:
            await self._end_sync()
        self._result.full = self._fill.full
        await batch_jobs.give_back(ground.lib, self._job, self._left)
        if not self._fill.lines:
            await _undo(ground, self._job, self.file)
            return self._result
        await self._finish()
        return self._result

    async def _fill_all(self) -> None:
        """Take page after page, each while the one before is written."""
        taken = await self._take(0)
        while taken:
            check_room(self._b.ground.folder, sum(_need(one) for one in taken))
            following = asyncio.ensure_future(self._take(len(taken)))
            try:
                await self._page(taken)
            except BaseException:
                await asyncio.gather(following, return_exceptions=True)
                raise
            taken = await following
            if self._fill.full:
                self._left += [one.candidate.asset for one in taken]
                return
            taken = taken or await self._take(0)  # others may have turned out not to count

    async def _take(self, under_way: int) -> list[Taken]:
        """Take the next assets into the job, as many as it may still hold.

        Args:
            under_way: taken, and not in the file yet.
        """
        most = min(TAKE, self._caps.requests - self._fill.lines - under_way)
        if most <= 0:
            return []
        ground, shun = self._b.ground, self._b.shun.union(self._result.passed_over)
        async with self._taking:
            taken = await batch_jobs.take(
                ground.lib,
                self._job.id,
                self._b.track,
                self._cursor,
                most,
                shun,
                selection=self._b.selection,
                context=self._b.form.profile.use_context,
                above=self._b.above,
            )
        self._cursor = max(self._cursor, *(one.candidate.asset for one in taken), 0)
        return taken

    async def _page(self, taken: list[Taken]) -> None:
        """Fill slices beside each other, a few at a time."""
        recorded = await batch_jobs.recorded(
            self._b.ground.lib, [one.candidate.asset for one in taken]
        )
        waiting: set[asyncio.Task[None]] = set()
        try:
            for part in _slices(taken):
                if len(waiting) >= _AHEAD:
                    done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                waiting.add(asyncio.ensure_future(self._slice(part, recorded)))
            for task in list(waiting):
                await task
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _slice(self, part: list[Taken], recorded: dict[int, float]) -> None:
        preparer = self._b.preparer
        async with self._filling:
            filled = await preparer.beside(self._fill.fill, part, recorded)
        pictures = await asyncio.gather(
            *(preparer.decoded(Attempt(one.candidate)) for one in filled.decode)
        )
        if pictures:
            await asyncio.to_thread(self._put_all, filled, pictures)
        self._left += filled.left + filled.passed_over
        self._result.passed_over += filled.passed_over
        if filled.refused:
            await self._refuse(filled.refused)
        self._begin_sync()

    def _put_all(self, filled: Filled, pictures: list[Picture]) -> None:
        for one, picture in zip(filled.decode, pictures, strict=True):
            self._fill.put(one, picture, filled)

    def _begin_sync(self) -> None:
        """Have the disk write beside us; without it the end would wait for all of it."""
        if self._syncing is not None and self._syncing.done():
            self._syncing.result()
            self._syncing = None
        if self._syncing is None and self.file.unsynced >= _SYNC_BYTES:
            self._syncing = asyncio.ensure_future(asyncio.to_thread(self.file.sync))

    async def _end_sync(self) -> None:
        """Wait for the disk; a file is never closed under it."""
        if self._syncing is not None:
            await self._syncing

    async def _refuse(self, refused: list[tuple[int, Refused]]) -> None:
        """Record pictures that cannot be sent, as the interactive lane does."""
        ground, track = self._b.ground, self._b.track
        failures = [
            NewFailure(
                asset=asset,
                track=track,
                kind=FailureKind(why.kind),
                message=plain(why.message),
                standing=Standing.KNOWN_BAD,
                at=ground.clock.now(),
            )
            for asset, why in refused
        ]
        async with self._taking:
            await batch_jobs.give_back(ground.lib, self._job, [asset for asset, _ in refused])
            await commits.commit(ground.lib, Group(failures=failures, run=ground.run))
        self._result.refused += len(refused)

    async def _finish(self) -> None:
        ground, fill = self._b.ground, self._fill
        await asyncio.to_thread(self.file.finish)
        words = f"Built: {fill.lines:,} requests, {self.file.size / 1e6:,.1f} MB."
        values: dict[str, Any] = {
            "file": self.file.path.name,
            "bytes": self.file.size,
            "requests": fill.lines,
            "pending": fill.lines,
            "tokens": fill.tokens,
            "expected_usd": fill.usd,
        }
        await batch_jobs.move(ground.lib, self._job, JobState.BUILT, words, **values)
        self._result.job = await by_id(ground.lib, self._job.id)


def _need(one: Taken) -> int:
    return one.candidate.size * 4 // 3 + LINE_BYTES


def _slices(taken: list[Taken]) -> Iterator[list[Taken]]:
    """Cut into parts of bounded size."""
    part: list[Taken] = []
    size = 0
    for one in taken:
        if part and (len(part) >= _SLICE or size + one.candidate.size > _SLICE_BYTES):
            yield part
            part, size = [], 0
        part.append(one)
        size += one.candidate.size
    if part:
        yield part


def check_room(folder: Path, need: int) -> None:
    """Make sure that the disk has room for some bytes more.

    Raises:
        NoRoomError: it has not.
    """
    if shutil.disk_usage(folder).free < need + SPARE_BYTES:
        raise _no_room(folder, need)


def _no_room(folder: Path, need: int) -> NoRoomError:
    free = shutil.disk_usage(folder).free / 1e6
    return NoRoomError(
        f"A batch job's file needs {need / 1e6:,.0f} MB more at {plain(str(folder))}, and "
        f"{free:,.0f} MB are free ({SPARE_BYTES / 1e6:,.0f} MB are left alone). Make room, or set "
        "batch.max_file_bytes lower; everything tagged is kept."
    )


def clear_leavings(folder: Path, keep: set[str]) -> int:
    """Delete files of jobs that are gone, and halves of files; returns how many."""
    count = 0
    for path in folder.iterdir():
        if path.is_file() and path.name.startswith("gemtag-") and path.name not in keep:
            path.unlink(missing_ok=True)
            count += 1
    return count
