"""A run in two parts at once: the first images one by one, the rest through batch jobs.

The parts meet at an id: images up to it go one by one, higher ones through batch jobs, so that no
image can be in both, and none that is added meanwhile is forgotten. The id is kept in the library
until both parts are done, so that a run that was cut off goes on with the same two parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.store import parts, prefs
from gemtag_tui.store.parts import Part

if TYPE_CHECKING:
    from gemtag_tui.engine.request import RunRequest
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track


class Kept(msgspec.Struct, frozen=True):
    """What the library keeps of a split: its quick lane, the id, and the list it is for."""

    lane: str
    upto: int
    selection: int = 0


@dataclass(slots=True)
class Split:
    """The two parts of a run.

    Attributes:
        track: whose images.
        lane: of the first part, interactive or flex.
        upto: the last image, by id, that goes one by one; 0 once there are no two parts any more.
        selection: id of the kept list that both parts are of; 0 for all.
        first, rest: images in each part when the run began.
        most: images that may go into batch jobs; `None` for all of the rest.
    """

    track: int
    lane: str
    upto: int
    selection: int = 0
    first: int = 0
    rest: int = 0
    most: int | None = None

    def __bool__(self) -> bool:
        return self.upto > 0

    @property
    def quick(self) -> Part:
        """What goes one by one."""
        return Part(upto=self.upto or parts.HIGHEST, selection=self.selection)

    async def forget(self, lib: Library) -> None:
        """Have one lane take all that remains: both parts are done, or a person wants that.

        Raises:
            LibraryError: the library cannot be written.
        """
        if self:
            self.upto = 0
            await prefs.put(lib, _name(self.track), "")

    def words(self) -> str:
        """Say what was started."""
        again = f" --selection {self.selection}" if self.selection else ""
        return (
            f"In two parts: {self.first:,} one by one ({self.lane}) now, {self.rest:,} through "
            f"batch jobs beside them. Cut off, `gemtag run{again}` goes on with both."
        )


def _name(track: int) -> str:
    return f"split:{track}"


async def kept(lib: Library, track: Track | None, request: RunRequest) -> Kept | None:
    """Return the split that a run goes on with: one that was begun and that nobody overrules.

    A lane named on the command line overrules it, as does another split or a run on other images.
    """
    if track is None or request.split or "lane" in request.overrides:
        return None
    text = await prefs.get(lib, _name(track.id))
    found = msgspec.json.decode(text, type=Kept) if text else None
    return found if found is not None and found.selection == request.selection else None


async def begin(lib: Library, track: Track, request: RunRequest, lane: str) -> Split | None:
    """Settle which images are in which part, and keep that; `None` when there is but one part.

    Raises:
        LibraryError: the library cannot be written.
    """
    upto = await _border(lib, track, request)
    if not upto:
        await _drop(lib, track, request)
        return None
    made = Split(track.id, lane, upto, request.selection)
    made.first = await parts.remaining(lib, track.id, made.quick)
    rest = Part(above=upto, selection=request.selection)
    made.rest = await parts.remaining(lib, track.id, rest, in_jobs=True)
    if request.limit is not None:
        made.most = max(0, request.limit - made.first)
        made.rest = min(made.rest, made.most)
    mine = Kept(lane, upto, request.selection)
    await prefs.put(lib, _name(track.id), msgspec.json.encode(mine).decode())
    return made


async def _border(lib: Library, track: Track, request: RunRequest) -> int:
    """Return the last id of the first part, 0 for no two parts."""
    if request.split:
        first = min(request.split, request.limit or request.split)
        return await parts.place_of(lib, track.id, Part(selection=request.selection), first)
    old = await kept(lib, track, request)
    return old.upto if old is not None else 0


async def _drop(lib: Library, track: Track, request: RunRequest) -> None:
    """Forget a split that this run overrules."""
    text = await prefs.get(lib, _name(track.id))
    if text and msgspec.json.decode(text, type=Kept).selection == request.selection:
        await prefs.put(lib, _name(track.id), "")
