"""Reading results in blocks and judging them in child processes, several ahead, in order."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from gemtag_tui.engine.batch_reading import Good, Poor, Setup, read_block, scan_block

BLOCK = 4 * 1024 * 1024
"""Bytes of results that are judged and written together: some thousand lines."""
MOST_CHILDREN = 4
_CHILDREN_FROM = 2 * BLOCK
"""Below this many bytes a thread does it sooner than children could start."""
_LONGEST_LINE = 256 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of results; `end` is where the next block begins."""

    data: bytes
    end: int

    def line(self, number: int) -> bytes:
        """Return one line by its number within the block; odd lines are few."""
        start = 0
        for _ in range(number):
            start = self.data.index(b"\n", start) + 1
        end = self.data.find(b"\n", start)
        return self.data[start : end if end >= 0 else len(self.data)]


@dataclass(frozen=True, slots=True)
class SwappedLine:
    """A line whose answer belongs to another key."""

    key: str
    echo: str
    raw: bytes


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

    async def read(self, start: int) -> AsyncIterator[tuple[Block, list[Good | Poor]]]:
        """Give blocks with their judged lines, from a byte on, in order.

        Raises:
            OSError: the file cannot be read.
        """
        async for block, rows in self._each(start, read_block, self._setup):
            yield block, rows

    async def scan(self) -> list[SwappedLine]:
        """Return all answers that stand under other keys.

        Raises:
            OSError: the file cannot be read.
        """
        found: list[SwappedLine] = []
        async for block, swapped in self._each(0, scan_block, self._setup.nonce):
            found += [SwappedLine(one.key, one.echo, block.line(one.line)) for one in swapped]
        return found

    async def _each(
        self, start: int, work: Callable[[bytes, Any], T], argument: Any
    ) -> AsyncIterator[tuple[Block, T]]:
        file = await asyncio.to_thread(self._path.open, "rb")
        waiting: deque[tuple[Block, asyncio.Task[T]]] = deque()
        try:
            size = await asyncio.to_thread(lambda: self._path.stat().st_size)
            far = size - start >= _CHILDREN_FROM
            ahead = self._children + 1 if far else 1
            file.seek(start)
            more = True
            while more or waiting:
                while more and len(waiting) < ahead:
                    block = await asyncio.to_thread(_next_block, file)
                    more = block is not None
                    if block is not None:
                        begun = asyncio.ensure_future(self._run(work, block, argument, far=far))
                        waiting.append((block, begun))
                if waiting:
                    block, task = waiting.popleft()
                    yield block, await task
        finally:
            for _, task in waiting:
                task.cancel()
            await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)
            file.close()

    async def _run(
        self, work: Callable[[bytes, Any], T], block: Block, argument: Any, *, far: bool
    ) -> T:
        if not far:
            return await asyncio.to_thread(work, block.data, argument)
        import anyio.to_process  # noqa: PLC0415 - small files need no children

        self._limiter = self._limiter or anyio.CapacityLimiter(self._children)
        try:
            return await anyio.to_process.run_sync(
                work, block.data, argument, cancellable=True, limiter=self._limiter
            )
        except anyio.BrokenWorkerProcess:  # killed, or none can be started here
            return await asyncio.to_thread(work, block.data, argument)


def _next_block(file: IO[bytes]) -> Block | None:
    """Return the next whole lines; the file's last may lack its line break."""
    data = file.read(BLOCK)
    if not data:
        return None
    if not data.endswith(b"\n"):
        data += file.readline(_LONGEST_LINE)
    return Block(data, file.tell())
