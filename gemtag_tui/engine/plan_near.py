"""What near-duplicates mean for a plan, as the settings have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gemtag_tui.core.snapshot import Counts
from gemtag_tui.store import near_looks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemtag_tui.core.settings import Settings
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.plan_facts import TrackFacts

_NOT_YET = "Near-duplicates are not grouped yet: `gemtag scan PATH` does it."
_ENDED = "Near-duplicates are off now: all that waited for another picture is counted in."


class NearFacts(NamedTuple):
    """Counts as a run would find them, and notes for people."""

    tracks: list[TrackFacts]
    library: Counts
    notes: list[str]


async def near_facts(
    lib: Library, settings: Settings, tracks: Sequence[TrackFacts], library: Counts
) -> NearFacts:
    """Take those who wait for another picture for what a run will take them for.

    Where the setting was turned off, the next run or scan lets them go: until then they are
    counted as if it had.
    """
    wanted = settings.images.near_duplicates
    force = await near_looks.in_force(lib)
    if force is None or wanted or not force.by_setting:
        notes = [_NOT_YET] if wanted and force is None and library.total else []
        return NearFacts(list(tracks), library, notes)
    freed = [one._replace(counts=_freed(one.counts)) for one in tracks]
    return NearFacts(freed, _freed(library), [_ENDED] if library.near_duplicates else [])


def _freed(counts: Counts) -> Counts:
    return msgspec.structs.replace(counts, near_waiting=0, near_duplicates=0)
