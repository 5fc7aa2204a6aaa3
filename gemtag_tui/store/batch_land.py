"""Taking in results: whole groups in one transaction, together with how far they were read."""

from __future__ import annotations

import zlib
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.pacific import day_of
from gemtag_tui.core.text import storable
from gemtag_tui.store import failure_rows, next_tries
from gemtag_tui.store.batch_rows import Item, Landing, Odd, Sum

if TYPE_CHECKING:
    from collections.abc import Iterator

    import aiosqlite

    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.library import Library

KEPT_ODD = 1000
"""Lines of each kind that are kept as they came, for one job."""
_RAW_MAX = 16_000
_BY_ASSET = itemgetter(0)

_ROWS = (250, 16, 1)
"""Results entered by one statement: each costs SQLite a look at its table of last ids, and this
thread a turn that it has to wait for; but long statements take long to compile."""
_MANY = 1_000
"""Results from which on their places are counted by the group, not one by one."""
_RESULTS = """
    INSERT INTO asset_ai (provider, model, profile, lane, job, run, tagged_at, asset, summary, tags,
        served_model, tokens_prompt, tokens_image, tokens_output, cost_usd)
    SELECT ?, ?, ?, 'batch', ?, ?, ?, r.* FROM (VALUES {rows}) r WHERE true ON CONFLICT DO NOTHING
"""
_TAGGED_ITEMS = """
    UPDATE batch_item SET state = 1 WHERE job = ? AND asset IN (SELECT value FROM json_each(?))
"""
_TAGGED_WORK = """
    UPDATE work SET state = 3, due = NULL
    WHERE track = ? AND asset IN (SELECT value FROM json_each(?)) AND +state <> 3
"""
_BATCH_WORK = """
    UPDATE work SET state = 3, due = NULL
    WHERE track = ? AND asset IN (SELECT value FROM json_each(?)) AND +state = 2
"""
_COUNTED = """
    UPDATE counter SET in_batches = in_batches - ?1, tagged = tagged + ?1 WHERE track = ?2
"""
_COUNTING = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'work_moved'"
_DONE = "SELECT EXISTS (SELECT 1 FROM batch_tally WHERE job = ? AND kind = 'swapped')"
_OTHERS = """
    SELECT asset FROM asset_ai WHERE provider = ? AND model = ? AND profile = ?
    AND asset IN (SELECT value FROM json_each(?)) AND job IS NOT ?
"""
_KEYS = """
    SELECT asset, key FROM batch_key
    WHERE job = ? AND asset IN (SELECT value FROM json_each(?))
"""
_RESOLVE = """
    UPDATE failure SET standing = 'resolved', next_retry = NULL, last_seen = ?
    WHERE asset = ? AND provider = ? AND model = ? AND profile = ? AND standing <> 'resolved'
"""
_LEDGER = """
    INSERT INTO request_ledger
        (at, provider, model, lane, run, status, tokens_in, tokens_out, cost_usd, requests)
    VALUES (?, ?, ?, 'batch', ?, ?, ?, ?, ?, ?)
"""
_DAY = """
    INSERT INTO ledger_day
        (day, provider, model, lane, requests, refused, tokens_in, tokens_out, cost_usd)
    VALUES (?, ?, ?, 'batch', ?, 0, ?, ?, ?)
    ON CONFLICT (day, provider, model, lane) DO UPDATE SET
        requests = requests + excluded.requests,
        tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out,
        cost_usd = cost_usd + excluded.cost_usd
"""
_TALLY = """
    INSERT INTO batch_tally VALUES (?, ?, ?)
    ON CONFLICT (job, kind) DO UPDATE SET lines = lines + excluded.lines
"""
_ODD = """
    INSERT INTO batch_odd (job, kind, key, asset, cost_usd, raw)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6
    WHERE (SELECT count(*) FROM batch_odd WHERE job = ?1 AND kind = ?2) < ?7
"""
_JOB = """
    UPDATE batch_job SET ingested = ingested + ?, tagged = tagged + ?, cost_usd = cost_usd + ?,
        double_usd = double_usd + ?, tokens_in = tokens_in + ?, tokens_out = tokens_out + ?,
        taken_bytes = max(taken_bytes, ?) WHERE id = ?
"""


async def land(lib: Library, new: Landing) -> None:
    """Write a group of lines, and that they were: after an error nothing of it is.

    Raises:
        LibraryError: when the library cannot be written.
    """
    await lib.at_once(lambda db: _land(db, new))


async def _land(db: aiosqlite.Connection, new: Landing) -> None:
    await _tagged(db, new)
    if new.states:
        await db.executemany(
            "UPDATE batch_item SET state = ? WHERE job = ? AND asset = ?",
            [(state, new.job, asset) for state, asset in new.states],
        )
    if new.failures:
        await failure_rows.write(db, new.failures, new.run)
    await next_tries.landed(db, new.job)
    await _books(db, new)
    if new.odd:
        await db.executemany(_ODD, [_odd(new.job, one) for one in new.odd])


async def _tagged(db: aiosqlite.Connection, new: Landing) -> None:
    if not new.tagged:
        return
    track = new.track
    owner = (track.provider, track.model, track.profile)
    rows, entered = sorted(new.tagged, key=_BY_ASSET), 0
    for part in _parts(rows):
        values = chain((*owner, new.job, new.run, new.at), *part)
        entered += (await db.execute(_results(len(part)), tuple(values))).rowcount
    if entered < len(rows):
        rows = await _without_second(db, new, rows)
    assets = msgspec.json.encode(list(map(_BY_ASSET, rows))).decode()
    await db.execute(_TAGGED_ITEMS, (new.job, assets))
    held = await _out_of_batches(db, track.id, assets) if len(rows) >= _MANY else 0
    if held < len(rows):
        await db.execute(_TAGGED_WORK, (track.id, assets))
    await db.executemany(_RESOLVE, [(new.at, asset, *owner) for asset in new.had_failed])


def _parts(rows: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    at = 0
    for size in _ROWS:
        while len(rows) - at >= size:
            yield rows[at : at + size]
            at += size


async def _out_of_batches(db: aiosqlite.Connection, track: int, assets: str) -> int:
    """Mark what a batch held as tagged, counting it by one sum instead of by the row.

    The trigger that counts would double what this costs; it is away only within the transaction,
    which nobody sees from outside, and is back with it also when the transaction fails.

    Returns:
        How many that were.
    """
    ((counting,),) = await db.execute_fetchall(_COUNTING)
    await db.execute("DROP TRIGGER work_moved")
    moved = (await db.execute(_BATCH_WORK, (track, assets))).rowcount
    await db.execute(_COUNTED, (moved, track))
    await db.execute(counting)
    return moved


async def _without_second(
    db: aiosqlite.Connection, new: Landing, rows: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """Return the rows that are results now, and book those that found another's there.

    Jobs are taken in side by side, and an asset may have been tagged since it was looked up.
    """
    track = new.track
    assets = msgspec.json.encode(list(map(_BY_ASSET, rows))).decode()
    others = await db.execute_fetchall(
        _OTHERS, (track.provider, track.model, track.profile, assets, new.job)
    )
    taken = {row[0] for row in others}
    second = [row for row in rows if row[0] in taken]
    named = await db.execute_fetchall(_KEYS, (new.job, assets))
    keys = {row[0]: row[1] for row in named}
    for asset, summary, tags, *_, tokens_in, _image, tokens_out, usd in second:
        said = msgspec.json.encode({"summary": summary, "tags": msgspec.Raw(tags.encode())})
        new.odd.append(Odd("second", keys.get(asset, ""), said, asset, usd))
        new.states.append((Item.SECOND, asset))
        new.double_usd += usd
        for status, sign in (("ok", -1), ("second", 1)):
            new.tally[status] = new.tally.get(status, 0) + sign
            new.sums.setdefault(status, Sum()).add(sign, tokens_in, tokens_out, usd)
    new.tagged = [row for row in rows if row[0] not in taken]
    return new.tagged


@lru_cache(maxsize=len(_ROWS))
def _results(rows: int) -> str:
    return _RESULTS.format(rows=", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * rows))


async def _books(db: aiosqlite.Connection, new: Landing) -> None:
    track, sums = new.track, [(status, s) for status, s in new.sums.items() if s.lines]
    who = (track.provider, track.model)
    await db.executemany(
        _LEDGER,
        [
            (new.at, *who, new.run, status, s.tokens_in, s.tokens_out, s.cost_usd, s.lines)
            for status, s in sums
        ],
    )
    lines = sum(s.lines for _, s in sums)
    spent = (
        sum(s.tokens_in for _, s in sums),
        sum(s.tokens_out for _, s in sums),
        sum(s.cost_usd for _, s in sums),
    )
    if lines:
        await db.execute(_DAY, (day_of(new.at), *who, lines, *spent))
    await db.executemany(
        _TALLY, [(new.job, kind, count) for kind, count in new.tally.items() if count]
    )
    landed = len(new.tagged) + len(new.states) - new.again
    values = (landed, len(new.tagged), spent[2], new.double_usd, *spent[:2], new.taken_bytes)
    await db.execute(_JOB, (*values, new.job))


def _odd(job: int, one: Odd) -> tuple[Any, ...]:
    raw = zlib.compress(one.raw[:_RAW_MAX], 6)
    return (job, one.kind, storable(one.key[:200]), one.asset, one.cost_usd, raw, KEPT_ODD)


async def items(lib: Library, job: JobRow) -> tuple[dict[int, int], set[int], set[int]]:
    """Return a job's assets: their states, those on a better try, those with a failure."""
    rows = await lib.rows("SELECT asset, state, better FROM batch_item WHERE job = ?", (job.id,))
    failed = await lib.rows(
        "SELECT i.asset FROM batch_item i CROSS JOIN failure f ON f.asset = i.asset "
        "AND f.provider = ? AND f.model = ? AND f.profile = ? WHERE i.job = ?",
        (job.provider, job.model, job.profile, job.id),
    )
    states = {row[0]: row[1] for row in rows}
    return states, {row[0] for row in rows if row[2]}, {row[0] for row in failed}


async def held_and_done(lib: Library, job: JobRow) -> set[int]:
    """Return the assets that a job holds although they have a result by now.

    A job that was rescued may land before the one that its assets went to.
    """
    rows = await lib.rows(
        "SELECT i.asset FROM batch_item i CROSS JOIN asset_ai r ON r.asset = i.asset "
        "AND r.provider = ? AND r.model = ? AND r.profile = ? WHERE i.job = ? AND i.state = 0",
        (job.provider, job.model, job.profile, job.id),
    )
    return {row[0] for row in rows}


async def has_result(lib: Library, job: JobRow, assets: list[int]) -> set[int]:
    """Return those of some assets that have a result of the job's track."""
    rows = await lib.rows(
        "SELECT asset FROM asset_ai WHERE provider = ? AND model = ? AND profile = ? "
        "AND asset IN (SELECT value FROM json_each(?))",
        (job.provider, job.model, job.profile, msgspec.json.encode(assets).decode()),
    )
    return {row[0] for row in rows}


async def condemn(lib: Library, new: Landing) -> bool:
    """Keep the odd lines of a job that is not taken in, and what all of its lines have cost.

    Returns:
        Whether it was not done before: it is done once, however often a job is looked at.

    Raises:
        LibraryError: when the library cannot be written.
    """

    async def once(db: aiosqlite.Connection) -> bool:
        ((done,),) = await db.execute_fetchall(_DONE, (new.job,))
        if not done:
            await _land(db, new)
        return not done

    return await lib.at_once(once)
