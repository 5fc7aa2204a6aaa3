"""Who of a group is paid for in a track, who waits for it, and who takes over its result.

Of each group one member is to be tagged, and the others wait in state 6. What follows when that
one's state changes is done by triggers, in the transaction that changes it, whichever lane or
person does: tagged, and all who wait are tagged with it; bad, ignored or gone, and the next one is
to be tagged. The triggers exist only while near-duplicates are in force, so that a library without
them pays nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.store import near_looks

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library
    from gemtag_tui.store.near_looks import Force

_GROUPS_AT_ONCE = 5_000
_APPLIED = "near_applied:"

_TAKEN = """
    asset, provider, model, profile, summary, tags, lane, served_model, tagged_at, inherited_from
"""
_GIVEN = """
    m.asset, r.provider, r.model, r.profile, r.summary, r.tags, r.lane, r.served_model,
    r.tagged_at, coalesce(r.inherited_from, r.asset)
"""
_OF_TRACK = "r.provider = t.provider AND r.model = t.model AND r.profile = t.profile"
_MINE = "near_member me CROSS JOIN near_member m ON m.leader = me.leader"

# A batch's landing takes the counting trigger `work_moved` away for a moment (store/batch_land.py):
# rows are taken out and put in here, which other triggers count.
_TAGGED = f"""
CREATE TRIGGER near_tagged AFTER UPDATE OF state ON work
WHEN new.state = 3 AND old.state <> 3
    AND EXISTS (SELECT 1 FROM near_member WHERE asset = new.asset) BEGIN
    INSERT INTO asset_ai ({_TAKEN})
        SELECT {_GIVEN} FROM {_MINE}
        CROSS JOIN work w ON w.track = new.track AND w.asset = m.asset AND w.state = 6
        CROSS JOIN track t ON t.id = new.track
        CROSS JOIN asset_ai r ON r.asset = new.asset AND {_OF_TRACK}
        WHERE me.asset = new.asset ON CONFLICT DO NOTHING;
    DELETE FROM work WHERE track = new.track AND state = 6 AND asset IN (
        SELECT m.asset FROM {_MINE} CROSS JOIN track t ON t.id = new.track
        CROSS JOIN asset_ai r ON r.asset = m.asset AND {_OF_TRACK} WHERE me.asset = new.asset);
    INSERT INTO work (track, asset, state)
        SELECT new.track, m.asset, 3 FROM {_MINE} CROSS JOIN track t ON t.id = new.track
        CROSS JOIN asset a ON a.id = m.asset AND a.files > 0
        CROSS JOIN asset_ai r ON r.asset = m.asset AND {_OF_TRACK}
        WHERE me.asset = new.asset AND r.inherited_from IS NOT NULL ON CONFLICT DO NOTHING;
END
"""
_NEXT = f"""
    UPDATE work SET state = 0, due = NULL WHERE track = {{row}}.track AND asset = (
        SELECT m.asset FROM {_MINE}
        CROSS JOIN work w ON w.track = {{row}}.track AND w.asset = m.asset AND w.state = 6
        WHERE me.asset = {{row}}.asset ORDER BY m.rank LIMIT 1
    ) AND NOT EXISTS (
        SELECT 1 FROM {_MINE}
        CROSS JOIN work w ON w.track = {{row}}.track AND w.asset = m.asset
        WHERE me.asset = {{row}}.asset AND w.state IN (0, 1, 2));
"""
_FAILED = f"""
CREATE TRIGGER near_failed AFTER UPDATE OF state ON work
WHEN new.state IN (4, 5) AND old.state < 3
    AND EXISTS (SELECT 1 FROM near_member WHERE asset = new.asset) BEGIN
    {_NEXT.format(row="new")}
END
"""
_GONE = f"""
CREATE TRIGGER near_gone AFTER DELETE ON work
WHEN old.state < 3 AND EXISTS (SELECT 1 FROM near_member WHERE asset = old.asset) BEGIN
    {_NEXT.format(row="old")}
END
"""
_TRIGGERS = {"near_tagged": _TAGGED, "near_failed": _FAILED, "near_gone": _GONE}

_BETWEEN = "m.leader > ?2 AND m.leader <= ?3"
_LAST = """
    SELECT max(leader) FROM (
        SELECT DISTINCT leader FROM near_member WHERE leader > ? ORDER BY leader LIMIT ?)
"""
# The result of the lowest rank, one of its own before one taken over. (With min(), the other
# columns of a group are those of the row that has the least.)
_INHERIT = f"""
    INSERT INTO asset_ai ({_TAKEN}) SELECT {_GIVEN} FROM (
        SELECT m.leader, m.asset, min(m.rank + 1000000000 * (r.inherited_from IS NOT NULL))
        FROM near_member m CROSS JOIN track t ON t.id = ?1
        CROSS JOIN asset_ai r ON r.asset = m.asset AND {_OF_TRACK}
        WHERE {_BETWEEN} GROUP BY m.leader
    ) s CROSS JOIN near_member m ON m.leader = s.leader
    CROSS JOIN work w ON w.track = ?1 AND w.asset = m.asset AND w.state IN (?4, 6)
    CROSS JOIN track t ON t.id = ?1
    CROSS JOIN asset_ai r ON r.asset = s.asset AND {_OF_TRACK}
    WHERE true ON CONFLICT DO NOTHING
"""
_INHERITED = f"""
    UPDATE work SET state = 3, due = NULL WHERE track = ?1 AND +state IN (?4, 6) AND asset IN (
        SELECT m.asset FROM near_member m CROSS JOIN track t ON t.id = ?1
        CROSS JOIN asset_ai r ON r.asset = m.asset AND {_OF_TRACK} WHERE {_BETWEEN})
"""
_PAYERS = f"""
    SELECT asset FROM (
        SELECT m.asset, min(m.rank - CASE w.state WHEN 2 THEN 2000000000 WHEN 1 THEN 1000000000
            ELSE 0 END)
        FROM near_member m CROSS JOIN work w ON w.track = ?1 AND w.asset = m.asset
        WHERE {_BETWEEN} AND w.state IN (0, 1, 2, 6) GROUP BY m.leader)
"""
_WAIT = f"""
    UPDATE work SET state = 6, due = NULL WHERE track = ?1 AND +state = 0 AND ?4 = 0
    AND asset IN (SELECT m.asset FROM near_member m WHERE {_BETWEEN})
    AND asset NOT IN ({_PAYERS})
"""
_PAY = f"""
    UPDATE work SET state = 0 WHERE track = ?1 AND +state = 6 AND ?4 >= 0 AND asset IN ({_PAYERS})
"""
_LET_GO = """
    UPDATE work SET (state, due) = (
        SELECT p.state, p.due FROM place p WHERE p.track = work.track AND p.asset = work.asset)
    WHERE track = ? AND state = 6
"""
_ALONE = "AND asset NOT IN (SELECT asset FROM near_member)"


async def apply(lib: Library, track: int, force: Force, *, running: bool = False) -> None:
    """Bring a track in line with the groups; does nothing when that was done since they were made.

    Members that wait for nobody any more are given their own place; those of a group that has a
    result take it over; of each other group one is to be tagged, and the others wait.

    Args:
        lib: the library.
        track: its id.
        force: which groups.
        running: an engine may hold in its hands what is to be tagged, and would find it tagged when
            the answer comes: such pictures are left alone, until this is done without an engine.

    Raises:
        LibraryError: when the library cannot be written.
    """
    name = f"{_APPLIED}{track}"
    row = await lib.row("SELECT value FROM setting WHERE name = ?", (name,))
    if row is not None and row[0] == str(force.version):
        return
    async with lib.transaction() as db:
        await switch(db, on=False)
        await db.execute(f"{_LET_GO} {_ALONE}", (track,))
        await switch(db, on=True)
    after = 0
    while (last := await _last(lib, after)) is not None:
        async with lib.transaction() as db:
            await switch(db, on=False)
            for sql in (_INHERIT, _INHERITED, _WAIT, _PAY):
                await db.execute(sql, (track, after, last, 6 if running else 0))
            await switch(db, on=True)
        after = last
    if running:
        return
    async with lib.transaction() as db:
        await db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, str(force.version)))


async def _last(lib: Library, after: int) -> int | None:
    row = await lib.row(_LAST, (after, _GROUPS_AT_ONCE))
    return None if row is None else row[0]


async def switch(db: aiosqlite.Connection, *, on: bool) -> None:
    """Make the triggers, or take them away. Inside a transaction."""
    for name, sql in _TRIGGERS.items():
        await db.execute(f"DROP TRIGGER IF EXISTS {name}")
        if on:
            await db.execute(sql)


async def let_go(db: aiosqlite.Connection, assets: str | None = None) -> None:
    """Give those who wait their own place in every track; what they took over stays theirs.

    Inside a transaction.

    Args:
        db: the connection.
        assets: a JSON list of ids; `None`: all.
    """
    among, values = ("", ()) if assets is None else (
        "AND asset IN (SELECT value FROM json_each(?))", (assets,)
    )  # fmt: skip
    for (track,) in list(await db.execute_fetchall("SELECT id FROM track")):
        await db.execute(f"{_LET_GO} {among}", (track, *values))


async def end(lib: Library) -> None:
    """Group nothing any more: whoever waits is to be tagged for itself.

    What was looked at is kept, and so is every result that was taken over.

    Raises:
        LibraryError: when the library cannot be written.
    """
    async with lib.transaction() as db:
        await switch(db, on=False)
        await db.execute("DELETE FROM near_member")
        await let_go(db)
        await db.execute("UPDATE library_counter SET near = 0")
        await db.execute("DELETE FROM setting WHERE name LIKE ?", (f"{_APPLIED}%",))
        await near_looks.put_in_force(db, None)
