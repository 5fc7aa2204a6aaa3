"""What people do with batch jobs: cancel, rescue, give up, list the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.batch_job import ACTIVE, EXPIRY_HOURS, FINAL, LOCAL, JobState
from gemtag_tui.core.batch_operation import RemoteJob
from gemtag_tui.core.calls import CallError
from gemtag_tui.core.errors import StoppedError, UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.store import batch_jobs, batches

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.library import Library

NAMELESS = (JobState.BUILDING, JobState.BUILT, JobState.UPLOADED, JobState.SUBMITTING)
"""The way of a job that the server has not named yet."""


async def find(lib: Library, job: str) -> JobRow:
    """Return a job by id, display name or the server's name.

    Raises:
        UsageError: there is none.
    """
    found = await batches.get(lib, job)
    if found is None:
        raise UsageError(f"The library knows no batch job {plain(job, 80)!r}.")
    return found


async def cancel(ground: Ground, job: JobRow) -> str:
    """Cancel a job; returns what was done, in words. Its images go back when the server confirms.

    Raises:
        UsageError: it has ended, or it is being made just now.
        StoppedError: the server could not be told.
    """
    if job.place in {JobState.BUILT, JobState.UPLOADED}:
        words = "Cancelled by you before it was submitted."
        await batch_jobs.move(
            ground.lib, job, JobState.CANCELLED, words, release=True, waiting="", error=words
        )
        return "cancelled: nothing was submitted, and its images remain to be tagged"
    if job.place not in {JobState.PENDING, JobState.RUNNING}:
        raise UsageError(f"Batch job {job.id} is {job.state}: there is nothing to cancel.")
    error = await ground.jobs.cancel(job.name)
    if error is not None:
        raise StoppedError(f"The server did not cancel the job: {plain(error.message, 300)}")
    await batch_jobs.note(
        ground.lib, job, "cancel", "You asked the server to cancel it.", look_at=0.0, looks=0
    )
    return "the server is asked to cancel it; what is done by then may still be paid"


async def rescue(lib: Library, job: JobRow) -> str:
    """Give back what has not landed of a job, to be tagged in another lane; returns words.

    Needs no server. If the job lands later, the first result stands, the second is recorded
    with its cost.

    Raises:
        UsageError: nothing of it can be given back.
    """
    if job.place is JobState.QUARANTINED:
        held = await batch_jobs.held(lib, job.id)
        words = f"{held:,} images were given back to be tagged anew."
        await batch_jobs.move(
            lib, job, JobState.FAILED, words, release=True, rescued_at=lib.clock.now()
        )
        return words
    if job.place in LOCAL - {JobState.BUILDING}:
        held = await batch_jobs.held(lib, job.id)
        words = f"Given up before it was submitted; {held:,} images remain to be tagged."
        await batch_jobs.move(
            lib, job, JobState.CANCELLED, words, release=True, waiting="", error=words
        )
        return words
    if job.place not in ACTIVE | {JobState.ENDED}:
        raise UsageError(f"Batch job {job.id} is {job.state}: none of its images wait in it.")
    now = lib.clock.now()
    count = await batch_jobs.release(
        lib, job, "rescued", "Its images were moved to another lane by you.", rescued_at=now
    )
    return (
        f"{count:,} images go to another lane; if the job lands later, the first result stands and "
        "both are paid"
    )


async def forget(lib: Library, job: JobRow) -> str:
    """Give up a job that the server no longer shows; its images remain to be tagged.

    Raises:
        UsageError: it is finished.
    """
    if job.place in FINAL:
        raise UsageError(f"Batch job {job.id} is {job.state} already.")
    words = "Given up by you."
    await batch_jobs.move(lib, job, JobState.FAILED, words, release=True, error=words)
    return "given up: its images remain to be tagged"


async def list_account(ground: Ground) -> list[RemoteJob]:
    """List all jobs that the key can see, and remember which of them are not in the library.

    Raises:
        StoppedError: they cannot be listed.
    """
    return _listed(await _remembered(ground))


def _listed(listed: list[RemoteJob] | CallError) -> list[RemoteJob]:
    if isinstance(listed, CallError):
        raise StoppedError(f"The jobs cannot be listed: {plain(listed.message, 300)}")
    return listed


async def _remembered(ground: Ground) -> list[RemoteJob] | CallError:
    listed = await ground.jobs.list_jobs()
    if not isinstance(listed, CallError):
        await batch_jobs.list_strangers(ground.lib, listed)
    return listed


async def reconcile(ground: Ground) -> int:
    """Tie listed jobs to rows that lack the server's name for them; returns how many.

    A job of ours whose row is gone stays in the list of strangers, marked as ours (see
    `batch_adopt`).

    Raises:
        StoppedError: they cannot be listed.
    """
    found = await look_through(ground)
    if isinstance(found, CallError):
        _listed(found)
        return 0
    return found


async def look_through(ground: Ground) -> int | CallError:
    """Look for every job that the server has not named yet; returns how many were there.

    A row that is not known to be asked for may have its job all the same: the library was restored
    from a copy made before. From here on this process is sure of the others (`Ground.sure`).
    """
    before = await batches.unfinished(ground.lib, ground.provider)
    nameless = [job for job in before if job.place in NAMELESS and not job.name]
    listed = await _remembered(ground)
    if isinstance(listed, CallError):
        return listed
    oldest: dict[str, RemoteJob] = {}
    for remote in sorted(listed, key=lambda one: (one.created_at or 0.0, one.name)):
        oldest.setdefault(remote.display_name, remote)
    count = 0
    for job in nameless:
        if (there := oldest.get(job.display_name)) is not None:
            count += await _tie(ground, job, there)
    ground.sure.update(job.id for job in nameless)
    return count


async def _tie(ground: Ground, row: JobRow, remote: RemoteJob) -> bool:
    if row.place is JobState.BUILDING:  # its row was written when nothing had been counted yet
        held = await batch_jobs.held(ground.lib, row.id)
        await batch_jobs.note(ground.lib, row, requests=held, pending=held)
    for step in NAMELESS[NAMELESS.index(row.place) + 1 :]:
        words = "It is on the server already: this library is an older copy."
        await batch_jobs.move(ground.lib, row, step, words, sent=max(1, row.sent))
    return await batch_jobs.move(
        ground.lib,
        row,
        JobState.PENDING,
        f"Found on the server as {plain(remote.name)}.",
        name=remote.name,
        server_state=remote.raw_state,
        expires_at=(remote.created_at or ground.clock.now()) + EXPIRY_HOURS * 3600.0,
        waiting="",
        refused=0,
        looks=0,
        look_at=0.0,
    )
