"""Choosing what failures are tried with next: what it would reach, and doing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.failures import Standing
from gemtag_tui.core.next_try import MOST_OUTPUT
from gemtag_tui.store import next_tries, triage

if TYPE_CHECKING:
    from gemtag_tui.core.next_try import Wish
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track
    from gemtag_tui.store.triage import Chosen


@dataclass(frozen=True, slots=True)
class Reached:
    """What a choice would reach.

    Attributes:
        count: failures.
        refused: others among the selected that were refused with it before: they are left out.
        output: mean room for the answer, in tokens, where more of it is wished; 0 else.
        spent_usd: spent on them so far.
    """

    count: int = 0
    refused: int = 0
    output: float = 0.0
    spent_usd: float = 0.0


async def reach(lib: Library, selection: Chosen, track: Track, wish: Wish) -> Reached:
    """Return what `choose` would reach; changes nothing."""
    where, values = triage.selected(selection, "retry")
    own = "b.provider = ? AND b.model = ? AND b.profile = ?"
    fits, more = next_tries.condition(track, wish)
    room = f"min({MOST_OUTPUT}, max({int(wish.more)}, 2 * {next_tries.HAD}))" if wish.more else "0"
    sql = (
        f"SELECT count(*), coalesce(avg({room}), 0.0), coalesce(sum(b.cost_usd), 0.0) "
        f"FROM failure b WHERE {where} AND {fits}"
    )
    ((count, output, spent),) = await lib.rows(sql, [*values, *more])
    ((whole,),) = await lib.rows(
        f"SELECT count(*) FROM failure b WHERE {where} AND {own}", [*values, *more[:3]]
    )
    return Reached(int(count), int(whole) - int(count), float(output), float(spent))


async def choose(lib: Library, selection: Chosen, track: Track, wish: Wish) -> int:
    """Have failures of a track tried again with a changed setting; returns how many.

    Those that were refused with it before are left out. `triage.undo` takes it back.

    Raises:
        LibraryError: when the library cannot be written.
    """
    where, values = triage.selected(selection, "retry")
    fits, more = next_tries.condition(track, wish)
    words = "retry with more output" if wish.fixed is None else f"retry with {wish.fixed}"
    async with lib.transaction() as db:
        return await triage.moved(
            db, f"{where} AND {fits}", [*values, *more], "retry", Standing.OPEN, lib.clock.now(),
            wish=wish, words=words,
        )  # fmt: skip
