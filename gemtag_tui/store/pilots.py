"""Samples that were tagged to measure with: drawing them, keeping them, what became of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.pilot import Picked, Probe, Tried
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

SAMPLE = "a pilot's sample"
"""Words of the lists that samples are kept as."""
_PROBES = """
    SELECT s.id, s.type, s.side, o.path FROM asset_shape s CROSS JOIN asset a ON a.id = s.id
    CROSS JOIN file f ON f.id = a.file CROSS JOIN folder o ON o.id = f.folder
    WHERE s.id IN (SELECT value FROM json_each(?)) ORDER BY s.id
"""
_DRAWN = """
    SELECT DISTINCT ({}) FROM json_each(?) n
"""
_NEXT_TODO = (
    "SELECT w.asset FROM work w WHERE w.track = ? AND w.state = 0 AND w.asset >= n.value "
    "ORDER BY w.asset LIMIT 1"
)
_NEXT_USABLE = (
    "SELECT a.id FROM asset a WHERE a.id >= n.value AND a.files > 0 AND a.bad = 0 "
    "ORDER BY a.id LIMIT 1"
)
_TRIED = """
    SELECT p.asset, coalesce(r.tokens_prompt, 0), coalesce(r.tokens_output, 0),
        coalesce(l.cost, 0.0), coalesce(l.calls, 0), coalesce(b.kind, '')
    FROM pilot_asset p CROSS JOIN track t ON t.id = ?
    LEFT JOIN asset_ai r ON r.asset = p.asset AND r.provider = t.provider
        AND r.model = t.model AND r.profile = t.profile
    LEFT JOIN (
        SELECT asset, sum(cost_usd) AS cost, sum(requests) AS calls FROM request_ledger
        WHERE at >= ? AND run = ? GROUP BY asset
    ) l ON l.asset = p.asset
    LEFT JOIN failure b ON b.asset = p.asset AND b.provider = t.provider AND b.model = t.model
        AND b.profile = t.profile AND b.standing <> 'resolved'
    WHERE p.pilot = ? ORDER BY p.asset
"""


@dataclass(frozen=True, slots=True)
class PilotRow:
    """A sample: its run, the lane and the seed it was chosen by."""

    id: int
    track: int
    run: int
    lane: str
    seed: int
    at: float
    max_cost: float


def _listed(assets: Sequence[int]) -> str:
    return f"[{','.join(map(str, assets))}]"


async def drawn(lib: Library, track: int | None, size: int, seed: int) -> list[int]:
    """Return about so many images at random of those that remain; the same for the same seed.

    Ids are drawn, and the next image that remains is taken: gaps after a scan are few.

    Args:
        lib: the library.
        track: whose images remain; `None`: all that can be used.
        size: how many at most.
        seed: of the draw.
    """
    last = await lib.row("SELECT max(id) FROM asset")
    if last is None or last[0] is None:
        return []
    numbers, chance = range(1, last[0] + 1), random.Random(seed)  # noqa: S311
    ids = list(numbers) if last[0] <= size else chance.sample(numbers, size)
    inner = _NEXT_USABLE if track is None else _NEXT_TODO
    own = () if track is None else (track,)
    rows = await lib.rows(_DRAWN.format(inner), (*own, _listed(sorted(ids))))
    return sorted(row[0] for row in rows if row[0] is not None)


async def probes(lib: Library, assets: Sequence[int]) -> list[Probe]:
    """Return what strata are made of, for some images."""
    rows = await lib.rows(_PROBES, (_listed(assets),))
    return [Probe(row[0], row[1], row[2], plain(row[3])) for row in rows]


async def keep_list(lib: Library, picked: Sequence[Picked]) -> int:
    """Keep a sample's images as the list that its run is for; returns the list's id.

    Raises:
        LibraryError: the library cannot be written.
    """
    from gemtag_tui.store import selections  # noqa: PLC0415 - it brings the search along

    return (await selections.select_these(lib, [one.asset for one in picked], SAMPLE)).id


async def is_sample(lib: Library, selection: int) -> bool:
    """Whether a kept list is a sample's."""
    from gemtag_tui.store import selections  # noqa: PLC0415 - it brings the search along

    found = await selections.get(lib, selection) if selection else None
    return found is not None and found.words == SAMPLE


async def keep(lib: Library, row: PilotRow, picked: Sequence[Picked]) -> int:
    """Keep what a sample was made of; returns its id.

    Raises:
        LibraryError: the library cannot be written.
    """
    async with lib.transaction() as db:
        cursor = await db.execute(
            "INSERT INTO pilot (track, run, lane, seed, at, max_cost) VALUES (?, ?, ?, ?, ?, ?)",
            (row.track, row.run, row.lane, row.seed, row.at, row.max_cost),
        )
        number = cursor.lastrowid or 0
        await db.executemany(
            "INSERT INTO pilot_asset VALUES (?, ?, ?)",
            [(number, one.asset, one.stratum) for one in picked],
        )
    return number


async def latest(lib: Library, track: int) -> PilotRow | None:
    """Return a track's latest sample."""
    row = await lib.row(
        "SELECT id, track, run, lane, seed, at, max_cost FROM pilot "
        "WHERE track = ? AND run IS NOT NULL ORDER BY id DESC LIMIT 1",
        (track,),
    )
    return None if row is None else PilotRow(*row)


async def tried(lib: Library, pilot: PilotRow) -> list[Tried]:
    """Return what became of the images of a sample; those not asked about are left out."""
    rows = await lib.rows(_TRIED, (pilot.track, pilot.at, pilot.run, pilot.id))
    return [
        Tried(asset, tokens_in, tokens_out, cost, calls, kind)
        for asset, tokens_in, tokens_out, cost, calls, kind in rows
        if calls
    ]


async def since(lib: Library, pilot: PilotRow) -> tuple[int, float]:
    """Return what later runs in a sample's lane have settled, and their cost in US dollars."""
    row = await lib.row(
        "SELECT coalesce(sum(done + bad), 0), coalesce(sum(cost_usd), 0.0) FROM run "
        "WHERE track = ? AND lane = ? AND id > ?",
        (pilot.track, pilot.lane, pilot.run),
    )
    return (0, 0.0) if row is None else (int(row[0]), float(row[1]))
