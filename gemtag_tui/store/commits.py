"""The one way in which results, failures, calls and the engine's state are kept."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.pacific import day_of
from gemtag_tui.core.snapshot import Counts, RunSnapshot
from gemtag_tui.core.text import storable
from gemtag_tui.store import failure_rows, indexer, next_tries
from gemtag_tui.store.rows import Group, LedgerRow, LoggedError, NewFailure, NewResult
from gemtag_tui.store.work import COUNTERS, counts_from

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library

__all__ = ["Group", "LedgerRow", "LoggedError", "NewFailure", "NewResult", "commit", "write"]

_encode = msgspec.json.Encoder().encode

_RESULT = """
    INSERT INTO asset_ai (asset, provider, model, profile, summary, tags, lane, job, run,
        served_model, tokens_prompt, tokens_image, tokens_output, cost_usd, tagged_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_FIRST = """
    SELECT job FROM asset_ai
    WHERE asset = ? AND provider = ? AND model = ? AND profile = ? AND job IS NOT NULL
"""
_DOUBLE = "UPDATE batch_job SET double_usd = double_usd + ? WHERE id = ?"
_ODD = (
    "INSERT INTO batch_odd (job, kind, key, asset, cost_usd, raw) VALUES (?, 'beside', '', ?, ?, ?)"
)
_TALLY = """
    INSERT INTO batch_tally (job, kind, lines) VALUES (?, 'beside', 1)
    ON CONFLICT (job, kind) DO UPDATE SET lines = lines + 1
"""
_TAGGED = "UPDATE work SET state = 3, due = NULL WHERE track = ? AND asset = ?"
_RESOLVE = """
    UPDATE failure SET standing = 'resolved', next_retry = NULL, last_seen = ?
    WHERE asset = ? AND provider = ? AND model = ? AND profile = ?
"""
_LEDGER = """
    INSERT INTO request_ledger
        (at, provider, model, lane, run, asset, status, tokens_in, tokens_out, tokens_cached,
        cost_usd)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DAY = """
    INSERT INTO ledger_day (day, provider, model, lane, requests, refused, tokens_in, tokens_out,
        tokens_cached, cost_usd)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (day, provider, model, lane) DO UPDATE SET
        requests = requests + excluded.requests, refused = refused + excluded.refused,
        tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
        tokens_cached = tokens_cached + excluded.tokens_cached,
        cost_usd = cost_usd + excluded.cost_usd
"""
_ERROR = "INSERT INTO run_error (run, at, kind, asset, message, fate) VALUES (?, ?, ?, ?, ?, ?)"
_RUN = """
    UPDATE run SET done = ?, bad = ?, tries = ?, cost_usd = ?,
        state = iif(ended_at IS NULL AND ? <> 'idle', ?, state) WHERE id = ?
"""
_LIVE = "INSERT INTO live VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET snapshot = excluded.snapshot"


async def commit(lib: Library, group: Group) -> Counts | None:
    """Write a group: after this returns all of it is on disk; after an error nothing is.

    Results that are there already stand (see `NewResult.replaces`); what the second one cost is in
    the ledger. A run's totals come from the snapshot.

    Returns:
        The track's counts with this group in them, when there is a snapshot.

    Raises:
        LibraryError: when the library cannot be written.
    """
    return await lib.at_once(lambda db: write(db, group))


async def write(db: aiosqlite.Connection, group: Group) -> Counts | None:
    """Write a group inside a transaction (see `commit`)."""
    await _results(db, group)
    if group.failures:
        await failure_rows.write(db, group.failures, group.run)
    if group.ledger:
        await _ledger(db, group.ledger, group.run)
    if group.errors:
        await db.executemany(_ERROR, [_error(line, group.run) for line in group.errors])
    kept = None if group.snapshot is None else await _snapshot(db, group.snapshot)
    if group.index:
        await indexer.index_some(db, group.index)
    return kept


async def _results(db: aiosqlite.Connection, group: Group) -> None:
    if not group.results:
        return
    for new in group.results:
        if new.replaces:
            await indexer.take_out(db, new.asset, new.track)
    entered = await db.executemany(_RESULT, [_result(new, group.run) for new in group.results])
    group.beside.clear()
    if entered.rowcount < len(group.results):
        group.beside.extend(await _second(db, group.results))
    await db.executemany(_TAGGED, [(new.track.id, new.asset) for new in group.results])
    await db.executemany(_RESOLVE, [_resolved(new) for new in group.results])
    if changed := [new for new in group.results if new.made_with]:
        await next_tries.made(db, changed)


async def _second(db: aiosqlite.Connection, results: list[NewResult]) -> list[int]:
    """Book what was paid call by call for images whose batch job landed meanwhile; returns these.

    The job's result stands; this one is kept with the job's odd lines.
    """
    found = []
    for new in results:
        track = new.track
        owner = (new.asset, track.provider, track.model, track.profile)
        for (job,) in await db.execute_fetchall(_FIRST, owner):
            if new.job is None:
                said = {"summary": new.tags.summary, "tags": new.tags.buckets, "lane": new.lane}
                raw = zlib.compress(_encode(said))
                await db.execute(_DOUBLE, (new.cost_usd, job))
                await db.execute(_ODD, (job, new.asset, new.cost_usd, raw))
                await db.execute(_TALLY, (job,))
                found.append(new.asset)
    return found


def _result(new: NewResult, run: int | None) -> tuple[Any, ...]:
    track, usage = new.track, new.usage
    owner = (new.asset, track.provider, track.model, track.profile)
    words = (storable(new.tags.summary), storable(tags_json(new.tags.buckets)))
    spent = (usage.prompt, usage.image, usage.output, new.cost_usd, new.tagged_at)
    return (*owner, *words, new.lane, new.job, run, new.served_model, *spent)


def tags_json(buckets: dict[str, tuple[str, ...]]) -> str:
    """Return tags as they are stored: a JSON object of lists."""
    try:
        return _encode(buckets).decode()
    except UnicodeEncodeError:  # lone surrogates in a model's words
        clean = {storable(b): [storable(name) for name in tags] for b, tags in buckets.items()}
        return _encode(clean).decode()


def _resolved(new: NewResult) -> tuple[Any, ...]:
    return (new.tagged_at, new.asset, new.track.provider, new.track.model, new.track.profile)


async def _ledger(db: aiosqlite.Connection, rows: list[LedgerRow], run: int | None) -> None:
    await db.executemany(_LEDGER, [_call(row, run) for row in rows])
    await db.executemany(_DAY, _day_sums(rows))


def _call(row: LedgerRow, run: int | None) -> tuple[Any, ...]:
    used = (row.status, row.tokens_in, row.tokens_out, row.tokens_cached, row.cost_usd)
    return (row.at, row.provider, row.model, row.lane, run, row.asset, *used)


@lru_cache(maxsize=64)
def _day_of_quarter(quarter: int) -> str:
    return day_of(quarter * 900.0)


def _day_sums(rows: Iterable[LedgerRow]) -> list[tuple[Any, ...]]:
    """Add up calls by Pacific day, provider, model and lane; days begin on a quarter of an hour."""
    sums: dict[tuple[str, str, str, str], list[float]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0.0])
    for row in rows:
        kept = sums[_day_of_quarter(int(row.at // 900)), row.provider, row.model, row.lane]
        kept[1 if row.refused else 0] += 1
        kept[2] += row.tokens_in
        kept[3] += row.tokens_out
        kept[4] += row.tokens_cached
        kept[5] += row.cost_usd
    return [(*key, *kept) for key, kept in sums.items()]


def _error(line: LoggedError, run: int | None) -> tuple[Any, ...]:
    return (run or 0, line.at, line.kind, line.asset, storable(line.message), storable(line.fate))


async def _snapshot(db: aiosqlite.Connection, snapshot: RunSnapshot) -> Counts:
    """Write the engine's state with the counts of this very transaction."""
    rows = await db.execute_fetchall(
        "SELECT t.id FROM track t WHERE t.provider = ? AND t.model = ? AND t.profile = ?",
        (snapshot.provider, snapshot.model, snapshot.profile_id),
    )
    kept = snapshot.counts
    for (track,) in rows:
        kept = counts_from(await db.execute_fetchall(COUNTERS, (track,)))
        snapshot = msgspec.structs.replace(snapshot, counts=kept)
    await db.execute(_LIVE, (storable(_encode(snapshot).decode()),))
    s = snapshot
    await db.execute(_RUN, (s.done, s.bad, s.tries, s.cost_usd, s.state, s.state, s.run))
    return kept
