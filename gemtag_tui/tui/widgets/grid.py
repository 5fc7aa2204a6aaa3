"""A grid of thumbnails over pages: any length, a few pages in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from gemtag_tui.store.browse import AssetRow
from gemtag_tui.tui.paint import Tone, fit, safe
from gemtag_tui.tui.wanted_library import AssetPages, Picture
from gemtag_tui.tui.widgets.block import ToneWidget
from gemtag_tui.tui.widgets.blocks import block_lines, fitted
from gemtag_tui.tui.widgets.columns import Marks
from gemtag_tui.tui.widgets.keys import shared_keys
from gemtag_tui.tui.widgets.pages import PageCache

WIDE, HIGH = 19, 7
"""Cells of a tile: the picture, a line of words below it, and one cell between two."""
KEPT = 240
"""Pictures in memory: some 8 kB each."""


class ThumbGrid(ToneWidget, can_focus=True):
    """Tiles with a cursor and marks.

    Args:
        words: what stands under a picture, and its tone.
        empty: words for when there is nothing.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "left", show=False, id="grid.left"),
        Binding("right,l", "move(1)", "right", show=False, id="grid.right"),
        Binding("up,k", "row(-1)", "up", show=False, id="grid.up"),
        Binding("down,j", "row(1)", "down", show=False, id="grid.down"),
        *shared_keys("grid", "", "the image", "Everything of it"),
    ]  # fmt: skip

    class Moved(Message):
        """The cursor came to another image, or others are to be seen."""

    class Opened(Message):
        """Enter was pressed."""

    def __init__(
        self,
        words: Callable[[AssetRow], tuple[str, Tone]],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._words = words
        self._cache: PageCache[AssetRow] = PageCache(lambda row: row.asset)
        self._pictures: OrderedDict[int, Picture] = OrderedDict()
        self.cursor = self.top = 0
        self.marks = Marks()
        self._empty = ""

    @property
    def columns(self) -> int:
        """Tiles side by side."""
        return max(1, self.size.width // WIDE)

    @property
    def lines(self) -> int:
        """Rows of tiles that are seen."""
        return max(1, self.size.height // HIGH)

    @property
    def count(self) -> int:
        """How many images there are."""
        return self._cache.count

    @property
    def row(self) -> AssetRow | None:
        """The image under the cursor, when it is loaded."""
        return self._cache.at(self.cursor)

    def seen(self) -> list[AssetRow]:
        """Return the images on the screen that have no picture yet, the cursor's first."""
        first = self.top * self.columns
        around = range(first, min(self.count, first + self.columns * self.lines))
        rows = [self._cache.at(i) for i in sorted(around, key=lambda i: i != self.cursor)]
        return [row for row in rows if row is not None and row.asset not in self._pictures]

    # Data

    async def load(self, pages: AssetPages, *, at: int = 0, fresh: bool = True) -> None:
        """Show a list, with the cursor at a position."""
        self._cache.pages = pages
        if await self._cache.fill(at, self.columns * self.lines * 2, fresh=fresh):
            self._place(at)

    def set_empty(self, words: str) -> None:
        """Say something when there is nothing."""
        self._empty = words
        self.refresh()

    def put(self, asset: int, picture: Picture) -> None:
        """Show an image's picture."""
        self._pictures[asset] = picture
        while len(self._pictures) > KEPT:
            self._pictures.popitem(last=False)
        self.refresh()

    # Moving

    def go(self, position: int) -> None:
        """Bring the cursor to a position, reading what is needed."""
        position = max(0, min(position, self.count - 1))
        around = self.columns * self.lines
        if self._cache.has(position, around):
            self._place(position)
        elif self._cache.pages is not None:
            self.run_worker(self._fill(position, around), group="grid", exclusive=True)

    async def _fill(self, position: int, around: int) -> None:
        if await self._cache.fill(position, around, fresh=False):
            self._place(position)

    def _place(self, position: int) -> None:
        self.cursor = max(0, min(position, self.count - 1))
        line = self.cursor // self.columns
        self.top = max(line - self.lines + 1, min(self.top, line), 0)
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        """Move by images."""
        self.go(self.cursor + by)

    def action_row(self, by: int) -> None:
        """Move by rows."""
        if 0 <= self.cursor + by * self.columns < self.count:
            self.go(self.cursor + by * self.columns)

    def action_leaf(self, by: int) -> None:
        """Move by screenfuls."""
        self.go(self.cursor + by * self.columns * self.lines)

    def action_jump(self, to: int) -> None:
        """Go to the first or the last image."""
        self.go(0 if to == 0 else self.count - 1)

    def action_open(self) -> None:
        """Open the image under the cursor."""
        if self.row is not None:
            self.post_message(self.Opened())

    def action_mark(self) -> None:
        """Mark or unmark the image, and go on to the next."""
        if (row := self.row) is not None:
            self.marks = Marks(self.marks.every, self.marks.keys ^ {row.asset})
            self.go(self.cursor + 1)

    def action_mark_all(self) -> None:
        """Mark all images shown, or none."""
        self.marks = Marks() if self.marks else Marks(every=True)
        self.refresh()

    def clear_marks(self) -> None:
        """Unmark everything."""
        self.marks = Marks()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Bring the cursor to the image clicked on."""
        column = min(event.x // WIDE, self.columns - 1)
        position = (self.top + event.y // HIGH) * self.columns + column
        if position < self.count:
            self.go(position)

    def on_resize(self) -> None:
        """Keep the cursor's image on the screen."""
        self.go(self.cursor)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw one line of a row of tiles."""
        width = self.size.width
        if not self.count:
            return self.strip(self.cells([(self._empty, "muted")] if y == 1 else [], width))
        line, inside = self.top + y // HIGH, y % HIGH
        if y // HIGH >= self.lines:
            return self.strip(self.cells([], width))
        segments: list[Segment] = []
        for column in range(self.columns):
            segments += self._tile(line * self.columns + column, inside)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _tile(self, position: int, inside: int) -> list[Segment]:
        row = self._cache.at(position) if position < self.count else None
        if row is None:
            return [Segment(" " * WIDE, self.rich_style)]
        if inside == HIGH - 1:
            return self._label(row, position)
        picture = self._pictures.get(row.asset, Picture(why="…"))
        room, high = WIDE - 1, HIGH - 1
        if picture.pixels is None:
            words = picture.why if inside == high // 2 else ""
            return [*self._text(words, room, "muted"), Segment(" ", self.rich_style)]
        wide, tall = fitted(picture.pixels, room, high)
        left, top = (room - wide) // 2, (high - tall) // 2
        if not top <= inside < top + tall:
            return [Segment(" " * WIDE, self.rich_style)]
        drawn = self._drawn(row.asset, picture, wide, tall)[inside - top]
        gap = Segment(" " * left, self.rich_style)
        return [gap, *drawn, Segment(" " * (WIDE - left - wide), self.rich_style)]

    def _drawn(self, asset: int, picture: Picture, wide: int, tall: int) -> list[list[Segment]]:
        kept: dict[Any, list[list[Segment]]] = self.__dict__.setdefault("_tiles", {})
        key = (asset, wide, tall)
        if key not in kept and picture.pixels is not None:
            if len(kept) > KEPT:
                kept.clear()
            kept[key] = block_lines(picture.pixels, wide, tall)
        return kept[key]

    def _label(self, row: AssetRow, position: int) -> list[Segment]:
        words, tone = self._words(row)
        sign = "▸" if position == self.cursor else " "
        mark = "•" if row.asset in self.marks else ""
        text = fit(safe(sign + mark + words, self.ascii_only), WIDE - 1, keep="head")
        style = self.tone_style("head" if position == self.cursor else tone)
        if position == self.cursor and self.has_focus:
            style += self.get_component_rich_style("grid--cursor", partial=True)
        return [Segment(text, style), Segment(" ", self.rich_style)]

    def _text(self, words: str, width: int, tone: Tone) -> list[Segment]:
        text = fit(safe(words, self.ascii_only), width)
        return [Segment(text, self.tone_style(tone))]
