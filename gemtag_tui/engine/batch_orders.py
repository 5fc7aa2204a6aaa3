"""What people want done with batch jobs, carried out where the engine's lock is held."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gemtag_tui.core.batch_job import JobState
from gemtag_tui.core.errors import StoppedError, UsageError
from gemtag_tui.engine import batch_account, batch_adopt, batch_verbs
from gemtag_tui.store import batch_jobs, batches

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow, Stranger
    from gemtag_tui.store.library import Library

SYNC, CANCEL, RESCUE, ADOPT = "batch_sync", "batch_cancel", "batch_rescue", "batch_adopt"
VERBS = frozenset({SYNC, CANCEL, RESCUE, ADOPT})
"""Commands to the engine; all but the first name a job."""
SYNC_SECONDS = 15.0
"""How long an answer to a sync waits for the server; what is not looked at then follows."""
_STEP = 0.2
_LOOKED_AT = frozenset({JobState.PENDING, JobState.RUNNING})


async def carry_out(ground: Ground, verb: str, argument: str) -> str:
    """Cancel, rescue or adopt a job; returns what was done, in words.

    Raises:
        UsageError: there is no such job, or it stands where this cannot be done.
        StoppedError: the server could not be told.
    """
    if verb == ADOPT:
        return await batch_adopt.adopt(ground, argument)
    if verb == RESCUE:
        return await rescue(ground.lib, argument)
    if (other := await _forgotten(ground.lib, argument)) is not None:
        return await batch_verbs.cancel_forgotten(ground, other)
    job = await batch_verbs.find(ground.lib, argument)
    if job.provider != ground.provider:
        raise UsageError(
            f"Batch job {job.id} was made with {job.provider}, and this address is "
            f"{ground.provider}'s: set GOOGLE_GEMINI_BASE_URL as it was then."
        )
    return await batch_verbs.cancel(ground, job)


async def rescue(lib: Library, argument: str) -> str:
    """Give back what has not landed of a job, known or forgotten; returns words.

    Raises:
        UsageError: there is no such job, or nothing of it can be given back.
    """
    if (other := await _forgotten(lib, argument)) is not None:
        return await batch_verbs.give_up_forgotten(lib, other)
    return await batch_verbs.rescue(lib, await batch_verbs.find(lib, argument))


async def _forgotten(lib: Library, argument: str) -> Stranger | None:
    """Return the job of the account that is meant, when the library has no row for it."""
    known = await batches.get(lib, argument)
    return None if known is not None else await batches.stranger(lib, argument)


def tally_words(jobs: list[JobRow]) -> str:
    """Return jobs by their states: "2 running, 1 ingested"."""
    states = Counter(job.state for job in jobs)
    return ", ".join(f"{count:,} {state}" for state, count in states.most_common())


class BatchOrders:
    """Carries out commands about batch jobs beside a run.

    Args:
        ground: library, server and settings.
        lane: gives the lane that the run is in now.
    """

    def __init__(self, ground: Ground, lane: Callable[[], str]) -> None:
        self._ground = ground
        self._lane = lane

    async def obey(self, verb: str, argument: str) -> str:
        """Carry out one command and return its answer.

        Raises:
            GemtagError: it cannot be done.
        """
        if verb == SYNC:
            return await self._sync()
        words = await carry_out(self._ground, verb, argument)
        if verb == RESCUE and self._lane() == "batch":
            words += (
                ". This run submits nothing more by itself: `gemtag lane interactive` has it send "
                "them one by one while it goes on, and `gemtag run` does once it has ended"
            )
        return words

    async def _sync(self) -> str:
        """Have every job looked at now by whatever looks after jobs in this run."""
        ground, trouble = self._ground, ""
        begun = ground.clock.now()
        try:
            await batch_account.reconcile(ground)
        except StoppedError as error:
            trouble = f". {error.message}"
        jobs = await batches.unfinished(ground.lib, ground.provider)
        for job in jobs:
            await batch_jobs.note(ground.lib, job, look_at=0.0)
        seen = await self._until_looked_at([job.id for job in jobs], begun)
        if not seen:
            return f"no batch job is under way{trouble}"
        late = sum(not _is_seen(job, begun) for job in seen)
        more = f", {late:,} not looked at yet" if late else ""
        many = "batch job" if len(seen) == 1 else "batch jobs"
        return f"{len(seen):,} {many} looked at: {tally_words(seen)}{more}{trouble}"

    async def _until_looked_at(self, numbers: list[int], begun: float) -> list[JobRow]:
        clock = self._ground.clock
        until = clock.monotonic() + SYNC_SECONDS
        while True:
            found = [await batches.by_id(self._ground.lib, number) for number in numbers]
            seen = [job for job in found if job is not None]
            if clock.monotonic() >= until or all(_is_seen(job, begun) for job in seen):
                return seen
            await clock.sleep(_STEP)


def _is_seen(job: JobRow, begun: float) -> bool:
    if job.place is JobState.ENDED:
        return bool(job.waiting)  # being fetched and taken in just now, unless it has to wait
    return job.place not in _LOOKED_AT or (job.looked_at or 0.0) >= begun
