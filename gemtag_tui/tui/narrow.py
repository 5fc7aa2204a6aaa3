"""Sending a terminal only what differs.

Textual writes a changed stretch of a line from its widget's left edge on, and gives each segment
all of its colours anew. Over a slow line that is most of what is sent, so here a stretch is cut
on both sides, and only those attributes are sent that change from one segment to the next.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from rich.color import Color, ColorSystem
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate
from textual.app import App
from textual.screen import Screen
from textual.strip import Strip

Span = tuple[int, int, int]


class Codes(NamedTuple):
    """A style as SGR parameters: attributes such as bold, foreground, background."""

    attributes: str
    fore: str
    back: str


_NONE = Codes("", "", "")


@lru_cache(maxsize=1024)
def codes_of(style: Style | None, system: ColorSystem | None) -> Codes:
    """Return a style's SGR parameters in a terminal's colours."""
    if style is None or system is None:
        return _NONE if style is None or not system else Codes(_attributes(style), "", "")
    return Codes(
        _attributes(style),
        _colour(style.color, system, True),
        _colour(style.bgcolor, system, False),
    )


def _attributes(style: Style) -> str:
    flags = ((style.bold, "1"), (style.dim, "2"), (style.italic, "3"), (style.underline, "4"))
    more = ((style.reverse, "7"), (style.strike, "9"))
    return ";".join(code for on, code in (*flags, *more) if on)


def _colour(colour: Color | None, system: ColorSystem, foreground: bool) -> str:
    if colour is None or colour.is_default:
        return ""
    return ";".join(colour.downgrade(system).get_ansi_codes(foreground))


class Pen:
    """Writes segments, and between them only what changes."""

    def __init__(self, system: ColorSystem | None) -> None:
        self._system = system
        self._now = _NONE
        self._at: tuple[int, int] | None = None
        self._out: list[str] = []

    def draw(self, x: int, y: int, strip: Strip) -> None:
        """Write a strip at a place."""
        if self._at != (x, y):
            self._out.append(Control.move_to(x, y).segment.text)
        for text, style, control in strip:
            if not control:
                self._switch(codes_of(style, self._system))
            self._out.append(text)  # controls too: that is how Sixel graphics come along
        self._at = (x + strip.cell_length, y)

    def _switch(self, to: Codes) -> None:
        now = self._now
        if to == now:
            return
        lost = (now.fore and not to.fore) or (now.back and not to.back)
        if to.attributes != now.attributes or lost:
            parts = ["0", *filter(None, to)]
        else:
            parts = [new for new, old in ((to.fore, now.fore), (to.back, now.back)) if new != old]
        self._out.append(f"\x1b[{';'.join(parts)}m")
        self._now = to

    def finish(self) -> str:
        """Return everything written, with the terminal's own style at its end."""
        if self._now != _NONE:
            self._out.append("\x1b[0m")
        return "".join(self._out)


class NarrowUpdate(CompositorUpdate):
    """The same update as Textual's, in fewer bytes."""

    def __init__(self, update: ChopsUpdate) -> None:
        self._update = update

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw as Textual does; only `render_segments` is used on a terminal."""
        yield from self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """Return what to write to the terminal."""
        pen = Pen(console._color_system)
        for y, first, last in self._update.spans:
            line, ends = self._update.chops[y], self._update.chop_ends[y]
            for end, (x, strip) in zip(ends, line.items(), strict=False):
                start, stop = max(x, first), min(end, last)
                if strip is not None and start < stop:
                    pen.draw(start, y, strip.crop(start - x, stop - x))
        return pen.finish()


class NarrowApp(App[None]):
    """An app that sends fewer bytes for the same picture."""

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(renderable, ChopsUpdate):
            renderable = NarrowUpdate(renderable)
        super()._display(screen, renderable)
