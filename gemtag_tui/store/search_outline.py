"""How many rows a query has and where they lie: counted when they are few, else estimated.

The ids are cut into equal segments and a piece of each is counted, so that any share of the rows is
found without walking through those before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.query import Query
from gemtag_tui.store import search_plan
from gemtag_tui.store.search_pages import assets_of, candidates, fitting, highest, results_of
from gemtag_tui.store.search_plan import END, Plan, conditions

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

SEGMENTS = 48
PIECE = 512
"""Ids of a segment that are looked at."""
FEW = 5_000
"""Rows up to which all are counted."""
_PLACES = 16
"""Segments that a sample is taken from."""
_PROBE = 0.03
"""Seconds in which that many are found when they lie close together."""
_ASSETS = 0.1
"""Seconds in which assets without a look at their results are looked for."""
_EVERY = 8
_PIECES = 0.12
"""Seconds for the pieces of all segments; else one segment of so many stands for its neighbours."""
_PATIENCE = 1.0
"""Seconds that the first row is looked for, so that what is seldom does not count as nothing."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A query's rows from above.

    Attributes:
        total: rows.
        exact: `False`: about so many.
        segments: (lowest key, highest key, rows in between, as far as known), falling.
    """

    total: int
    exact: bool
    segments: tuple[tuple[int, int, float], ...] = ()

    def key_at(self, fraction: float) -> int | None:
        """Return the `key` to look below of for what lies at a share (0 newest, 1 oldest)."""
        wanted = min(1.0, max(0.0, fraction)) * sum(rows for _, _, rows in self.segments)
        for low, high, rows in self.segments:
            if wanted <= rows and rows:
                return high + 1 - int((high - low) * wanted / rows)
            wanted -= rows
        return self.segments[-1][0] + 1 if self.segments else None

    def share_of(self, key: int) -> float:
        """Return about which share of the rows lies above a key."""
        above = 0.0
        for low, high, rows in self.segments:
            if key > high:
                break
            above += rows if key < low else rows * (high - key) / max(1, high - low)
        whole = sum(rows for _, _, rows in self.segments)
        return above / whole if whole else 0.0


async def outline(  # noqa: PLR0911 (one for each way to know)
    lib: Library,
    query: Query | str | Plan,
    track: Track | None = None,
    *,
    patience: float = _PATIENCE,
) -> Outline:
    """Return a query's outline.

    Args:
        lib: the library.
        query: a query, or text as people type it, or what `search_plan.plan` made of it.
        track: only of this track (not looked at with a plan).
        patience: seconds that the first row is looked for.

    Raises:
        QueryError: the text has a mistake.
    """
    made = query if isinstance(query, Plan) else await search_plan.plan(lib, query, track)
    if made.nothing:
        return Outline(0, exact=True)
    if made.assets:
        return await _of_assets(lib, made)
    low, high = max(1, made.low), await highest(lib, made)
    if high < low:
        return Outline(0, exact=True)
    segments = _segments(low, high)
    began = lib.clock.monotonic()
    ids, more = await results_of(lib, made, None, newer=False, limit=FEW, seconds=_PROBE)
    if more is not None and not ids and patience:  # seldom: about how seldom, the first one says
        ids, more = await results_of(lib, made, more, newer=False, limit=1, seconds=patience)
    if more is None:
        return _exact(ids, segments)
    if (
        not made.spans and lib.clock.monotonic() - began > _PROBE
    ):  # seldom together: pieces would each take as long
        seen = len(ids) / max(1, high - more + 1)
        rows = [(first, last, seen * (last - first + 1)) for first, last in segments]
        return Outline(round(seen * (high - low + 1)), exact=False, segments=tuple(rows))
    counted = await _in_pieces(lib, made, segments)
    if all(whole for _, whole in counted):
        rows = [(*one, float(n)) for one, (n, _) in zip(segments, counted, strict=True)]
        return Outline(sum(n for n, _ in counted), exact=True, segments=tuple(rows))
    rows = [
        (first, last, n * (last - first + 1) / min(PIECE, last - first + 1))
        for (first, last), (n, _) in zip(segments, counted, strict=True)
    ]
    rows = [_at_least(row, ids, more) for row in rows]
    return Outline(round(sum(n for *_, n in rows)), exact=False, segments=tuple(rows))


def _at_least(
    segment: tuple[int, int, float], ids: list[int], down_to: int
) -> tuple[int, int, float]:
    """Return a segment with the rows that were met on the way down: pieces miss what lies close."""
    low, high, estimate = segment
    met = float(sum(low <= one <= high for one in ids))
    return low, high, met if low >= down_to else max(met, estimate)


def _segments(low: int, high: int) -> list[tuple[int, int]]:
    size = max(PIECE, -(-(high - low + 1) // SEGMENTS))
    return [(max(low, last - size + 1), last) for last in range(high, low - 1, -size)]


def _exact(ids: list[int], segments: list[tuple[int, int]]) -> Outline:
    rows = [(low, high, float(sum(low <= one <= high for one in ids))) for low, high in segments]
    return Outline(len(ids), exact=True, segments=tuple(rows))


async def _in_pieces(
    lib: Library, made: Plan, segments: list[tuple[int, int]]
) -> list[tuple[int, bool]]:
    """Count the rows of each segment's piece; where that is slow, of some segments for others."""
    began = lib.clock.monotonic()
    some = await _counted(lib, made, segments[::_EVERY])
    if (lib.clock.monotonic() - began) * _EVERY <= _PIECES:
        return await _counted(lib, made, segments)
    return [(some[at // _EVERY][0], False) for at in range(len(segments))]


async def _counted(
    lib: Library, made: Plan, segments: list[tuple[int, int]]
) -> list[tuple[int, bool]]:
    """Count the rows in the middle of each segment; with whether that was all of it."""
    pieces = [_piece(*segment) for segment in segments]
    more = conditions(made.checks)
    if made.match is not None:
        join = "CROSS JOIN asset_ai r ON r.id = search.rowid" if more else ""
        inner = f"FROM search {join} WHERE search MATCH p.value ->> 2 "
        inner += f"AND search.rowid >= p.value ->> 0 AND search.rowid <= p.value ->> 1{more}"
        values = [*made.values]
    else:
        own, values = "", [*made.values]
        if made.track is not None:
            own = " AND r.provider = ? AND r.model = ? AND r.profile = ?"
            values += [made.track.provider, made.track.model, made.track.profile]
        inner = "FROM asset_ai r WHERE r.id >= p.value ->> 0 AND r.id <= p.value ->> 1"
        inner += f"{more}{own}"
    sql = f"SELECT (SELECT count(*) {inner}) FROM json_each(?) p ORDER BY p.key"
    asked = [(*piece, made.within(*piece)) for piece in pieces]
    rows = await lib.rows(sql, (*values, msgspec.json.encode(asked).decode()))
    return [
        (int(row[0]), piece == segment)
        for row, piece, segment in zip(rows, pieces, segments, strict=True)
    ]


def _piece(low: int, high: int) -> tuple[int, int]:
    start = low if high - low < PIECE else (low + high - PIECE) // 2
    return start, min(high, start + PIECE - 1)


async def _of_assets(lib: Library, made: Plan) -> Outline:
    """Return the outline of assets: counts that are kept where there are any, else as found."""
    ids, more = await assets_of(lib, made, None, newer=False, limit=FEW, seconds=_ASSETS)
    if more is None:
        low, high = (ids[-1], ids[0]) if ids else (0, 0)
        return Outline(len(ids), exact=True, segments=((low, high, float(len(ids))),))
    total = len(ids)
    plain = made.failed is None and made.edited is None and not (made.paths or made.boards)
    if made.untagged and plain and made.track is not None:
        row = await lib.row(
            "SELECT todo + retry_later + in_batches + known_bad + ignored FROM counter "
            "WHERE track = ?",
            (made.track.id,),
        )
        total = int(row[0]) if row else total
        return Outline(total, exact=True, segments=((1, ids[0] if ids else END, float(total)),))
    if total < FEW:  # seldom, or slow to find
        return Outline(total, False, ((1, ids[0] if ids else END, float(total)),))
    rows = await _assets_in_pieces(lib, made, _segments(1, await highest(lib, made)))
    return Outline(max(total, round(sum(n for *_, n in rows))), False, tuple(rows))


async def _assets_in_pieces(
    lib: Library, made: Plan, segments: list[tuple[int, int]]
) -> list[tuple[int, int, float]]:
    """Return segments with about how many rows they have, by those in the middle of each."""
    found = []
    for low, high in segments:
        first, last = _piece(low, high)
        some = await candidates(lib, made, last + 1, PIECE, newer=False)
        kept = await fitting(lib, made, [one for one in some if one >= first])
        found.append((low, high, len(kept) * (high - low + 1) / (last - first + 1)))
    return found


async def spread(lib: Library, made: Plan, shape: Outline, most: int) -> list[int]:
    """Return ids of results, from all over the outline when there are more than `most`."""
    if shape.total <= most:
        ids, _ = await results_of(lib, made, None, newer=False, limit=most, seconds=0.15)
        return ids
    some = shape.segments[:: max(1, len(shape.segments) // _PLACES)]
    whole = sum(rows for *_, rows in some) or 1.0
    found: list[int] = []
    for low, high, rows in some:
        share = round(most * rows / whole)
        if share:
            start = (low + high) // 2 + PIECE // 2
            ids, _ = await results_of(
                lib, made, min(high, start) + 1, newer=False, limit=share, seconds=0.01
            )
            found += [one for one in ids if one >= low]
    return found
