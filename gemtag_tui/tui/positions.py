"""Any position of a list that is stored by key: from the nearest key known, from either end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)


class Read(Protocol[Row_co]):
    """Reads rows beyond a key, leaving out the first ones; `backwards` by falling keys."""

    def __call__(
        self, key: int | None, skip: int, limit: int, backwards: bool
    ) -> Awaitable[Sequence[Row_co]]:
        """Return at most `limit` rows."""


class Keyed(Generic[Row]):
    """Pages over rows with rising keys.

    Args:
        size: how many rows there are now.
        read: reads rows.
        key: a row's key.
        both_ways: whether `read` can go backwards.
    """

    def __init__(
        self,
        size: Callable[[], Awaitable[int]],
        read: Read[Row],
        key: Callable[[Row], int],
        *,
        both_ways: bool = True,
    ) -> None:
        self._size, self._read, self._key, self._both = size, read, key, both_ways
        self._count = -1
        self._known: dict[int, int] = {}
        """By position, the key of the row before it."""

    async def count(self) -> int:
        """How many rows there are; when that has changed, what was known of keys is forgotten."""
        count = await self._size()
        if count != self._count:
            self._count = count
            self._known.clear()
        return count

    async def page(self, start: int, limit: int) -> Sequence[Row]:
        """Rows from a position on."""
        places = sorted(self._known)
        at = bisect_right(places, start)
        near = places[at - 1] if at else 0
        behind = self._count - start - limit
        if self._both and 0 <= behind < start - near:
            rows = list(await self._read(None, behind, limit, True))[::-1]
        elif self._both and behind < 0 <= self._count - start < start - near:
            rows = list(await self._read(None, 0, self._count - start, True))[::-1]
        else:
            rows = list(await self._read(self._known.get(near), start - near, limit, False))
        if rows:
            self._known[start + len(rows)] = self._key(rows[-1])
        return rows
