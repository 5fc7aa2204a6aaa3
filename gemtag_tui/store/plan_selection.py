"""A part of the library: by folder, by the files' dates, by what was found in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.plan_shape import Shape
from gemtag_tui.core.plan_values import Selection
from gemtag_tui.store.known import SEPARATOR, after_all
from gemtag_tui.store.search_pages import find
from gemtag_tui.store.search_plan import plan

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

_PAGE = 5_000
_STANDS = "NOT EXISTS (SELECT 1 FROM near_member m WHERE m.asset = a.id AND m.leader <> m.asset)"


async def shapes_of(lib: Library, track: int | None, selection: Selection) -> list[Shape]:
    """Return the classes of the images of a selection that remain.

    Looks at every file in question: not meant for each key stroke at a million of them.

    Args:
        lib: the library.
        track: whose images remain; `None`: all that can be used do.
        selection: what to choose by.
    """
    where, values = await _assets(lib, track, selection)
    rows = await lib.rows(
        "SELECT s.type, s.side, s.heavy, count(*), sum(s.bytes), sum(s.pixels), sum(s.tiles), "
        f"sum(s.tiles_small) FROM asset_shape s WHERE s.id IN ({where}) GROUP BY 1, 2, 3",
        values,
    )
    return [Shape(*row) for row in rows]


async def assets_of(
    lib: Library, track: int | None, selection: Selection, limit: int = -1
) -> list[int]:
    """Return the images of a selection that remain, by rising id."""
    where, values = await _assets(lib, track, selection)
    rows = await lib.rows(
        f"SELECT id FROM asset WHERE id IN ({where}) ORDER BY id LIMIT ?", (*values, limit)
    )
    return [row[0] for row in rows]


async def _assets(
    lib: Library, track: int | None, selection: Selection
) -> tuple[str, tuple[Any, ...]]:
    tests, values = ["a.files > 0", "a.bad = 0"], list[Any]()
    source = "asset a"
    if track is not None:
        source = "work w CROSS JOIN asset a ON a.id = w.asset"
        tests.append("w.track = ? AND w.state IN (0, 1)")
        values.append(track)
    else:
        tests.append(_STANDS)
    if selection.folder or selection.since or selection.until:
        inside, more = _files(selection)
        tests.append(f"a.id IN ({inside})")
        values += more
    if selection.query:
        tests.append("a.id IN (SELECT value FROM json_each(?))")
        values.append(await _matching(lib, selection.query))
    return f"SELECT a.id FROM {source} WHERE {' AND '.join(tests)}", tuple(values)


async def _matching(lib: Library, query: str) -> str:
    """Return the ids of all assets that a query finds, as a JSON list."""
    made = await plan(lib, query)
    key: int | None = None
    found: list[int] = []
    while True:
        page = await find(lib, made, key=key, limit=_PAGE)
        found += page.keys
        key = page.older
        if key is None:
            break
    if made.assets or not found:
        return f"[{','.join(map(str, found))}]"
    rows = await lib.rows(
        "SELECT DISTINCT asset FROM asset_ai WHERE id IN (SELECT value FROM json_each(?))",
        (f"[{','.join(map(str, found))}]",),
    )
    return f"[{','.join(str(row[0]) for row in rows)}]"


def _files(selection: Selection) -> tuple[str, list[Any]]:
    tests: list[str] = ["f.missing_at IS NULL"]
    values: list[Any] = []
    if selection.folder:
        folder = selection.folder.rstrip(SEPARATOR) or SEPARATOR
        inside = folder if folder.endswith(SEPARATOR) else folder + SEPARATOR
        tests.append("(o.path = ? OR (o.path > ? AND o.path < ?))")
        values += [os.fsencode(folder), inside, after_all(inside)]
    if selection.since:
        tests.append("f.mtime_ns >= ?")
        values.append(int(selection.since * 1e9))
    if selection.until:
        tests.append("f.mtime_ns < ?")
        values.append(int(selection.until * 1e9))
    joined = "folder o CROSS JOIN file f ON f.folder = o.id"
    return f"SELECT f.asset FROM {joined} WHERE {' AND '.join(tests)}", values
