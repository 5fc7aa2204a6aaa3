"""Buckets with their tags and how often each occurs, in the library or in what a query finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.edits import Rules, effective
from gemtag_tui.core.query import Query
from gemtag_tui.store import search_plan
from gemtag_tui.store.search_docs import rules_from
from gemtag_tui.store.search_gathered import Gathered
from gemtag_tui.store.search_outline import FEW, Outline, outline, spread
from gemtag_tui.store.search_plan import BUCKETS, Plan

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

MOST = 50
"""Tags of one bucket."""
EXACT = 2_000
"""Results up to which every one is read."""
SAMPLE = 1_600
"""Results that are read of more."""

_decode = msgspec.json.Decoder(dict[str, list[str]]).decode

_TOP = """
    SELECT name, assets FROM tag WHERE track = ? AND bucket = ? AND assets > 0
    ORDER BY assets DESC LIMIT ?
"""
_GROUPED = """
    SELECT u.target, u.name, coalesce(t.assets, 0) FROM tag_rule u
    LEFT JOIN tag t ON t.track = ?1 AND t.bucket = u.bucket AND t.name = u.name WHERE u.bucket = ?2
    UNION ALL
    SELECT DISTINCT u.target, u.target, coalesce(t.assets, 0) FROM tag_rule u
    LEFT JOIN tag t ON t.track = ?1 AND t.bucket = u.bucket AND t.name = u.target
    WHERE u.bucket = ?2
    UNION ALL
    SELECT d.target, d.target, -d.assets FROM tag_double d WHERE d.track = ?1 AND d.bucket = ?2
    AND EXISTS (SELECT 1 FROM tag_rule u WHERE u.bucket = d.bucket AND u.target = d.target)
"""
_TAGS = """
    SELECT r.tags, e.overlay FROM json_each(?) j CROSS JOIN asset_ai r ON r.id = j.value
    LEFT JOIN edit e ON e.asset = r.asset
"""


@dataclass(frozen=True, slots=True)
class Value:
    """A tag as it is shown, and the results that have it."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """A bucket and its most frequent tags.

    Attributes:
        values: the most frequent first.
        more: there are others.
        exact: `False`: estimated from a part of the results ("about").
    """

    bucket: str
    values: tuple[Value, ...]
    more: bool
    exact: bool = True


async def whole(lib: Library, track: Track | None = None, *, most: int = MOST) -> list[Facet]:
    """Return the facets of all results (of a track), from counts that are kept."""
    sums: dict[str, Counter[str]] = {}
    full: set[str] = set()
    for own, bucket in await lib.rows(BUCKETS):
        if track is not None and own != track.id:
            continue
        counts = sums.setdefault(bucket, Counter())
        grouped = await lib.rows(_GROUPED, (own, bucket))
        hidden = {row[1] for row in grouped}
        rows = await lib.rows(_TOP, (own, bucket, most + 1 + len(hidden)))
        if len(rows) > most:
            full.add(bucket)
        counts.update({name: number for name, number in rows if name not in hidden})
        for target, _, number in grouped:
            counts[target] += number
    return [_facet(bucket, counts, most, bucket in full) for bucket, counts in sums.items()]


def _facet(bucket: str, counts: Counter[str], most: int, more: bool, scale: float = 1.0) -> Facet:
    present = [(-number, name) for name, number in counts.items() if number > 0]
    listed = [(-number, name) for number, name in nsmallest(most + 1, present)]
    values = tuple(Value(name, max(1, round(n * scale))) for n, name in listed[:most])
    return Facet(bucket, values, more or len(listed) > most, exact=scale == 1.0)


async def narrowed(
    lib: Library,
    query: Query | str | Plan,
    *,
    track: Track | None = None,
    most: int = MOST,
    known: Outline | None = None,
    rows: Sequence[int] | None = None,
) -> list[Facet]:
    """Return the facets of what a query finds: exact for some thousands, else from a sample.

    Args:
        lib: the library.
        query: a query, or text as people type it.
        track: only of this track.
        most: tags of one bucket.
        known: the query's outline, when there is one already.
        rows: what it has found, as far as it was looked for (`known` says how far).

    Raises:
        QueryError: the text has a mistake.
    """
    made = query if isinstance(query, Plan) else await search_plan.plan(lib, query, track)
    if made.nothing or made.assets:
        return []
    if made.match is None and not made.checks:
        return await whole(lib, made.track, most=most)
    shape = known or await outline(lib, made)
    if known is None and not shape.exact and shape.total < FEW:
        gathered = Gathered(lib, made)
        await gathered.all()
        rows, shape = gathered.keys, Outline(len(gathered.keys), exact=True)
    if rows is None:
        ids = await spread(lib, made, shape, EXACT if shape.total <= EXACT else SAMPLE)
    else:
        ids = list(rows[:: max(1, len(rows) // EXACT)])
    scale = 1.0 if not ids or len(ids) >= shape.total else shape.total / len(ids)
    rules = rules_from(await lib.rows("SELECT bucket, name, target FROM tag_rule"))
    told = await lib.rows(_TAGS, ("[" + ",".join(map(str, ids)) + "]",))
    counts = _counted(told, rules)
    unsure = rows is not None and not shape.exact
    found = [_facet(bucket, own, most, False, scale) for bucket, own in counts.items()]
    return [replace(one, exact=False) for one in found] if unsure else found


def _counted(rows: list[Any], rules: Rules) -> dict[str, Counter[str]]:
    names: dict[str, list[str]] = {}
    for text, overlay in rows:
        tags = _decode(text)
        if overlay or rules:
            tags = effective("", tags, overlay, rules)[1]
        for bucket, some in tags.items():
            names.setdefault(bucket, []).extend(dict.fromkeys(some))
    return {bucket: Counter(some) for bucket, some in names.items()}
