"""Groups of pictures that look the same, from a library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from gemtag_tui.store import near_groups

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.near_groups import Member
    from gemtag_tui.store.tracks import Track
    from gemtag_tui.tui.wanted_plan import PlanOrder

MOST_SHOWN = 20_000
"""Rows on the screen; `gemtag plan --list near` gives them all."""


class NearPages:
    """Members of groups, read on as far as they are looked at.

    Args:
        rows: gives them one by one.
        lib: counts them.
    """

    def __init__(self, rows: AsyncGenerator[Member, None], lib: Library) -> None:
        self._rows, self._lib = rows, lib
        self._read: list[Member] = []
        self._ended = False
        self._one = asyncio.Lock()

    async def count(self) -> int:
        """How many rows there are, as far as that is known."""
        if self._ended:
            return len(self._read)
        return min((await near_groups.count(self._lib))[1], MOST_SHOWN)

    async def page(self, start: int, limit: int) -> Sequence[Member]:
        """Rows from a position on."""
        async with self._one:
            while not self._ended and len(self._read) < min(start + limit, MOST_SHOWN):
                row = await anext(self._rows, None)
                if row is None:
                    self._ended = True
                else:
                    self._read.append(row)
        return self._read[start : start + limit]


class NearSource:
    """The part of the source that is about near-duplicates."""

    lib: Library

    if TYPE_CHECKING:  # given by the class that all parts come together in

        async def track_of(self, order: PlanOrder) -> Track | None: ...  # noqa: D102

    def near_members(self, order: PlanOrder) -> NearPages:
        """The pictures of all groups."""
        return NearPages(self._members(order), self.lib)

    async def _members(self, order: PlanOrder) -> AsyncGenerator[Member, None]:
        track = await self.track_of(order)
        async for one in near_groups.members(self.lib, track.id if track else None):
            yield one

    async def near_break(self, asset: int) -> int:
        """Take the group of a picture apart."""
        return await near_groups.break_up(self.lib, asset)
