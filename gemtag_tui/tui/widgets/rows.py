"""Rows of columns, drawn from a few pages: the part of a list that only shows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.style import Style
from textual.strip import Strip

from gemtag_tui.tui.paint import Line, fit, safe
from gemtag_tui.tui.widgets.block import Cell, ToneWidget
from gemtag_tui.tui.widgets.columns import Column, Marks, layout
from gemtag_tui.tui.widgets.pages import PageCache
from gemtag_tui.tui.words import number

Row = TypeVar("Row")
GUTTER = 2


class RowsView(ToneWidget, Generic[Row]):
    """Draws rows with a cursor and marks.

    Args:
        columns: what is shown of a row.
        key: a row's identity, which cursor and marks hold on to.
        empty: words for an empty list.
        marks: whether rows can be marked.
        heading: whether the first line names the columns.
        whole: draws a row over all columns, or returns None to leave it to them.
        follow: a cursor on the first row stays on the first row when new ones come.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor", "list--cursor-dim"}

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        empty: str = "Nothing here.",
        marks: bool = True,
        heading: bool = True,
        follow: bool = False,
        whole: Callable[[Row, int], Line | None] | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._columns, self._key, self._empty = list(columns), key, empty
        self._can_mark, self._heading, self._follow = marks, heading, follow
        self._cache = PageCache(key)
        self._drawn: dict[int, list[Cell]] = {}
        self.cursor = 0
        self.top = 0
        self.marks = Marks()
        self._cursor_key: Hashable | None = None
        self._whole = whole

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._cache.count

    @property
    def row(self) -> Row | None:
        """The row under the cursor, when it is loaded."""
        return self._cache.at(self.cursor)

    @property
    def key(self) -> Hashable | None:
        """The key of the row under the cursor."""
        row = self.row
        return None if row is None else self._key(row)

    @property
    def _body_height(self) -> int:
        return max(0, self.size.height - (1 if self._heading else 0))

    # Drawing

    def _redraw(self) -> None:
        width = self.size.width
        if not self.is_attached or not width:
            return
        for y in range(self.size.height):
            new = self._line_cells(y, width)
            old = self._drawn.get(y)
            self._drawn[y] = new
            if old is not None:
                self.repaint(y, old, new)
            else:
                self.refresh()

    def _repaint_cursor(self) -> None:
        self._drawn.pop(self.cursor - self.top + (1 if self._heading else 0), None)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the heading or a row."""
        cells = self._line_cells(y, self.size.width)
        self._drawn[y] = cells
        tones = {tone.removeprefix("on ") for _, tone in cells if tone.startswith("on ")}
        over = self._cursor_style() if tones or any(t == "on" for _, t in cells) else None
        return self.strip([(c, t.removeprefix("on ")) for c, t in cells], over)

    def _cursor_style(self) -> Style:
        name = "list--cursor" if self.has_focus else "list--cursor-dim"
        return self.get_component_rich_style(name, partial=True)

    def _line_cells(self, y: int, width: int) -> list[Cell]:
        offset = 1 if self._heading else 0
        if y < offset:
            return self.cells(self._head(width), width)
        position = self.top + y - offset
        if self.count == 0:
            return self.cells([("  ", ""), (self._empty, "muted")] if y == offset else [], width)
        if position >= self.count:
            return self.cells([], width)
        cells = self.cells(self._row_line(position, width), width)
        if position == self.cursor:
            return [(char, f"on {tone}") for char, tone in cells]
        return cells

    def _head(self, width: int) -> Line:
        spans: Line = [("  ", "")]
        for i, (column, wide) in enumerate(layout(self._columns, width - GUTTER)):
            spans.append(
                (("  " if i else "") + fit(column.title, wide, right=column.right), "muted")
            )
        return spans

    def _row_line(self, position: int, width: int) -> Line:
        row = self._cache.at(position)
        if row is None:
            return [("  … ", "muted"), (number(position + 1), "muted")]
        marked = self._can_mark and self._key(row) in self.marks
        sign = "▸" if position == self.cursor else " "
        line: Line = [(sign, "accent"), ("•" if marked else " ", "accent")]
        whole = self._whole(row, width - GUTTER) if self._whole else None
        if whole is not None:
            return line + whole
        for i, (column, wide) in enumerate(layout(self._columns, width - GUTTER)):
            text, tone = column.cell(row)
            text = fit(safe(text, self.ascii_only), wide, right=column.right, keep=column.keep)
            line.append((("  " if i else "") + text, tone))
        return line
