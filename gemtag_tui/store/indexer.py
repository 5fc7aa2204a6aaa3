"""The tags and the search index, derived from results a bounded number at a time.

Results are indexed in the order of their ids; `setting.indexed` is the last one done.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_CHUNK = 2_000

_decode = msgspec.json.Decoder(dict[str, list[str]]).decode

_NEXT = """
    SELECT r.id, r.summary, r.tags, t.id FROM asset_ai r
    JOIN track t ON t.provider = r.provider AND t.model = r.model AND t.profile = r.profile
    WHERE r.id > ? ORDER BY r.id LIMIT ?
"""
_ONE = """
    SELECT r.id, r.summary, r.tags, t.id FROM asset_ai r
    JOIN track t ON t.provider = r.provider AND t.model = r.model AND t.profile = r.profile
    WHERE r.asset = ? AND t.id = ?
"""
_MARK = "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'indexed'), 0)"
_SET_MARK = "INSERT OR REPLACE INTO setting VALUES ('indexed', ?)"
_ADD = "INSERT INTO search (rowid, summary, tags, scope) VALUES (?, ?, ?, ?)"
_REMOVE = """
    INSERT INTO search (search, rowid, summary, tags, scope) VALUES ('delete', ?, ?, ?, ?)
"""
_TAG = """
    INSERT INTO tag (bucket, name, assets) VALUES (?, ?, ?)
    ON CONFLICT (bucket, name) DO UPDATE SET assets = assets + excluded.assets
"""


def _keys(tags: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(bucket, name) for bucket, names in tags.items() for name in names]


def _document(row: Any, tags: dict[str, list[str]]) -> tuple[int, str, str, str]:
    """Return what is searched of a result; the same row always gives the same words."""
    names = [name.replace("|", " ") for listed in tags.values() for name in listed]
    text = f"| {' | '.join(names)} |" if names else ""
    return row[0], row[1].replace("|", " "), text, f"all t{row[3]}"


async def index_some(db: aiosqlite.Connection, limit: int) -> int:
    """Index up to `limit` results beyond the mark; returns how many. Inside a transaction."""
    ((mark,),) = await db.execute_fetchall(_MARK)
    rows = list(await db.execute_fetchall(_NEXT, (mark, limit)))
    if not rows:
        return 0
    tags = [_decode(row[2]) for row in rows]
    await db.executemany(_ADD, [_document(row, t) for row, t in zip(rows, tags, strict=True)])
    counted = Counter(chain.from_iterable(map(_keys, tags)))
    await db.executemany(_TAG, [(*key, number) for key, number in sorted(counted.items())])
    await db.execute(_SET_MARK, (str(rows[-1][0]),))
    return len(rows)


async def take_out(db: aiosqlite.Connection, asset: int, track: Track) -> None:
    """Delete a result, and what the index has of it. Inside a transaction."""
    ((mark,),) = await db.execute_fetchall(_MARK)
    for row in await db.execute_fetchall(_ONE, (asset, track.id)):
        if row[0] <= mark:
            tags = _decode(row[2])
            await db.execute(_REMOVE, _document(row, tags))
            await db.executemany(_TAG, [(*key, -1) for key in _keys(tags)])
        await db.execute("DELETE FROM asset_ai WHERE id = ?", (row[0],))


async def backlog(lib: Library) -> int:
    """Return how many results are not in the index yet (an upper bound)."""
    row = await lib.row(f"SELECT coalesce((SELECT max(id) FROM asset_ai), 0) - ({_MARK})")
    return 0 if row is None else max(0, int(row[0]))


async def catch_up(lib: Library) -> int:
    """Index all results that are not yet; short transactions, so others may write in between."""
    total = 0
    while await backlog(lib):
        async with lib.transaction() as db:
            done = await index_some(db, _CHUNK)
        total += done
        if not done:
            break
    return total


async def rebuild(lib: Library) -> int:
    """Make the index anew from the results; returns how many."""
    async with lib.transaction() as db:
        await db.execute("INSERT INTO search (search) VALUES ('delete-all')")
        await db.execute("DELETE FROM tag")
        await db.execute(_SET_MARK, ("0",))
    return await catch_up(lib)
