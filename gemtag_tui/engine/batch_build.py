"""From remaining assets to a job's input file: streamed, in constant memory."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import JobState
from gemtag_tui.core.batch_plan import Caps, key_of
from gemtag_tui.core.errors import StoppedError
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.text import plain
from gemtag_tui.engine.attempts import Attempt
from gemtag_tui.engine.batch_file import JobFile, LineMaker
from gemtag_tui.imaging.values import Changed, Prepared, Refused
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
    from gemtag_tui.store.batch_rows import Taken
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.tracks import Track

TAKE = 1000
"""Assets taken in one transaction."""
_SLICE = 64
_SLICE_BYTES = 8_000_000
"""Raw bytes prepared at once; a few such slices are in memory."""
_AHEAD = 3
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
        self._maker = LineMaker(builder.form, echo=bool(job.echo))
        self._lines = 0
        self._tokens = 0
        self._usd = 0.0
        self._left: list[int] = []
        self._result = Built()

    async def run(self) -> Built:
        ground = self._b.ground
        cursor = 0
        while not self._result.full:
            most = min(TAKE, self._caps.requests - self._lines)
            shun = self._b.shun.union(self._result.passed_over)
            taken = await batch_jobs.take(
                ground.lib, self._job.id, self._b.track, cursor, most, shun
            )
            if not taken:
                break
            cursor = max(cursor, *(one.candidate.asset for one in taken))
            check_room(ground.folder, sum(_need(one) for one in taken))
            await self._prepare(taken)
            self._result.full |= self._lines >= self._caps.requests
        await batch_jobs.give_back(ground.lib, self._job, self._left)
        if not self._lines:
            await _undo(ground, self._job, self.file)
            return self._result
        await self._finish()
        return self._result

    async def _prepare(self, taken: list[Taken]) -> None:
        """Prepare slices ahead of the one that is being written."""
        flags = {one.candidate.asset: one.better for one in taken}
        preparer = self._b.preparer
        waiting: list[asyncio.Task[list[tuple[Attempt, Picture]]]] = []
        slices = list(_slices(taken))
        try:
            for at in range(len(slices)):
                while len(waiting) < _AHEAD and at + len(waiting) < len(slices):
                    part = [Attempt(one.candidate) for one in slices[at + len(waiting)]]
                    waiting.append(asyncio.ensure_future(_prepared(preparer, part)))
                await self._write(await waiting.pop(0), flags)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _write(
        self, prepared: list[tuple[Attempt, Picture]], better: dict[int, bool]
    ) -> None:
        pieces: list[bytes] = []
        size = self.file.size
        refused: list[tuple[Attempt, Refused]] = []
        for attempt, picture in prepared:
            if isinstance(picture, Prepared):
                added = self._line(attempt, picture, size, better=better[attempt.asset])
                pieces += added
                size += sum(map(len, added))
            elif isinstance(picture, Changed) or _gone(attempt.candidate.path):
                self._result.passed_over.append(attempt.asset)
                self._left.append(attempt.asset)
            else:
                refused.append((attempt, picture))
        if pieces:
            await asyncio.to_thread(self.file.write, pieces)
        if refused:
            await self._refuse(refused)

    def _line(self, attempt: Attempt, picture: Prepared, size: int, *, better: bool) -> list[bytes]:
        """Return a line's pieces, none when the job is full before it."""
        key = key_of(attempt.asset, self._job.nonce)
        pieces = self._maker.pieces(key, picture.mime, picture.data, better=better)
        tokens, output = self._b.form.estimate(picture.width, picture.height)
        caps = self._caps
        over = size + sum(map(len, pieces)) > caps.bytes
        over |= bool(caps.tokens) and self._tokens + tokens > caps.tokens
        if self._result.full or (over and self._lines):
            self._result.full = True
            self._left.append(attempt.asset)
            return []
        self._lines += 1
        self._tokens += tokens
        self._usd += self._b.pricing.expected(tokens, output)
        return pieces

    async def _refuse(self, refused: list[tuple[Attempt, Refused]]) -> None:
        """Record pictures that cannot be sent, as the interactive lane does."""
        ground, track = self._b.ground, self._b.track
        await batch_jobs.give_back(ground.lib, self._job, [a.asset for a, _ in refused])
        failures = [
            NewFailure(
                asset=attempt.asset,
                track=track,
                kind=FailureKind(why.kind),
                message=plain(why.message),
                standing=Standing.KNOWN_BAD,
                at=ground.clock.now(),
            )
            for attempt, why in refused
        ]
        await commits.commit(ground.lib, Group(failures=failures, run=ground.run))
        self._result.refused += len(refused)

    async def _finish(self) -> None:
        ground = self._b.ground
        await asyncio.to_thread(self.file.finish)
        words = f"Built: {self._lines:,} requests, {self.file.size / 1e6:,.1f} MB."
        values: dict[str, Any] = {
            "file": self.file.path.name,
            "bytes": self.file.size,
            "requests": self._lines,
            "pending": self._lines,
            "tokens": self._tokens,
            "expected_usd": self._usd,
        }
        await batch_jobs.move(ground.lib, self._job, JobState.BUILT, words, **values)
        self._result.job = await by_id(ground.lib, self._job.id)


async def _prepared(preparer: Preparer, part: list[Attempt]) -> list[tuple[Attempt, Picture]]:
    """Prepare some pictures in their order; those that cannot pass are decoded in children."""

    async def finish(attempt: Attempt, picture: Picture | None) -> tuple[Attempt, Picture]:
        return attempt, await preparer.decoded(attempt) if picture is None else picture

    passed = await preparer.passed(part)
    return await asyncio.gather(*(finish(attempt, picture) for attempt, picture in passed))


def _gone(path: bytes) -> bool:
    return not os.path.lexists(path)


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
