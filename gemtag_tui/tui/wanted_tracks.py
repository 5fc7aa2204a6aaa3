"""What is asked of a source about tracks: models and profiles that results are kept apart by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gemtag_tui.core.snapshot import Counts
    from gemtag_tui.store.tracks import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRow:
    """A track in the list of those that can be shown.

    Attributes:
        last: the last run was on it.
        shown: it is the one that is shown now; `chosen`: because a person said so.
    """

    track: Track
    counts: Counts
    last: bool = False
    shown: bool = False
    chosen: bool = False


class TrackAsks(Protocol):
    """For showing one track or another."""

    async def shown_track(self) -> Track | None:
        """Return the track that failures and library are shown of."""

    async def show_track(self, number: int) -> str:
        """Show one track from now on; 0: always the last run's. Returns words."""

    async def track_rows(self) -> list[TrackRow]:
        """Return all tracks with their counts, the one of the last run first."""
