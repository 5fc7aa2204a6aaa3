"""How failures are written: one row per asset and track, however often it fails."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.causes import cause_of
from gemtag_tui.core.failures import LOCAL_KINDS
from gemtag_tui.core.text import storable
from gemtag_tui.store import next_tries
from gemtag_tui.store.rows import NewFailure

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library

_RAW_MAX = 64_000
_MESSAGE_MAX = 4_000

_UPSERT = """
    INSERT INTO failure (asset, provider, model, profile, kind, message, head, attempts, first_seen,
        last_seen, next_retry, standing, lane, run, job, cost_usd, raw, made_with, live)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
        (SELECT files > 0 FROM asset WHERE id = ?1))
    ON CONFLICT (asset, provider, model, profile) DO UPDATE SET
        kind = excluded.kind, message = excluded.message, head = excluded.head,
        attempts = excluded.attempts + iif(standing = 'resolved', 0, attempts),
        last_seen = excluded.last_seen, next_retry = excluded.next_retry,
        standing = iif(standing = 'ignored', standing, excluded.standing),
        lane = excluded.lane, run = excluded.run, job = excluded.job,
        cost_usd = cost_usd + excluded.cost_usd, raw = coalesce(excluded.raw, raw),
        made_with = excluded.made_with
"""
_SETTLE = """
    UPDATE work SET (state, due) = (
        SELECT p.state, p.due FROM place p WHERE p.track = work.track AND p.asset = work.asset)
    WHERE track = ? AND asset = ?
"""
_SETTLE_ALL = """
    UPDATE work SET (state, due) = (
        SELECT p.state, p.due FROM place p WHERE p.track = work.track AND p.asset = work.asset)
    WHERE track IN (SELECT id FROM track) AND asset = ?
"""


def _values(new: NewFailure, run: int | None) -> tuple[Any, ...]:
    local = new.kind in LOCAL_KINDS
    owner = ("", "", "") if local else (new.track.provider, new.track.model, new.track.profile)
    message = storable(new.message[:_MESSAGE_MAX])
    raw = zlib.compress(new.raw[:_RAW_MAX], 6) if new.raw else None
    where = (new.lane, run, new.job)
    kept = (new.at, new.next_retry, new.standing.value, *where, new.cost_usd, raw, new.made_with)
    return (new.asset, *owner, new.kind.value, message, cause_of(message), new.attempts, *kept)


async def write(
    db: aiosqlite.Connection, failures: Iterable[NewFailure], run: int | None = None
) -> None:
    """Record failures and give their assets the place that follows from them."""
    rows = list(failures)
    await db.executemany(_UPSERT, [_values(new, run) for new in rows])
    own = [(new.track.id, new.asset) for new in rows if new.kind not in LOCAL_KINDS]
    await db.executemany(_SETTLE, own)
    await next_tries.failed(db, rows)
    await settle_everywhere(db, [new.asset for new in rows if new.kind in LOCAL_KINDS])


async def settle_everywhere(db: aiosqlite.Connection, assets: Iterable[int]) -> None:
    """Give assets the place that follows from what is known of them, in every track."""
    await db.executemany(_SETTLE_ALL, [(asset,) for asset in assets])


CAUSES = "1"
"""Raised when `cause_of` changes: then the stored ones are made anew."""


async def renew_causes(lib: Library) -> int:
    """Make the causes anew by which failures are grouped, when they were made by older rules."""
    done, after = 0, 0
    row = await lib.row("SELECT value FROM setting WHERE name = 'causes'")
    if row is not None and row[0] == CAUSES:
        return 0
    while True:
        rows = await lib.rows(
            "SELECT id, message, head FROM failure WHERE id > ? ORDER BY id LIMIT 5000", (after,)
        )
        moved = [(cause_of(row[1]), row[0]) for row in rows if cause_of(row[1]) != row[2]]
        async with lib.transaction() as db:
            await db.executemany("UPDATE failure SET head = ? WHERE id = ?", moved)
            if not rows:
                await db.execute("INSERT OR REPLACE INTO setting VALUES ('causes', ?)", (CAUSES,))
                return done
        done, after = done + len(moved), rows[-1][0]
