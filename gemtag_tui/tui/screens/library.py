"""The library: everything in it, what was found in the pictures, and correcting it."""

from __future__ import annotations

import asyncio
import os
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.query import QueryError
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.search import AssetDetail
from gemtag_tui.tui.paint import rule
from gemtag_tui.tui.screens.library_again import AGAIN_KEY
from gemtag_tui.tui.screens.library_facets import FacetList
from gemtag_tui.tui.screens.library_lines import columns, pane_lines, tile_words, title_line
from gemtag_tui.tui.screens.library_narrow import LibraryNarrow
from gemtag_tui.tui.screens.library_pictures import bring, bring_all
from gemtag_tui.tui.screens.library_typed import mistake_line
from gemtag_tui.tui.screens.tracks import TRACKS_KEY
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.wanted_library import AssetPages, AssetView, Order
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.grid import ThumbGrid
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pane import Pane
from gemtag_tui.tui.widgets.picture import PictureView
from gemtag_tui.tui.widgets.sharp import graphics

EMPTY = {
    AssetView.ALL: "The library is empty: a on 1 Plan adds a folder.",
    AssetView.NEWEST: "Nothing is tagged yet: S on 1 Plan starts.",
    AssetView.WAITING: "Nothing waits: everything was tagged or is known bad.",
    AssetView.BAD: "Nothing is known bad or ignored.",
}
NONE_FOUND = "Nothing tagged fits the search; Esc clears it."
NONE_YET = "Nothing found so far: it is still being looked for."
DEBOUNCE = 0.12
"""Seconds without a key before what is typed is looked for."""


class LibraryScreen(LibraryNarrow):
    """A list or a grid of any length; `/` searches as you type, Enter shows all of one."""

    PLACE = "library"
    FILTERS = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "search", id="library.search",
                tooltip='Words, begin*, "phrases", tag:red, subject:oak, path:, -not, untagged'),
        Binding("F", "facets", "facets", id="library.facets",
                tooltip="Buckets with their tags and counts; Enter narrows"),
        Binding("t", "grid", "grid", id="library.grid", tooltip="Thumbnails, or the list"),
        Binding("v", "view(1)", "view", id="library.view",
                tooltip="Everything, newest tagged, not tagged yet, known bad"),
        Binding("V", "view(-1)", "view back", show=False, id="library.view_back"),
        Binding("o", "order(1)", "sort", id="library.sort",
                tooltip="As it comes, turned round, by name, cost, size"),
        Binding("O", "order(-1)", "sort back", show=False, id="library.sort_back"),
        Binding("percent_sign", "place", "go to", show=False, id="library.place", key_display="%",
                tooltip="Go to a share of the list (37%) or a row"),
        Binding("i", "pictures", "pictures", show=False, id="library.pictures",
                tooltip="Show pictures or none (slow lines)"),
        AGAIN_KEY,
        TRACKS_KEY,
        Binding("w", "wide", "wide", id="library.wide", tooltip="Hide or show the pane"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._detail: AssetDetail | None = None
        self._mistake: tuple[str, QueryError] | None = None
        self._seen: tuple[int, ...] = ()
        self._turn = 0
        self._listed_for: str | None = None
        """The search that the list is of."""

    def body(self) -> ComposeResult:
        """Facets, list or grid, and what is known of the present row."""
        yield Block(id="library-head")
        with Container(id="library-main"):
            with Container(id="library-rows"):
                yield FacetList()
                yield PagedList[AssetRow](
                    columns(), lambda row: row.asset, empty="Reading…", id="library-list"
                )
                yield ThumbGrid(tile_words, id="library-grid")
            with Container(id="library-side"):
                yield PictureView(self._sharp, id="library-picture")
                yield Pane(id="library-pane")

    @property
    def _sharp(self) -> str:
        wanted = self.source.pictures_mode == "auto"
        return graphics(os.environ) if wanted else ""

    def on_mount(self) -> None:
        """Take the keys; no pictures where a setting or the terminal says so."""
        if self.source.pictures_mode == "off" or self.gemtag.ascii_only:
            self.add_class("-no-picture")
        self.focus_widget(self.listed)

    def on_look(self, look: Look) -> None:
        """Read again when the counts moved."""
        counts = look.snapshot.counts
        seen = (counts.total, counts.tagged, counts.known_bad, counts.ignored, counts.missing)
        if seen != self._seen:
            first, self._seen = not self._seen, seen
            self.do(self.load(self.first_row) if first else self.changed(), "assets")
        self.draw()

    def on_filter(self, text: str) -> None:
        """Search once no further key has come."""
        del text
        if self._seen:
            self._turn += 1
            self.do(self._soon(self._turn), "assets")
            self.draw()

    async def _soon(self, turn: int) -> None:
        await asyncio.sleep(DEBOUNCE)
        if turn == self._turn:
            await self.load()

    async def load(self, at: int = 0) -> None:
        """Read the list; a search with a mistake leaves what is there."""
        self._turn += 1
        turn, text = self._turn, self.filter_text
        try:
            await self.source.check_search(text)
        except QueryError as error:
            self._mistake = (text, error)
            self.draw()
            return
        self._mistake = None
        await self.name_track()
        pages = self.source.assets(self.view, text, self.order)
        try:
            await pages.count()
        except UsageError:
            self.order = Order.NATURAL
            if self.pages is None:
                await self.load(at)
            raise
        if turn != self._turn:
            return
        self.pages, self._listed_for = pages, text
        words = " ".join((NONE_FOUND, *pages.notes)) if text else EMPTY[self.view]
        await self._show(pages, at, words if pages.looked >= 1.0 else NONE_YET)
        self.do(self._look_on(pages, words), "look on")

    async def _look_on(self, pages: AssetPages, words: str) -> None:
        """Look on for what is seldom, and show it as it is found."""
        while pages is self.pages and self.stands and pages.looked < 1.0:
            await pages.look_on()
            if pages is self.pages:
                await self._show_more(pages)
                self.rows.set_empty(words if pages.looked >= 1.0 else NONE_YET)

    async def _show_more(self, pages: AssetPages) -> None:
        if self.tiles:
            await self.grid.load(pages, at=self.grid.cursor)
        else:
            await self.listed.reload()
        self.draw()
        if pages.looked >= 1.0:
            self.read_facets()

    async def _show(self, pages: AssetPages, at: int, words: str) -> None:
        rows = self.rows
        await rows.load(pages, at=at)
        rows.set_empty(words)
        self.draw()
        self.read_facets()

    async def changed(self) -> None:
        """Read again; cursor and marks stay on their rows."""
        if self.pages is None:
            await self.load(self.first_row)
            return
        await self.name_track()
        self._detail = None
        await self._show_more(self.pages)
        if self.pages.looked < 1.0:
            self.do(self._look_on(self.pages, NONE_FOUND), "look on")

    # Drawing

    def draw(self) -> None:
        """Draw head and pane."""
        if not self.stands:
            return
        self.query_one("#library-head", Block).show([rule(self._title(), self.size.width)])
        pane = self.query_one("#library-pane", Block)
        size = pane.size
        lines = pane_lines(self.row_now(), self._detail, self.look.now, size.width, size.height)
        pane.show(lines)

    def _title(self) -> list[Any]:
        if self._mistake is not None and self._mistake[0] == self.filter_text:
            return mistake_line(*self._mistake)
        rows, about = self.rows, self.pages is not None and self.pages.about
        order = "" if self.order is Order.NATURAL else str(self.order)
        marks = rows.count - len(rows.marks.keys) if rows.marks.every else len(rows.marks.keys)
        listed = self.pages is not None and self._listed_for == self.filter_text
        looked = self.pages.looked if self.pages is not None and listed else -1.0
        heads = (self.filter_text, str(self.view), rows.count, about, order, marks)
        return title_line(*heads, self.track_words, looked)

    def on_pane_resized(self) -> None:
        """Make the lines for the new size."""
        self.draw()

    def on_picture_view_resized(self) -> None:
        """Another thumbnail may fit better."""
        self._picture()

    def _moved(self) -> None:
        self.draw()
        self._picture()
        row = self.row_now()
        if row is not None and row.files > 1 and self.query_one("#library-pane").display:
            self.do(self._look_into(row), "pane")

    async def _look_into(self, row: AssetRow) -> None:
        if self.row_now() is row:
            self._detail = await self.source.asset(row.asset)
            self.draw()

    def _picture(self) -> None:
        row, view = self.row_now(), self.query_one(PictureView)
        if row is None or self.has_class("-no-picture"):
            return
        asset = row.asset
        self.do(bring(self.source, view, row, lambda: self._at(asset)), "picture")

    def _at(self, asset: int) -> bool:
        row = self.row_now() if self.stands else None
        return row is not None and row.asset == asset

    def on_paged_list_moved(self, message: PagedList.Moved) -> None:
        """Show the row, then what else is known of it."""
        if message.control.id == "library-list":
            self._moved()

    def on_paged_list_marked(self) -> None:
        """Say how many are marked."""
        self.draw()

    def on_thumb_grid_moved(self) -> None:
        """Show the tile's words, and the pictures that are seen now."""
        self._moved()
        if not self.has_class("-no-picture"):
            grid, top = self.grid, self.grid.top
            self.do(bring_all(self.source, grid, lambda: self.tiles and grid.top == top), "grid")

    # One image

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show everything known of an image, or narrow to a tag."""
        if message.control.id == "library-list":
            self._open()
        else:
            self.narrow(message.row)

    def on_thumb_grid_opened(self) -> None:
        """Show everything known of an image."""
        self._open()

    def _open(self) -> None:
        from gemtag_tui.tui.screens.library_detail import (  # noqa: PLC0415 - when wanted
            DetailScreen,
        )

        if (row := self.row_now()) is not None:
            pictures = not self.has_class("-no-picture")
            self.app.push_screen(
                DetailScreen(
                    row, self._step, pictures=pictures, sharp=self._sharp, changed=self.changed
                )
            )

    async def _step(self, by: int) -> AssetRow | None:
        rows, pages = self.rows, self.pages
        position = rows.cursor + by
        if pages is None or not 0 <= position < rows.count:
            return None
        found = await pages.page(position, 1)
        rows.go(position)
        return found[0] if found else None
