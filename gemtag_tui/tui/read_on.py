"""Rows of a stream as pages: read on as far as somebody looks, and never twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")


class ReadOn(Generic[Row]):
    """A list over a stream.

    Args:
        rows: gives them one by one.
        most: rows that are shown at most.
        expected: says how many there will be, while the end is not reached.
    """

    def __init__(
        self, rows: AsyncGenerator[Row, None], most: int, expected: Callable[[], Awaitable[int]]
    ) -> None:
        self._rows, self._most, self._expected = rows, most, expected
        self._read: list[Row] = []
        self._ended = False
        self._one = asyncio.Lock()

    async def count(self) -> int:
        """How many rows there are, as far as that is known."""
        return len(self._read) if self._ended else min(await self._expected(), self._most)

    async def page(self, start: int, limit: int) -> Sequence[Row]:
        """Rows from a position on."""
        async with self._one:
            while not self._ended and len(self._read) < min(start + limit, self._most):
                row = await anext(self._rows, None)
                if row is None:
                    self._ended = True
                else:
                    self._read.append(row)
        return self._read[start : start + limit]
