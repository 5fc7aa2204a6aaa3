"""The account's listing: which job stands for which row, and which the library has forgotten.

A library that was restored from a copy does not know the jobs that were made since. Its images are
in them all the same, and would be paid for a second time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gemtag_tui.core.batch_job import EXPIRY_HOURS, RESULTS_DAYS, JobState, refusal_pause
from gemtag_tui.core.batch_operation import RemoteJob, ServerState
from gemtag_tui.core.batch_words import OLDER_COPY
from gemtag_tui.core.calls import CallError
from gemtag_tui.core.errors import StoppedError
from gemtag_tui.core.text import plain
from gemtag_tui.store import batch_jobs, batches

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow


NAMELESS = (JobState.BUILDING, JobState.BUILT, JobState.UPLOADED, JobState.SUBMITTING)
"""The way of a job that the server has not named yet."""
_NUMBER = re.compile(r"([1-9][0-9]{0,9})-[0-9a-f]+", re.ASCII)
_PASSING = frozenset({408, 429})
"""Refusals that say nothing about what the key may do."""
_FIRST_PAUSE = 1.0
_DAY = 86_400.0


def says_for_good(error: CallError) -> bool:
    """Whether a refused listing will be refused ever after: this key cannot have made any job."""
    return 400 <= error.http_status < 500 and error.http_status not in _PASSING


async def number_of(ground: Ground, display_name: str) -> int | None:
    """Return the id that a job of this library had, by its name; `None` for anybody else's."""
    own = f"gemtag-{await batch_jobs.library_id(ground.lib)}-"
    found = _NUMBER.fullmatch(display_name.removeprefix(own))
    return int(found[1]) if found and display_name.startswith(own) else None


class Clearance:
    """Holds building back until the account was searched for jobs that the library forgot.

    Args:
        ground: library and server.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.given = False
        self._tries = 0
        self.look_at = 0.0
        self.waiting = ""

    async def refusal(self) -> str:
        """Look at the account once; returns why no job may be built at all, "" where one may.

        `given` tells whether jobs may be built from here on: not while the listing cannot be read.
        """
        now = self._ground.clock.now()
        if self.given or now < self.look_at:
            return ""
        listed = await _remembered(self._ground)
        if isinstance(listed, CallError) and not says_for_good(listed):
            jitter = self._ground.rng.random()
            self.look_at = now + refusal_pause(_FIRST_PAUSE, self._tries, jitter)
            self._tries += 1
            self.waiting = f"the batch jobs cannot be listed: {plain(listed.message, 200)}"
            return ""
        self.waiting = ""
        forgotten = [] if isinstance(listed, CallError) else await _forgotten(self._ground, listed)
        self.given = not forgotten
        return _refusal(len(forgotten)) if forgotten else ""


async def _forgotten(ground: Ground, listed: list[RemoteJob]) -> list[RemoteJob]:
    """Return the jobs of this library without a row that may still bring results."""
    mine = {one.name for one in await batches.strangers(ground.lib) if one.forgotten}
    now = ground.clock.now()
    return [one for one in listed if one.name in mine and _may_bring(one, now)]


def _refusal(count: int) -> str:
    return (
        f"{OLDER_COPY}: the account has {count:,} batch job{'s' if count > 1 else ''} of its own "
        "that it does not know. Nothing was submitted, or images would be paid for twice. "
        f"`gemtag batches list` names {'them' if count > 1 else 'it'}: `adopt` takes one in once "
        "it has ended, `cancel` ends it, `rescue` has its images paid for anew."
    )


def _may_bring(job: RemoteJob, now: float) -> bool:
    """Whether results can still come of a job."""
    if not job.ended:
        return True
    ended_at = job.ended_at or job.created_at or now
    if now - ended_at > RESULTS_DAYS * _DAY:
        return False
    return bool(job.output_file) or job.ending in {ServerState.SUCCEEDED, ServerState.PARTIAL}


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
