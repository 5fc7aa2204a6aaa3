"""Reading results in blocks and judging them: in a thread, in child processes where there is much.

What is judged in a thread takes turns with the rest of this process, but not with the writing of
what was judged before: SQLite works outside of Python. So children pay only where their start is
soon made up for.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, Any, TypeVar

from gemtag_tui.engine.batch_reading import (
    Good,
    Poor,
    Setup,
    Swapped,
    lines_of,
    read_block,
    scan_block,
)

BLOCK = 1024 * 1024
"""Bytes of results that are judged together: some thousand lines."""
CHILDREN_FROM = 64 * BLOCK
"""Below this many bytes a thread has done it before children would help."""
MOST_CHILDREN = 4
_LONGEST_LINE = 256 * 1024 * 1024

T = TypeVar("T")


class Block:
    """Whole lines of results; `end` is where the next block begins.

    Args:
        data: the lines.
        end: the file's byte after them.
    """

    def __init__(self, data: bytes, end: int) -> None:
        self.data = data
        self.end = end
        self._lines: list[bytes] | None = None

    def line(self, number: int) -> bytes:
        """Return a line by its number among those that are not blank."""
        if self._lines is None:
            self._lines = lines_of(self.data)
        return self._lines[number]


class Reader:
    """Reads one file of results.

    Args:
        path: the file.
        setup: what its lines are judged by.
        children: child processes; `None`: as many as there are cores, at most four.
    """

    def __init__(self, path: Path, setup: Setup, children: int | None = None) -> None:
        self._path = path
        self._setup = setup
        self._children = children or min(MOST_CHILDREN, os.cpu_count() or 1)
        self._limiter: Any = None
        self._warm: asyncio.Future[Any] | None = None

    async def read(self, start: int) -> AsyncIterator[tuple[Block, list[Good | Poor]]]:
        """Give blocks with their judged lines, from a byte on, in order.

        Raises:
            OSError: the file cannot be read.
        """
        async for block, rows in self._each(start, read_block, self._setup):
            yield block, rows

    async def scan(self, most: int) -> tuple[int, list[Swapped]]:
        """Return how many answers stand under other keys, and the first of them.

        Raises:
            OSError: the file cannot be read.
        """
        count, kept = 0, list[Swapped]()
        async for _, swapped in self._each(0, scan_block, self._setup.nonce, alone=True):
            count += len(swapped)
            kept += swapped[: most - len(kept)]
        return count, kept

    async def _each(
        self, start: int, work: Callable[[bytes, Any], T], argument: Any, *, alone: bool = False
    ) -> AsyncIterator[tuple[Block, T]]:
        file = await asyncio.to_thread(self._path.open, "rb")
        waiting: deque[tuple[Block, asyncio.Task[T]]] = deque()
        try:
            size = await asyncio.to_thread(lambda: self._path.stat().st_size)
            if not alone and size - start >= CHILDREN_FROM:
                self._start_children()
            file.seek(start)
            more = True
            while more or waiting:
                while more and len(waiting) < self._ahead():
                    block = await asyncio.to_thread(_next_block, file)
                    more = block is not None
                    if block is not None:
                        begun = asyncio.ensure_future(self._run(work, block, argument))
                        waiting.append((block, begun))
                if waiting:
                    block, task = waiting.popleft()
                    yield block, await task
        finally:
            await self._end([task for _, task in waiting])
            file.close()

    def _start_children(self) -> None:
        """Start them beside what threads do meanwhile."""
        import anyio.to_process  # noqa: PLC0415 - small files need no children

        self._limiter = anyio.CapacityLimiter(self._children)
        begun = (
            anyio.to_process.run_sync(read_block, b"", self._setup, limiter=self._limiter)
            for _ in range(self._children)
        )
        self._warm = asyncio.gather(*begun, return_exceptions=True)

    def _helped(self) -> bool:
        """Whether all children are there."""
        warm = self._warm
        return warm is not None and warm.done() and not any(warm.result())

    def _ahead(self) -> int:
        return self._children + 2 if self._helped() else 1

    async def _run(self, work: Callable[[bytes, Any], T], block: Block, argument: Any) -> T:
        if not self._helped():
            return await asyncio.to_thread(work, block.data, argument)
        import anyio.to_process  # noqa: PLC0415 - small files need no children

        try:
            return await anyio.to_process.run_sync(
                work, block.data, argument, cancellable=True, limiter=self._limiter
            )
        except anyio.BrokenWorkerProcess:  # killed
            return await asyncio.to_thread(work, block.data, argument)

    async def _end(self, tasks: list[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._warm is not None and not self._warm.done():
            self._warm.cancel()
            await asyncio.wait([self._warm])


def _next_block(file: IO[bytes]) -> Block | None:
    """Return the next whole lines; the file's last may lack its line break."""
    data = file.read(BLOCK)
    if not data:
        return None
    if not data.endswith(b"\n"):
        data += file.readline(_LONGEST_LINE)
    return Block(data, file.tell())
