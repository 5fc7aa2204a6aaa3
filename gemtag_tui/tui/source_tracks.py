"""Which track's results and failures are shown: the last run's, or one that a person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.errors import UsageError
from gemtag_tui.store import tracks, work
from gemtag_tui.tui.wanted_tracks import TrackRow

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

SHOWN = "tui shown track"


class TrackSource:
    """The part of the source that knows what is shown."""

    lib: Library
    _chosen: int | None = None
    """Id of the track that a person chose; 0: the last run's; `None`: not read yet."""

    if TYPE_CHECKING:  # given by the class that all parts come together in

        async def _present_track(self) -> Track | None: ...
        async def pref(self, name: str) -> str: ...  # noqa: D102
        async def keep_pref(self, name: str, value: str) -> None: ...  # noqa: D102
        def forget_found(self) -> None: ...  # noqa: D102

    async def shown_track(self) -> Track | None:
        """Return the track that failures and library are shown of."""
        if self._chosen is None:
            kept = await self.pref(SHOWN)
            self._chosen = int(kept) if kept.isascii() and kept.isdigit() else 0
        chosen = await tracks.track_by_id(self.lib, self._chosen) if self._chosen else None
        return chosen or await self._present_track()

    async def show_track(self, number: int) -> str:
        """Show one track from now on; 0: always the last run's. Returns words.

        Raises:
            UsageError: there is no such track.
        """
        if number and await tracks.track_by_id(self.lib, number) is None:
            raise UsageError("There is no such track.")
        self._chosen = number
        self.forget_found()
        await self.keep_pref(SHOWN, str(number) if number else "")
        track = await self.shown_track()
        if track is None:
            return "No model was asked yet."
        return f"Shown: {track.model} · {track.profile_name}{'' if number else ' (the last run)'}."

    async def track_rows(self) -> list[TrackRow]:
        """Return all tracks with their counts, the one of the last run first."""
        shown, last = await self.shown_track(), await self._present_track()
        rows = []
        for one in await tracks.list_tracks(self.lib):
            mine = last is not None and one.id == last.id
            counts = await work.counts(self.lib, one.id)
            row = TrackRow(track=one, counts=counts, last=mine,
                           shown=shown is not None and shown.id == one.id,
                           chosen=self._chosen == one.id)  # fmt: skip
            rows.append(row)
        return sorted(rows, key=lambda row: (not row.last, -row.track.id))
