"""One picture, in half blocks, or as the terminal's own graphics where it has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.strip import Strip

from gemtag_tui.tui.paint import Line
from gemtag_tui.tui.wanted_library import Picture
from gemtag_tui.tui.widgets.block import ToneWidget
from gemtag_tui.tui.widgets.blocks import block_lines, fitted

if TYPE_CHECKING:
    from textual.widget import Widget


class BlockPicture(ToneWidget):
    """Draws a thumbnail in half blocks, in the middle; or words."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._picture = Picture()
        self._lines: list[list[Segment]] = []
        self._left = self._top = 0

    def show(self, picture: Picture) -> None:
        """Show another one."""
        if picture != self._picture:
            self._picture = picture
            self._lay_out()
            self.refresh()

    def on_resize(self) -> None:
        """Draw it anew."""
        self._lay_out()

    def _lay_out(self) -> None:
        pixels, (width, height) = self._picture.pixels, self.size
        self._lines = []
        if pixels is None or not width or not height:
            return
        wide, high = fitted(pixels, width, height)
        self._lines = block_lines(pixels, wide, high)
        self._left, self._top = (width - wide) // 2, (height - high) // 2

    def render_line(self, y: int) -> Strip:
        """Draw a line of it."""
        width = self.size.width
        if not self._lines:
            words: Line = [(self._picture.why, "muted")] if y == self.size.height // 2 else []
            return self.strip(self.cells(words, width))
        if not 0 <= y - self._top < len(self._lines):
            return self.strip(self.cells([], width))
        style = self.rich_style
        strip = Strip([Segment(" " * self._left, style), *self._lines[y - self._top]])
        return strip.adjust_cell_length(width, style)


class PictureView(Container):
    """A place for one picture.

    Args:
        sharp: the terminal's graphics to draw with: kitty, sixel, or "" for half blocks.
    """

    class Resized(Message):
        """The place has another size: another thumbnail may fit it better."""

    def __init__(self, sharp: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._sharp = sharp
        self._image: Widget | None = None
        self._shown: Path | None = None

    @property
    def sharp(self) -> bool:
        """Whether it takes files (`show_file`)."""
        return bool(self._sharp)

    def compose(self) -> ComposeResult:
        """Half blocks, or an image widget made when there is a first picture."""
        yield BlockPicture(id="picture-blocks")

    def on_resize(self, event: events.Resize) -> None:
        """Tell the screen."""
        del event
        self.post_message(self.Resized())

    def show(self, picture: Picture) -> None:
        """Show a thumbnail in half blocks, or why there is none."""
        if self._image is not None:
            self._image.display = False
            self._shown = None
        blocks = self.query_one(BlockPicture)
        blocks.display = True
        blocks.show(picture)

    async def show_file(self, path: Path) -> None:
        """Show a small picture of our own making with the terminal's graphics."""
        from gemtag_tui.tui.widgets.sharp import image_widget  # noqa: PLC0415 - brings Pillow along

        if path == self._shown:
            return
        self._shown = path
        if self._image is not None:
            await self._image.remove()
        self._image = image_widget(self._sharp, path)
        self.query_one(BlockPicture).display = False
        await self.mount(self._image)
