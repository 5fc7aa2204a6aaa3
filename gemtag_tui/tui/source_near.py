"""Groups of pictures that look the same, from a library."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from gemtag_tui.store import near_groups
from gemtag_tui.tui.read_on import ReadOn

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.near_groups import Member
    from gemtag_tui.store.tracks import Track
    from gemtag_tui.tui.wanted_plan import PlanOrder

MOST_SHOWN = 20_000
"""Rows on the screen; `gemtag plan --list near` gives them all."""


class NearSource:
    """The part of the source that is about near-duplicates."""

    lib: Library

    if TYPE_CHECKING:  # given by the class that all parts come together in

        async def track_of(self, order: PlanOrder) -> Track | None: ...  # noqa: D102

    def near_members(self, order: PlanOrder) -> ReadOn[Member]:
        """The pictures of all groups."""
        return ReadOn(self._members(order), MOST_SHOWN, self._pictures)

    async def _pictures(self) -> int:
        return (await near_groups.count(self.lib))[1]

    async def _members(self, order: PlanOrder) -> AsyncGenerator[Member, None]:
        track = await self.track_of(order)
        async for one in near_groups.members(self.lib, track.id if track else None):
            yield one

    async def near_break(self, asset: int) -> int:
        """Take the group of a picture apart."""
        return await near_groups.break_up(self.lib, asset)
