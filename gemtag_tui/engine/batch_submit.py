"""Bringing a job to the server: exactly one for each intent, whatever gets lost on the way.

What has to hold: `create` goes out only after `submitting` is on disk, and once it may have gone
out, never again before all pages of the listing have been searched for the job's display name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from gemtag_tui.core.batch_job import JobState, doubt_pauses, refusal_pause
from gemtag_tui.core.batch_operation import RemoteJob
from gemtag_tui.core.batch_plan import enqueued_limit, has_room
from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.errors import StoppedError, UsageError
from gemtag_tui.core.judge_words import halt_words
from gemtag_tui.core.models import rules_for
from gemtag_tui.core.text import plain
from gemtag_tui.engine import batch_account
from gemtag_tui.gemini.batches import Doubt
from gemtag_tui.store import batch_jobs, batches

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow

_LIMITS = frozenset({Trouble.SPEND_CAP, Trouble.CREDIT})
_SETUP = frozenset({Trouble.KEY, Trouble.BILLING, Trouble.MODEL, Trouble.NO_QUOTA})
_PASSING = frozenset({Trouble.NETWORK, Trouble.TIMEOUT, Trouble.OVERLOADED})
_FILE = re.compile(r"\bFile\b|\bfiles?/", re.ASCII)
_NOT_ACTIVE = re.compile(r"\bnot in an ACTIVE state\b")
_LOOKED_THROUGH = "The server still looks through its file."
_SOON = 5.0
"""Seconds between two looks at a file: this takes the server moments, not minutes."""
_HOUR = 3600.0
_MOST_UPLOADS = 5
_ALONE_REFUSALS = 3
"""Refusals of a job with no other beside it that show it to be larger than the limit."""
_NO_QUOTA_REFUSALS = 8
"""Refusals in one run, in three sizes and over some ten minutes, that show a project without any
batch quota when no job was ever accepted."""


class BatchSetupError(UsageError):
    """The server takes no batch job from this key as things are."""

    title = "No batch job was made"


class BatchLimitError(StoppedError):
    """A limit on money stands against any batch job."""


async def upload(ground: Ground, job: JobRow) -> None:
    """Bring a built job's file to the server (`built` → `uploaded`).

    Raises:
        GemtagError: the key or the project stands in the way.
    """
    if not await _is_sure(ground, job):
        return
    path = ground.folder / job.file
    if not path.is_file():
        words = "Its file is gone from the disk; nothing was sent."
        await batch_jobs.move(ground.lib, job, JobState.CANCELLED, words, release=True, error=words)
        return

    async def begun(url: str) -> None:
        await batch_jobs.note(ground.lib, job, upload_url=url)

    stored = await ground.files.upload(path, job.display_name, job.upload_url, begun)
    if isinstance(stored, CallError):
        await _trouble(ground, job, stored, "The file could not be sent")
        return
    now = ground.clock.now()
    await batch_jobs.move(
        ground.lib,
        job,
        JobState.UPLOADED,
        f"Uploaded: {job.bytes / 1e6:,.1f} MB.",
        input_file=stored.name,
        input_expires_at=stored.expires_at or now + 48 * _HOUR,
        upload_url="",
        uploaded_at=now,
        waiting="",
        looks=0,
    )


async def submit(ground: Ground, job: JobRow) -> None:
    """Ask for the job, if there is room for it (`uploaded` → `submitting` → `pending`).

    Raises:
        GemtagError: the key, the project or its money stands in the way.
    """
    if not await _is_sure(ground, job):
        return
    now = ground.clock.now()
    if job.input_expires_at is not None and job.input_expires_at < now + _HOUR:
        words = "Its uploaded file is about to expire: it is uploaded again."
        await batch_jobs.move(ground.lib, job, JobState.BUILT, words, input_file="")
        return
    if (why := await _no_room(ground, job)) is not None:
        await _wait(ground, job, why, ground.batch.poll_seconds)
        return
    if not await _is_usable(ground, job):
        return
    words = "The job is asked for." if not job.sent else "The job is asked for again."
    moved = await batch_jobs.move(
        ground.lib, job, JobState.SUBMITTING, words, sent=job.sent + 1, submitted_at=now, waiting=""
    )
    if not moved:
        return
    made = await ground.jobs.create(job.model, job.display_name, job.input_file)
    if isinstance(made, RemoteJob):
        await _found(ground, job, made)
    elif isinstance(made, Doubt):
        words = f"It is not known whether the job was made: {plain(made.error.message, 300)}"
        await batch_jobs.note(ground.lib, job, "doubt", words, waiting="looked for on the server")
        await resolve(ground, job)
    else:
        await _refused(ground, job, made)


async def _is_sure(ground: Ground, job: JobRow) -> bool:
    """Look for a job of another process's life once before anything of it is sent.

    Its row may come from a copy of the library that was made before the job was.
    """
    if job.id in ground.sure:
        return True
    found = await batch_account.look_through(ground)
    if isinstance(found, CallError):
        why = f"The jobs cannot be listed: {plain(found.message, 200)}"
        await _wait(ground, job, why, None)
        return False
    seen = await batches.by_id(ground.lib, job.id)
    return seen is not None and seen.place is job.place


async def _is_usable(ground: Ground, job: JobRow) -> bool:
    """Wait while the server looks through a job's file; send one again that it could not use."""
    match await ground.files.state(job.input_file):
        case "PROCESSING":
            await _wait(ground, job, _LOOKED_THROUGH, min(_SOON, ground.batch.poll_seconds))
        case "FAILED" if await batches.times_built(ground.lib, job.id) < _MOST_UPLOADS:
            await ground.files.delete(job.input_file)
            words = "The server could not use its file: it is uploaded again."
            await batch_jobs.move(ground.lib, job, JobState.BUILT, words, input_file="")
        case "FAILED":
            words = f"The server could not use its file, in {_MOST_UPLOADS} uploads."
            await batch_jobs.move(
                ground.lib, job, JobState.FAILED, words, release=True, error=words
            )
        case _:  # ready; or it does not say, and the request for the job will tell
            return True
    return False


async def resolve(ground: Ground, job: JobRow) -> None:
    """Find out whether a job that was asked for was made; listings may lag behind.

    Ends in `pending`, or in `uploaded` when it was certainly not made; stays as it is while the
    listing cannot be read.
    """
    for pause in doubt_pauses(ground.batch.lookup_seconds):
        await ground.clock.sleep(pause)
        seen = await _look_up(ground, job)
        if isinstance(seen, CallError):
            await _wait(ground, job, f"The jobs cannot be listed: {plain(seen.message, 200)}", None)
            return
        if seen:
            await _adopt(ground, job, seen)
            return
    words = "It is not on the server: it was not made."
    await batch_jobs.move(ground.lib, job, JobState.UPLOADED, words, waiting="", look_at=0.0)


async def _look_up(ground: Ground, job: JobRow) -> list[RemoteJob] | CallError:
    """Return the jobs of this display name, the oldest first."""
    listed = await ground.jobs.list_jobs()
    if isinstance(listed, CallError):
        return listed
    same = [one for one in listed if one.display_name == job.display_name]
    return sorted(same, key=lambda one: (one.created_at or 0.0, one.name))


async def _adopt(ground: Ground, job: JobRow, seen: list[RemoteJob]) -> None:
    await _found(ground, job, seen[0])
    for other in seen[1:]:  # none is ever asked for twice; somebody else's doing is undone
        await ground.jobs.cancel(other.name)
        words = f"A second job of this name ({plain(other.name)}) was found and cancelled."
        await batch_jobs.note(ground.lib, job, "second", words)


async def _found(ground: Ground, job: JobRow, remote: RemoteJob) -> None:
    now = ground.clock.now()
    created = remote.created_at or now
    await batch_jobs.move(
        ground.lib,
        job,
        JobState.PENDING,
        f"The job is on the server as {plain(remote.name)}.",
        name=remote.name,
        server_state=remote.raw_state,
        expires_at=created + 48 * _HOUR,
        refused=0,
        looks=0,
        waiting="",
        look_at=now + ground.batch.poll_seconds,
    )
    if not ground.batch.keep_files:
        (ground.folder / job.file).unlink(missing_ok=True)


async def _refused(ground: Ground, job: JobRow, error: CallError) -> None:
    """Deal with a definite refusal; the listing is searched once all the same."""
    seen = await _look_up(ground, job)
    if isinstance(seen, CallError):
        await _wait(ground, job, f"The jobs cannot be listed: {plain(seen.message, 200)}", None)
        return
    if seen:
        await _adopt(ground, job, seen)
        return
    said = plain(error.message, 400)
    if error.http_status == 429 and error.trouble not in _LIMITS | {Trouble.NO_QUOTA}:
        await _wait_for_room(ground, job, said)
        return
    if _NOT_ACTIVE.search(said):
        await batch_jobs.move(ground.lib, job, JobState.UPLOADED, f"Refused: {said}")
        await _wait(ground, job, _LOOKED_THROUGH, None)
        return
    if error.http_status in {403, 404} and _FILE.search(said) and job.sent < _MOST_UPLOADS:
        await batch_jobs.move(ground.lib, job, JobState.UPLOADED, f"Refused: {said}")
        words = "The server no longer has its file: it is uploaded again."
        await batch_jobs.move(ground.lib, job, JobState.BUILT, words, input_file="")
        return
    if error.trouble in _LIMITS | _SETUP | _PASSING:
        await batch_jobs.move(ground.lib, job, JobState.UPLOADED, f"Refused: {said}")
        await _trouble(ground, job, error, "The job was refused")
        return
    words = f"The server refused the job: {said}"
    await batch_jobs.move(ground.lib, job, JobState.FAILED, words, release=True, error=said)


async def _wait_for_room(ground: Ground, job: JobRow, said: str) -> None:
    """Wait longer every time; a job refused though alone is too large, and built anew in halves."""
    pause = refusal_pause(ground.batch.poll_seconds, job.refused, ground.rng.random())
    why = f"Waits for room on the server, which says: {said}"
    now = ground.clock.now()
    await batch_jobs.move(
        ground.lib,
        job,
        JobState.UPLOADED,
        why,
        refused=job.refused + 1,
        waiting=why,
        look_at=now + pause,
    )
    if await _has_no_quota(ground, job):
        await _give_up(ground, job, said)
    if job.refused + 1 < _ALONE_REFUSALS or job.requests < 2 or not await _alone(ground, job):
        return
    words = "Refused with no other job beside it: it is over the limit, and built anew in halves."
    await batch_jobs.set_job_tokens(ground.lib, job.model, max(1, job.tokens // 2))
    await batch_jobs.move(ground.lib, job, JobState.CANCELLED, words, release=True, waiting="")


async def _has_no_quota(ground: Ground, job: JobRow) -> bool:
    """Whether a project that never made a job was refused often enough, in several sizes.

    A free project's refusal carries nothing but a link to help (seen 2026), as does one for want of
    room; but room comes, and a job that is small enough is taken at once.
    """
    refused, accepted = await batches.refusals(ground.lib, job)
    return not accepted and refused >= _NO_QUOTA_REFUSALS and await _alone(ground, job)


async def _give_up(ground: Ground, job: JobRow, said: str) -> NoReturn:
    """Give a job's images back and stop.

    Raises:
        BatchSetupError: always.
    """
    words = f"This key's project seems to have no batch quota for {job.model}: {said}"
    await batch_jobs.move(
        ground.lib, job, JobState.FAILED, words, release=True, waiting="", error=words
    )
    raise BatchSetupError(
        f"This key's project seems to have no batch quota for {job.model}: the server has refused "
        f"every job, however small, and made none ({said.rstrip('.')}). Batch jobs need billing: "
        "see ai.studio/projects, and set limits.tier to what the project really has. The images "
        "remain: `gemtag run --lane interactive` tags them."
    )


async def _alone(ground: Ground, job: JobRow) -> bool:
    """Whether no job on the whole account uses up what this one is refused."""
    listed = await ground.jobs.list_jobs()
    if isinstance(listed, CallError):
        return False
    return all(one.ended or one.model not in {"", job.model} for one in listed)


async def _no_room(ground: Ground, job: JobRow) -> str | None:
    """Return why a job has to wait for its turn, `None` when it has not."""
    tokens, count, all_jobs = await batches.active(ground.lib, job.provider, job.model)
    if all_jobs >= ground.batch.max_jobs:
        return f"Waits for its turn: {all_jobs} jobs are on the server (batch.max_jobs)."
    rules = rules_for(job.model)
    limit = enqueued_limit(ground.batch, rules, ground.settings.limits.tier)
    if has_room(limit, tokens, job.tokens, alone=not count):
        return None
    return f"Waits for its turn: {tokens:,} of {limit:,} enqueued tokens are in use."


async def _trouble(ground: Ground, job: JobRow, error: CallError, what: str) -> None:
    """Wait out what passes; stop for what a person has to set right.

    Where that is the key or the project, the job's images are free for other lanes at once; where
    it is money, the job stays as it is and goes on when there is some.

    Raises:
        GemtagError: a person has to do something.
    """
    if error.trouble in _LIMITS:
        raise BatchLimitError(halt_words(error))
    if error.trouble in _SETUP:
        said = plain(error.message, 400)
        words = f"{what}, so its images were given back: {said}"
        await batch_jobs.move(
            ground.lib, job, JobState.FAILED, words, release=True, waiting="", error=said
        )
        raise BatchSetupError(halt_words(error))
    await _wait(ground, job, f"{what}: {plain(error.message, 300)}", None)


async def _wait(ground: Ground, job: JobRow, why: str, pause: float | None) -> None:
    """Look again after a pause; without one given, after one that grows."""
    if pause is None:
        pause = refusal_pause(ground.batch.poll_seconds, job.looks, ground.rng.random())
    words = why if why != job.waiting else ""
    await batch_jobs.note(
        ground.lib,
        job,
        "waiting",
        words,
        waiting=why,
        looks=job.looks + 1,
        look_at=ground.clock.now() + pause,
    )
