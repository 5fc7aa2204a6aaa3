"""The ways about the library: its parts, orders and tags, what is marked, list or grid."""

from __future__ import annotations

from typing import Any

from textual.widget import Widget

from gemtag_tui.core.errors import UsageError
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.facets import Facet
from gemtag_tui.tui.screens.library_again import LibraryAgain
from gemtag_tui.tui.screens.library_facets import FacetList, FacetRow, facet_rows
from gemtag_tui.tui.screens.library_typed import chosen_in, read_place, toggled
from gemtag_tui.tui.screens.tracks import ShowsTrack, shown_words
from gemtag_tui.tui.wanted_library import MOST_CHANGED, AssetPages, AssetView, Order
from gemtag_tui.tui.widgets.grid import ThumbGrid
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.words import number

VIEWS, ORDERS = tuple(AssetView), tuple(Order)


class LibraryNarrow(ShowsTrack, LibraryAgain):
    """What the library's screen does beside showing rows.

    Attributes:
        view: the part of the library that is shown while nothing is searched.
        order: of the rows.
        pages: the list that is shown.
        first_row: where the cursor is put at first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.view, self.order = AssetView.ALL, Order.NATURAL
        self.pages: AssetPages | None = None
        self.first_row = 0
        self.track_words = ""
        self._found: list[Facet] = []
        self._whole: frozenset[str] = frozenset()

    # What the screen gives

    async def load(self, at: int = 0) -> None:
        """Read the list."""

    def draw(self) -> None:
        """Draw head and pane."""

    async def name_track(self) -> None:
        """Note which track is shown."""
        self.track_words = shown_words(await self.source.shown_track())

    async def other_track(self) -> None:
        """Read the list of the track that is shown now."""
        self.rows.clear_marks()
        await self.load(self.rows.cursor)

    @property
    def listed(self) -> PagedList[AssetRow]:
        """The list."""
        return self.query_one("#library-list", PagedList)

    @property
    def grid(self) -> ThumbGrid:
        """The grid."""
        return self.query_one(ThumbGrid)

    @property
    def tiles(self) -> bool:
        """Whether the grid is shown."""
        return self.has_class("-grid")

    @property
    def rows(self) -> PagedList[AssetRow] | ThumbGrid:
        """What is shown of them."""
        return self.grid if self.tiles else self.listed

    def row_now(self) -> AssetRow | None:
        """The image under the cursor."""
        return self.rows.row

    def focus_back(self) -> Widget | None:
        """The list, or the grid."""
        return self.rows

    # Facets

    def read_facets(self) -> None:
        """Read the tags and counts of what is shown."""
        if self.has_class("-facets"):
            self.do(self._read_facets(self.filter_text), "facets")

    async def _read_facets(self, text: str) -> None:
        found = await self.source.facets(text)
        if text == self.filter_text:
            self._found = found
            await self._show_facets()

    async def _show_facets(self) -> None:
        rows = facet_rows(self._found, chosen_in(self.filter_text), self._whole)
        paged = self.query_one(FacetList)
        held = paged.key
        keys = [(row.bucket, row.name) for row in rows]
        at = keys.index(held) if held in keys else min(paged.cursor, max(0, len(rows) - 1))
        await paged.load(Listed(rows), at=at)

    def narrow(self, row: object) -> None:
        """Narrow to a tag, or not any more; of a bucket, show all its tags or the first."""
        if not isinstance(row, FacetRow):
            return
        if row.name:
            self.set_filter(toggled(self.filter_text, row.bucket, row.name))
        else:
            self._whole = self._whole ^ {row.bucket}
            self.do(self._show_facets(), "facets")

    def tag_now(self) -> str:
        """The tag under the cursor of the facets."""
        paged = self.query_one(FacetList)
        row = paged.row if paged.has_focus else None
        return f"{row.bucket}:{row.name}" if row is not None and row.name else ""

    def action_facets(self) -> None:
        """Show the facets and go there, or take them away."""
        paged = self.query_one(FacetList)
        self.set_class(not self.has_class("-facets"), "-facets")
        self.focus_widget(paged if self.has_class("-facets") else self.rows)
        self.read_facets()
        self.call_after_refresh(self.draw)

    def action_back(self) -> None:
        """From the facets to the list, then as everywhere."""
        if self.query_one(FacetList).has_focus:
            self.focus_widget(self.rows)
            return
        if self.rows.marks and not self.filter_text:
            self.rows.clear_marks()
            self.draw()
            return
        super().action_back()

    # What actions are about

    async def chosen(self) -> list[int]:
        """Return the marked assets, else the present one."""
        marked = await self.marked()
        return marked if marked is not None else await super().chosen()

    async def marked(self) -> list[int] | None:
        """Return the marked assets, `None` when none are.

        Raises:
            UsageError: there are too many.
        """
        marks = self.rows.marks
        if not marks or self.pages is None:
            return None
        keys = {key for key in marks.keys if isinstance(key, int)}
        if not marks.every:
            return sorted(keys)
        found = await self.pages.assets(MOST_CHANGED + len(keys) + 1)
        kept = [asset for asset in found if asset not in keys]
        if len(kept) > MOST_CHANGED:
            raise UsageError(
                f"More than {number(MOST_CHANGED)} images are marked: narrow the list first."
            )
        return kept

    # Ways

    def action_view(self, by: int) -> None:
        """Show the next part of the library."""
        self.view = VIEWS[(VIEWS.index(self.view) + by) % len(VIEWS)]
        if self.filter_text:
            self.say("A search looks through everything tagged; Esc clears it.")
        self.do(self.load(), "assets")

    def action_order(self, by: int) -> None:
        """Put the list in the next order."""
        self.order = ORDERS[(ORDERS.index(self.order) + by) % len(ORDERS)]
        self.do(self.load(), "assets")

    def action_place(self) -> None:
        """Go to a share of the list, or to a row."""

        async def accept(text: str) -> str | None:
            position = read_place(text, self.rows.count)
            self.rows.go(position)
            return None

        self.edit("go to (37% or a row)", "", accept)

    def action_grid(self) -> None:
        """Show thumbnails, or the list; the cursor stays on its image."""
        if not self.tiles and self.gemtag.ascii_only:
            self.say("This terminal has no signs to draw pictures with.")
            return
        at, marks = self.rows.cursor, self.rows.marks
        self.toggle_class("-grid")
        self.rows.marks = marks
        self.focus_widget(self.rows)
        self.do(self.load(at), "assets")

    def action_pictures(self) -> None:
        """Show pictures, or none."""
        self.toggle_class("-no-picture")
        self.say("Pictures are off." if self.has_class("-no-picture") else "Pictures are on.")
        self.call_after_refresh(self.draw)

    def action_wide(self) -> None:
        """Give the list the whole width, or take it back."""
        self.toggle_class("-list")
        self.call_after_refresh(self.draw)

    # Keeping

    def keep(self) -> dict[str, Any]:
        """The row, the part, and what is shown beside it."""
        shown = {name: self.has_class(f"-{name}") for name in ("list", "facets", "grid")}
        pictures = not self.has_class("-no-picture")
        return {"row": self.rows.cursor, "view": str(self.view), "order": str(self.order),
                "pictures": pictures, **shown}  # fmt: skip

    def restore(self, kept: dict[str, Any]) -> None:
        """Put them back."""
        row, view, order = kept.get("row"), kept.get("view"), kept.get("order")
        self.first_row = row if isinstance(row, int) else 0
        self.view = AssetView(view) if view in set(AssetView) else AssetView.ALL
        self.order = Order(order) if order in set(Order) else Order.NATURAL
        for name in ("list", "facets", "grid"):
            self.set_class(kept.get(name) is True, f"-{name}")
        if kept.get("pictures") is False:
            self.add_class("-no-picture")
