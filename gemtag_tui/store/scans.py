"""What a scan leaves in the library. Reading what is known is `gemtag_tui.store.known`'s."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.text import plain, storable
from gemtag_tui.store.known import SEPARATOR, after_all
from gemtag_tui.store.scan_rows import Broken, Content, Recorded, Seen, record_in

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

__all__ = ["Broken", "Content", "Recorded", "Seen"]

_CHUNK = 5_000


async def begin(lib: Library, roots: Sequence[bytes]) -> int:
    """Record the start of a scan and return its id."""
    shown = msgspec.json.encode([plain(root) for root in roots]).decode()
    async with lib.transaction() as db:
        done = await db.execute(
            "INSERT INTO scan (roots, started_at) VALUES (?, ?)", (shown, lib.clock.now())
        )
        await db.execute("DELETE FROM vanished WHERE scan < ?", (done.lastrowid,))
    assert done.lastrowid is not None  # noqa: S101 (an INSERT always has one)
    return done.lastrowid


async def record(lib: Library, batch: Sequence[Seen]) -> Recorded:
    """Write new and changed files in one transaction.

    Identical content becomes one asset. A file that cannot be used becomes a failure that stands
    for every track; one that can be used again resolves it.

    Raises:
        LibraryError: when the library cannot be written; nothing of the batch is kept then.
    """
    async with lib.transaction() as db:
        return await record_in(db, batch, lib.clock.now())


async def mark_back(lib: Library, files: Iterable[int]) -> None:
    """Bring files back that were missing and are there again, unchanged."""
    rows = [(file,) for file in files]
    async with lib.transaction() as db:
        await db.executemany("UPDATE file SET missing_at = NULL WHERE id = ?", rows)


async def note_vanished(lib: Library, scan: int, files: Iterable[int]) -> None:
    """Remember files that were not where they had been, until the scan has reached its end."""
    rows = [(scan, file) for file in files]
    async with lib.transaction() as db:
        await db.executemany("INSERT INTO vanished VALUES (?, ?) ON CONFLICT DO NOTHING", rows)


async def note_vanished_folder(lib: Library, scan: int, folder: int) -> None:
    """Remember all files of a folder that is gone."""
    async with lib.transaction() as db:
        await db.execute(
            "INSERT INTO vanished SELECT ?, id FROM file WHERE folder = ? AND missing_at IS NULL "
            "ON CONFLICT DO NOTHING",
            (scan, folder),
        )


async def sweep_missing(lib: Library, scan: int) -> int:
    """Mark the vanished files as missing, a bounded number at a time; returns how many."""
    total = 0
    while True:
        async with lib.transaction() as db:
            rows = await db.execute_fetchall(
                "SELECT file FROM vanished WHERE scan = ? LIMIT ?", (scan, _CHUNK)
            )
            files = [(int(row[0]),) for row in rows]
            now = lib.clock.now()
            done = await db.executemany(
                "UPDATE file SET missing_at = ? WHERE id = ? AND missing_at IS NULL",
                [(now, *file) for file in files],
            )
            await db.executemany(
                "DELETE FROM vanished WHERE scan = ? AND file = ?", [(scan, *f) for f in files]
            )
        if not files:
            return total
        total += done.rowcount


_BELOW = """
    SELECT count(*) FROM asset a CROSS JOIN file f ON f.asset = a.id AND f.missing_at IS NULL
    CROSS JOIN folder o ON o.id = f.folder
    WHERE {which} AND EXISTS (SELECT 1 FROM (VALUES {roots}) r WHERE o.path = r.column1
        OR (o.path >= r.column2 AND o.path < r.column3)
        OR (o.path = r.column4 AND f.name = r.column5))
"""


async def standing_below(lib: Library, roots: Sequence[bytes]) -> tuple[int, int]:
    """Return how many files at and below paths cannot be used, and how many are copies.

    Reads those files alone, not all there are.
    """
    values = [value for root in roots for value in _bounds(root)]
    marks = ",".join(["(?, ?, ?, ?, ?)"] * len(roots))
    counted = []
    for which in ("a.bad = 1", "a.files > 1 AND f.id <> a.file"):
        row = await lib.row(_BELOW.format(which=which, roots=marks), values)
        counted.append(0 if row is None else int(row[0]))
    return counted[0], counted[1]


def _bounds(root: bytes) -> tuple[bytes, ...]:
    """A folder itself, where what is below it begins and ends; and a file's folder and name."""
    inside = root if root.endswith(SEPARATOR) else root + SEPARATOR
    return (root, inside, after_all(inside), *os.path.split(root))


async def finish(lib: Library, scan: int, outcome: str, counts: dict[str, object]) -> None:
    """Record the end of a scan: `done` or `stopped`, and its counts."""
    text = storable(msgspec.json.encode(counts).decode())
    async with lib.transaction() as db:
        await db.execute(
            "UPDATE scan SET ended_at = ?, outcome = ?, counts = ? WHERE id = ?",
            (lib.clock.now(), outcome, text, scan),
        )
        await db.execute("DELETE FROM vanished WHERE scan = ?", (scan,))
