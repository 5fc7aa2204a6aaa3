"""A part of what is to be done: a kept list, a range of ids, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.store.work import DUE_PAGE, PAGE, Candidate, State, candidate, told

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

HIGHEST = 2**62
"""An id above all others."""
_BY_STATE = "INDEXED BY work_state"
_CHOSEN = "AND w.asset IN (SELECT asset FROM selection_item WHERE selection = ?)"
_LISTED = "FROM selection_item i CROSS JOIN work w ON w.asset = i.asset "
_AFTER = "AND w.asset > ? ORDER BY w.asset"
_LISTED_AFTER = "AND i.selection = ? AND i.asset > ? AND i.asset <= ? ORDER BY i.asset"


@dataclass(frozen=True, slots=True)
class Part:
    """Which assets are meant.

    Attributes:
        above: only higher ids.
        upto: no higher ids.
        selection: id of a kept list; 0 for all.
    """

    above: int = 0
    upto: int = HIGHEST
    selection: int = 0

    def todo(self, page: str, track: int, after: int, limit: int) -> tuple[str, tuple[int, ...]]:
        """Return `PAGE` for this part alone, and its values.

        Both bounds have to be ends of a walk, along the states or along the list: what was tagged
        meanwhile, or lies beyond the part, would otherwise be walked over for every page.
        """
        values = (track, int(State.TODO))
        start = max(after, self.above)
        if not self.selection:
            bounded = page.replace("FROM work w ", f"FROM work w {_BY_STATE} ", 1)
            bounded = bounded.replace("ORDER BY w.", "AND w.asset <= ? ORDER BY w.", 1)
            return bounded, (*values, start, self.upto, limit)
        listed = page.replace("FROM work w ", _LISTED, 1).replace(_AFTER, _LISTED_AFTER, 1)
        return listed, (*values, self.selection, start, self.upto, limit)

    def due(
        self, page: str, track: int, now: float, limit: int
    ) -> tuple[str, tuple[int | float, ...]]:
        """Return `DUE_PAGE` for this part alone, and its values; it walks by time, not by id."""
        inside = "AND +w.asset > ? AND +w.asset <= ? ORDER BY w."
        listed = (self.selection,) if self.selection else ()
        bounded = page.replace("ORDER BY w.", f"{_CHOSEN if listed else ''} {inside}", 1)
        return bounded, (track, now, *listed, self.above, self.upto, limit)


async def todo_page(
    lib: Library, track: int, part: Part, after: int, limit: int, *, context: bool = False
) -> list[Candidate]:
    """Return the next assets of a part to be tagged, by rising id; with their context if wanted."""
    query = part.todo(told(PAGE) if context else PAGE, track, after, limit)
    return [candidate(row) for row in await lib.rows(*query)]


async def due_page(
    lib: Library, track: int, part: Part, now: float, limit: int, *, context: bool = False
) -> list[Candidate]:
    """Return assets of a part whose failure is due for another try, the longest due first."""
    query = part.due(told(DUE_PAGE) if context else DUE_PAGE, track, now, limit)
    return [candidate(row) for row in await lib.rows(*query)]


async def place_of(lib: Library, track: int, part: Part, count: int) -> int:
    """Return the id of the asset that is so-and-so-manieth to be tagged; 0 when there are fewer."""
    query, values = _in_part("w.asset", "= 0", track, part)
    row = await lib.row(f"{query} ORDER BY w.asset LIMIT 1 OFFSET ?", (*values, max(0, count - 1)))
    return 0 if row is None else int(row[0])


async def remaining(lib: Library, track: int, part: Part, *, in_jobs: bool = False) -> int:
    """Return how many assets of a part are still to be tagged, now or later.

    Args:
        lib: the library.
        track: whose.
        part: which of them.
        in_jobs: those in batch jobs included.
    """
    states = "IN (0, 1, 2)" if in_jobs else "IN (0, 1)"
    row = await lib.row(*_in_part("count(*)", states, track, part))
    return 0 if row is None else int(row[0])


def _in_part(what: str, state: str, track: int, part: Part) -> tuple[str, tuple[int, ...]]:
    query = (
        f"SELECT {what} FROM work w {_BY_STATE} WHERE w.track = ? AND w.state {state} "
        "AND w.asset > ? AND w.asset <= ?"
    )
    values = (track, part.above, part.upto)
    if not part.selection:
        return query, values
    return f"{query} {_CHOSEN}", (*values, part.selection)
