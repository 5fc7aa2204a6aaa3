"""The life of a batch job in the library: every step is one transaction."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import JobState, before
from gemtag_tui.core.batch_operation import RemoteJob
from gemtag_tui.core.text import storable
from gemtag_tui.store import next_tries
from gemtag_tui.store.batch_rows import Item, Taken
from gemtag_tui.store.batches import GIVEN_UP, JobRow, by_id
from gemtag_tui.store.parts import Part
from gemtag_tui.store.work import DUE_PAGE, PAGE, candidate, told

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_EVENT = "INSERT INTO batch_event (job, at, kind, words) VALUES (?, ?, ?, ?)"
_RELEASE = f"UPDATE batch_item SET state = {Item.GIVEN_BACK:d} WHERE job = ? AND state = 0"
_SETTLE = """
    UPDATE work SET (state, due) = (
        SELECT p.state, p.due FROM place p WHERE p.track = work.track AND p.asset = work.asset)
    WHERE track = ? AND state = 2 AND asset = ?
"""
_BETTER = """
    SELECT asset FROM failure WHERE asset = ? AND provider = ? AND model = ? AND profile = ?
        AND standing = 'open' AND kind IN ('truncated', 'malformed', 'empty', 'rejected_image')
"""
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_A_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_COLUMNS = frozenset(
    [
        "name",
        "server_state",
        "requests",
        "succeeded",
        "failed",
        "pending",
        "error",
        "ended_at",
        "expires_at",
        "nonce",
        "bytes",
        "tokens",
        "expected_usd",
        "file",
        "upload_url",
        "input_file",
        "input_expires_at",
        "output_file",
        "results",
        "results_sha256",
        "taken_bytes",
        "uploaded_at",
        "submitted_at",
        "started_at",
        "moved_at",
        "looked_at",
        "look_at",
        "looks",
        "sent",
        "refused",
        "waiting",
        "ingested_at",
        "rescued_at",
        "cleaned_at",
    ]
)


async def library_id(lib: Library) -> str:
    """Return the word by which this library's jobs are told from others on the account."""
    row = await lib.row("SELECT value FROM setting WHERE name = 'library_id'")
    if row is None:
        async with lib.transaction() as db:
            made = ("library_id", secrets.token_hex(4))
            await db.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", made)
            (row,) = await db.execute_fetchall(
                "SELECT value FROM setting WHERE name = 'library_id'"
            )
    return str(row[0])


async def open_job(
    lib: Library, track: Track, *, echo: bool, first: bool, run: int | None
) -> JobRow:
    """Record the intent of a job, under a display name that no other job has."""
    own = await library_id(lib)
    nonce = "".join(secrets.choice(_ALPHABET) for _ in range(4))
    now = lib.clock.now()
    async with lib.transaction() as db:
        ((number,),) = await db.execute_fetchall("SELECT coalesce(max(id), 0) + 1 FROM batch_job")
        number = max(number, await _past_forgotten(db, own))
        name = f"gemtag-{own}-{number}-{secrets.token_hex(5)}"
        await db.execute(
            "INSERT INTO batch_job (id, display_name, track, state, created_at, nonce, echo, "
            "first, run) VALUES (?, ?, ?, 'building', ?, ?, ?, ?, ?)",
            (number, name, track.id, now, nonce, int(echo), int(first), run),
        )
        await db.execute(_EVENT, (number, now, "building", "Its file is being built."))
    found = await by_id(lib, number)
    assert found is not None  # noqa: S101 (written just above)
    return found


async def _past_forgotten(db: aiosqlite.Connection, own: str) -> int:
    """Return a number above those of jobs that the library forgot: they may be adopted yet."""
    rows = await db.execute_fetchall("SELECT display_name FROM batch_stranger WHERE ours")
    parts = [str(name).removeprefix(f"gemtag-{own}-").partition("-")[0] for (name,) in rows]
    return 1 + max((int(one) for one in parts if _A_NUMBER.fullmatch(one)), default=0)


async def take(  # noqa: PLR0917 (a page of a track, for a job)
    lib: Library,
    job: int,
    track: Track,
    after: int,
    limit: int,
    shun: Iterable[int] = (),
    *,
    selection: int = 0,
    context: bool = False,
    above: int = 0,
) -> list[Taken]:
    """Take the next assets into a job: from here on nothing else takes them.

    Args:
        lib: the library.
        job: a job that is being built.
        track: its track.
        after: only new assets with a higher id; those due again come when these are used up.
        limit: most assets.
        shun: assets to be left where they are.
        selection: id of a kept list to take from; 0 for all that remain.
        context: with what their sources say of them.
        above: no asset up to this id, whatever it comes back for.
    """
    shunned, part = set(shun), Part(above=above, selection=selection)
    page, due_page = (told(PAGE), told(DUE_PAGE)) if context else (PAGE, DUE_PAGE)
    async with lib.transaction() as db:
        todo = part.todo(page, track.id, after, limit + len(shunned))
        rows = list(await db.execute_fetchall(*todo))
        found = [candidate(row) for row in rows if row[0] not in shunned][:limit]
        better: set[int] = set()
        if len(found) < limit:
            most = limit - len(found) + len(shunned)
            again = part.due(due_page, track.id, lib.clock.now(), most)
            rows = list(await db.execute_fetchall(*again))
            due = [candidate(row) for row in rows if row[0] not in shunned][: limit - len(found)]
            better = await _better(db, track, [one.asset for one in due])
            found += due
        changed = {one.asset for one in found if one.setting}
        await _hold(db, job, track, [one.asset for one in found], better | changed)
        if changed:
            await next_tries.into_job(db, job, track.id, sorted(changed))
    return [Taken(one, one.asset in better and not one.setting) for one in found]


async def _hold(
    db: aiosqlite.Connection, job: int, track: Track, assets: list[int], better: set[int]
) -> None:
    """Note that a job has some assets; in one statement each, since a thread runs beside.

    A try with a changed setting has no better one after it, so it counts as that.
    """
    held = json.dumps([[one, one in better] for one in assets])
    await db.execute(
        "INSERT INTO batch_item (job, asset, track, better) "
        "SELECT ?, value ->> 0, ?, value ->> 1 FROM json_each(?)",
        (job, track.id, held),
    )
    await db.execute(
        "UPDATE work SET state = 2, due = NULL "
        "WHERE track = ? AND asset IN (SELECT value ->> 0 FROM json_each(?))",
        (track.id, held),
    )


async def recorded(lib: Library, assets: list[int]) -> dict[int, float]:
    """Return when assets' contents were first recorded (Unix seconds)."""
    rows = await lib.rows(
        "SELECT id, added_at FROM asset WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(assets),),
    )
    return dict(rows)


async def _better(db: aiosqlite.Connection, track: Track, assets: list[int]) -> set[int]:
    """Return those whose open failure asks for a better try."""
    found: set[int] = set()
    for asset in assets:
        owner = (asset, track.provider, track.model, track.profile)
        found.update(row[0] for row in await db.execute_fetchall(_BETTER, owner))
    return found


async def give_back(lib: Library, job: JobRow, assets: list[int]) -> None:
    """Take assets out of a job that is being built: they were not written into its file."""
    async with lib.transaction() as db:
        await db.executemany(
            "DELETE FROM batch_item WHERE job = ? AND asset = ?", [(job.id, one) for one in assets]
        )
        await db.executemany(_SETTLE, [(job.track, one) for one in assets])


async def undo(lib: Library, job: JobRow) -> None:
    """Undo a job that never left this machine, as if it had not been thought of."""
    async with lib.transaction() as db:
        await _release(db, job)
        for table in ("batch_item", "batch_event"):
            await db.execute(f"DELETE FROM {table} WHERE job = ?", (job.id,))
        await db.execute("DELETE FROM batch_job WHERE id = ?", (job.id,))


async def move(
    lib: Library, job: JobRow, after: JobState, words: str, *, release: bool = False, **values: Any
) -> bool:
    """Bring a job into another state, if it is in one that may lead there.

    Args:
        lib: the library.
        job: the job.
        after: its new state.
        words: for its timeline.
        release: give back the assets that have not landed.
        **values: columns to set beside.

    Returns:
        Whether it was moved; nothing is written otherwise.
    """
    places = ", ".join(f"'{state}'" for state in before(after))
    now = lib.clock.now()
    sets, bound = _sets({"moved_at": now, **values})
    async with lib.transaction() as db:
        done = await db.execute(
            f"UPDATE batch_job SET state = ?, {sets} WHERE id = ? AND state IN ({places})",
            (after.value, *bound, job.id),
        )
        if not done.rowcount:
            return False
        if release:
            await _release(db, job)
        await db.execute(_EVENT, (job.id, now, after.value, storable(words)))
    return True


async def note(lib: Library, job: JobRow, kind: str = "", words: str = "", **values: Any) -> None:
    """Set columns of a job and, with `words`, add a line to its timeline."""
    sets, bound = _sets(values)
    async with lib.transaction() as db:
        if sets:
            await db.execute(f"UPDATE batch_job SET {sets} WHERE id = ?", (*bound, job.id))
        if words:
            await db.execute(_EVENT, (job.id, lib.clock.now(), kind, storable(words)))


async def release(lib: Library, job: JobRow, kind: str, words: str, **values: Any) -> int:
    """Give back what has not landed of a job; returns how many assets."""
    sets, bound = _sets(values)
    async with lib.transaction() as db:
        count = await _release(db, job)
        if sets:
            await db.execute(f"UPDATE batch_job SET {sets} WHERE id = ?", (*bound, job.id))
        await db.execute(_EVENT, (job.id, lib.clock.now(), kind, storable(words)))
    return count


async def _release(db: aiosqlite.Connection, job: JobRow) -> int:
    rows = list(
        await db.execute_fetchall(
            "SELECT track, asset FROM batch_item WHERE job = ? AND state = 0", (job.id,)
        )
    )
    await db.execute(_RELEASE, (job.id,))
    await db.executemany(_SETTLE, rows)
    return len(rows)


def _sets(values: dict[str, Any]) -> tuple[str, list[Any]]:
    unknown = set(values) - _COLUMNS
    if unknown:
        raise ValueError(f"a batch job has no {sorted(unknown)}")
    bound = [storable(one) if isinstance(one, str) else one for one in values.values()]
    return ", ".join(f"{name} = ?" for name in values), bound


async def held(lib: Library, job: int) -> int:
    """Return how many assets of a job have not landed."""
    row = await lib.row("SELECT count(*) FROM batch_item WHERE job = ? AND state = 0", (job,))
    return 0 if row is None else int(row[0])


async def list_strangers(lib: Library, jobs: Iterable[RemoteJob]) -> None:
    """Remember the jobs on the account that no row here stands for."""
    own, now = f"gemtag-{await library_id(lib)}-", lib.clock.now()
    async with lib.transaction() as db:
        known = await db.execute_fetchall("SELECT name, display_name FROM batch_job")
        names = {row[0] for row in known} | {row[1] for row in known}
        await db.execute("DELETE FROM batch_stranger")
        await db.executemany(
            "INSERT OR REPLACE INTO batch_stranger VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    storable(job.name),
                    storable(job.display_name[:200]),
                    storable(job.model[:100]),
                    storable(job.raw_state),
                    job.requests,
                    job.created_at,
                    int(job.display_name.startswith(own)),
                    now,
                )
                for job in jobs
                if job.name not in names and job.display_name not in names
            ],
        )


async def give_up_stranger(lib: Library, name: str) -> None:
    """Remember that nobody waits for a job without a row any more."""
    async with lib.transaction() as db:
        await db.execute("INSERT OR REPLACE INTO setting VALUES (?, '1')", (f"{GIVEN_UP}{name}",))


async def set_job_tokens(lib: Library, model: str, tokens: int) -> None:
    """Remember the most tokens that one job of a model may have."""
    async with lib.transaction() as db:
        name = f"batch_tokens:{model}"
        await db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, str(tokens)))


async def files(lib: Library) -> set[str]:
    """Return the names of all files that jobs still have a use for."""
    rows = await lib.rows("SELECT file, results FROM batch_job WHERE cleaned_at IS NULL")
    names = {name for row in rows for name in row if name}
    rows = await lib.rows("SELECT display_name FROM batch_job WHERE state = 'ended'")
    return names | {f"{row[0]}.results.jsonl.part" for row in rows}
