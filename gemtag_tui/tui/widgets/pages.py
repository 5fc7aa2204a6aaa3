"""The pages of a list that are in memory: a few, whatever the list's length."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from gemtag_tui.tui.source import Pages

Row = TypeVar("Row")
PAGE = 200
KEPT_PAGES = 24


class PageCache(Generic[Row]):
    """Rows by position, read page by page.

    Args:
        key: a row's identity.
    """

    def __init__(self, key: Callable[[Row], Hashable]) -> None:
        self.pages: Pages[Row] | None = None
        self.count = 0
        self._key = key
        self._rows: OrderedDict[int, Sequence[Row]] = OrderedDict()

    def at(self, position: int) -> Row | None:
        """The row at a position, None when it is not in memory."""
        rows = self._rows.get(position // PAGE)
        offset = position % PAGE
        return rows[offset] if rows is not None and 0 <= offset < len(rows) else None

    def has(self, position: int, around: int) -> bool:
        """Whether everything near a position is in memory."""
        return all(page in self._rows for page in self._near(position, around, self.count))

    def position_of(self, key: Hashable | None) -> int | None:
        """Where a row stands, as far as it is in memory."""
        if key is None:
            return None
        for page, rows in self._rows.items():
            for i, row in enumerate(rows):
                if self._key(row) == key:
                    return page * PAGE + i
        return None

    async def fill(self, position: int, around: int, *, fresh: bool) -> bool:
        """Read what is missing near a position, or with `fresh` everything there anew.

        Returns:
            Whether this is still the list that was asked for.
        """
        pages = self.pages
        if pages is None:
            return False
        count = await pages.count()
        near = self._near(max(0, min(position, count - 1)), around, count)
        wanted = [page for page in near if fresh or page not in self._rows]
        got = {page: await pages.page(page * PAGE, PAGE) for page in wanted}
        if pages is not self.pages:
            return False
        if fresh:
            self._rows.clear()
        self._rows.update(got)
        while len(self._rows) > KEPT_PAGES:
            self._rows.popitem(last=False)
        self.count = count
        return True

    @staticmethod
    def _near(position: int, around: int, count: int) -> range:
        if not count:
            return range(0)
        first, last = max(0, position - around), min(count - 1, position + around)
        return range(first // PAGE, last // PAGE + 1)
