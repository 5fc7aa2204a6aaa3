"""The journal of what people changed, by which it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import storable

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library

KEPT = 50
"""Changes of each kind that can still be taken back."""

_COLUMNS = "id, at, kind, verb, words, items, undone_at"
_OLD = """
    SELECT id FROM change WHERE kind = ? ORDER BY id DESC LIMIT -1 OFFSET ?
"""
_LATER = """
    SELECT c.words FROM change c CROSS JOIN change_item i ON i.change = c.id
    WHERE c.id > ?1 AND c.kind = ?2 AND c.undone_at IS NULL
    AND i.item IN (SELECT item FROM change_item WHERE change = ?1) ORDER BY c.id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did.

    Attributes:
        kind: edit, tags or failures.
        words: for people; may quote outside text.
        items: assets, tags or failures.
        undone_at: when it was taken back; `None` while it holds.
    """

    id: int
    at: float
    kind: str
    verb: str
    words: str
    items: int
    undone_at: float | None


async def note(  # noqa: PLR0917 (the parts of one row)
    db: aiosqlite.Connection,
    at: float,
    kind: str,
    verb: str,
    words: str,
    items: Iterable[tuple[str, str | None, str | None]],
) -> int:
    """Write down a change, inside the transaction that makes it; returns its id.

    Args:
        db: the connection.
        at: Unix seconds.
        kind: edit, tags or failures.
        verb: what was done.
        words: for people.
        items: each with what was there before and what is there now (`None`: nothing).
    """
    change = await begin(db, at, kind, verb, words)
    await db.executemany(
        "INSERT INTO change_item VALUES (?, ?, ?, ?)", [(change, *one) for one in items]
    )
    await end(db, change)
    return change


async def begin(db: aiosqlite.Connection, at: float, kind: str, verb: str, words: str) -> int:
    """Open a change whose items the caller writes itself; forgets the oldest."""
    old = f"IN (SELECT id FROM ({_OLD}))"
    await db.execute(f"DELETE FROM change_item WHERE change {old}", (kind, KEPT - 1))
    await db.execute(f"DELETE FROM change WHERE id {old}", (kind, KEPT - 1))
    ((number,),) = await db.execute_fetchall(
        "INSERT INTO change (at, kind, verb, words, items) VALUES (?, ?, ?, ?, 0) RETURNING id",
        (at, kind, verb, storable(words[:500])),
    )
    return int(number)


async def end(db: aiosqlite.Connection, change: int) -> None:
    """Count a change's items; one that has none is no change."""
    await db.execute(
        "UPDATE change SET items = (SELECT count(*) FROM change_item WHERE change = ?1) "
        "WHERE id = ?1",
        (change,),
    )
    await db.execute("DELETE FROM change WHERE id = ? AND items = 0", (change,))


async def latest(lib: Library, kind: str = "", limit: int = KEPT) -> list[Change]:
    """Return changes, the newest first."""
    rows = await lib.rows(
        f"SELECT {_COLUMNS} FROM change WHERE ? IN ('', kind) ORDER BY id DESC LIMIT ?",
        (kind, limit),
    )
    return [Change(*row) for row in rows]


async def to_undo(db: aiosqlite.Connection, kind: str, number: int | None) -> Change:
    """Return the change that is to be taken back: this one, else the newest that holds.

    Raises:
        UsageError: there is none, or a later one has changed the same.
    """
    rows: Any = await db.execute_fetchall(
        f"SELECT {_COLUMNS} FROM change WHERE kind = ? AND undone_at IS NULL AND ? IN (0, id) "
        "ORDER BY id DESC LIMIT 1",
        (kind, number or 0),
    )
    found = [Change(*row) for row in rows]
    if not found:
        what = f"Change {number} is not there, or taken back." if number else "Nothing to undo."
        raise UsageError(what)
    later: Any = list(await db.execute_fetchall(_LATER, (found[0].id, kind)))
    if later:
        raise UsageError(f"A later change holds the same ({later[0][0]}): undo that one first.")
    return found[0]


async def items(db: aiosqlite.Connection, change: int) -> list[tuple[str, str | None, str | None]]:
    """Return a change's items with what was there before and after."""
    rows = await db.execute_fetchall(
        "SELECT item, before, after FROM change_item WHERE change = ?", (change,)
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def undone(db: aiosqlite.Connection, change: int, at: float) -> None:
    """Write down that a change was taken back."""
    await db.execute("UPDATE change SET undone_at = ? WHERE id = ?", (at, change))
