"""A list over pages: any length, constant memory, only what changed is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from gemtag_tui.tui.source import Pages
from gemtag_tui.tui.widgets.columns import Column, Marks
from gemtag_tui.tui.widgets.keys import shared_keys
from gemtag_tui.tui.widgets.rows import RowsView

__all__ = ["Column", "Marks", "PagedList"]

Row = TypeVar("Row")
GUTTER = 2


class PagedList(RowsView[Row], can_focus=True):
    """Rows from a `Pages`, with a cursor and marks; made as its `RowsView` is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", show=False, id="list.down"),
        Binding("up,k", "move(-1)", "up", show=False, id="list.up"),
        *shared_keys("list", " row", "the row", "Open the row"),
    ]  # fmt: skip

    class Moved(Message):
        """The cursor came to another row."""

        def __init__(self, paged: PagedList[Any], row: object) -> None:
            super().__init__()
            self.paged = paged
            self.row = row

        @property
        def control(self) -> PagedList[Any]:
            """The list."""
            return self.paged

    class Opened(Moved):
        """Enter was pressed on a row."""

    class Marked(Message):
        """Other rows are marked now."""

        def __init__(self, paged: PagedList[Any]) -> None:
            super().__init__()
            self.paged = paged

        @property
        def control(self) -> PagedList[Any]:
            """The list."""
            return self.paged

    # Data

    async def load(self, pages: Pages[Row], *, at: int = 0) -> None:
        """Show another list, with the cursor at a position; marks go."""
        self._cache.pages, self.marks = pages, Marks()
        self._cursor_key = None
        await self._fill(at, fresh=True)

    async def reload(self) -> None:
        """Read again what is shown; cursor and marks hold on to their rows."""
        if self._follow and self.cursor == 0:
            self._cursor_key = None
        await self._fill(self.cursor, fresh=True)

    def set_columns(self, columns: Sequence[Column[Row]]) -> None:
        """Show other columns."""
        self._columns = list(columns)
        self._redraw()

    def set_empty(self, words: str) -> None:
        """Say something else when there is nothing."""
        self._empty = words
        self._redraw()

    async def _fill(self, position: int, *, fresh: bool = False) -> None:
        held = self._cursor_key if fresh else None
        if await self._cache.fill(position, max(1, self._body_height), fresh=fresh):
            found = self._cache.position_of(held)
            self._place(position if found is None else found)

    # Moving

    def go(self, position: int) -> None:
        """Bring the cursor to a position, reading what is needed."""
        position = max(0, min(position, self.count - 1))
        if self._cache.has(position, max(1, self._body_height)):
            self._place(position)
        else:
            self.run_worker(self._fill(position), group=f"pages-{self.id}", exclusive=True)

    def _place(self, position: int) -> None:
        self.cursor = max(0, min(position, self.count - 1))
        height = max(1, self._body_height)
        self.top = max(0, min(self.top, self.count - height, self.cursor))
        self.top = max(self.top, self.cursor - height + 1)
        row = self.row
        key = None if row is None else self._key(row)
        moved, self._cursor_key = key != self._cursor_key, key
        self._redraw()
        if moved and self.is_attached:
            self.post_message(self.Moved(self, row))

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.go(self.cursor + by)

    def action_leaf(self, by: int) -> None:
        """Move the cursor by screenfuls."""
        self.go(self.cursor + by * max(1, self._body_height - 1))

    def action_jump(self, to: int) -> None:
        """Go to the first or the last row."""
        self.go(0 if to == 0 else self.count - 1)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self.row is not None:
            self.post_message(self.Opened(self, self.row))

    def action_mark(self) -> None:
        """Mark or unmark the row, and go on to the next."""
        key = self.key
        if not self._can_mark or key is None:
            return
        self.marks = Marks(self.marks.every, self.marks.keys ^ {key})
        self.post_message(self.Marked(self))
        self.go(self.cursor + 1)
        self._redraw()

    def action_mark_all(self) -> None:
        """Mark all rows shown, or none."""
        if self._can_mark:
            self.marks = Marks() if self.marks else Marks(every=True)
            self.post_message(self.Marked(self))
            self._redraw()

    def clear_marks(self) -> None:
        """Unmark everything."""
        self.marks = Marks()
        self._redraw()

    def on_mouse_scroll_down(self) -> None:
        """Three rows down."""
        self.go(self.cursor + 3)

    def on_mouse_scroll_up(self) -> None:
        """Three rows up."""
        self.go(self.cursor - 3)

    def on_click(self, event: events.Click) -> None:
        """Bring the cursor to the row clicked on."""
        position = self.top + event.y - (1 if self._heading else 0)
        if 0 <= position < self.count:
            self.go(position)

    def on_resize(self) -> None:
        """Keep the cursor's row on the screen."""
        self._drawn.clear()
        self.go(self.cursor)

    def on_focus(self) -> None:
        """Brighten the cursor."""
        self._repaint_cursor()

    def on_blur(self) -> None:
        """Dim the cursor."""
        self._repaint_cursor()
