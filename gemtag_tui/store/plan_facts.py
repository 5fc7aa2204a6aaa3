"""What the plan is reckoned from: kept sums and short looks, the same at any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gemtag_tui.core.estimate import Measured, Moments
from gemtag_tui.core.plan_shape import TILE, Shape
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.store.work import COUNTERS, counts_from

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

LATEST = 2_000
"""Results that a measurement looks back at."""
FEWEST_TRIES = 20
"""Images of past runs from which on the calls made for one are taken from them."""

_USED = """
    SELECT r.model, r.profile, count(*),
        avg(r.tokens_prompt - r.tokens_image), avg(r.tokens_image), avg(r.tokens_output),
        avg((r.tokens_prompt - r.tokens_image) * (r.tokens_prompt - r.tokens_image) * 1.0),
        avg(r.tokens_image * r.tokens_image * 1.0), avg(r.tokens_output * r.tokens_output * 1.0),
        avg(CASE WHEN s.bytes > 7000000 THEN s.tiles_small ELSE s.tiles END)
    FROM (
        SELECT asset, provider, model, profile, tokens_prompt, tokens_image, tokens_output
        FROM asset_ai ORDER BY id DESC LIMIT ?
    ) r JOIN asset_shape s ON s.id = r.asset
    WHERE r.provider = ? AND r.tokens_prompt > 0 GROUP BY r.model, r.profile
"""
_BAD = """
    SELECT model, profile, kind, count(*) FROM failure WHERE live = 1 AND standing = 'known_bad'
    AND provider IN ('', ?) GROUP BY 1, 2, 3
"""


class TrackFacts(NamedTuple):
    """One track with its kept counts."""

    id: int
    model: str
    profile: str
    counts: Counts


async def shapes(lib: Library) -> list[Shape]:
    """Return the classes of all images that can be used."""
    return [Shape(*row) for row in await lib.rows("SELECT * FROM shape WHERE assets > 0")]


async def track_facts(lib: Library, provider: str) -> list[TrackFacts]:
    """Return all tracks of a provider with their counts; there are a handful."""
    rows = await lib.rows("SELECT id, model, profile FROM track WHERE provider = ?", (provider,))
    return [
        TrackFacts(track, model, profile, counts_from(await lib.rows(COUNTERS, (track,))))
        for track, model, profile in rows
    ]


async def used(
    lib: Library, provider: str, pilots: dict[tuple[str, str], int], latest: int = LATEST
) -> dict[tuple[str, str], Measured]:
    """Return what the latest results have used, by model and profile id.

    Args:
        lib: the library.
        provider: google or simulator.
        pilots: results of samples, by model and profile id.
        latest: how many results of the library are looked at.
    """
    rows = await lib.rows(_USED, (latest, provider))
    return {(row[0], row[1]): _measured(row, pilots.get((row[0], row[1]), 0)) for row in rows}


def _measured(row: Any, pilot: int) -> Measured:
    count, means, squares = row[2], row[3:6], row[6:9]
    prompt, image, output = (
        Moments(mean, max(0.0, square - mean * mean) ** 0.5)
        for mean, square in zip(means, squares, strict=True)
    )
    return Measured(count, prompt, image, output, (row[9] or 0.0) * TILE, pilot)


async def pilots(lib: Library, provider: str) -> dict[tuple[str, str], int]:
    """Return how many images samples were made of, by model and profile id."""
    rows = await lib.rows(
        "SELECT t.model, t.profile, count(*) FROM pilot p JOIN track t ON t.id = p.track "
        "JOIN pilot_asset a ON a.pilot = p.id WHERE t.provider = ? GROUP BY 1, 2",
        (provider,),
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def calls_today(lib: Library, provider: str, day: str) -> dict[str, float]:
    """Return the calls of a Pacific day by model, those refused and batches left out."""
    rows = await lib.rows(
        "SELECT model, sum(requests) FROM ledger_day "
        "WHERE day = ? AND provider = ? AND lane <> 'batch' GROUP BY model",
        (day, provider),
    )
    return {row[0]: float(row[1]) for row in rows}


async def learned(lib: Library, provider: str) -> dict[tuple[str, str], float]:
    """Return all learned limits of a provider, by model and name."""
    rows = await lib.rows(
        "SELECT model, name, value FROM learned_limit WHERE provider = ?", (provider,)
    )
    return {(row[0], row[1]): float(row[2]) for row in rows}


async def tries(lib: Library, track: int) -> float:
    """Return the calls made for one image in past runs of a track, 1 while too little is known."""
    row = await lib.row(
        "SELECT coalesce(sum(tries), 0), coalesce(sum(done + bad), 0) FROM run "
        "WHERE track = ? AND lane <> 'batch'",
        (track,),
    )
    if row is None or row[1] < FEWEST_TRIES:
        return 1.0
    return max(1.0, float(row[0]) / float(row[1]))


async def batch_hours(lib: Library, provider: str) -> dict[str, tuple[float, int]]:
    """Return the hours that batch jobs took from sending to their end, and how many, by model."""
    rows = await lib.rows(
        "SELECT t.model, avg(j.ended_at - j.submitted_at) / 3600.0, count(*) FROM batch_job j "
        "JOIN track t ON t.id = j.track WHERE t.provider = ? AND j.ended_at > j.submitted_at "
        "AND j.succeeded > 0 GROUP BY t.model",
        (provider,),
    )
    return {row[0]: (float(row[1]), int(row[2])) for row in rows}


async def bad_kinds(lib: Library, provider: str) -> dict[tuple[str, str], dict[str, int]]:
    """Return the known bad images by kind, by model and profile id.

    Under ("", "") are those that are bad for every track, which the others do not hold.
    """
    found: dict[tuple[str, str], dict[str, int]] = {}
    for model, profile, kind, count in await lib.rows(_BAD, (provider,)):
        found.setdefault((model, profile), {})[kind] = count
    return found
