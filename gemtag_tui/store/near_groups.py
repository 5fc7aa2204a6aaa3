"""Groups of near-duplicates: written whole, looked at by the page, taken apart by people."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gemtag_tui.core.errors import UsageError
from gemtag_tui.store import indexer, near_looks, near_work, tracks
from gemtag_tui.store.work import joined

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.core.near import Follow
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.near_looks import Force

_PAGE = 500

_MEMBERS = """
    SELECT m.leader, m.asset, m.distance, o.path, f.name, a.width, a.height, a.bytes,
        r.id IS NOT NULL, r.inherited_from
    FROM near_member m CROSS JOIN asset a ON a.id = m.asset
    LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder
    LEFT JOIN track t ON t.id = ?
    LEFT JOIN asset_ai r ON r.asset = m.asset
        AND r.provider = t.provider AND r.model = t.model AND r.profile = t.profile
    WHERE a.files > 0 AND m.leader > ? AND m.leader <= coalesce((SELECT max(leader) FROM (
        SELECT DISTINCT leader FROM near_member WHERE leader > ? ORDER BY leader LIMIT ?)), 0)
    ORDER BY m.leader, m.rank
"""
_FOLLOWERS = """
    UPDATE library_counter SET near = coalesce((SELECT sum(n - 1) FROM (
        SELECT count(*) AS n FROM near_member m CROSS JOIN asset a ON a.id = m.asset
        WHERE a.files > 0 AND a.bad = 0 GROUP BY m.leader)), 0)
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A picture of a group.

    Attributes:
        leader: of the group; the leader itself is a member too.
        distance: bits of 64 that differ from the leader.
        tagged: whether the track in question has a result for it.
        inherited_from: whose result that is; `None` when it is its own.
    """

    leader: int
    asset: int
    distance: int
    path: bytes
    width: int
    height: int
    bytes: int
    tagged: bool
    inherited_from: int | None

    @property
    def leads(self) -> bool:
        """Whether it is the leader."""
        return self.asset == self.leader


class Row(NamedTuple):
    """A member of a group that is to be written."""

    asset: int
    leader: int
    rank: int
    distance: int


def rows_of(follows: Iterable[tuple[int, Follow]]) -> list[Row]:
    """Return the members of all groups from who follows whom, in the order of their ranks."""
    ranks: dict[int, int] = {}
    rows: list[Row] = []
    for asset, (leader, distance) in follows:
        if leader not in ranks:
            rows.append(Row(leader, leader, 0, 0))
        rank = ranks[leader] = ranks.get(leader, 0) + 1
        rows.append(Row(asset, leader, rank, distance))
    return rows


async def replace(lib: Library, rows: Sequence[Row], force: Force) -> None:
    """Put new groups in the place of all there are; tracks are brought in line by `near_work`.

    Raises:
        LibraryError: when the library cannot be written; then the old ones hold.
    """
    async with lib.transaction() as db:
        await near_work.switch(db, on=False)
        await db.execute("DELETE FROM near_member")
        await db.executemany("INSERT INTO near_member VALUES (?, ?, ?, ?)", rows)
        await db.execute(_FOLLOWERS)
        await near_work.switch(db, on=True)
        await near_looks.put_in_force(db, force)


async def renew(lib: Library, force: Force) -> Force:
    """Have the same groups brought in line with tracks once more; returns what holds then."""
    force = dataclasses.replace(force, version=force.version + 1)
    async with lib.transaction() as db:
        await db.execute(_FOLLOWERS)
        await near_looks.put_in_force(db, force)
    return force


async def members(
    lib: Library, track: int | None, *, leader: int | None = None
) -> AsyncGenerator[Member, None]:
    """Give the members of all groups, group by group, each with its leader first.

    Args:
        lib: the library.
        track: whose results are told of.
        leader: of one group alone.
    """
    after, groups = (0, _PAGE) if leader is None else (leader - 1, 1)
    while rows := await lib.rows(_MEMBERS, (track, after, after, groups)):
        for row in rows:
            if leader is not None and row[0] != leader:
                return
            path = b"" if row[3] is None else joined(row[3], row[4])
            yield Member(
                leader=row[0],
                asset=row[1],
                distance=row[2],
                path=path,
                width=row[5],
                height=row[6],
                bytes=row[7],
                tagged=bool(row[8]),
                inherited_from=row[9],
            )
        after = rows[-1][0]
        if leader is not None:
            return


async def count(lib: Library) -> tuple[int, int]:
    """Return how many groups there are, and how many pictures in them."""
    row = await lib.row("SELECT count(DISTINCT leader), count(*) FROM near_member")
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def leader_of(lib: Library, asset: int) -> int | None:
    """Return the leader of an asset's group; `None` when it is in none."""
    row = await lib.row("SELECT leader FROM near_member WHERE asset = ?", (asset,))
    return None if row is None else int(row[0])


async def break_up(lib: Library, asset: int, *, retag: bool = False) -> int:
    """Take the group of an asset apart for good; returns how many pictures were in it.

    None of them is ever grouped again, unless `rejoin` says so. Who waited is to be tagged for
    itself. Results that were taken over are kept, unless they are to be made anew.

    Args:
        lib: the library.
        asset: a member of the group.
        retag: take away what was taken over, so that these are tagged for themselves too.

    Raises:
        UsageError: it is in no group.
        LibraryError: when the library cannot be written.
    """
    async with lib.transaction() as db:
        rows = await db.execute_fetchall(
            "SELECT asset FROM near_member WHERE leader = "
            "(SELECT leader FROM near_member WHERE asset = ?)",
            (asset,),
        )
        assets = [int(row[0]) for row in rows]
        if not assets:
            raise UsageError(f"Image {asset} is in no group of near-duplicates.")
        await _apart(db, assets, lib.clock.now())
    if retag:
        await retag_these(lib, assets)
    return len(assets)


async def _apart(db: aiosqlite.Connection, assets: Sequence[int], now: float) -> None:
    listed = _array(assets)
    await db.execute(
        "INSERT OR IGNORE INTO near_apart SELECT value, ? FROM json_each(?)", (now, listed)
    )
    await db.execute(
        "DELETE FROM near_member WHERE asset IN (SELECT value FROM json_each(?))", (listed,)
    )
    await near_work.let_go(db, listed)
    await db.execute(_FOLLOWERS)


async def retag_these(lib: Library, assets: Sequence[int]) -> int:
    """Take away the results that assets took over, in every track; returns how many there were.

    They are to be tagged for themselves then, and what they are tagged with costs what it costs. A
    person's corrections stay. Assets in a group would take over again: break it up first.

    Raises:
        LibraryError: when the library cannot be written.
    """
    known = {(one.provider, one.model, one.profile): one for one in await tracks.list_tracks(lib)}
    async with lib.transaction() as db:
        rows = await db.execute_fetchall(
            "SELECT r.asset, r.provider, r.model, r.profile FROM asset_ai r "
            "WHERE r.inherited_from IS NOT NULL AND r.asset IN (SELECT value FROM json_each(?)) "
            "AND NOT EXISTS (SELECT 1 FROM near_member m WHERE m.asset = r.asset)",
            (_array(assets),),
        )
        found = [(int(row[0]), known[row[1], row[2], row[3]]) for row in rows]
        for asset, track in found:
            await indexer.take_out(db, asset, track)
        await db.executemany(
            "UPDATE work SET (state, due) = (SELECT p.state, p.due FROM place p "
            "WHERE p.track = work.track AND p.asset = work.asset) WHERE track = ? AND asset = ?",
            [(track.id, asset) for asset, track in found],
        )
    return len(found)


async def inheritors(lib: Library) -> list[int]:
    """Return all assets with a result that was made for another."""
    rows = await lib.rows(
        "SELECT DISTINCT asset FROM asset_ai WHERE inherited_from IS NOT NULL ORDER BY asset"
    )
    return [int(row[0]) for row in rows]


async def rejoin(lib: Library, assets: Sequence[int] | None = None) -> int:
    """Let assets be grouped again that were taken apart, by the next scan; `None`: all."""
    which = "" if assets is None else "WHERE asset IN (SELECT value FROM json_each(?))"
    async with lib.transaction() as db:
        done = await db.execute(
            f"DELETE FROM near_apart {which}", () if assets is None else (_array(assets),)
        )
        await near_looks.stale(db)
    return done.rowcount


def _array(numbers: Iterable[int]) -> str:
    return "[" + ",".join(str(int(number)) for number in numbers) + "]"
