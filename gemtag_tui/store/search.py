"""Finding results again, newest first, and everything that is known of one asset."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.edits import Overlay, Rules, effective, overlay_from
from gemtag_tui.core.query import Query
from gemtag_tui.store import failures
from gemtag_tui.store.failures import FailureRow
from gemtag_tui.store.search_docs import rules_from
from gemtag_tui.store.search_pages import Page, find
from gemtag_tui.store.search_plan import Plan, plan
from gemtag_tui.store.work import State, joined

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_COLUMNS = """
    r.id, r.asset, a.sha256, r.provider, r.model, r.profile, p.name, r.summary, r.tags, r.lane,
    r.served_model, r.cost_usd, r.tagged_at, a.files = 0, o.path, f.name, e.overlay,
    r.inherited_from, r.made_with
"""
_JOINS = """
    CROSS JOIN asset a ON a.id = r.asset CROSS JOIN profile p ON p.id = r.profile
    LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder
    LEFT JOIN edit e ON e.asset = r.asset
"""
RESULTS = f"""
    SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN asset_ai r ON r.id = j.value {_JOINS}
    ORDER BY j.key
"""
ASSETS = f"""
    SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN asset a ON a.id = j.value
    LEFT JOIN (SELECT 0 AS id, '' AS provider, '' AS model, '' AS profile, '' AS summary,
        '{{}}' AS tags, '' AS lane, '' AS served_model, 0.0 AS cost_usd, 0.0 AS tagged_at,
        NULL AS inherited_from, '' AS made_with) r
    LEFT JOIN (SELECT '' AS name) p
    LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder
    LEFT JOIN edit e ON e.asset = a.id ORDER BY j.key
""".replace("r.asset, a.sha256", "a.id, a.sha256")

_tags = msgspec.json.Decoder(dict[str, list[str]]).decode


@dataclass(frozen=True, slots=True)
class Found:
    """A result as it is shown, with a person's corrections in it, and where its picture lies.

    Attributes:
        result: the result's id: where the next page goes on; 0 for an asset without one.
        asset: the asset's id: what people are shown and `show` takes.
        path: of the file that stands for it; empty when it is not known any more.
        missing: no file with this content is there now.
        edited: a person corrected it.
        inherited_from: the asset that the result was made for, a near-duplicate; `None`: this one.
        made_with: the setting of the one try that it was made with (see
            `gemtag_tui.core.next_try`), "" as the profile says.
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
    edited: bool = False
    inherited_from: int | None = None
    made_with: str = ""


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file of an asset; `missing_at` is `None` while it is there."""

    path: bytes
    size: int
    mtime_ns: int
    missing_at: float | None


@dataclass(frozen=True, slots=True)
class AssetDetail:
    """Everything known of an asset.

    Attributes:
        states: its place by track id.
        overlay: what a person changed; `edited_at` when, 0 when nothing.
    """

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
    overlay: Overlay = field(default_factory=Overlay)
    edited_at: float = 0.0


def _found(row: Any, rules: Rules) -> Found:
    path = b"" if row[15] is None else joined(row[14], row[15])
    summary, tags = effective(row[7], _tags(row[8]), row[16], rules)
    owner, kept = row[:7], row[9:13]
    values = (*owner, summary, tags, *kept, bool(row[13]), path, row[16] is not None)
    return Found(*values, *row[17:])


async def rules(lib: Library) -> Rules:
    """Return under which names tags are shown, by bucket."""
    return rules_from(await lib.rows("SELECT bucket, name, target FROM tag_rule"))


async def rows(lib: Library, page: Page) -> list[Found]:
    """Return the rows of a page; those that are gone are left out."""
    sql = ASSETS if page.assets else RESULTS
    keys = "[" + ",".join(map(str, page.keys)) + "]"
    known = await rules(lib)
    return [_found(row, known) for row in await lib.rows(sql, (keys,))]


async def search(
    lib: Library,
    query: Query | str | Plan = "",
    *,
    track: Track | None = None,
    after: int | None = None,
    limit: int = 200,
) -> list[Found]:
    """Return what a query finds, newest first, however long it takes.

    Args:
        lib: the library.
        query: see `gemtag_tui.core.query`; blank: everything tagged.
        track: only of this track.
        after: only older ones than the row with this key (see `key_of`).
        limit: most rows.

    Raises:
        QueryError: the text has a mistake.
        LibraryError: when the library cannot be read.
    """
    made = query if isinstance(query, Plan) else await plan(lib, query, track)
    found: list[Found] = []
    while True:
        page = await find(lib, made, key=after, limit=limit - len(found))
        found += await rows(lib, page)
        after = page.older
        if page.complete or after is None:
            return found


def key_of(found: Found) -> int:
    """Return where the page behind a row begins."""
    return found.result or found.asset


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
    known = await rules(lib)
    results = [_found(found, known) for found in await lib.rows(sql, (number,))]
    places = await _places(lib, number)
    bad = await failures.of_asset(lib, number)
    states = await lib.rows(
        "SELECT track, state FROM work WHERE track IN (SELECT id FROM track) AND asset = ?",
        (number,),
    )
    placed = {int(track): State(state) for track, state in states}
    edit = await lib.row("SELECT overlay, edited_at FROM edit WHERE asset = ?", (number,))
    overlay, edited_at = (overlay_from(edit[0]), edit[1]) if edit else (Overlay(), 0.0)
    return AssetDetail(*[*row, places, results, bad, placed, overlay, edited_at])


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
