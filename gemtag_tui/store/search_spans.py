"""Blocks of results as words of the index, so that a search can be kept within some of them.

Asked for words that are nowhere together the index goes through their lists to the ends, whatever
range of ids was asked for. A word that only the results of a block have ends it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemtag_tui.core import search_keys

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library

BLOCK = 4096
"""Result ids in one block."""
STEP = 4_000
"""Results that are marked at once where an older library's index has no such words yet."""

_AT = "SELECT value FROM setting WHERE name = 'spans'"
_MARK = """
    INSERT INTO search (rowid, keys) SELECT result, ? || (result / ?) FROM search_doc
    WHERE result > ? AND result <= ?
"""


def inside(first: int, last: int) -> str:
    """Return the expression for the blocks that hold some ids."""
    blocks = range(first // BLOCK, last // BLOCK + 1)
    return " OR ".join(f'"{search_keys.block_key(block)}"' for block in blocks)


async def without(db: aiosqlite.Connection) -> tuple[int, int]:
    """Return the ids between which results have no such word yet: above one, up to the other."""
    return _ids(list(await db.execute_fetchall(_AT)))


async def are_marked(lib: Library) -> bool:
    """Whether every result has the word for its block."""
    done, last = _ids(await lib.rows(_AT))
    return done >= last


def _ids(rows: list[Any]) -> tuple[int, int]:
    if not rows:
        return 0, 0
    done, _, last = str(rows[0][0]).partition(",")
    return int(done), int(last)


async def mark_some(db: aiosqlite.Connection, limit: int = STEP) -> bool:
    """Mark the next results. Inside a transaction.

    Returns:
        Whether there are more.
    """
    done, last = await without(db)
    if done >= last:
        await db.execute("DELETE FROM setting WHERE name = 'spans'")
        return False
    to = min(last, done + limit)
    await db.execute(_MARK, (search_keys.block_key(0)[:-1], BLOCK, done, to))
    await db.execute("UPDATE setting SET value = ? WHERE name = 'spans'", (f"{to},{last}",))
    return True


async def forget(db: aiosqlite.Connection) -> None:
    """Begin anew with an empty index. Inside a transaction."""
    await db.execute("DELETE FROM setting WHERE name = 'spans'")
