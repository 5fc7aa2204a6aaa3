"""Everything in the library, as pages, and one asset in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemtag_tui.store import browse, search, tracks, work
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.work import State
from gemtag_tui.tui.positions import Keyed
from gemtag_tui.tui.wanted import AssetView

if TYPE_CHECKING:
    from gemtag_tui.core.snapshot import Counts
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.search import AssetDetail
    from gemtag_tui.store.tracks import Track
    from gemtag_tui.tui.source import Pages

MOST_FOUND = 10_000
"""Newest results that a search, or the list of the newest, reaches back to."""
_STATES: dict[AssetView, tuple[State, ...]] = {
    AssetView.ALL: (),
    AssetView.WAITING: (State.TODO, State.RETRY, State.BATCH),
    AssetView.BAD: (State.KNOWN_BAD, State.IGNORED),
}


def whole(text: str) -> str:
    """What is typed, its last word taken for the beginning of one: kit → kit*."""
    last = text.rsplit(" ", maxsplit=1)[-1]
    return text + "*" if len(last) >= 3 and last.isalnum() else text


class FoundPages:
    """Results, newest first: their ids are read when they are counted, rows page by page."""

    def __init__(self, source: AssetSource, text: str) -> None:
        self._source, self._text = source, text
        self._ids: list[int] = []

    async def count(self) -> int:
        """Look again."""
        self._ids = await self._source.result_ids(self._text)
        return len(self._ids)

    async def page(self, start: int, limit: int) -> Sequence[AssetRow]:
        """Rows from a position on."""
        return await browse.results(self._source.lib, self._ids[start : start + limit])


class AssetSource:
    """The part of the source that is about assets."""

    lib: Library

    if TYPE_CHECKING:  # given by the class that all parts come together in

        async def _present_track(self) -> Track | None: ...

    def assets(self, view: AssetView, text: str = "") -> Pages[AssetRow]:
        """A list of assets, or what a search finds among the results."""
        if text.strip() or view is AssetView.NEWEST:
            return FoundPages(self, text.strip())
        states = _STATES[view]

        async def size() -> int:
            return _size(view, await self._counts())

        async def read(
            key: int | None, skip: int, limit: int, backwards: bool
        ) -> Sequence[AssetRow]:
            return await browse.assets(
                self.lib,
                await self._present_track(),
                states,
                key=key,
                skip=skip,
                limit=limit,
                backwards=backwards,
            )

        return Keyed(size, read, lambda row: row.asset)

    async def result_ids(self, text: str) -> list[int]:
        """Ids of the newest results, or of those that fit."""
        track = await self._present_track()
        if text:
            return await browse.matching(self.lib, whole(text), track, MOST_FOUND)
        return [] if track is None else await browse.newest(self.lib, track, MOST_FOUND)

    async def _counts(self) -> Counts:
        track = await self._present_track()
        if track is None:
            return await work.library_counts(self.lib)
        return await work.counts(self.lib, track.id)

    async def asset(self, number: int) -> AssetDetail | None:
        """Everything known of an asset."""
        return await search.show(self.lib, number)

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
