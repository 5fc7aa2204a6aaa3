"""Lists of assets by position: everything, what a search finds, and other orders of these."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.query import Query
from gemtag_tui.store import (
    browse,
    facets,
    library_pages,
    search_outline,
    search_pages,
    search_plan,
)
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.facets import Facet
from gemtag_tui.store.library_pages import By
from gemtag_tui.store.search_gathered import Gathered
from gemtag_tui.store.search_outline import Outline
from gemtag_tui.store.search_pages import Page
from gemtag_tui.store.search_plan import Plan
from gemtag_tui.store.work import State
from gemtag_tui.tui.positions import Keyed
from gemtag_tui.tui.wanted_library import MOST_SORTED, AssetPages, Order

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

WALK = 4_000
"""Rows from a known place within which a position is counted out, row by row."""
SECONDS = 1.0
"""How long one page may be looked for: the rest of it comes with the next look."""
_BY = {Order.NAME: By.NAME, Order.COST: By.COST, Order.SIZE: By.SIZE}


class Whole:
    """A list that is never looked through in part."""

    looked = 1.0

    async def look_on(self) -> None:
        """Nothing is left to look through."""


class ScopePages(Whole, Keyed[AssetRow]):
    """Assets in some states of a track, in the order in which they were found."""

    about = False
    notes: tuple[str, ...] = ()

    def __init__(
        self,
        lib: Library,
        size: Callable[[], Awaitable[int]],
        track: Callable[[], Awaitable[Track | None]],
        states: tuple[State, ...],
    ) -> None:
        self._lib, self._track, self._states = lib, track, states
        super().__init__(size, self._rows, lambda row: row.asset)

    async def _rows(
        self, key: int | None, skip: int, limit: int, backwards: bool
    ) -> Sequence[AssetRow]:
        return await browse.assets(
            self._lib, await self._track(), self._states,
            key=key, skip=skip, limit=limit, backwards=backwards,
        )  # fmt: skip

    async def assets(self, most: int) -> list[int]:
        """Return their ids."""
        return await library_pages.in_scope(self._lib, await self._track(), self._states, most)


class FoundPages:
    """What a query finds, newest first.

    Positions are exact within `WALK` rows of both ends, and everywhere in lists that could be
    counted; in between they are as good as the outline's estimate. What is too little for an
    estimate is looked for step by step (see `looked`).

    Attributes:
        about: the count is an estimate.
        notes: words on why it finds nothing.
    """

    def __init__(
        self, lib: Library, track: Callable[[], Awaitable[Track | None]], query: Query
    ) -> None:
        self._lib, self._track, self._query = lib, track, query
        self.about = False
        self.notes: tuple[str, ...] = ()
        self._plan: Plan | None = None
        self._shape = Outline(0, exact=True)
        self._few: Gathered | None = None
        self._version = -1
        self._places: list[tuple[int, int]] = []
        """Position, and the key below which its row is; rising."""

    async def count(self) -> int:
        """Return how many rows there are, looked at again when something was written."""
        version = await self._lib.data_version()
        if self._plan is None or version != self._version:
            if self._few is None or self._few.is_stale:
                await self._begin()
            else:
                await self._few.newer()
            self._version = version
        return self._shape.total if self._few is None else len(self._few.keys)

    async def _begin(self) -> None:
        plan = await search_plan.plan(self._lib, self._query, await self._track())
        shape = await search_outline.outline(self._lib, plan, patience=0.0)
        few = None
        if not shape.exact and shape.total < search_outline.FEW:
            few = Gathered(self._lib, plan)
            await few.begin()
        self._plan, self._shape, self._few = plan, shape, few
        self._places.clear()
        self.about, self.notes = few is None and not shape.exact, plan.notes

    @property
    def looked(self) -> float:
        """How much was looked through."""
        return 1.0 if self._few is None else self._few.share

    async def look_on(self) -> None:
        """Look through a little more."""
        if self._few is not None and not self._few.through:
            await self._few.go_on()

    async def outline(self) -> tuple[Plan, Outline]:
        """Return the query made ready, and its outline."""
        await self.count()
        assert self._plan is not None  # noqa: S101 - `count` has made it
        return self._plan, self._shape

    async def facets(self) -> list[Facet]:
        """Return the tags of what was found."""
        plan, shape = await self.outline()
        if self._few is None:
            return await facets.narrowed(self._lib, plan, known=shape)
        rows = self._few.keys
        shape = Outline(len(rows), exact=self._few.through)
        return await facets.narrowed(self._lib, plan, known=shape, rows=rows)

    async def page(self, start: int, limit: int) -> Sequence[AssetRow]:
        """Rows from a position on."""
        plan, shape = await self.outline()
        if self._few is not None:
            keys = self._few.keys[start : start + limit].tolist()
        else:
            keys = await self._keys(plan, start, min(limit, shape.total - start))
        if not keys:
            return []
        page = Page(tuple(keys), plan.assets, None, None)
        return await browse.on_page(self._lib, page, plan.track)

    async def _keys(self, plan: Plan, start: int, limit: int) -> list[int]:
        at = bisect_right(self._places, start, key=lambda place: place[0])
        near, key = self._places[at - 1] if at else (0, None)
        ahead, behind = start - near, max(0, self._shape.total - start - limit)
        if behind < ahead and (behind <= WALK or not self.about):
            keys = await self._walk(plan, None, behind + limit, newer=True)
            keys = keys[:limit]
        elif ahead <= WALK or not self.about:
            keys = (await self._walk(plan, key, ahead + limit, newer=False))[ahead:]
        else:
            key = self._shape.key_at(start / self._shape.total)
            keys = await self._walk(plan, key, limit, newer=False)
        if keys:
            self._note(start + len(keys), keys[-1])
        return keys

    def _note(self, position: int, key: int) -> None:
        if all(known != position for known, _ in self._places):
            insort(self._places, (position, key))

    async def _walk(self, plan: Plan, key: int | None, number: int, *, newer: bool) -> list[int]:
        """Return keys from a place on, always falling."""
        found: list[int] = []
        stop = self._lib.clock.monotonic() + SECONDS
        while len(found) < number:
            page = await search_pages.find(
                self._lib, plan, key=key, newer=newer, limit=number - len(found)
            )
            found = [*page.keys, *found] if newer else [*found, *page.keys]
            key = page.newer if newer else page.older
            if key is None or self._lib.clock.monotonic() > stop:
                break
        return found

    async def keys(self, most: int) -> list[int]:
        """Return the first keys, falling."""
        plan, _ = await self.outline()
        if self._few is not None and self._few.through:
            return self._few.keys[:most].tolist()
        found: list[int] = []
        key: int | None = None
        while len(found) < most:
            page = await search_pages.find(self._lib, plan, key=key, limit=most - len(found))
            found += page.keys
            key = page.older
            if key is None:
                break
        return found

    async def assets(self, most: int) -> list[int]:
        """Return the assets of the rows."""
        plan, _ = await self.outline()
        keys = await self.keys(most)
        return keys if plan.assets else await library_pages.assets_of(self._lib, keys)


class Back:
    """A list from its end to its beginning."""

    def __init__(self, pages: AssetPages) -> None:
        self._pages = pages
        self._count = 0

    @property
    def about(self) -> bool:
        """Whether the count is an estimate."""
        return self._pages.about

    @property
    def notes(self) -> tuple[str, ...]:
        """Words on why it finds nothing."""
        return self._pages.notes

    @property
    def looked(self) -> float:
        """How much was looked through."""
        return self._pages.looked

    async def look_on(self) -> None:
        """Look through a little more."""
        await self._pages.look_on()

    async def count(self) -> int:
        """Return how many rows there are."""
        self._count = await self._pages.count()
        return self._count

    async def page(self, start: int, limit: int) -> Sequence[AssetRow]:
        """Rows from a position on."""
        last = self._count - start
        first = max(0, last - limit)
        return list(await self._pages.page(first, last - first))[::-1] if last > 0 else []

    async def assets(self, most: int) -> list[int]:
        """Return the assets of the list."""
        return await self._pages.assets(most)


class Sorted(Whole):
    """A list that is short enough to be put in another order."""

    about = False

    def __init__(
        self,
        lib: Library,
        track: Callable[[], Awaitable[Track | None]],
        pages: AssetPages,
        order: Order,
    ) -> None:
        self._lib, self._track, self._pages, self._by = lib, track, pages, _BY[order]
        self._keys: list[int] = []
        self._version = -1
        self._of_assets = True

    @property
    def notes(self) -> tuple[str, ...]:
        """Words on why it finds nothing."""
        return self._pages.notes

    async def count(self) -> int:
        """Put everything in order again when something was written.

        Raises:
            UsageError: there is too much.
        """
        version = await self._lib.data_version()
        if version == self._version:
            return len(self._keys)
        total = await self._pages.count()
        while self._pages.looked < 1.0 and total <= MOST_SORTED:
            await self._pages.look_on()
            total = await self._pages.count()
        if total > MOST_SORTED:
            raise UsageError(
                f"At most {MOST_SORTED:,} images can be sorted by {self._by}: search or narrow."
            )
        if isinstance(self._pages, FoundPages):
            plan, _ = await self._pages.outline()
            keys, self._of_assets = await self._pages.keys(MOST_SORTED), plan.assets
        else:
            keys = await self._pages.assets(MOST_SORTED)
        self._keys = await library_pages.in_order(
            self._lib, keys, self._by, assets=self._of_assets, track=await self._track()
        )
        self._version = version
        return len(self._keys)

    async def page(self, start: int, limit: int) -> Sequence[AssetRow]:
        """Rows from a position on."""
        page = Page(tuple(self._keys[start : start + limit]), self._of_assets, None, None)
        return await browse.on_page(self._lib, page, await self._track())

    async def assets(self, most: int) -> list[int]:
        """Return the assets of the list, in its order."""
        if self._of_assets:
            return self._keys[:most]
        return await library_pages.assets_of(self._lib, self._keys[:most])
