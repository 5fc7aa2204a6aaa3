"""The tags and the search index, derived from results a bounded number at a time.

Results are indexed in the order of their ids; `setting.indexed` is the last one done. Assets in
`search_stale` are done anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemtag_tui.store import search_docs, search_spans, search_words
from gemtag_tui.store.search_docs import FRESH, KEPT, rules_of

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_CHUNK = 2_000
_STALE_AT_ONCE = 500
"""So that a commit of new results is not held up by old ones."""

_MARK = "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'indexed'), 0)"
_SET_MARK = "INSERT OR REPLACE INTO setting VALUES ('indexed', ?)"
_NEXT = f"{FRESH} WHERE r.id > ? ORDER BY r.id LIMIT ?"
_ONE = f"{KEPT} WHERE r.asset = ? AND t.id = ?"
_SOME = " WHERE r.asset IN (SELECT value FROM json_each(?)) AND r.id <= ?"
_DELETE = "DELETE FROM asset_ai WHERE asset = ? AND provider = ? AND model = ? AND profile = ?"
_STALE = "SELECT asset FROM search_stale ORDER BY asset LIMIT ?"
_NOT_STALE = "DELETE FROM search_stale WHERE asset IN (SELECT value FROM json_each(?))"


async def index_some(db: aiosqlite.Connection, limit: int) -> int:
    """Index up to `limit` results beyond the mark, then stale ones; returns how many.

    Inside a transaction.
    """
    ((mark,),) = await db.execute_fetchall(_MARK)
    new = await search_docs.docs(db, _NEXT, (mark, limit))
    if new:
        await search_docs.put_in(db, new, await rules_of(db))
        await db.execute(_SET_MARK, (str(new[-1].result),))
    if len(new) < limit:
        some = min(limit - len(new), _STALE_AT_ONCE)
        stale = [row[0] for row in await db.execute_fetchall(_STALE, (some,))]
        if stale:
            await anew(db, stale)
            return len(new) + len(stale)
    if not new:
        await improve_some(db)
    return len(new)


async def improve_some(db: aiosqlite.Connection) -> bool:
    """Give an older index some of what newer ones have; returns whether there is more to do.

    Inside a transaction.
    """
    return await search_spans.mark_some(db) or await search_words.learn_some(db)


async def improve(lib: Library, pause: float = 0.0) -> None:
    """Give an older index all that newer ones have, in short transactions.

    Args:
        lib: the library.
        pause: seconds between two of them, for others.

    Raises:
        LibraryError: when the library cannot be written.
    """
    while await search_words.is_learning(lib) or not await search_spans.are_marked(lib):
        async with lib.transaction() as db:
            await improve_some(db)
        await lib.clock.sleep(pause)


async def anew(db: aiosqlite.Connection, assets: Sequence[int]) -> None:
    """Index the results of some assets again, where anything about them changed.

    Inside a transaction.
    """
    listed = "[" + ",".join(str(int(asset)) for asset in assets) + "]"
    ((mark,),) = await db.execute_fetchall(_MARK)
    fresh = await search_docs.docs(db, FRESH + _SOME, (listed, mark))
    kept = {doc.result: doc for doc in await search_docs.docs(db, KEPT + _SOME, (listed, mark))}
    moved = [doc for doc in fresh if kept[doc.result].changing != doc.changing]
    if moved:
        rules = await rules_of(db)
        await search_docs.take_out(db, [kept[doc.result] for doc in moved], rules)
        await search_docs.put_in(db, moved, rules)
    await db.execute(_NOT_STALE, (listed,))


async def take_out(db: aiosqlite.Connection, asset: int, track: Track) -> None:
    """Delete a result, and what the index has of it. Inside a transaction."""
    old = await search_docs.docs(db, _ONE, (asset, track.id))
    if old:
        await search_docs.take_out(db, old, await rules_of(db))
    await db.execute(_DELETE, (asset, track.provider, track.model, track.profile))


async def backlog(lib: Library) -> int:
    """Return how many results are not in the index as they are (an upper bound)."""
    row = await lib.row(
        f"SELECT max(0, coalesce((SELECT max(id) FROM asset_ai), 0) - ({_MARK})), "
        "(SELECT count(*) FROM search_stale)"
    )
    return 0 if row is None else int(row[0]) + int(row[1])


async def catch_up(lib: Library, at_once: int = _CHUNK) -> int:
    """Index all results that are not yet; short transactions, so others may write in between.

    Args:
        lib: the library.
        at_once: results of one transaction; more are quicker in all, and hold others up longer.
    """
    total = 0
    while await backlog(lib):
        async with lib.transaction() as db:
            done = await index_some(db, at_once)
        total += done
        if not done:
            break
    return total


async def rebuild(lib: Library) -> int:
    """Make the index anew from the results; returns how many."""
    async with lib.transaction() as db:
        await db.execute("INSERT INTO search (search) VALUES ('delete-all')")
        for table in ("tag", "tag_double", "search_doc", "search_block", "search_stale"):
            await db.execute(f"DELETE FROM {table}")
        await search_words.forget(db)
        await search_spans.forget(db)
        await db.execute(_SET_MARK, ("0",))
    return await catch_up(lib)
