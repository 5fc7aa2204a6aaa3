"""Everything in the library, as pages, and one asset in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gemtag_tui.core.query import Query, as_typed, parse, show
from gemtag_tui.store import context, facets, search, search_plan, tracks, work
from gemtag_tui.store.work import State
from gemtag_tui.tui.source_library import CorrectionSource
from gemtag_tui.tui.source_library_found import Back, FoundPages, ScopePages, Sorted
from gemtag_tui.tui.source_library_pictures import PictureSource
from gemtag_tui.tui.wanted_library import AssetPages, AssetView, Order

if TYPE_CHECKING:
    from gemtag_tui.core.context import Context
    from gemtag_tui.core.snapshot import Counts
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.search import AssetDetail
    from gemtag_tui.store.tracks import Track

_STATES: dict[AssetView, tuple[State, ...]] = {
    AssetView.ALL: (),
    AssetView.WAITING: (State.TODO, State.RETRY, State.BATCH, State.NEAR),
    AssetView.BAD: (State.KNOWN_BAD, State.IGNORED),
}
_NO_RESULT = tuple(state for state in State if state is not State.TAGGED)
_UNTAGGED = parse("untagged")


class AssetSource(CorrectionSource, PictureSource):
    """The part of the source that is about assets."""

    lib: Library
    _found: tuple[str, FoundPages] | None = None
    """The last search: facets are read of the same."""

    if TYPE_CHECKING:  # given by the class that all parts come together in

        async def shown_track(self) -> Track | None: ...  # noqa: D102

    def assets(self, view: AssetView, text: str = "", order: Order = Order.NATURAL) -> AssetPages:
        """A list of assets, or what a search finds among the results."""
        pages = self._pages(view, text)
        if order is Order.NATURAL:
            return pages
        if order is Order.BACK:
            return Back(pages)
        return Sorted(self.lib, self.shown_track, pages, order)

    def _pages(self, view: AssetView, text: str) -> AssetPages:
        if parse(text, lenient=True) == _UNTAGGED:  # newest first, as searches are
            return Back(self._scope(_NO_RESULT, lambda counts: counts.total - counts.tagged))
        if text.strip() or view is AssetView.NEWEST:
            return self._search(text)
        return self._scope(_STATES[view], lambda counts: _size(view, counts))

    def _scope(self, states: tuple[State, ...], number: Callable[[Counts], int]) -> ScopePages:

        async def size() -> int:
            return number(await self._counts())

        return ScopePages(self.lib, size, self.shown_track, states)

    def _search(self, text: str) -> FoundPages:
        if self._found is None or self._found[0] != text:
            query = as_typed(text, parse(text, lenient=True))
            self._found = (text, FoundPages(self.lib, self.shown_track, query))
        return self._found[1]

    def forget_found(self) -> None:
        """Search anew: another track is shown."""
        self._found = None

    async def check_search(self, text: str) -> str:
        """Return a search as it is read.

        Raises:
            QueryError: it has a mistake.
        """
        return show(await self._query(text))

    async def _query(self, text: str) -> Query:
        return parse(text, await search_plan.known_buckets(self.lib))

    async def facets(self, text: str) -> list[facets.Facet]:
        """Return the buckets with their tags."""
        return await self._search(text).facets()

    async def buckets(self) -> list[str]:
        """Return the buckets' names."""
        return await search_plan.known_buckets(self.lib)

    async def _counts(self) -> Counts:
        track = await self.shown_track()
        if track is None:
            return await work.library_counts(self.lib)
        return await work.counts(self.lib, track.id)

    async def asset(self, number: int) -> AssetDetail | None:
        """Everything known of an asset."""
        return await search.show(self.lib, number)

    async def context(self, asset: int) -> list[Context]:
        """Return what the pictures' sources say of an asset."""
        return await context.of_asset(self.lib, asset)

    async def track_names(self) -> dict[int, str]:
        """The tracks in words."""
        found = await tracks.list_tracks(self.lib)
        return {one.id: f"{one.model} · {one.profile_name} · {one.provider}" for one in found}


def _size(view: AssetView, counts: Counts) -> int:
    if view is AssetView.WAITING:
        return counts.remaining
    if view is AssetView.BAD:
        return counts.known_bad + counts.ignored
    return counts.total
