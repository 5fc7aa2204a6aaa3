"""Pages over rows that are in memory already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")


class Listed(Generic[Row]):
    """A short list as a `Pages`."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    async def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    async def page(self, start: int, limit: int) -> Sequence[Row]:
        """Some of the rows."""
        return self._rows[start : start + limit]
