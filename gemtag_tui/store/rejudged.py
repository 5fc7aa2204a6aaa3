"""Answers that were judged again and are good now: kept with what was there, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemtag_tui.store import changes, commits, search_docs
from gemtag_tui.store.rows import Group
from gemtag_tui.store.search_docs import KEPT, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aiosqlite

    from gemtag_tui.store.library import Library
    from gemtag_tui.store.rows import NewResult

VERB = "rejudge"

_ITEM = """
    INSERT INTO change_item
    SELECT ?1, b.id, json_array(b.standing, b.next_retry, b.last_seen), json_array(r.id)
    FROM failure b CROSS JOIN asset_ai r ON r.asset = b.asset
    WHERE b.id = ?2 AND r.provider = ?3 AND r.model = ?4 AND r.profile = ?5
"""
_MADE = """
    UPDATE asset_ai SET made_with = b.made_with FROM failure b
    WHERE b.id = ?1 AND b.made_with <> '' AND asset_ai.asset = b.asset
    AND asset_ai.provider = ?2 AND asset_ai.model = ?3 AND asset_ai.profile = ?4
"""
_THERE = """
    SELECT asset FROM asset_ai WHERE provider = ? AND model = ? AND profile = ?
    AND asset IN (SELECT value FROM json_each(?))
"""
_RESULTS = "(SELECT i.after ->> 0 FROM change_item i WHERE i.change = ?)"
_OLD = f"{KEPT} WHERE r.id IN {_RESULTS}"
_HELD = f"SELECT count(*) FROM asset_ai WHERE id IN {_RESULTS}"
_FAILURE = """
    UPDATE failure SET (standing, next_retry, last_seen) = (
        SELECT i.before ->> 0, CAST(i.before ->> 1 AS REAL), CAST(i.before ->> 2 AS REAL)
        FROM change_item i WHERE i.change = ?1 AND i.item = CAST(failure.id AS TEXT))
    WHERE standing = 'resolved' AND id IN (
        SELECT CAST(i.item AS INTEGER) FROM change_item i
        CROSS JOIN asset_ai r ON r.id = i.after ->> 0
        CROSS JOIN failure b ON b.id = CAST(i.item AS INTEGER) AND b.provider = r.provider
            AND b.model = r.model AND b.profile = r.profile
        WHERE i.change = ?1)
"""
_SETTLE = """
    UPDATE work SET (state, due) = (
        SELECT p.state, p.due FROM place p WHERE p.track = work.track AND p.asset = work.asset)
    WHERE track IN (SELECT id FROM track) AND asset IN (
        SELECT b.asset FROM change_item i CROSS JOIN failure b ON b.id = CAST(i.item AS INTEGER)
        WHERE i.change = ?)
"""


async def keep(lib: Library, rows: Sequence[tuple[int, NewResult]], change: int = 0) -> int:
    """Store results made of failures' stored answers, with what was there before, at once.

    Args:
        lib: the library.
        rows: each with its failure's id; all of one track.
        change: the journal's entry that these belong to as well; 0: a new one.

    Returns:
        The journal's entry.

    Raises:
        LibraryError: when the library cannot be written; nothing of this was kept.
    """
    track = rows[0][1].track
    owner = (track.provider, track.model, track.profile)
    listed = "[" + ",".join(str(new.asset) for _, new in rows) + "]"
    async with lib.transaction() as db:
        there = {row[0] for row in await db.execute_fetchall(_THERE, (*owner, listed))}
        fresh = [(failure, new) for failure, new in rows if new.asset not in there]
        change = change or await changes.begin(db, lib.clock.now(), "failures", VERB, VERB)
        was = await _standings(db, [failure for failure, _ in fresh])
        await commits.write(db, Group(results=[new for _, new in fresh]))
        await db.executemany(_ITEM, [(change, failure, *owner) for failure, _ in fresh])
        await db.executemany(_MADE, [(failure, *owner) for failure, _ in fresh])
        before = [(was[failure], change, str(failure)) for failure, _ in fresh]
        await db.executemany(
            "UPDATE change_item SET before = ? WHERE change = ? AND item = ?", before
        )
        await changes.end(db, change)
        await db.execute("UPDATE change SET words = ? || ' ' || items WHERE id = ?", (VERB, change))
    return change


async def _standings(db: aiosqlite.Connection, failures: Sequence[int]) -> dict[int, str]:
    listed = "[" + ",".join(map(str, failures)) + "]"
    rows = await db.execute_fetchall(
        "SELECT id, json_array(standing, next_retry, last_seen) FROM failure "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (listed,),
    )
    return {row[0]: row[1] for row in rows}


async def take_back(db: aiosqlite.Connection, change: int) -> int:
    """Delete the results of a change and let their failures stand as before; returns how many.

    A result that is not there any more is left alone with its failure. Inside a transaction.
    """
    rows: Any = await db.execute_fetchall(_HELD, (change,))
    if old := await search_docs.docs(db, _OLD, (change,)):
        await search_docs.take_out(db, old, await rules_of(db))
    await db.execute(_FAILURE, (change,))
    await db.execute(f"DELETE FROM asset_ai WHERE id IN {_RESULTS}", (change,))
    await db.execute(_SETTLE, (change,))
    return int(rows[0][0])
