"""The library: everything in it, and what was found in the pictures."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.search import AssetDetail
from gemtag_tui.tui.paint import Line, rule
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.entry import EntryScreen
from gemtag_tui.tui.screens.library_lines import columns, pane_lines, paragraphs
from gemtag_tui.tui.source_assets import MOST_FOUND
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.theme import style_path
from gemtag_tui.tui.wanted import AssetView
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pane import Pane
from gemtag_tui.tui.words import number

VIEWS = tuple(AssetView)
EMPTY = {
    AssetView.ALL: "The library is empty: a on 1 Plan adds a folder.",
    AssetView.NEWEST: "Nothing is tagged yet: S on 1 Plan starts.",
    AssetView.WAITING: "Nothing waits: everything was tagged or is known bad.",
    AssetView.BAD: "Nothing is known bad or ignored.",
}


class LibraryScreen(GemtagScreen):
    """A list of any length; `/` searches summaries and tags as you type, Enter shows all."""

    PLACE = "library"
    FILTERS = True
    CSS_PATH = style_path("library.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "search", id="library.search",
                tooltip='Words, "phrases", tag:red, -not; as you type'),
        Binding("v", "view(1)", "view", id="library.view",
                tooltip="Everything, newest tagged, not tagged yet, known bad"),
        Binding("V", "view(-1)", "view back", show=False, id="library.view_back"),
        Binding("w", "wide", "wide", id="library.wide", tooltip="Hide or show the pane"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.view = AssetView.ALL
        self._detail: AssetDetail | None = None
        self._seen: tuple[int, ...] = ()
        self._row = 0

    def body(self) -> ComposeResult:
        """The list, and what is known of the present row."""
        yield Block(id="library-head")
        with Container(id="library-main"):
            yield PagedList[AssetRow](
                columns(), lambda row: row.asset, empty="Reading…", marks=False, id="library-list"
            )
            yield Pane(id="library-pane")

    @property
    def _list(self) -> PagedList[AssetRow]:
        return self.query_one("#library-list", PagedList)

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus_widget(self._list)

    def on_look(self, look: Look) -> None:
        """Read again when the counts moved."""
        counts = look.snapshot.counts
        seen = (counts.total, counts.tagged, counts.known_bad, counts.ignored, counts.missing)
        if seen != self._seen:
            first, self._seen = not self._seen, seen
            self.do(self._load(self._row) if first else self._again(), "assets")
        self._draw()

    def on_filter(self, text: str) -> None:
        """Search."""
        del text
        self.do(self._load(), "assets")

    async def _load(self, at: int = 0) -> None:
        paged = self._list
        words = (
            "Nothing tagged fits the search; Esc clears it."
            if self.filter_text
            else EMPTY[self.view]
        )
        await paged.load(self.source.assets(self.view, self.filter_text), at=at)
        paged.set_empty(words)
        self._draw()

    async def _again(self) -> None:
        await self._list.reload()
        self._draw()

    # Drawing

    def _draw(self) -> None:
        self.query_one("#library-head", Block).show([rule(self._title(), self.size.width)])
        pane = self.query_one("#library-pane", Block)
        size = pane.size
        lines = pane_lines(self._list.row, self._detail, self.look.now, size.width, size.height)
        pane.show(lines)

    def _title(self) -> Line:
        count = self._list.count
        shown: Line = [(number(count), "strong")]
        if self.filter_text:
            most = " newest" if count >= MOST_FOUND else ""
            return [("search ", "muted"), (self.filter_text, "warn"), (" · ", "muted"), *shown,
                    (f"{most} found · Esc clears", "muted")]  # fmt: skip
        more = "+" if self.view is AssetView.NEWEST and count >= MOST_FOUND else ""
        return [(f"{self.view} ", "muted"), *shown, (f"{more} · v view · ⏎ all of one", "muted")]

    def on_pane_resized(self) -> None:
        """Make the lines for the new size."""
        self._draw()

    def on_paged_list_moved(self, message: PagedList.Moved) -> None:
        """Show the row, then what else is known of it."""
        self._draw()
        row = message.row
        if isinstance(row, AssetRow) and row.files > 1 and self.query_one("#library-pane").display:
            self.do(self._look_into(row), "pane")

    async def _look_into(self, row: AssetRow) -> None:
        if self._list.key == row.asset:
            self._detail = await self.source.asset(row.asset)
            self._draw()

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show everything known of an image."""
        if isinstance(message.row, AssetRow):
            self.do(self._open(message.row.asset), "open")

    async def _open(self, asset: int) -> None:
        detail = await self.source.asset(asset)
        if detail is None:
            self.say("It is not in the library any more.", "warn")
            return
        names = await self.source.track_names()
        self.app.push_screen(EntryScreen(paragraphs(detail, names, self.look.now)))

    # Acting

    def action_view(self, by: int) -> None:
        """Show the next part of the library."""
        self.view = VIEWS[(VIEWS.index(self.view) + by) % len(VIEWS)]
        if self.filter_text:
            self.say("A search looks through everything tagged; Esc clears it.")
        self.do(self._load(), "assets")

    def action_wide(self) -> None:
        """Give the list the whole width, or take it back."""
        self.toggle_class("-list")
        self.call_after_refresh(self._draw)

    # Keeping

    def keep(self) -> dict[str, Any]:
        """The row and the view."""
        return {"row": self._list.cursor, "view": str(self.view), "list": self.has_class("-list")}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put them back."""
        row, view = kept.get("row"), kept.get("view")
        self._row = row if isinstance(row, int) else 0
        self.view = AssetView(view) if view in set(AssetView) else AssetView.ALL
        self.set_class(kept.get("list") is True, "-list")
