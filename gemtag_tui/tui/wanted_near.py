"""What the list of near-duplicates asks of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gemtag_tui.store.near_groups import Member
    from gemtag_tui.tui.source import Pages
    from gemtag_tui.tui.wanted_plan import PlanOrder


class NearAsks(Protocol):
    """For the groups of pictures that look the same."""

    def near_members(self, order: PlanOrder) -> Pages[Member]:
        """Return the pictures of all groups, each group with its leader first."""

    async def near_break(self, asset: int) -> int:
        """Take the group of a picture apart; returns how many were in it."""
