"""Taking a job's results into the library: by key alone, in groups, and the same however often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import JobState, final_of
from gemtag_tui.core.batch_operation import ServerState, read_state
from gemtag_tui.core.errors import LibraryError
from gemtag_tui.engine.batch_ground import Landed
from gemtag_tui.engine.batch_ingest_fold import Intake
from gemtag_tui.engine.batch_ingest_read import Reader
from gemtag_tui.engine.batch_reading import Poor, Setup
from gemtag_tui.store import batch_jobs, batch_land, indexer, tracks
from gemtag_tui.store.batch_rows import Landing, Odd, Sum
from gemtag_tui.store.batches import by_id

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow

_COMPLETE = frozenset({ServerState.SUCCEEDED, ServerState.PARTIAL, ServerState.UNKNOWN})


async def ingest(ground: Ground, job: JobRow) -> None:
    """Take in what an ended job brought, and bring the job to its final state.

    May be cut off anywhere and begun again: how far it got is written with every group.

    Raises:
        LibraryError: the library cannot be written, or does not hold the job's profile.
        OSError: the results cannot be read from the disk.
    """
    if job.output_file:
        intake = await _intake(ground, job)
        reader = Reader(ground.folder / job.results, intake.setup)
        if job.echo and not job.taken_bytes and await _quarantined(intake, reader):
            return
        try:
            async for block, rows in reader.read(job.taken_bytes):
                await intake.take(block, rows)
            await intake.flush()
        finally:
            await intake.settle()
        if read_state(job.server_state) in _COMPLETE:
            await intake.missing()
    await _close(ground, job)
    await indexer.catch_up(ground.lib)


async def _quarantined(intake: Intake, reader: Reader) -> bool:
    """Look through all lines before any is stored: one swapped answer condemns the job."""
    ground, job = intake.ground, intake.job
    count, swapped = await reader.scan(batch_land.KEPT_ODD)
    if not swapped:
        return False
    first = swapped[0]
    words = (
        f"{count:,} answers stand under other pictures' keys (that of {first.key} says it "
        f"is for {first.echo}), so nothing of this job was stored."
    )
    new = Landing(job.id, intake.track, ground.run, ground.clock.now(), taken_bytes=0)
    new.odd = [Odd("swapped", one.key, one.raw) for one in swapped]
    new.tally = {"swapped": count}
    new.sums = {"quarantined": (spent := await _spent(reader))}
    if await batch_land.condemn(ground.lib, new):
        told = (spent.tokens_in, spent.tokens_out, spent.cost_usd)
        ground.told(Landed(0, [], [], *told))
    await batch_jobs.move(ground.lib, job, JobState.QUARANTINED, words, error=words)
    return True


async def _spent(reader: Reader) -> Sum:
    """Add up what all requests cost: they were paid for, whatever picture they are about."""
    spent, seen = Sum(), set[int]()
    async for _, rows in reader.read(0):
        for row in rows:
            if row[0] in seen:
                continue  # its line came twice
            seen.update(row[:1] if row[0] else ())  # 0: of no image of this job
            paid = row[6:9] if isinstance(row, Poor) else (row[4], row[6], row[7])
            spent.add(1, *paid)
    return spent


async def _close(ground: Ground, job: JobRow) -> None:
    final = final_of(read_state(job.server_state))
    now = ground.clock.now()
    fresh = await by_id(ground.lib, job.id) or job
    waiting = await batch_jobs.held(ground.lib, job.id)
    words = f"Taken in: {fresh.tagged:,} tagged of {fresh.requests:,}."
    if waiting:
        words += f" {waiting:,} images had no answer and remain to be tagged."
    values: dict[str, Any] = {"ingested_at": now, "waiting": "", "pending": 0}
    if fresh.succeeded + fresh.failed < fresh.ingested:  # statistics lag, or are left out
        values |= {"succeeded": fresh.tagged, "failed": fresh.ingested - fresh.tagged}
    await batch_jobs.move(ground.lib, job, final, words, release=True, **values)


async def _intake(ground: Ground, job: JobRow) -> Intake:
    body = await tracks.profile_body(ground.lib, job.profile)
    track = await tracks.track_by_id(ground.lib, job.track)
    if body is None or track is None:
        raise LibraryError(f"The library does not hold the profile of batch job {job.id}.")
    states, better, failed = await batch_land.items(ground.lib, job)
    setup = Setup(
        profile=body,
        model=job.model,
        nonce=job.nonce,
        echo=bool(job.echo),
        better=frozenset(better),
        at=ground.clock.now(),
        provider=job.provider,
        own=ground.own,
    )
    done = await batch_land.held_and_done(ground.lib, job)
    return Intake(ground, job, track, setup, states, failed, done)
