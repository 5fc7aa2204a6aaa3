"""Finding results again, newest first, and everything that is known of one asset."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.store import failures
from gemtag_tui.store.failures import FailureRow
from gemtag_tui.store.query import expression
from gemtag_tui.store.work import State, joined

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_COLUMNS = """
    r.id, r.asset, a.sha256, r.provider, r.model, r.profile, p.name, r.summary, r.tags, r.lane,
    r.served_model, r.cost_usd, r.tagged_at, a.files = 0, o.path, f.name
"""
_JOINS = """
    CROSS JOIN asset a ON a.id = r.asset CROSS JOIN profile p ON p.id = r.profile
    LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder
"""
ALL = f"SELECT {_COLUMNS} FROM asset_ai r {_JOINS} WHERE r.id < ? ORDER BY r.id DESC LIMIT ?"
OF_TRACK = f"""
    SELECT {_COLUMNS} FROM asset_ai r {_JOINS}
    WHERE r.provider = ? AND r.model = ? AND r.profile = ? AND r.id < ?
    ORDER BY r.id DESC LIMIT ?
"""
MATCHING = f"""
    SELECT {_COLUMNS} FROM search CROSS JOIN asset_ai r ON r.id = search.rowid {_JOINS}
    WHERE search MATCH ? AND search.rowid < ? ORDER BY search.rowid DESC LIMIT ?
"""
_END = 2**62

_tags = msgspec.json.Decoder(dict[str, list[str]]).decode


@dataclass(frozen=True, slots=True)
class Found:
    """A result and where its picture lies.

    Attributes:
        result: the result's id: where the next page goes on.
        asset: the asset's id: what people are shown and `show` takes.
        path: of the file that stands for it; empty when it is not known any more.
        missing: no file with this content is there now.
    """

    result: int
    asset: int
    sha256: bytes
    provider: str
    model: str
    profile: str
    profile_name: str
    summary: str
    tags: dict[str, list[str]]
    lane: str
    served_model: str
    cost_usd: float
    tagged_at: float
    missing: bool
    path: bytes


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file of an asset; `missing_at` is `None` while it is there."""

    path: bytes
    size: int
    mtime_ns: int
    missing_at: float | None


@dataclass(frozen=True, slots=True)
class AssetDetail:
    """Everything known of an asset. `states` gives its place by track id."""

    asset: int
    sha256: bytes | None
    type: str
    width: int
    height: int
    bytes: int
    added_at: float
    files: list[FilePlace]
    results: list[Found]
    failures: list[FailureRow]
    states: dict[int, State]


def _found(row: Any) -> Found:
    values = [*row[:14], b"" if row[15] is None else joined(row[14], row[15])]
    values[8], values[13] = _tags(values[8]), bool(values[13])
    return Found(*values)


async def search(
    lib: Library,
    query: str = "",
    *,
    track: Track | None = None,
    after: int | None = None,
    limit: int = 200,
) -> list[Found]:
    """Return results, newest first; never fails for what was typed.

    Args:
        lib: the library.
        query: see `gemtag_tui.store.query.expression`; blank: everything tagged.
        track: only of this track.
        after: only older ones than the result with this id (`Found.result` of the last row).
        limit: most rows.

    Raises:
        LibraryError: when the library cannot be read.
    """
    end = _END if after is None else after
    if query.strip():
        match = expression(query, None if track is None else track.id)
        rows = [] if match is None else await lib.rows(MATCHING, (match, end, limit))
    elif track is None:
        rows = await lib.rows(ALL, (end, limit))
    else:
        owner = (track.provider, track.model, track.profile)
        rows = await lib.rows(OF_TRACK, (*owner, end, limit))
    return [_found(row) for row in rows]


async def show(lib: Library, path_or_id: str | bytes | int) -> AssetDetail | None:
    """Return everything known of an asset; `None` when there is none.

    Args:
        lib: the library.
        path_or_id: a file's path (from the current folder), an asset's id, or a SHA-256 in hex.
    """
    number = await _asset_id(lib, path_or_id)
    row = await lib.row(
        "SELECT id, sha256, type, width, height, bytes, added_at FROM asset WHERE id = ?",
        (number,),
    )
    if row is None:
        return None
    sql = f"SELECT {_COLUMNS} FROM asset_ai r {_JOINS} WHERE r.asset = ? ORDER BY r.id DESC"
    results = [_found(found) for found in await lib.rows(sql, (number,))]
    places = await _places(lib, number)
    bad = await failures.of_asset(lib, number)
    states = await lib.rows(
        "SELECT track, state FROM work WHERE track IN (SELECT id FROM track) AND asset = ?",
        (number,),
    )
    placed = {int(track): State(state) for track, state in states}
    return AssetDetail(*[*row, places, results, bad, placed])


async def _asset_id(lib: Library, given: str | bytes | int) -> int:
    if isinstance(given, int):
        return given
    folder, name = _parts(os.fsencode(given))
    row = await lib.row(
        "SELECT f.asset FROM file f JOIN folder o ON o.id = f.folder "
        "WHERE o.path = ? AND f.name = ?",
        (folder, name),
    )
    if row is not None:
        return int(row[0])
    text = os.fsdecode(given)
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    return await _by_hash(lib, text)


def _parts(path: bytes) -> tuple[bytes, bytes]:
    return os.path.split(os.path.abspath(path))  # noqa: PTH100 (bytes: pathlib takes none)


async def _by_hash(lib: Library, text: str) -> int:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        return 0
    row = await lib.row("SELECT id FROM asset WHERE sha256 = ?", (digest,))
    return 0 if row is None else int(row[0])


async def _places(lib: Library, asset: int) -> list[FilePlace]:
    """The live files, at most a hundred, else the one that held it last."""
    rows = await lib.rows(
        "SELECT o.path, f.name, f.size, f.mtime_ns, f.missing_at FROM file f "
        "JOIN folder o ON o.id = f.folder WHERE f.id IN ("
        "SELECT * FROM (SELECT id FROM file WHERE asset = ?1 AND missing_at IS NULL LIMIT 100) "
        "UNION SELECT file FROM asset WHERE id = ?1) ORDER BY f.id",
        (asset,),
    )
    return [FilePlace(joined(row[0], row[1]), *row[2:]) for row in rows]
