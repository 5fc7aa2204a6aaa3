"""Results by the page, newest first, from one instant of the library: what exports read.

Pages go by key, so that memory stays small and the last page costs what the first did. All pages of
a `snapshot` show the library as it was when that began, whatever an engine writes meanwhile.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.edits import Rules, effective
from gemtag_tui.core.exported import Exported
from gemtag_tui.store.known import SEPARATOR
from gemtag_tui.store.search_docs import rules_from
from gemtag_tui.store.search_pages import find
from gemtag_tui.store.search_plan import plan

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

PAGE = 2_000
_FOUND = 500
_END = 2**62
RULES = "SELECT bucket, name, target FROM tag_rule"

_decode = msgspec.json.Decoder(dict[str, list[str]]).decode
_encode = msgspec.json.Encoder().encode
_make = Exported._make

_COLUMNS = """
    r.id, r.asset, a.sha256, r.provider, r.model, r.profile, r.summary, r.tags, r.lane,
    r.served_model, r.cost_usd, r.tagged_at, a.files = 0, o.path, f.name, e.overlay,
    r.inherited_from
"""
_JOINS = """
    CROSS JOIN asset a ON a.id = r.asset LEFT JOIN edit e ON e.asset = r.asset
    LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder
"""
_ALL = f"SELECT {_COLUMNS} FROM asset_ai r {_JOINS} WHERE r.id < ? {{}} ORDER BY r.id DESC LIMIT ?"
THESE = f"""
    SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN asset_ai r ON r.id = j.value {_JOINS}
    WHERE true {{}} ORDER BY j.key
"""
_THEIRS = f"""
    SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN asset_ai r ON r.asset = j.value {_JOINS}
    WHERE true {{}} ORDER BY j.key, r.id DESC
"""
_EDITED = """
    AND (r.tagged_at >= ? OR r.asset IN (
        SELECT CAST(i.item AS INTEGER) FROM change c JOIN change_item i ON i.change = c.id
        WHERE c.kind = 'edit' AND (c.at >= ? OR c.undone_at >= ?)))
"""
_RENAMED = """
    SELECT EXISTS (
        SELECT 1 FROM change WHERE kind = 'tags' AND (at >= ?1 OR undone_at >= ?1))
"""
_PLACES = """
    SELECT f.asset, o.path, f.name FROM json_each(?) j
    CROSS JOIN file f ON f.asset = j.value AND f.missing_at IS NULL
    CROSS JOIN folder o ON o.id = f.folder ORDER BY f.asset, f.id
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which results.

    Attributes:
        query: only what a search for this finds; blank: all. Results that the index does not have
            yet are not found (see `gemtag_tui.store.indexer.catch_up`).
        since: only those made or corrected at or after this time, Unix seconds; all of them when
            a tag was renamed since, as that may have changed any.
    """

    query: str = ""
    since: float = 0.0


@contextlib.asynccontextmanager
async def snapshot(lib: Library) -> AsyncIterator[None]:
    """Hold one instant of the library for all that is read from it within.

    While it lasts the library's write-ahead log cannot be emptied, so nothing may wait in it.
    """
    await lib.rows("BEGIN")
    try:
        await lib.rows("SELECT 1 FROM asset_ai LIMIT 1")  # a snapshot begins with the first look
        yield
    finally:
        await lib.rows("COMMIT")


async def pages(lib: Library, wanted: Wanted) -> AsyncIterator[list[Exported]]:
    """Yield the results wanted, newest first.

    Raises:
        QueryError: the query has a mistake.
        LibraryError: when the library cannot be read.
    """
    names, rules = await profile_names(lib), rules_from(await lib.rows(RULES))
    source = _whole(lib, wanted) if not wanted.query.strip() else _found(lib, wanted)
    async for rows in source:
        if rows:
            yield [exported_row(row, names, rules) for row in rows]


async def _whole(lib: Library, wanted: Wanted) -> AsyncIterator[list[Any]]:
    also, values = await _since(lib, wanted)
    sql, before = _ALL.format(also), _END
    while rows := await lib.rows(sql, (before, *values, PAGE)):
        yield rows
        before = rows[-1][0]


async def _found(lib: Library, wanted: Wanted) -> AsyncIterator[list[Any]]:
    also, values = await _since(lib, wanted)
    made = await plan(lib, wanted.query)
    key: int | None = None
    while True:
        page = await find(lib, made, key=key, limit=_FOUND)
        if page.keys:
            sql = (_THEIRS if page.assets else THESE).format(also)
            yield await lib.rows(sql, (_array(page.keys), *values))
        if (key := page.older) is None:
            return


async def _since(lib: Library, wanted: Wanted) -> tuple[str, tuple[float, ...]]:
    """Return the condition for what changed, and its values."""
    if not wanted.since:
        return "", ()
    renamed = await lib.row(_RENAMED, (wanted.since,))
    if renamed is not None and renamed[0]:
        return "", ()
    return _EDITED, (wanted.since,) * 3


async def profile_names(lib: Library) -> dict[str, str]:
    """Return the profiles' names by their ids."""
    return dict([tuple(row) for row in await lib.rows("SELECT id, name FROM profile")])


def exported_row(row: Any, names: Mapping[str, str], rules: Rules) -> Exported:
    """Put a row together, with a person's corrections laid over what a model said.

    Spelled out, as it is half of what a row costs before it is written.
    """
    result, asset, sha256, provider, model, profile, summary, tags, *rest = row
    lane, served, cost_usd, tagged_at, missing, folder, name, overlay, heir = rest
    if overlay is not None or rules:
        summary, changed = effective(summary, _decode(tags), overlay, rules)
        tags = _encode(changed).decode()
    who = (provider, model, profile, names.get(profile, ""))
    path = b"" if folder is None else _path(folder, name)
    spent = (lane, served, cost_usd, tagged_at, missing, path, overlay is not None, heir)
    return _make((result, asset, sha256, *who, summary, tags, *spent))


def _path(folder: bytes, name: bytes) -> bytes:
    return folder + name if folder.endswith(SEPARATOR) else folder + SEPARATOR + name


def _array(numbers: Iterable[int]) -> str:
    return "[" + ",".join(str(int(number)) for number in numbers) + "]"


async def places(lib: Library, assets: Sequence[int]) -> dict[int, list[bytes]]:
    """Return the paths of all live files of some assets, in the order in which they were found."""
    found: dict[int, list[bytes]] = {asset: [] for asset in assets}
    for asset, folder, name in await lib.rows(_PLACES, (_array(assets),)):
        found[asset].append(_path(folder, name))
    return found


async def is_known_file(lib: Library, folder: bytes, name: bytes) -> bool:
    """Whether a file is one of the library's pictures: exports never write to these."""
    row = await lib.row(
        "SELECT 1 FROM file f JOIN folder o ON o.id = f.folder WHERE o.path = ? AND f.name = ?",
        (folder, name),
    )
    return row is not None
