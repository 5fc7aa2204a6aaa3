"""One image in full: its picture, and everything that is known of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.search import AssetDetail
from gemtag_tui.tui.paint import rule
from gemtag_tui.tui.screens.entry import Numbered, wrapped
from gemtag_tui.tui.screens.library_actions import LibraryActions
from gemtag_tui.tui.screens.library_lines import STATES, paragraphs, path_text
from gemtag_tui.tui.screens.library_pictures import bring
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.columns import Column
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.picture import PictureView

Step = Callable[[int], Awaitable[AssetRow | None]]


class DetailScreen(LibraryActions):
    """A picture beside headed paragraphs.

    Args:
        row: the image.
        step: brings the list's cursor so many rows on, and gives the row there.
        pictures: whether a picture is shown.
        sharp: the terminal's graphics to use; "" for half blocks.
        changed: called after a correction.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "step(1)", "next", id="detail.next", tooltip="The next image of the list"),
        Binding("b", "step(-1)", "before", id="detail.back", tooltip="The image before it"),
        Binding("i", "pictures", "picture", show=False, id="detail.pictures",
                tooltip="Show the picture or not (slow lines)"),
    ]  # fmt: skip

    def __init__(
        self,
        row: AssetRow,
        step: Step,
        *,
        pictures: bool,
        sharp: str,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._row, self._step, self._told = row, step, changed
        self._sharp = sharp
        self.set_class(not pictures, "-no-picture")
        self._paragraphs: list[tuple[str, str]] = []

    def body(self) -> ComposeResult:
        """The picture and the lines."""
        yield Block(id="detail-head")
        with Container(id="detail-main"):
            yield PictureView(self._sharp, id="detail-picture")
            yield PagedList[Numbered](
                [Column("", 20, lambda row: row[1], grow=1)],
                lambda row: row[0],
                marks=False,
                heading=False,
                id="detail-lines",
            )

    def on_mount(self) -> None:
        """Take the keys and read."""
        self.focus_widget(self.query_one(PagedList))
        self.do(self._read(), "detail")

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again."""
        del event
        self.call_after_refresh(self._fill)

    async def _read(self) -> None:
        row = self._row
        detail = await self.source.asset(row.asset)
        if detail is None:
            self.say("It is not in the library any more.", "warn")
            return
        names = await self.source.track_names()
        context = await self.source.context(row.asset)
        if row is not self._row:
            return
        self._paragraphs = paragraphs(detail, names, self.look.now, context)
        self._head(detail)
        self._fill()
        self.do(self._picture(row), "picture")

    def _head(self, detail: AssetDetail) -> None:
        path = path_text(self._row.path) or "(no file holds it now)"
        glyph, words, tone = STATES[self._row.state]
        mark = " ◆ corrected" if detail.edited_at else ""
        title = [(f"{glyph} {words}", tone), (mark, "accent"), (" · ", "muted"), (path, "strong")]
        self.query_one("#detail-head", Block).show([rule(title, self.size.width)])

    def _fill(self) -> None:
        if not self.stands:
            return
        paged = self.query_one(PagedList)
        lines = list(enumerate(wrapped(self._paragraphs, max(20, paged.size.width - 3))))
        self.do(paged.load(Listed(lines), at=paged.cursor), "lines")

    async def _picture(self, row: AssetRow) -> None:
        view = self.query_one(PictureView)
        await bring(self.source, view, row, lambda: row is self._row and self.stands)

    def on_picture_view_resized(self) -> None:
        """Another thumbnail may fit better."""
        self.do(self._picture(self._row), "picture")

    # Acting

    def row_now(self) -> AssetRow | None:
        """This image."""
        return self._row

    async def changed(self) -> None:
        """Read it again; the list behind changes too."""
        await self._told()
        await self._read()

    def action_step(self, by: int) -> None:
        """Show the neighbour in the list."""
        self.do(self._go(by), "step")

    async def _go(self, by: int) -> None:
        row = await self._step(by)
        if row is None or row.asset == self._row.asset:
            self.say("There is no further image." if by > 0 else "This is the first image.")
            return
        self._row = row
        self.query_one(PagedList).cursor = 0
        await self._read()

    def action_pictures(self) -> None:
        """Show the picture or not."""
        self.toggle_class("-no-picture")
        self.call_after_refresh(self._fill)
        self.do(self._picture(self._row), "picture")
