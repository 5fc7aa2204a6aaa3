"""A list in which ranges can be marked."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType

from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.widgets.columns import Marks
from gemtag_tui.tui.widgets.paged import PagedList

Row = TypeVar("Row")
MOST = 20_000
"""Rows of one range; `*` marks any number."""
_AT_ONCE = 1_000


class RangeList(PagedList[Row]):
    """`V` marks from the row that was marked last to the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("V", "mark_range", "mark range", show=False, id="list.mark_range",
                tooltip="Mark from the row marked last to this one"),
        Binding("enter", "open", "open", id="failures.open", tooltip="Open the row"),
    ]  # fmt: skip

    _anchor: tuple[int, Hashable] | None = None

    def action_mark(self) -> None:
        """Mark or unmark the row; a range begins here."""
        self._anchor = (self.cursor, self.key)
        super().action_mark()

    def action_mark_range(self) -> None:
        """Mark from the row marked last to here; without one, begin here."""
        if self._anchor is None or self.key is None:
            self._anchor = (self.cursor, self.key)
            self._mark([self.key])
            return
        position, key = self._anchor
        found = self._cache.position_of(key)
        first, last = sorted((position if found is None else found, self.cursor))
        self._anchor = (self.cursor, self.key)
        self.run_worker(self._mark_between(first, last), group="range", exclusive=True)

    async def _mark_between(self, first: int, last: int) -> None:
        pages = self._cache.pages
        if pages is None:
            return
        keys: list[Hashable] = []
        if last - first >= MOST and isinstance(self.screen, GemtagScreen):
            self.screen.say(f"A range holds at most {MOST:,} rows; * marks all.", "warn")
        last = min(last, first + MOST - 1)
        for start in range(first, last + 1, _AT_ONCE):
            rows = await pages.page(start, min(_AT_ONCE, last + 1 - start))
            keys += [self._key(row) for row in rows]
        if pages is self._cache.pages:
            self._mark(keys)

    def _mark(self, keys: list[Hashable]) -> None:
        chosen = frozenset(key for key in keys if key is not None)
        every, known = self.marks.every, self.marks.keys
        self.marks = Marks(every, known - chosen if every else known | chosen)
        self.post_message(self.Marked(self))
        self._redraw()

    def clear_marks(self) -> None:
        """Unmark everything."""
        self._anchor = None
        super().clear_marks()
