"""Many sidecars at once: in a thread, in child processes where there are enough of them.

What is done in a thread takes turns with the rest of this process, so children pay once their start
is made up for. A path is always in the same line, by its bytes, and a line does one batch after the
other: two results of one sidecar never meet, and the later one has the last word.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from gemtag_tui.interop.sidecar_batch import Job, put_all, settle
from gemtag_tui.interop.sidecars import MOST_WORDS, TOGETHER, Tally

CHILDREN_FROM = 500
"""Sidecars below which a thread has done it before children would help."""
MOST_CHILDREN = 4
_AHEAD = 2
"""Batches of a line that are under way or wait."""


class Hands:
    """Takes sidecars to be made or merged. Use as a context manager, and `finish` at the end.

    What was given but not begun is dropped when the context ends by an error.

    Args:
        make_room: also make the folders that sidecars go to.
        children: child processes; `None`: as many as there are cores, at most four.
        children_from: sidecars below which there are none.
    """

    def __init__(
        self,
        *,
        make_room: bool = False,
        children: int | None = None,
        children_from: int = CHILDREN_FROM,
    ) -> None:
        self.tally = Tally()
        self._make_room = make_room
        self._children = children or min(MOST_CHILDREN, os.cpu_count() or 1)
        self._children_from = children_from
        self._waiting: list[list[Job]] = [[]]
        self._tails: list[asyncio.Task[None] | None] = [None]
        self._free = asyncio.Semaphore(_AHEAD * self._children)
        self._words: list[tuple[int, list[str]]] = []
        self._batches = 0
        self._limiter: Any = None
        self._warm: asyncio.Future[Any] | None = None

    @property
    def done(self) -> int:
        """How many were looked after."""
        tally = self.tally
        return tally.made + tally.merged + tally.unchanged + tally.refused

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what is under way: nothing is written once this is over."""
        tasks: list[asyncio.Future[Any]] = [task for task in self._tails if task is not None]
        if self._warm is not None:
            self._warm.cancel()
            tasks.append(self._warm)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def put(self, jobs: Sequence[Job]) -> None:
        """Have sidecars made or merged; waits while too many are under way.

        Raises:
            OSError: nothing can be put on disk.
        """
        if len(self._tails) == 1:
            self._waiting[0] += jobs
            if len(self._waiting[0]) < self._children_from:
                return
            jobs = self._part_ways()
        for job in jobs:
            line = zlib.crc32(job.path.lower()) % self._children  # a.xmp may be A.xmp there
            self._waiting[line].append(job)
            if len(self._waiting[line]) >= TOGETHER:
                await self._begin(line)

    async def finish(self) -> Tally:
        """Bring all that was given to its end; returns what became of it.

        Raises:
            OSError: nothing can be put on disk.
        """
        for line, jobs in enumerate(self._waiting):
            if jobs:
                await self._begin(line)
        for task in self._tails:
            if task is not None:
                await task
        return self.tally

    def _part_ways(self) -> list[Job]:
        """Go over to several lines; returns what waited until now."""
        (jobs,) = self._waiting
        self._waiting = [[] for _ in range(self._children)]
        self._tails = [None] * self._children
        if self._children > 1:
            self._start_children()
        return jobs

    def _start_children(self) -> None:
        """Start them beside what threads do meanwhile."""
        import anyio.to_process  # noqa: PLC0415 - few sidecars need no children

        self._limiter = anyio.CapacityLimiter(self._children)
        begun = (
            anyio.to_process.run_sync(settle, limiter=self._limiter) for _ in range(self._children)
        )
        self._warm = asyncio.gather(*begun, return_exceptions=True)

    async def _begin(self, line: int) -> None:
        jobs, self._waiting[line] = self._waiting[line], []
        await self._free.acquire()
        before, number = self._tails[line], self._batches
        if before is not None and before.done():
            before.result()
        self._batches += 1
        self._tails[line] = asyncio.ensure_future(self._one(line, number, before, jobs))

    async def _one(
        self, line: int, number: int, before: asyncio.Task[None] | None, jobs: list[Job]
    ) -> None:
        try:
            if before is not None:
                await asyncio.wait([before])
                before.result()
            self._count(number, await self._run(line, jobs))
        finally:
            self._free.release()

    async def _run(self, line: int, jobs: list[Job]) -> Tally:
        """Do a batch; again when its child was killed: what is in place then stays as it is."""
        what = (jobs, b"%d.%d" % (os.getpid(), line), self._make_room)
        warm = self._warm
        if warm is not None and warm.done() and not any(warm.result()):
            import anyio.to_process  # noqa: PLC0415 - few sidecars need no children

            try:
                return await anyio.to_process.run_sync(put_all, *what, limiter=self._limiter)
            except anyio.BrokenWorkerProcess:
                pass
        return await asyncio.to_thread(put_all, *what)

    def _count(self, number: int, tally: Tally) -> None:
        self.tally.made += tally.made
        self.tally.merged += tally.merged
        self.tally.unchanged += tally.unchanged
        self.tally.refused += tally.refused
        if tally.words:
            self._words = sorted([*self._words, (number, tally.words)])[:MOST_WORDS]
            self.tally.words = [one for _, words in self._words for one in words][:MOST_WORDS]
