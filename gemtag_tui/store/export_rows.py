"""Results by the page, newest first, from one instant of the library: what exports read.

Pages go by key, so that memory stays small and the last page costs what the first did. All pages of
a `snapshot` show the library as it was when that began, whatever an engine writes meanwhile.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

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
_make = tuple.__new__
_MOST_FOLDERS = 20_000
"""Paths of folders that are kept in memory."""

_COLUMNS = """
    r.id, r.asset, a.sha256, r.provider, r.model, r.profile, r.summary, r.tags, r.lane,
    r.served_model, r.cost_usd, r.tagged_at, a.files = 0, f.folder, f.name, e.overlay,
    r.inherited_from, r.made_with
"""
_JOINS = """
    CROSS JOIN asset a ON a.id = r.asset LEFT JOIN edit e ON e.asset = r.asset
    LEFT JOIN file f ON f.id = a.file
"""
EDITS = "SELECT EXISTS (SELECT 1 FROM edit)"
_FOLDERS = "SELECT id, path FROM folder WHERE id IN (SELECT value FROM json_each(?))"
_ALL = f"SELECT {_COLUMNS} FROM asset_ai r {_JOINS} WHERE r.id < ? {{}} ORDER BY r.id DESC LIMIT ?"
THESE = f"""
    SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN asset_ai r ON r.id = j.value {_JOINS}
    WHERE true {{}} ORDER BY j.key
"""
_THEIRS = f"""
    SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN asset_ai r ON r.asset = j.value {_JOINS}
    WHERE true {{}} ORDER BY j.key, r.id DESC
"""
EDITED = """
    AND (r.tagged_at >= ? OR r.asset IN (
        SELECT CAST(i.item AS INTEGER) FROM change c JOIN change_item i ON i.change = c.id
        WHERE c.kind = 'edit' AND (c.at >= ? OR c.undone_at >= ?)))
"""
RENAMED = """
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
    maker = await Maker.of(lib)
    source = _whole(lib, wanted) if not wanted.query.strip() else _found(lib, wanted)
    async for rows in source:
        if rows:
            yield await maker.made(rows)


async def _whole(lib: Library, wanted: Wanted) -> AsyncIterator[list[Any]]:
    also, values = await _since(lib, wanted)
    sql, before = _ALL.format(also), _END
    edited = await lib.row(EDITS)
    if edited is not None and not edited[0]:  # one look less for each of a million rows
        sql = sql.replace("LEFT JOIN edit e ON e.asset = r.asset", "").replace("e.overlay", "NULL")
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
    renamed = await lib.row(RENAMED, (wanted.since,))
    if renamed is not None and renamed[0]:
        return "", ()
    return EDITED, (wanted.since,) * 3


class Maker:
    """Puts rows together: what all of them have in common is read once.

    Args:
        lib: the library.
        names: the profiles' names by their ids.
        rules: under which names tags are shown.
    """

    def __init__(self, lib: Library, names: Mapping[str, str], rules: Rules) -> None:
        self._lib, self._names, self._rules = lib, names, rules
        self._folders: dict[int | None, bytes] = {}

    @classmethod
    async def of(cls, lib: Library) -> Self:
        """Return one for a library as it is now."""
        names = dict([tuple(row) for row in await lib.rows("SELECT id, name FROM profile")])
        return cls(lib, names, rules_from(await lib.rows(RULES)))

    async def made(self, rows: Sequence[Any]) -> list[Exported]:
        """Return results, with a person's corrections laid over what a model said.

        Spelled out, as it is half of what a row costs before it is written.
        """
        await self._find({row[13] for row in rows})
        names, folders = self._names.get, self._folders
        found = [
            _make(
                Exported,
                (
                    *(result, asset, sha256, provider, model, profile, names(profile, "")),
                    *(summary, tags, lane, served, cost_usd, tagged_at, missing),
                    *(b"" if folder is None else folders[folder] + name, False, heir, made),
                ),
            )
            for (result, asset, sha256, provider, model, profile, summary, tags, lane, served,
                 cost_usd, tagged_at, missing, folder, name, _, heir, made) in rows
        ]  # fmt: skip
        if self._rules:
            return [self._corrected(one, row[15]) for one, row in zip(found, rows, strict=True)]
        edits = [(at, row[15]) for at, row in enumerate(rows) if row[15] is not None]
        for at, overlay in edits:
            found[at] = self._corrected(found[at], overlay)
        return found

    def _corrected(self, row: Exported, overlay: str | None) -> Exported:
        summary, changed = effective(row.summary, _decode(row.tags), overlay, self._rules)
        tags = _encode(changed).decode()
        return row._replace(summary=summary, tags=tags, edited=overlay is not None)

    async def _find(self, wanted: set[int | None]) -> None:
        """Have the paths of these folders, each with a separator at its end."""
        missing = [folder for folder in wanted - self._folders.keys() if folder is not None]
        if not missing:
            return
        if len(self._folders) + len(missing) > _MOST_FOLDERS:
            missing = [folder for folder in wanted if folder is not None]
            self._folders.clear()
        for number, path in await self._lib.rows(_FOLDERS, (_array(missing),)):
            self._folders[number] = joined(path, b"")


def joined(folder: bytes, name: bytes) -> bytes:
    """Return a file's path."""
    return folder + name if folder.endswith(SEPARATOR) else folder + SEPARATOR + name


def _array(numbers: Iterable[int]) -> str:
    return "[" + ",".join(str(int(number)) for number in numbers) + "]"


async def places(lib: Library, assets: Sequence[int]) -> dict[int, list[bytes]]:
    """Return the paths of all live files of some assets, in the order in which they were found.

    An asset may be named more than once, as it is by a page with two results of it.
    """
    found: dict[int, list[bytes]] = {asset: [] for asset in assets}
    for asset, folder, name in await lib.rows(_PLACES, (_array(found),)):
        found[asset].append(joined(folder, name))
    return found


async def is_known_file(lib: Library, folder: bytes, name: bytes) -> bool:
    """Whether a file is one of the library's pictures: exports never write to these."""
    row = await lib.row(
        "SELECT 1 FROM file f JOIN folder o ON o.id = f.folder WHERE o.path = ? AND f.name = ?",
        (folder, name),
    )
    return row is not None
