"""Pages of what a query finds, newest first, from any place and in both directions.

The ids are gone through in windows, and only for a bounded time: what takes longer comes back
unfinished, with the place where to go on. The index itself cannot be stopped while it looks for its
next row, and words that are everywhere but never together would take it a quarter of a second over
800,000 results: so a window is as large as fits the time, by how long those before it took.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.query import Query
from gemtag_tui.store import search_plan
from gemtag_tui.store.search_plan import END, STANDS, Plan, conditions, follows, words_of
from gemtag_tui.store.search_spans import BLOCK

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

SECONDS = 0.04
"""How long one page is looked for before it comes back unfinished."""
_WINDOW = 12_000
_FIRST = 3 * BLOCK
"""Ids that the index alone is asked for at first: a few milliseconds of the most common words."""
_LEAST, _MOST = BLOCK, 64 * BLOCK
_CANDIDATES = 1_000
_UNTAGGED_STATES = (0, 1, 2, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a query's rows.

    Attributes:
        keys: result ids, or asset ids when `assets`; falling.
        assets: rows are assets, found without a look at their results.
        older: `key` of the page below; `None` at the end.
        newer: `key` of the page above, for `newer=True`.
        complete: `False`: the time was up before the page was full; go on from `older` (`newer`).
        notes: words for people on why something finds nothing.
    """

    keys: tuple[int, ...]
    assets: bool
    older: int | None
    newer: int | None
    complete: bool = True
    notes: tuple[str, ...] = ()


async def find(
    lib: Library,
    query: Query | str | Plan,
    *,
    track: Track | None = None,
    key: int | None = None,
    newer: bool = False,
    limit: int = 200,
    seconds: float = SECONDS,
) -> Page:
    """Return a page.

    Args:
        lib: the library.
        query: a query, or text as people type it, or what `search_plan.plan` made of it.
        track: only of this track (not looked at with a plan).
        key: below this key, or above it when `newer`; `None`: from the top (or the bottom).
        newer: go up instead of down.
        limit: most rows.
        seconds: after which an unfinished page is returned.

    Raises:
        QueryError: the text has a mistake.
        LibraryError: when the library cannot be read.
    """
    made = query if isinstance(query, Plan) else await search_plan.plan(lib, query, track)
    if made.nothing:
        return Page((), made.assets, None, None, notes=made.notes)
    look = assets_of if made.assets else results_of
    keys, at = await look(lib, made, key, newer=newer, limit=limit, seconds=seconds)
    complete = at is None or len(keys) >= limit
    if newer:
        keys.reverse()
        start = key if key is None else key + 1
        below = keys[-1] if keys else start
        return Page(tuple(keys), made.assets, below, at, complete, made.notes)
    above = keys[0] if keys else (None if key is None else key - 1)
    return Page(tuple(keys), made.assets, at, above, complete, made.notes)


async def highest(lib: Library, made: Plan) -> int:
    """Return the highest id that a row can have now."""
    table = "asset" if made.assets else "asset_ai"
    row = await lib.row(f"SELECT coalesce(max(id), 0) FROM {table}")
    return min(made.high, int(row[0]) if row else 0)


async def results_of(
    lib: Library,
    made: Plan,
    key: int | None,
    *,
    newer: bool,
    limit: int,
    seconds: float,
) -> tuple[list[int], int | None]:
    """Return results' ids as they are met, and where to go on (`None`: at the end)."""
    low, high = made.low, await highest(lib, made)
    if key is not None:
        low, high = (max(low, key + 1), high) if newer else (low, min(high, key - 1))
    found: list[int] = []
    now = lib.clock.monotonic
    began = now()
    size = _WINDOW if made.checks else _FIRST
    if not (made.checks or (made.match and made.spans)):
        size = END  # without blocks the index goes on to the ends of its lists in any case
    while low <= high:
        top, bottom = min(high, low + size - 1), max(low, high - size + 1)
        first, last = (low, top) if newer else (bottom, high)
        asked = now()
        found += await _window(lib, made, first, last, newer=newer, limit=limit - len(found))
        if len(found) >= limit:
            return found, found[-1]
        low, high = (last + 1, high) if newer else (low, first - 1)
        took, left = now() - asked, seconds - (now() - began)
        if low <= high and left <= 0:
            return found, last if newer else first
        fitting = max(_LEAST, int(size * left / took)) if took else _MOST
        size = END if size == END else min(3 * size, fitting, _MOST)
    return found, None


async def _window(
    lib: Library, made: Plan, first: int, last: int, *, newer: bool, limit: int
) -> list[int]:
    """Return the ids that are found among some."""
    if made.spans and made.loose:
        sql = "SELECT 1 FROM search WHERE search MATCH ? AND rowid >= ? AND rowid <= ? LIMIT 1"
        if not await lib.row(sql, (made.within(first, last, loose=True), first, last)):
            return []
    sql, values = statement(made, first, last, newer=newer)
    return [int(one[0]) for one in await lib.rows(sql, (*values, limit))]


def statement(made: Plan, first: int, last: int, *, newer: bool) -> tuple[str, list[Any]]:
    """Return the statement for one window, and its values but for the limit."""
    order = "ASC" if newer else "DESC"
    more = conditions(made.checks)
    if made.match is not None:
        join = "CROSS JOIN asset_ai r ON r.id = search.rowid" if more else ""
        sql = (
            f"SELECT search.rowid FROM search {join} WHERE search MATCH ? AND search.rowid >= ? "
            f"AND search.rowid <= ?{more} ORDER BY search.rowid {order} LIMIT ?"
        )
        return sql, [made.within(first, last), first, last, *made.values]
    own, owner = "", []
    if made.track is not None:
        own = "r.provider = ? AND r.model = ? AND r.profile = ? AND "
        owner = [made.track.provider, made.track.model, made.track.profile]
    sql = f"SELECT r.id FROM asset_ai r WHERE {own}r.id >= ? AND r.id <= ?{more}"
    return f"{sql} ORDER BY r.id {order} LIMIT ?", [*owner, first, last, *made.values]


async def assets_of(
    lib: Library,
    made: Plan,
    key: int | None,
    *,
    newer: bool,
    limit: int,
    seconds: float,
) -> tuple[list[int], int | None]:
    """Return assets' ids as they are met, and where to go on (`None`: at the end)."""
    found: list[int] = []
    at = key if key is not None else (0 if newer else END)
    stop = lib.clock.monotonic() + seconds
    size = limit
    while True:
        some = await candidates(lib, made, at, size, newer=newer)
        kept = await fitting(lib, made, some)
        found += kept[: limit - len(found)]
        if len(found) >= limit:
            return found, found[-1]
        if len(some) < size:
            return found, None
        at, size = some[-1], _CANDIDATES
        if lib.clock.monotonic() >= stop:
            return found, at


async def candidates(lib: Library, made: Plan, at: int, limit: int, *, newer: bool) -> list[int]:
    """Return assets beyond an id that may fit."""
    beyond, order = (">", "ASC") if newer else ("<", "DESC")
    track = made.track
    if made.untagged and track is not None:
        part = (
            f"SELECT * FROM (SELECT asset FROM work WHERE track = ?1 AND state = {{}} "
            f"AND asset {beyond} ?2 ORDER BY asset {order} LIMIT ?3)"
        )
        union = " UNION ALL ".join(part.format(state) for state in _UNTAGGED_STATES)
        sql = f"{union} ORDER BY 1 {order} LIMIT ?3"
        rows = await lib.rows(sql, (track.id, at, limit))
    elif made.untagged:
        rows = await lib.rows(
            f"SELECT a.id FROM asset a WHERE a.files > 0 AND a.id {beyond} ? AND NOT EXISTS ("
            f"SELECT 1 FROM asset_ai r WHERE r.asset = a.id) ORDER BY a.id {order} LIMIT ?",
            (at, limit),
        )
    else:
        rows = await lib.rows(
            f"SELECT DISTINCT b.asset FROM failure b WHERE {STANDS} AND b.asset {beyond} ? "
            f"ORDER BY b.asset {order} LIMIT ?",
            (at, limit),
        )
    return [int(row[0]) for row in rows]


async def fitting(lib: Library, made: Plan, some: list[int]) -> list[int]:
    """Return those of some assets that fit the rest of the query."""
    if not some:
        return []
    wanted = "[" + ",".join(map(str, some)) + "]"
    parts, values = ["a.files > 0"], [wanted]
    if made.failed is not None:
        check, owner = search_plan.failed_check(made.track, "a.id")
        parts.append(check if made.failed else f"NOT {check}")
        values += owner
    if made.edited is not None:
        edited = "EXISTS (SELECT 1 FROM edit e WHERE e.asset = a.id)"
        parts.append(edited if made.edited else f"NOT {edited}")
    rows = await lib.rows(
        "SELECT a.id FROM json_each(?) j CROSS JOIN asset a ON a.id = j.value WHERE "
        + " AND ".join([*parts, *made.checks])
        + " ORDER BY j.key",
        [*values, *made.values],
    )
    kept = [int(row[0]) for row in rows]
    if made.paths:
        kept = await _named(lib, kept, made.paths, _PATHS)
    if made.boards:
        kept = await _named(lib, kept, made.boards, _BOARDS)
    return kept


_PATHS = """
    SELECT f.asset, o.path, f.name FROM file f JOIN folder o ON o.id = f.folder
    WHERE f.asset IN (SELECT value FROM json_each(?)) AND f.missing_at IS NULL
"""
_BOARDS = (
    "SELECT asset, board, '' FROM search_context WHERE asset IN (SELECT value FROM json_each(?))"
)


async def _named(
    lib: Library, some: list[int], wanted: list[tuple[list[str], bool]], sql: str
) -> list[int]:
    """Return the assets of which one name has all the words (and none those to be left out)."""
    names: dict[int, list[list[str]]] = {}
    for asset, *parts in await lib.rows(sql, ("[" + ",".join(map(str, some)) + "]",)):
        text = " ".join(p.decode("utf-8", "replace") if isinstance(p, bytes) else p for p in parts)
        names.setdefault(asset, []).append(words_of(text))
    return [
        asset
        for asset in some
        if all(
            any(follows(words, own) for words in names.get(asset, [])) is not negated
            for own, negated in wanted
        )
    ]
