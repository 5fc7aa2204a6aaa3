"""Looking at jobs on the server, and fetching what they brought."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import RESULTS_DAYS, JobState, is_stuck, look_pause, state_of
from gemtag_tui.core.batch_operation import RemoteJob
from gemtag_tui.core.calls import CallError
from gemtag_tui.core.text import plain
from gemtag_tui.engine.batch_ground import sync_folder
from gemtag_tui.store import batch_jobs
from gemtag_tui.store.batches import by_id

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow

_DAY = 86_400.0
_OTHER_KEY = (
    "This key cannot see that job: it was made with the key of another project. Use that key."
)
_NOT_SEEN = (
    "The server shows this key neither that job nor any other of this library: the key belongs to "
    "another project, or the job was deleted. Use the key it was made with, or "
    "`gemtag batches rescue` to give its images back."
)

_NOT_YET = "The server has made it and does not show it yet."


async def look(ground: Ground, job: JobRow) -> None:
    """Look at a job on the server once, and note what has changed."""
    remote = await ground.jobs.get(job.name)
    if isinstance(remote, CallError):
        await _unseen(ground, job, remote)
        return
    state = state_of(remote)
    news = _news(job, remote, state)
    values = _seen(ground, job, remote, news=news)
    if state is not job.place:
        await batch_jobs.move(ground.lib, job, state, _words(remote, state), **values)
        return
    await batch_jobs.note(ground.lib, job, **values)
    await _tell_stuck(ground, job, news=news)


def _news(job: JobRow, remote: RemoteJob, state: JobState) -> bool:
    before = (job.place, job.succeeded, job.failed, job.server_state)
    return before != (state, remote.succeeded, remote.failed, remote.raw_state)


def _seen(ground: Ground, job: JobRow, remote: RemoteJob, *, news: bool) -> dict[str, Any]:
    now = ground.clock.now()
    looks = 0 if news else job.looks + 1
    pause = look_pause(ground.batch.poll_seconds, looks, ground.rng.random())
    waits = remote.ended and not remote.output_file
    values: dict[str, Any] = {
        "server_state": remote.raw_state,
        "succeeded": remote.succeeded,
        "failed": remote.failed,
        "pending": remote.pending,
        "looked_at": now,
        "looks": looks,
        "look_at": now + pause,
        "waiting": "Ended; its results are not there yet." if waits else "",
    }
    if news:
        values["moved_at"] = now
    if remote.answered and job.started_at is None:
        values["started_at"] = now
    if state_of(remote) is JobState.RUNNING and job.started_at is None:
        values["started_at"] = now
    if remote.ended:
        ended = remote.ended_at or now
        values |= {
            "ended_at": ended,
            "expires_at": ended + RESULTS_DAYS * _DAY,
            "output_file": remote.output_file,
            "error": remote.error,
            "look_at": 0.0 if not waits or state_of(remote) is JobState.ENDED else now + pause,
            "server_state": remote.raw_state or str(remote.ending),
        }
    return values


def _words(remote: RemoteJob, state: JobState) -> str:
    said = f" It says: {remote.error}" if remote.error else ""
    if state is JobState.ENDED:
        return (
            f"Ended as {remote.raw_state or remote.ending}: {remote.succeeded:,} answered, "
            f"{remote.failed:,} failed.{said}"
        )
    return f"The server says {remote.raw_state or state.value}.{said}"


async def _tell_stuck(ground: Ground, job: JobRow, *, news: bool) -> None:
    now, hours = ground.clock.now(), ground.batch.stuck_hours
    if news or not is_stuck(now, job.moved_at, hours):
        return
    if job.looked_at is not None and is_stuck(job.looked_at, job.moved_at, hours):
        return  # said before
    words = (
        f"It has not moved for {hours:g} hours. `gemtag batches rescue` moves its images elsewhere."
    )
    await batch_jobs.note(ground.lib, job, "stuck", words)


async def _unseen(ground: Ground, job: JobRow, error: CallError) -> None:
    """Tell a job that is gone from one that this key cannot see, and both from passing trouble."""
    if error.http_status not in {403, 404}:
        await _later(ground, job, f"It could not be looked at: {plain(error.message, 200)}")
        return
    listed = await ground.jobs.list_jobs()
    if isinstance(listed, CallError):
        await _later(ground, job, f"The jobs cannot be listed: {plain(listed.message, 200)}")
        return
    own = f"gemtag-{await batch_jobs.library_id(ground.lib)}-"
    names = {one.name for one in listed}
    if job.name in names:
        await _later(ground, job, "It is listed, but could not be looked at.")
    elif error.http_status == 404 and _is_new(ground, job):
        await _later(ground, job, _NOT_YET)
    elif error.http_status == 404 and any(one.display_name.startswith(own) for one in listed):
        words = "It is gone from the server: deleted, or forgotten there."
        await batch_jobs.move(ground.lib, job, JobState.FAILED, words, release=True, error=words)
    else:
        await _later(ground, job, _OTHER_KEY if error.http_status == 403 else _NOT_SEEN)


def _is_new(ground: Ground, job: JobRow) -> bool:
    """Whether a job was never seen and asked for so lately that the server may not show it yet."""
    asked = job.submitted_at or job.created_at
    return job.looked_at is None and ground.clock.now() < asked + ground.batch.lookup_seconds


async def _later(ground: Ground, job: JobRow, why: str) -> None:
    now = ground.clock.now()
    pause = look_pause(ground.batch.poll_seconds, job.looks + 1, ground.rng.random())
    await batch_jobs.note(
        ground.lib,
        job,
        "trouble",
        why if why != job.waiting else "",
        waiting=why,
        looks=job.looks + 1,
        look_at=now + pause,
    )


async def fetch(ground: Ground, job: JobRow) -> JobRow | None:
    """Bring an ended job's results to disk; `None` when they have to be fetched later.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    if not job.output_file or (job.results and (ground.folder / job.results).is_file()):
        return job
    target = ground.folder / f"{job.display_name}.results.jsonl"
    part = target.with_name(f"{target.name}.part")
    error = await ground.files.download(job.output_file, part)
    if error is not None:
        await _no_results(ground, job, error)
        return None
    digest = await asyncio.to_thread(_settle, part, target)
    again = job.results_sha256 not in {"", digest}
    await batch_jobs.note(
        ground.lib,
        job,
        "fetched",
        f"Its results are here: {target.stat().st_size / 1e6:,.1f} MB.",
        results=target.name,
        results_sha256=digest,
        waiting="",
        **({"taken_bytes": 0} if again else {}),
    )
    return await by_id(ground.lib, job.id)


def _settle(part: Path, target: Path) -> str:
    if not part.exists():
        part.touch()  # an empty file of results
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    part.replace(target)
    sync_folder(target.parent)
    return digest


async def _no_results(ground: Ground, job: JobRow, error: CallError) -> None:
    expired = job.expires_at is not None and ground.clock.now() > job.expires_at
    if expired and error.http_status in {400, 403, 404}:
        words = "Its results have expired on the server."
        await batch_jobs.move(ground.lib, job, JobState.FAILED, words, release=True, error=words)
        return
    remote = await ground.jobs.get(job.name)  # some servers bring the file forth only when asked
    if isinstance(remote, RemoteJob) and remote.output_file not in {"", job.output_file}:
        await batch_jobs.note(ground.lib, job, output_file=remote.output_file)
    await _later(ground, job, f"Its results could not be fetched: {plain(error.message, 200)}")
