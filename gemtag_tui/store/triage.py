"""What a person decides about failures: try again, leave alone, open again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.store.failure_rows import settle_everywhere

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track


@dataclass(frozen=True, slots=True)
class Selection:
    """Failures by what they have in common; what is left out does not narrow. Empty: all.

    Attributes:
        ids: these alone.
        kind: of this kind.
        head: whose message begins so (see `FailureGroup.head`).
        track: of this track, or found without asking a model.
        standing: that stand so, among those that can be moved.
        job: that a batch job's lines came to.
    """

    ids: tuple[int, ...] = ()
    kind: FailureKind | None = None
    head: str | None = None
    track: Track | None = None
    standing: Standing | None = None
    job: int | None = None


async def retry(lib: Library, selection: Selection) -> int:
    """Have open and known-bad failures tried again by the next run; returns how many.

    Those found without asking a model stay as they are until the next scan, which looks at the
    content of their files again (see `awaiting_scan`).

    Raises:
        LibraryError: when the library cannot be written.
    """
    return await _move(lib, selection, (Standing.OPEN, Standing.KNOWN_BAD), Standing.OPEN)


async def reopen(lib: Library, selection: Selection) -> int:
    """Take back that failures are known bad or ignored; otherwise as `retry`."""
    return await _move(lib, selection, (Standing.IGNORED, Standing.KNOWN_BAD), Standing.OPEN)


async def ignore(lib: Library, selection: Selection) -> int:
    """Leave assets alone whose failure is open or known bad; returns how many."""
    return await _move(lib, selection, (Standing.OPEN, Standing.KNOWN_BAD), Standing.IGNORED)


async def awaiting_scan(lib: Library) -> int:
    """Return how many files the next scan looks at again because a person said so."""
    row = await lib.row("SELECT count(*) FROM file WHERE size = -1")
    return 0 if row is None else int(row[0])


def _where(selection: Selection, standings: tuple[Standing, ...]) -> tuple[str, list[Any]]:
    chosen = [one for one in standings if selection.standing in {None, one}]
    names = ", ".join(f"'{standing.value}'" for standing in chosen)
    parts, values = [f"b.live = 1 AND b.standing IN ({names})"], list[Any]()
    if selection.ids:
        parts.append("b.id IN (SELECT value FROM json_each(?))")
        values.append("[" + ",".join(str(int(number)) for number in selection.ids) + "]")
    if selection.kind is not None:
        parts.append("b.kind = ?")
        values.append(selection.kind.value)
    if selection.job is not None:
        parts.append("b.job = ?")
        values.append(selection.job)
    if selection.head is not None:
        parts.append("b.head = ?")
        values.append(selection.head)
    if selection.track is not None:
        own = selection.track
        parts.append("(b.provider = ? AND b.model = ? AND b.profile = ? OR b.provider = '')")
        values += [own.provider, own.model, own.profile]
    return " AND ".join(parts), values


async def _move(
    lib: Library, selection: Selection, standings: tuple[Standing, ...], to: Standing
) -> int:
    where, values = _where(selection, standings)
    async with lib.transaction() as db:
        return await _asked(lib, db, where, values, to) + await _local(db, where, values, to)


_WORK = """
    UPDATE work SET state = ?, due = NULL WHERE state IN (0, 1, 4, 5) AND (track, asset) IN (
        SELECT t.id, b.asset FROM failure b CROSS JOIN track t
        ON t.provider = b.provider AND t.model = b.model AND t.profile = b.profile
        CROSS JOIN asset a ON a.id = b.asset
        WHERE a.bad = 0 AND b.provider <> '' AND {where})
"""


async def _asked(
    lib: Library, db: aiosqlite.Connection, where: str, values: list[Any], to: Standing
) -> int:
    """Move the failures that came of asking a model, and their assets' places."""
    again = to is Standing.OPEN
    await db.execute(_WORK.format(where=where), [0 if again else 5, *values])
    done = await db.execute(
        f"UPDATE failure AS b SET standing = ?, next_retry = ? WHERE b.provider <> '' AND {where}",
        [to.value, lib.clock.now() if again else None, *values],
    )
    return done.rowcount


async def _local(db: aiosqlite.Connection, where: str, values: list[Any], to: Standing) -> int:
    """Move those found without asking: another try is another look at the file, by a scan."""
    rows = await db.execute_fetchall(
        f"SELECT b.id, b.asset FROM failure b WHERE b.provider = '' AND {where}", values
    )
    stands = Standing.IGNORED if to is Standing.IGNORED else Standing.KNOWN_BAD
    await db.executemany(
        "UPDATE failure SET standing = ? WHERE id = ?", [(stands.value, row[0]) for row in rows]
    )
    assets = [int(row[1]) for row in rows]
    if to is Standing.OPEN:
        await db.executemany(
            "UPDATE file SET size = -1 WHERE asset = ? AND missing_at IS NULL",
            [(asset,) for asset in assets],
        )
    await settle_everywhere(db, assets)
    return len(assets)
