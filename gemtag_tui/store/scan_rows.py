"""Writing a batch of scanned files: a handful of statements, however many files there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.store import failure_rows
from gemtag_tui.store.rows import NewFailure
from gemtag_tui.store.tracks import Track

if TYPE_CHECKING:
    import aiosqlite

_NOBODY = Track(0, "", "", "")
_AT_ONCE = 250
_AGAIN = -1

_FOLDER = "INSERT INTO folder (path) VALUES (?) ON CONFLICT DO NOTHING"
_ASSET = """
    INSERT INTO asset (sha256, type, width, height, bytes, added_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (sha256) DO UPDATE
        SET type = excluded.type, width = excluded.width, height = excluded.height
        WHERE excluded.type <> '' AND (type, width, height) <>
            (excluded.type, excluded.width, excluded.height)
"""
_NAMELESS = "INSERT INTO asset (bytes, added_at) VALUES (?, ?)"
_FILE = """
    INSERT INTO file (folder, name, asset, size, mtime_ns) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (folder, name) DO UPDATE SET asset = excluded.asset, size = excluded.size,
        mtime_ns = excluded.mtime_ns, missing_at = NULL
"""
_RESOLVE = """
    UPDATE failure SET standing = 'resolved', next_retry = NULL, last_seen = ?
    WHERE asset = ? AND provider = '' AND model = '' AND profile = ''
"""


@dataclass(frozen=True, slots=True)
class Content:
    """A readable image: 32 bytes of SHA-256, its type by content, pixels as shown upright."""

    sha256: bytes
    type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that cannot be used; `sha256` is there when its bytes could be read at least."""

    kind: FailureKind
    message: str
    sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a scan met it. `folder` is absolute, `name` the last part, both as bytes."""

    folder: bytes
    name: bytes
    size: int
    mtime_ns: int
    outcome: Content | Broken


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch came to: files added, changed, unusable, and copies of a known content."""

    added: int = 0
    changed: int = 0
    unreadable: int = 0
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class _Old:
    """A file as it was recorded before. `nameless`: its content could not be read then."""

    file: int
    asset: int
    size: int
    nameless: bool


async def record_in(db: aiosqlite.Connection, batch: Sequence[Seen], now: float) -> Recorded:
    """Write a batch inside a transaction; when a file occurs twice in it, the last one holds."""
    seen = list({(s.folder, s.name): s for s in batch}.values())
    folders = await _folders(db, seen)
    old = await _old(db, seen, folders)
    assets, live = await _assets(db, seen, now)
    chosen = [await _asset_of(db, s, old, assets, now) for s in seen]
    rows = [
        (folders[s.folder], s.name, asset, s.size, s.mtime_ns)
        for s, asset in zip(seen, chosen, strict=True)
    ]
    await db.executemany(_FILE, rows)
    broken = await _fail(db, seen, chosen, now)
    await _heal(db, seen, chosen, old, now)
    known = sum((s.folder, s.name) in old for s in seen)
    copies = _copies(seen, chosen, old, live)
    return Recorded(len(seen) - known, known, broken, copies)


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


async def _folders(db: aiosqlite.Connection, seen: Sequence[Seen]) -> dict[bytes, int]:
    paths = list({s.folder for s in seen})
    await db.executemany(_FOLDER, [(path,) for path in paths])
    ids: dict[bytes, int] = {}
    for part in _chunks(paths):
        marks = ",".join("?" * len(part))
        sql = f"SELECT path, id FROM folder WHERE path IN ({marks})"
        ids |= {row[0]: row[1] for row in await db.execute_fetchall(sql, part)}
    return ids


async def _old(
    db: aiosqlite.Connection, seen: Sequence[Seen], folders: dict[bytes, int]
) -> dict[tuple[bytes, bytes], _Old]:
    paths = {number: path for path, number in folders.items()}
    found: dict[tuple[bytes, bytes], _Old] = {}
    for part in _chunks(seen):
        pairs = ",".join(["(?, ?)"] * len(part))
        values = [value for s in part for value in (folders[s.folder], s.name)]
        rows = await db.execute_fetchall(
            "SELECT f.folder, f.name, f.id, f.asset, f.size, a.sha256 IS NULL "
            f"FROM (VALUES {pairs}) v CROSS JOIN file f "
            "ON f.folder = v.column1 AND f.name = v.column2 "
            "CROSS JOIN asset a ON a.id = f.asset",
            values,
        )
        for row in rows:
            found[paths[row[0]], row[1]] = _Old(row[2], row[3], row[4], bool(row[5]))
    return found


async def _assets(
    db: aiosqlite.Connection, seen: Sequence[Seen], now: float
) -> tuple[dict[bytes, int], dict[int, int]]:
    """Return the asset of every content, and the file that stands for it where one is live."""
    hashed = [s for s in seen if s.outcome.sha256 is not None]
    await db.executemany(_ASSET, [_asset_row(s, now) for s in hashed])
    ids: dict[bytes, int] = {}
    live: dict[int, int] = {}
    for part in _chunks([s.outcome.sha256 for s in hashed]):
        marks = ",".join("?" * len(part))
        rows = await db.execute_fetchall(
            f"SELECT sha256, id, files, file FROM asset WHERE sha256 IN ({marks})", part
        )
        for sha256, number, files, file in rows:
            ids[sha256] = number
            if files:
                live[number] = file
    return ids, live


def _asset_row(seen: Seen, now: float) -> tuple[Any, ...]:
    out = seen.outcome
    if isinstance(out, Content):
        return (out.sha256, out.type, out.width, out.height, seen.size, now)
    return (out.sha256, "", 0, 0, seen.size, now)


async def _asset_of(
    db: aiosqlite.Connection,
    seen: Seen,
    old: dict[tuple[bytes, bytes], _Old],
    assets: dict[bytes, int],
    now: float,
) -> int:
    if seen.outcome.sha256 is not None:
        return assets[seen.outcome.sha256]
    before = old.get((seen.folder, seen.name))
    if before is not None and before.nameless:
        return before.asset
    made = await db.execute(_NAMELESS, (seen.size, now))
    return int(made.lastrowid or 0)


async def _fail(
    db: aiosqlite.Connection, seen: Sequence[Seen], chosen: Sequence[int], now: float
) -> int:
    rows = [
        _failure(s.outcome, asset, now)
        for s, asset in zip(seen, chosen, strict=True)
        if isinstance(s.outcome, Broken)
    ]
    if rows:
        await failure_rows.write(db, rows)
    return len(rows)


def _failure(outcome: Broken, asset: int, now: float) -> NewFailure:
    return NewFailure(asset, _NOBODY, outcome.kind, outcome.message, Standing.KNOWN_BAD, now)


async def _heal(
    db: aiosqlite.Connection,
    seen: Sequence[Seen],
    chosen: Sequence[int],
    old: dict[tuple[bytes, bytes], _Old],
    now: float,
) -> None:
    """Resolve what was found wrong before with files that are usable now.

    Another copy of a bad content does not heal it: only what a person wanted looked at again.
    """
    healed: set[int] = set()
    for s, asset in zip(seen, chosen, strict=True):
        before = old.get((s.folder, s.name))
        if before is None or isinstance(s.outcome, Broken):
            continue
        if before.nameless:
            healed.add(before.asset)
        if before.size == _AGAIN:
            healed.update((before.asset, asset))
    if healed:
        await db.executemany(_RESOLVE, [(now, asset) for asset in healed])
        await failure_rows.settle_everywhere(db, healed)


def _copies(
    seen: Sequence[Seen],
    chosen: Sequence[int],
    old: dict[tuple[bytes, bytes], _Old],
    live: dict[int, int],
) -> int:
    copies, met = 0, set(live)
    for s, asset in zip(seen, chosen, strict=True):
        before = old.get((s.folder, s.name))
        itself = before is not None and live.get(asset) == before.file
        copies += asset in met and not itself
        met.add(asset)
    return copies
