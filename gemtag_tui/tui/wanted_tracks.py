"""What is asked of a source about tracks: models and profiles that results are kept apart by."""

from __future__ import annotations

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What tagging images with a profile and a model would reach.

    Attributes:
        count: images that would be asked about.
        tagged: others that have such tags already; `other`: known bad, ignored, in batch jobs.
        cost_usd: `None` when the price is not known.
        profile: as it was named; `profile_name`: what it calls itself.
    """

    count: int
    tagged: int = 0
    other: int = 0
    cost_usd: float | None = None
    model: str = ""
    profile: str = ""
    profile_name: str = ""


class TrackAsks(Protocol):
    """For showing one track or another."""

    async def shown_track(self) -> Track | None:
        """Return the track that failures and library are shown of."""

    async def show_track(self, number: int) -> str:
        """Show one track from now on; 0: always the last run's. Returns words."""

    async def reach_again(self, assets: Sequence[int], profile: str, model: str = "") -> Again:
        """Return what tagging images with a profile and a model would reach and cost."""

    async def profile_names(self) -> list[str]:
        """Return the profiles there are by name, the settings' own first."""

    async def tag_again(self, assets: Sequence[int], again: Again) -> str:
        """Start a run of a profile and a model on some images alone; returns words."""

    async def track_rows(self) -> list[TrackRow]:
        """Return all tracks with their counts, the one of the last run first."""
