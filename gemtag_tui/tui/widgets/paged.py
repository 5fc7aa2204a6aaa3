"""A list over pages: any length, constant memory, only what changed is drawn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from gemtag_tui.tui.paint import Keep, Line, Span, Tone, fit, safe
from gemtag_tui.tui.source import Pages
from gemtag_tui.tui.widgets.block import Cell, ToneWidget
from gemtag_tui.tui.words import number

Row = TypeVar("Row")
PAGE = 200
KEPT_PAGES = 24
GUTTER = 2


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column.

    Attributes:
        title: its heading.
        width: cells it takes, or at least takes when `grow` is set.
        cell: a row's text (anything from outside is safe to give) and tone.
        right: numbers stand right.
        keep: which end survives a cut; "tail" for paths.
        grow: its share of the room left over, 0 for none.
        rank: columns go in this order when room is short, the highest first; 0 never goes.
    """

    title: str
    width: int
    cell: Callable[[Row], Span]
    right: bool = False
    keep: Keep = "head"
    grow: int = 0
    rank: int = 0


def layout(columns: Sequence[Column[Row]], width: int) -> list[tuple[Column[Row], int]]:
    """Choose the columns that fit in `width` cells and give each its width."""
    kept = list(columns)
    while len(kept) > 1 and sum(c.width for c in kept) + 2 * (len(kept) - 1) > width:
        rank = max(c.rank for c in kept)
        if rank == 0:
            break
        kept.remove(next(c for c in reversed(kept) if c.rank == rank))
    spare = max(0, width - sum(c.width for c in kept) - 2 * (len(kept) - 1))
    shares = sum(c.grow for c in kept) or 1
    widths = [(c, c.width + spare * c.grow // shares) for c in kept]
    growing = [i for i, (c, _) in enumerate(widths) if c.grow]
    if growing:
        column, wide = widths[growing[-1]]
        total = sum(w for _, w in widths) + 2 * (len(widths) - 1)
        widths[growing[-1]] = (column, wide + max(0, width - total))
    return widths


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked: the keys, or with `every` all rows shown but the keys."""

    every: bool = False
    keys: frozenset[Hashable] = frozenset()

    def __contains__(self, key: Hashable) -> bool:
        return (key in self.keys) != self.every

    def __bool__(self) -> bool:
        return self.every or bool(self.keys)


class PagedList(ToneWidget, Generic[Row], can_focus=True):
    """Rows from a `Pages`, with a cursor and marks.

    Args:
        columns: what is shown of a row.
        key: a row's identity, which cursor and marks hold on to.
        empty: words for an empty list.
        marks: whether rows can be marked.
        heading: whether the first line names the columns.
        follow: a cursor on the first row stays on the first row when new ones come.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor", "list--cursor-dim"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", show=False, id="list.down"),
        Binding("up,k", "move(-1)", "up", show=False, id="list.up"),
        Binding("pagedown", "leaf(1)", "page down", show=False, id="list.pagedown"),
        Binding("pageup", "leaf(-1)", "page up", show=False, id="list.pageup"),
        Binding("home,g", "jump(0)", "first row", show=False, id="list.first"),
        Binding("end,G", "jump(-1)", "last row", show=False, id="list.last"),
        Binding("enter", "open", "open", show=False, id="list.open", tooltip="Open the row"),
        Binding("space", "mark", "mark", show=False, id="list.mark", tooltip="Mark the row"),
        Binding("asterisk", "mark_all", "mark all", show=False, id="list.mark_all"),
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

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        empty: str = "Nothing here.",
        marks: bool = True,
        heading: bool = True,
        follow: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._columns, self._key, self._empty = list(columns), key, empty
        self._can_mark, self._heading, self._follow = marks, heading, follow
        self._pages: Pages[Row] | None = None
        self._cache: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._drawn: dict[int, list[Cell]] = {}
        self.count = 0
        self.cursor = 0
        self.top = 0
        self.marks = Marks()
        self._cursor_key: Hashable | None = None

    # Data

    @property
    def row(self) -> Row | None:
        """The row under the cursor, when it is loaded."""
        return self._at(self.cursor)

    @property
    def key(self) -> Hashable | None:
        """The key of the row under the cursor."""
        row = self.row
        return None if row is None else self._key(row)

    async def load(self, pages: Pages[Row], *, at: int = 0) -> None:
        """Show another list, with the cursor at a position; marks go."""
        self._pages, self.marks = pages, Marks()
        self._cursor_key = None
        await self._fill(at, fresh=True)

    async def reload(self) -> None:
        """Read again what is shown; cursor and marks hold on to their rows."""
        if self._pages is None:
            return
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

    async def _fill(self, cursor: int, *, fresh: bool = False) -> None:
        pages = self._pages
        if pages is None:
            return
        count = await pages.count()
        cursor = max(0, min(cursor, count - 1))
        held = self._cursor_key if fresh else None
        wanted = {p for p in self._wanted(cursor, count) if fresh or p not in self._cache}
        got = {p: await pages.page(p * PAGE, PAGE) for p in sorted(wanted)}
        if pages is not self._pages:
            return
        if fresh:
            self._cache.clear()
        self._cache.update(got)
        while len(self._cache) > KEPT_PAGES:
            self._cache.popitem(last=False)
        self.count = count
        self._place(self._position_of(held, cursor))

    def _wanted(self, cursor: int, count: int) -> set[int]:
        height = max(1, self._body_height)
        first, last = max(0, cursor - height), min(max(0, count - 1), cursor + height)
        return set(range(first // PAGE, last // PAGE + 1)) if count else set()

    def _position_of(self, key: Hashable | None, near: int) -> int:
        if key is None:
            return near
        for page, rows in self._cache.items():
            for i, row in enumerate(rows):
                if self._key(row) == key:
                    return page * PAGE + i
        return near

    def _at(self, position: int) -> Row | None:
        rows = self._cache.get(position // PAGE)
        offset = position % PAGE
        return rows[offset] if rows is not None and offset < len(rows) else None

    # Moving

    @property
    def _body_height(self) -> int:
        return max(0, self.size.height - (1 if self._heading else 0))

    def go(self, position: int) -> None:
        """Bring the cursor to a position, reading what is needed."""
        position = max(0, min(position, self.count - 1))
        if all(page in self._cache for page in self._wanted(position, self.count)):
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
        row = self._at(position)
        if row is None:
            return [("  … ", "muted"), (number(position + 1), "muted")]
        marked = self._can_mark and self._key(row) in self.marks
        sign = "▸" if position == self.cursor else " "
        line: Line = [(sign, "accent"), ("•" if marked else " ", "accent")]
        for i, (column, wide) in enumerate(layout(self._columns, width - GUTTER)):
            text, tone = column.cell(row)
            text = fit(safe(text, self.ascii_only), wide, right=column.right, keep=column.keep)
            line.append((("  " if i else "") + text, tone))
        return line


def toned(text: str, tone: Tone = "") -> Span:
    """A cell."""
    return (text, tone)
