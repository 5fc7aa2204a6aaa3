"""Looking through a library of any size: everything in it, by place in a track or newest first.

Pages go by key with a number of rows to skip, from either end, so that any position is near.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.edits import Rules, effective
from gemtag_tui.core.query import parse
from gemtag_tui.store.runs import ErrorRow
from gemtag_tui.store.search import rules
from gemtag_tui.store.search_pages import Page, find
from gemtag_tui.store.search_plan import known_buckets, plan
from gemtag_tui.store.work import State, joined

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_LATEST = 2000
"""Newest results among which those of a run are looked for."""

_RESULT = "r.id, substr(r.summary, 1, 400), r.tags, r.lane, r.served_model, r.cost_usd, r.tagged_at"
_EDIT = "(SELECT overlay FROM edit WHERE asset = {asset})"
_ASSET = "o.path, f.name, a.type, a.width, a.height, a.bytes, a.files"
_FILES = """
    CROSS JOIN asset a ON a.id = w.asset
    LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder
"""
_KNOWN = """
    LEFT JOIN asset_ai r ON r.asset = w.asset
        AND r.provider = ?1 AND r.model = ?2 AND r.profile = ?3
    LEFT JOIN failure b ON b.asset = w.asset AND b.standing <> 'resolved'
        AND b.provider = ?1 AND b.model = ?2 AND b.profile = ?3
    LEFT JOIN failure c ON c.asset = w.asset AND c.standing <> 'resolved'
        AND c.provider = '' AND c.model = '' AND c.profile = ''
"""
_END = 2**62

_tags = msgspec.json.Decoder(dict[str, list[str]]).decode


@dataclass(frozen=True, slots=True)
class AssetRow:
    """An asset in a list, with its result in one track when there is one.

    Attributes:
        asset: its id.
        path: of the file that stands for it; empty when none does.
        size: bytes; `files`: how many hold this content.
        state: its place in the track.
        result: the result's id, 0 when there is none.
        summary: the beginning of the summary.
        kind: what failed, "" when nothing stands.
        edited: a person corrected it; the summary and the tags are as corrected.
    """

    asset: int
    path: bytes
    type: str
    width: int
    height: int
    size: int
    files: int
    state: State
    result: int
    summary: str
    tags: dict[str, list[str]]
    lane: str
    served_model: str
    cost_usd: float
    tagged_at: float
    kind: str
    edited: bool = False


def _row(row: Any, rules: Rules) -> AssetRow:
    path = b"" if row[2] is None else joined(row[1], row[2])
    tags = _tags(row[11]) if row[11] else {}
    summary, tags = effective(row[10] or "", tags, row[17], rules)
    return AssetRow(
        asset=row[0],
        path=path,
        type=row[3],
        width=row[4],
        height=row[5],
        size=row[6],
        files=row[7],
        state=State(row[8]),
        result=row[9] or 0,
        summary=summary[:400],
        tags=tags,
        lane=row[12] or "",
        served_model=row[13] or "",
        cost_usd=row[14] or 0.0,
        tagged_at=row[15] or 0.0,
        kind=row[16],
        edited=row[17] is not None,
    )


async def assets(
    lib: Library,
    track: Track | None,
    states: Sequence[State] = (),
    *,
    key: int | None = None,
    skip: int = 0,
    limit: int = 200,
    backwards: bool = False,
) -> list[AssetRow]:
    """Return assets in scope, in the order in which they were found.

    Args:
        lib: the library.
        track: whose results and places; without one, all is to do.
        states: only those in these states of the track; none: all.
        key: start beyond this asset's id (before it when going backwards).
        skip: leave out so many from there on.
        limit: most rows.
        backwards: by falling id.
    """
    owner = ("", "", "") if track is None else (track.provider, track.model, track.profile)
    start = key if key is not None else (_END if backwards else 0)
    beyond, order = ("<", "DESC") if backwards else (">", "ASC")
    if track is None:
        inner = f"SELECT id AS asset, 0 AS state FROM asset WHERE files > 0 AND id {beyond} ?5"
        column = "id"
    else:
        inner = f"SELECT asset, state FROM work WHERE track = ?4 AND asset {beyond} ?5"
        inner += among(states)
        column = "asset"
    sql = (
        f"SELECT w.asset, {_ASSET}, w.state, {_RESULT}, coalesce(b.kind, c.kind, ''), "
        f"{_EDIT.format(asset='w.asset')} "
        f"FROM ({inner} ORDER BY {column} {order} LIMIT ?6 OFFSET ?7) w "
        f"{_FILES} {_KNOWN} ORDER BY w.asset {order}"
    )
    place = 0 if track is None else track.id
    known = await rules(lib)
    return [_row(row, known) for row in await lib.rows(sql, (*owner, place, start, limit, skip))]


def among(states: Sequence[State]) -> str:
    """Return the condition on a place's state; nothing for no states.

    One state is read by its index, several by a walk through the track.
    """
    if not states:
        return ""
    if len(states) == 1:
        return f" AND state = {states[0]:d}"
    return f" AND +state IN ({', '.join(str(int(state)) for state in states)})"


async def newest(lib: Library, track: Track, limit: int) -> list[int]:
    """Return the ids of a track's latest results, newest first."""
    rows = await lib.rows(
        "SELECT id FROM asset_ai WHERE provider = ? AND model = ? AND profile = ? "
        "ORDER BY id DESC LIMIT ?",
        (track.provider, track.model, track.profile, limit),
    )
    return [int(row[0]) for row in rows]


async def matching(lib: Library, query: str, track: Track | None, limit: int) -> list[int]:
    """Return the ids of the newest results that a search finds; never fails for what was typed."""
    made = await plan(lib, parse(query, await known_buckets(lib), lenient=True), track)
    page = await find(lib, made, limit=limit)
    return [] if page.assets else list(page.keys)


async def results(lib: Library, ids: Sequence[int]) -> list[AssetRow]:
    """Return results by their ids, in that order; those that are gone are left out."""
    wanted = "[" + ",".join(str(int(number)) for number in ids) + "]"
    sql = (
        f"SELECT r.asset, {_ASSET}, {State.TAGGED:d}, {_RESULT}, '', "
        f"{_EDIT.format(asset='r.asset')} "
        "FROM json_each(?) j CROSS JOIN asset_ai r ON r.id = j.value "
        "CROSS JOIN asset a ON a.id = r.asset "
        "LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder ORDER BY j.key"
    )
    known = await rules(lib)
    return [_row(row, known) for row in await lib.rows(sql, (wanted,))]


async def on_page(lib: Library, page: Page, track: Track | None) -> list[AssetRow]:
    """Return the rows of a page that a query found (see `search_pages.find`)."""
    if not page.assets:
        return await results(lib, page.keys)
    owner = ("", "", "") if track is None else (track.provider, track.model, track.profile)
    keys = "[" + ",".join(map(str, page.keys)) + "]"
    state = "coalesce((SELECT state FROM work WHERE track = ?4 AND asset = w.asset), 0)"
    sql = (
        f"SELECT w.asset, {_ASSET}, {state}, {_RESULT}, coalesce(b.kind, c.kind, ''), "
        f"{_EDIT.format(asset='w.asset')} "
        "FROM (SELECT key, value AS asset FROM json_each(?5)) w "
        f"{_FILES} {_KNOWN} ORDER BY w.key"
    )
    known = await rules(lib)
    place = 0 if track is None else track.id
    return [_row(row, known) for row in await lib.rows(sql, (*owner, place, keys))]


async def results_of_run(lib: Library, run: int, limit: int = 20) -> list[AssetRow]:
    """Return a run's results, oldest first, as far as they are among the library's latest."""
    rows = await lib.rows(
        "SELECT id FROM (SELECT id, run FROM asset_ai ORDER BY id DESC LIMIT ?) WHERE run = ? "
        "ORDER BY id LIMIT ?",
        (_LATEST, run, limit),
    )
    return await results(lib, [int(row[0]) for row in rows])


async def log_of(lib: Library, asset: int, limit: int = 50) -> list[ErrorRow]:
    """Return what the error logs of all runs say of an asset, newest first."""
    rows = await lib.rows(
        "SELECT id, at, kind, asset, message, fate FROM run_error WHERE asset = ? "
        "ORDER BY id DESC LIMIT ?",
        (asset, limit),
    )
    return [ErrorRow(r[0], r[1], r[2], r[3], r[4], r[5], b"") for r in rows]
