"""A job that this library made and has no row for any more: it was restored from an older copy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.text import storable
from gemtag_tui.store.batch_rows import Item

if TYPE_CHECKING:
    from gemtag_tui.core.batch_operation import RemoteJob
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_JOB = """
    INSERT INTO batch_job (id, display_name, name, track, state, server_state, requests, succeeded,
        failed, pending, created_at, ended_at, expires_at, error, cost_usd, nonce, echo, bytes,
        tokens, output_file, results, moved_at)
    VALUES (?, ?, ?, ?, 'ended', ?, ?, ?, ?, 0, ?, ?, ?, ?, 0.0, ?, ?, 0, 0, ?, ?, ?)
"""
_ITEMS = """
    INSERT INTO batch_item (job, asset, track, state, better)
    SELECT ?1, w.asset, w.track, CASE WHEN w.state IN (0, 1) THEN ?2 ELSE ?3 END, 0
    FROM json_each(?4) k CROSS JOIN work w ON w.track = ?5 AND w.asset = k.value
    CROSS JOIN asset a ON a.id = w.asset WHERE a.added_at < ?6
"""
_HOLD = """
    UPDATE work SET state = 2, due = NULL WHERE track = ?1 AND asset IN (
        SELECT asset FROM batch_item WHERE job = ?2 AND state = 0)
"""
_COUNT = "SELECT count(*), coalesce(sum(state = 0), 0) FROM batch_item WHERE job = ?"


@dataclass(frozen=True, slots=True)
class Orphan:
    """A finished job without a row, and what its results say.

    Attributes:
        number: the id it had, by its name.
        remote: as the server tells it.
        nonce: ends every key.
        echo: whether its answers repeat their keys.
        assets: named by its keys.
        results: name of the file of results beside the library.
        expires_at: when the results do (Unix seconds).
    """

    number: int
    remote: RemoteJob
    nonce: str
    echo: bool
    results: str
    expires_at: float
    assets: set[int] = field(default_factory=set)


async def adopt(lib: Library, track: Track, job: Orphan) -> tuple[int, int]:
    """Give a job a row again; its assets that wait for a result are held by it from here on.

    Only assets that were in the library before the job was made are its own.

    Returns:
        Its assets, and how many of them wait for a result.
    """
    remote, now = job.remote, lib.clock.now()
    made = remote.created_at or 0.0
    values = (
        job.number, storable(remote.display_name), remote.name, track.id, remote.raw_state,
        len(job.assets), remote.succeeded, remote.failed, made, remote.ended_at or now,
        job.expires_at, storable(remote.error), job.nonce, int(job.echo), remote.output_file,
        job.results, now,
    )  # fmt: skip
    assets = msgspec.json.encode(sorted(job.assets)).decode()
    async with lib.transaction() as db:
        await db.execute(_JOB, values)
        states = (int(Item.HELD), int(Item.GIVEN_BACK))
        await db.execute(_ITEMS, (job.number, *states, assets, track.id, made))
        await db.execute(_HOLD, (track.id, job.number))
        ((own, held),) = await db.execute_fetchall(_COUNT, (job.number,))
        words = f"Adopted: {own:,} of its {len(job.assets):,} images are here, {held:,} wait."
        await db.execute(
            "INSERT INTO batch_event (job, at, kind, words) VALUES (?, ?, 'adopted', ?)",
            (job.number, now, words),
        )
        await db.execute("DELETE FROM batch_stranger WHERE name = ?", (remote.name,))
    return int(own), int(held)
