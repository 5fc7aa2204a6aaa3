"""What people do with batch jobs: cancel, rescue, give up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.batch_job import ACTIVE, FINAL, LOCAL, JobState
from gemtag_tui.core.errors import StoppedError, UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.store import batch_jobs, batches

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow, Stranger
    from gemtag_tui.store.library import Library


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
    await _cancel(ground, job.name)
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


async def cancel_forgotten(ground: Ground, job: Stranger) -> str:
    """Cancel a job of this library that it has no row for; returns what was done, in words.

    Raises:
        UsageError: it is somebody else's.
        StoppedError: the server could not be told.
    """
    _refuse_others(job)
    await _cancel(ground, job.name)
    return "the server is asked to cancel it; what is done by then may still be paid"


async def give_up_forgotten(lib: Library, job: Stranger) -> str:
    """Wait no longer for a job of this library that it has no row for; needs no server.

    Raises:
        UsageError: it is somebody else's.
    """
    _refuse_others(job)
    await batch_jobs.give_up_stranger(lib, job.name)
    return (
        "its images are paid for anew by the next run; `gemtag batches adopt` still takes in what "
        "it brings for those that have no result by then"
    )


def _refuse_others(job: Stranger) -> None:
    if not job.ours:
        name = plain(job.display_name or job.name, 80)
        raise UsageError(f"{name} was not made by this library: nothing is done about it.")


async def _cancel(ground: Ground, name: str) -> None:
    error = await ground.jobs.cancel(name)
    if error is None:
        return
    words = f"The server did not cancel the job: {plain(error.message, 300)}"
    if error.http_status in {403, 404}:
        words += (
            " A key of another project than the one that made the job cannot see it: use that "
            "project's key, or `gemtag batches rescue` to wait for it no longer."
        )
    raise StoppedError(words)
