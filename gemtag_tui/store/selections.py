"""Assets chosen by a query and kept as a list, for a run on these alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.query import Query, show
from gemtag_tui.store import parts, search_plan
from gemtag_tui.store.parts import Part
from gemtag_tui.store.search_pages import find
from gemtag_tui.store.work import State

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_PAGE = 20_000
KEPT = 20
"""Selections that are kept."""

_ADD = """
    INSERT OR IGNORE INTO selection_item SELECT ?, r.asset FROM json_each(?) j
    CROSS JOIN asset_ai r ON r.id = j.value
"""
_ADD_ASSETS = "INSERT OR IGNORE INTO selection_item SELECT ?, value FROM json_each(?)"
_OLD = "SELECT id FROM selection ORDER BY id DESC LIMIT -1 OFFSET ?"
_COUNT = """
    UPDATE selection SET assets = (SELECT count(*) FROM selection_item WHERE selection = ?1)
    WHERE id = ?1
"""


@dataclass(frozen=True, slots=True)
class Selected:
    """A kept selection."""

    id: int
    words: str
    made_at: float
    assets: int


async def select_assets(lib: Library, query: Query | str, track: Track | None = None) -> Selected:
    """Keep the assets that a query finds now.

    Raises:
        QueryError: the text has a mistake.
        LibraryError: when the library cannot be written.
    """
    made = await search_plan.plan(lib, query, track)
    words = query if isinstance(query, str) else show(query)
    number = await _begin(lib, words)
    key: int | None = None
    while True:
        page = await find(lib, made, key=key, limit=_PAGE)
        keys = "[" + ",".join(map(str, page.keys)) + "]"
        async with lib.transaction() as db:
            await db.execute(_ADD_ASSETS if page.assets else _ADD, (number, keys))
        key = page.older
        if key is None:
            break
    async with lib.transaction() as db:
        await db.execute(_COUNT, (number,))
    found = await get(lib, number)
    assert found is not None  # noqa: S101 (written just above)
    return found


async def select_these(lib: Library, assets: list[int], words: str = "by hand") -> Selected:
    """Keep these assets."""
    number = await _begin(lib, words)
    async with lib.transaction() as db:
        listed = "[" + ",".join(str(int(asset)) for asset in assets) + "]"
        await db.execute(_ADD_ASSETS, (number, listed))
        await db.execute(_COUNT, (number,))
    found = await get(lib, number)
    assert found is not None  # noqa: S101 (written just above)
    return found


async def _begin(lib: Library, words: str) -> int:
    async with lib.transaction() as db:
        await db.execute(f"DELETE FROM selection_item WHERE selection IN ({_OLD})", (KEPT - 1,))
        await db.execute(f"DELETE FROM selection WHERE id IN ({_OLD})", (KEPT - 1,))
        ((number,),) = await db.execute_fetchall(
            "INSERT INTO selection (words, made_at) VALUES (?, ?) RETURNING id",
            (words[:1000], lib.clock.now()),
        )
    return int(number)


async def states_of(lib: Library, track_id: int, assets: Sequence[int]) -> dict[State, int]:
    """Return how many of some assets stand where in a track."""
    listed = "[" + ",".join(str(int(asset)) for asset in assets) + "]"
    rows = await lib.rows(
        "SELECT w.state, count(*) FROM work w "
        "WHERE w.track = ? AND w.asset IN (SELECT value FROM json_each(?)) GROUP BY w.state",
        (track_id, listed),
    )
    return {State(row[0]): int(row[1]) for row in rows}


async def get(lib: Library, number: int) -> Selected | None:
    """Return a selection."""
    row = await lib.row("SELECT id, words, made_at, assets FROM selection WHERE id = ?", (number,))
    return None if row is None else Selected(*row)


async def remaining(lib: Library, selection: int, track_id: int) -> int:
    """Return how many assets of a selection are still to be tagged, now or later.

    Raises:
        UsageError: the selection is not kept (any more).
    """
    if await get(lib, selection) is None:
        words = f"Selection {selection} is not kept any more; choose again with --query."
        raise UsageError(words)
    return await parts.remaining(lib, track_id, Part(selection=selection))
