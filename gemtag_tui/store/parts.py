"""A part of what is to be done: a kept list, a range of ids, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.store.work import DUE_PAGE, PAGE, Candidate, State, candidate, narrowed, told

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

HIGHEST = 2**62
"""An id above all others."""


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

    @property
    def values(self) -> tuple[int, ...]:
        """What `of_part` takes."""
        return (self.above, self.upto, *([self.selection] if self.selection else []))


def of_part(page: str, part: Part) -> str:
    """Return `PAGE` or `DUE_PAGE` for a part alone, whose values it takes before the limit."""
    inside = "AND w.asset > ? AND w.asset <= ? ORDER BY w."
    bounded = page.replace("ORDER BY w.", inside, 1)
    return narrowed(bounded) if part.selection else bounded


async def todo_page(
    lib: Library, track: int, part: Part, after: int, limit: int, *, context: bool = False
) -> list[Candidate]:
    """Return the next assets of a part to be tagged, by rising id; with their context if wanted."""
    page = of_part(told(PAGE) if context else PAGE, part)
    values = (track, int(State.TODO), after, *part.values, limit)
    return [candidate(row) for row in await lib.rows(page, values)]


async def due_page(
    lib: Library, track: int, part: Part, now: float, limit: int, *, context: bool = False
) -> list[Candidate]:
    """Return assets of a part whose failure is due for another try, the longest due first."""
    page = of_part(told(DUE_PAGE) if context else DUE_PAGE, part)
    return [candidate(row) for row in await lib.rows(page, (track, now, *part.values, limit))]


async def place_of(lib: Library, track: int, part: Part, count: int) -> int:
    """Return the id of the asset that is so-and-so-manieth to be tagged; 0 when there are fewer."""
    query = _in_part("w.asset", "= 0", part, "ORDER BY w.asset LIMIT 1 OFFSET ?")
    row = await lib.row(query, (track, *part.values, max(0, count - 1)))
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
    row = await lib.row(_in_part("count(*)", states, part), (track, *part.values))
    return 0 if row is None else int(row[0])


def _in_part(what: str, state: str, part: Part, tail: str = "") -> str:
    chosen = "AND w.asset IN (SELECT asset FROM selection_item WHERE selection = ?)"
    return (
        f"SELECT {what} FROM work w WHERE w.track = ? AND w.state {state} AND w.asset > ? "
        f"AND w.asset <= ? {chosen if part.selection else ''} {tail}"
    )
