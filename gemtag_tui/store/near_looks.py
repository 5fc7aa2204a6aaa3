"""What pictures look like, as kept in the library, and whether near-duplicates are in force."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gemtag_tui.core.near import Kind, Look, Seen, shape_of
from gemtag_tui.store.work import joined

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library

_FORCE = "near"
_STALE = "near_stale"
_AT_ONCE = 2_000
_SIGN = 1 << 63
_BITS = 1 << 64

_UNSEEN = """
    FROM asset a WHERE a.id > ? AND a.files > 0 AND a.bad = 0
    AND NOT EXISTS (SELECT 1 FROM near_look l WHERE l.asset = a.id)
"""
_MISSING = f"""
    SELECT j.id, o.path, f.name, f.size, f.mtime_ns
    FROM (SELECT a.id, a.file {_UNSEEN} ORDER BY a.id LIMIT ?) j
    CROSS JOIN file f ON f.id = j.file CROSS JOIN folder o ON o.id = f.folder ORDER BY j.id
"""
_SEEN = """
    SELECT a.id, l.kind, l.hash, l.tint, a.width, a.height
    FROM near_look l CROSS JOIN asset a ON a.id = l.asset
    WHERE l.kind IN (0, 1) AND a.files > 0 AND a.bad = 0
    AND NOT EXISTS (SELECT 1 FROM near_apart p WHERE p.asset = a.id)
    ORDER BY a.width * a.height DESC, a.id
"""


class Unseen(NamedTuple):
    """An asset that was not looked at yet, and the file that stands for it."""

    asset: int
    path: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Force:
    """That near-duplicates are grouped.

    Attributes:
        distance: bits in which a follower may differ from its leader.
        by_setting: in force as long as the setting says so; otherwise until a person ends it.
        version: one more with every grouping.
    """

    distance: int
    by_setting: bool
    version: int = 0


async def missing(lib: Library, after: int, limit: int) -> list[Unseen]:
    """Return assets that were not looked at yet, by rising id, those beyond `after`."""
    rows = await lib.rows(_MISSING, (after, limit))
    return [Unseen(row[0], joined(row[1], row[2]), row[3], row[4]) for row in rows]


async def count_missing(lib: Library) -> int:
    """Return how many assets were not looked at yet."""
    row = await lib.row(f"SELECT count(*) {_UNSEEN}", (0,))
    return 0 if row is None else int(row[0])


async def keep(lib: Library, looks: Iterable[tuple[int, Look]]) -> None:
    """Keep what assets look like; groups are stale from then on.

    Raises:
        LibraryError: when the library cannot be written.
    """
    rows = [(asset, int(look.kind), _signed(look.hash), look.tint) for asset, look in looks]
    async with lib.transaction() as db:
        await db.executemany("INSERT OR REPLACE INTO near_look VALUES (?, ?, ?, ?)", rows)
        if rows:
            await stale(db)


async def seen(lib: Library) -> AsyncIterator[list[Seen]]:
    """Give all pictures that can be grouped, the largest first, of equal ones the oldest."""
    async with lib.reader.execute(_SEEN) as cursor:
        while rows := await cursor.fetchmany(_AT_ONCE):
            yield [
                Seen(row[0], Look(Kind(row[1]), row[2] % _BITS, row[3]), shape_of(row[4], row[5]))
                for row in rows
            ]


def _signed(bits: int) -> int:
    return bits - _BITS if bits >= _SIGN else bits


async def in_force(lib: Library) -> Force | None:
    """Return how near-duplicates are grouped, `None` when they are not; one short look."""
    row = await lib.row("SELECT value FROM setting WHERE name = ?", (_FORCE,))
    return None if row is None else msgspec.json.decode(row[0], type=Force)


async def put_in_force(db: aiosqlite.Connection, force: Force | None) -> None:
    """Write that down; the groups are as fresh as can be. Inside a transaction."""
    await db.execute("DELETE FROM setting WHERE name IN (?, ?)", (_FORCE, _STALE))
    if force is not None:
        text = msgspec.json.encode(force).decode()
        await db.execute("INSERT INTO setting VALUES (?, ?)", (_FORCE, text))


async def stale(db: aiosqlite.Connection) -> None:
    """Have everything grouped anew by the next scan. Inside a transaction."""
    await db.execute("INSERT OR REPLACE INTO setting VALUES (?, '1')", (_STALE,))


async def is_stale(lib: Library) -> bool:
    """Whether anything was learned since the last grouping."""
    return await lib.row("SELECT 1 FROM setting WHERE name = ?", (_STALE,)) is not None
