"""A block of toned lines that repaints only the cells that changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import ClassVar

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from gemtag_tui.tui.paint import TONES, Line, Span, fit, safe

_GAP = 10
"""Unchanged cells between two changes that cost no more to send again than to jump over."""

Cell = tuple[str, str]
"""One sign (two cells for a wide one, followed by an empty one) and its tone."""


class ToneWidget(Widget):
    """A widget that draws toned spans. Everything drawn is made harmless here, in one place."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tone--{tone}" for tone in TONES}

    @property
    def ascii_only(self) -> bool:
        """Whether only ASCII signs may be drawn."""
        return bool(getattr(self.app, "ascii_only", False))

    def tone_style(self, tone: str) -> Style:
        """Return the style the stylesheet gives a tone."""
        if tone not in self._tones:
            found = self.get_component_rich_style(f"tone--{tone}") if tone else self.rich_style
            self._tones[tone] = found
        return self._tones[tone]

    @property
    def _tones(self) -> dict[str, Style]:
        found: dict[str, Style] = self.__dict__.setdefault("_tone_styles", {})
        return found

    def notify_style_update(self) -> None:
        """Ask the stylesheet again after it changed."""
        self._tones.clear()
        super().notify_style_update()

    def cells(self, line: Iterable[Span], width: int) -> list[Cell]:
        """Return exactly `width` cells of harmless signs."""
        out: list[Cell] = []
        for text, tone in line:
            room = width - len(out)
            if room <= 0:
                break
            shown = safe(text, self.ascii_only)
            if cell_len(shown) > room:
                shown = safe(fit(shown, room), self.ascii_only)
            if shown.isascii():
                out.extend([(char, tone) for char in shown])
            else:
                _add_cells(out, shown, tone)
        del out[width:]
        return out + [(" ", "")] * (width - len(out))

    def strip(self, cells: Sequence[Cell], over: Style | None = None) -> Strip:
        """Return cells as a strip, with `over` laid upon every style."""
        segments = []
        for tone, run in groupby(cells, key=lambda cell: cell[1]):
            style = self.tone_style(tone)
            segments.append(
                Segment("".join(char for char, _ in run), style + over if over else style)
            )
        return Strip(segments, len(cells))

    def repaint(self, y: int, old: Sequence[Cell], new: Sequence[Cell]) -> None:
        """Refresh what differs between two drawings of line `y`."""
        if len(old) != len(new):
            self.refresh(Region(0, y, max(len(old), len(new)), 1))
            return
        start = end = -1
        for x in range(len(new)):
            if old[x] == new[x]:
                continue
            if start >= 0 and x - end > _GAP:
                self.refresh(Region(start, y, end - start + 1, 1))
                start = -1
            start, end = (x if start < 0 else start), x
        if start >= 0:
            first = start - 1 if start and new[start][0] == "" else start
            self.refresh(Region(first, y, end - first + 1, 1))


def _add_cells(out: list[Cell], text: str, tone: str) -> None:
    for char in text:
        size = get_character_cell_size(char)
        if size == 0 and out:  # a mark upon the sign before it
            out[-1] = (out[-1][0] + char, out[-1][1])
        elif size:
            out.append((char, tone))
            if size == 2:
                out.append(("", tone))


class Block(ToneWidget):
    """Some lines of text, as many as it is high; set them with `show`."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._drawn: list[list[Cell]] = []

    @property
    def lines(self) -> list[Line]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Replace the lines; only cells that differ are drawn again."""
        if lines == self._lines:
            return
        self._lines = [list(line) for line in lines]
        if not self.is_attached or not self.size.width:
            self._drawn = []
            return
        width, old = self.size.width, self._drawn
        self._drawn = [self.cells(line, width) for line in self._lines[: self.size.height]]
        blank = [(" ", "")] * width
        for y in range(max(len(old), len(self._drawn))):
            before = old[y] if y < len(old) else blank
            self.repaint(y, before, self._drawn[y] if y < len(self._drawn) else blank)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.size.width
        blank = [(" ", "")] * width
        while len(self._drawn) <= y:
            n = len(self._drawn)
            self._drawn.append(self.cells(self._lines[n], width) if n < len(self._lines) else blank)
        if len(self._drawn[y]) != width:
            self._drawn[y] = self.cells(self._lines[y] if y < len(self._lines) else [], width)
        return self.strip(self._drawn[y])
