"""Results by the page, newest first, from one instant of the library: what exports read.

Pages go by key, so that memory stays small and the last page costs what the first did. All pages of
a `snapshot` show the library as it was when that began, whatever an engine writes meanwhile.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.exported import Exported
from gemtag_tui.store import search
from gemtag_tui.store.work import joined

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

PAGE = 2_000
_FOUND = 500
_END = 2**62

_COLUMNS = """
    r.id, r.asset, a.sha256, r.provider, r.model, r.profile, p.name, r.summary, r.tags, r.lane,
    r.served_model, r.cost_usd, r.tagged_at, a.files = 0, o.path, f.name
"""
_JOINS = """
    CROSS JOIN asset a ON a.id = r.asset CROSS JOIN profile p ON p.id = r.profile
    LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder
"""
_ALL = f"""
    SELECT {_COLUMNS} FROM asset_ai r {_JOINS}
    WHERE r.id < ? AND r.tagged_at >= ? ORDER BY r.id DESC LIMIT ?
"""
_THESE = f"""
    SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN asset_ai r ON r.id = j.value {_JOINS}
    WHERE r.tagged_at >= ? ORDER BY j.key
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
        query: only what a search for this finds; blank: all.
        since: only those made at or after this time, Unix seconds.
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
        LibraryError: when the library cannot be read.
    """
    source = _whole(lib, wanted) if not wanted.query.strip() else _found(lib, wanted)
    async for rows in source:
        if rows:
            yield [_exported(row) for row in rows]


async def _whole(lib: Library, wanted: Wanted) -> AsyncIterator[list[Any]]:
    before = _END
    while rows := await lib.rows(_ALL, (before, wanted.since, PAGE)):
        yield rows
        before = rows[-1][0]


async def _found(lib: Library, wanted: Wanted) -> AsyncIterator[list[Any]]:
    after: int | None = None
    while page := await search.search(lib, wanted.query, after=after, limit=_FOUND):
        after = page[-1].result
        ids = _array(found.result for found in page)
        yield await lib.rows(_THESE, (ids, wanted.since))


def _exported(row: Any) -> Exported:
    path = b"" if row[15] is None else joined(row[14], row[15])
    return Exported(*row[:14], path)


def _array(numbers: Iterable[int]) -> str:
    return "[" + ",".join(str(int(number)) for number in numbers) + "]"


async def places(lib: Library, assets: Sequence[int]) -> dict[int, list[bytes]]:
    """Return the paths of all live files of some assets, in the order in which they were found."""
    found: dict[int, list[bytes]] = {asset: [] for asset in assets}
    for asset, folder, name in await lib.rows(_PLACES, (_array(assets),)):
        found[asset].append(joined(folder, name))
    return found


async def is_known_file(lib: Library, folder: bytes, name: bytes) -> bool:
    """Whether a file is one of the library's pictures: exports never write to these."""
    row = await lib.row(
        "SELECT 1 FROM file f JOIN folder o ON o.id = f.folder WHERE o.path = ? AND f.name = ?",
        (folder, name),
    )
    return row is not None
