"""What the end of one batch job means for the run that waits for it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.batch_job import JobState
from gemtag_tui.core.batch_plan import GOOD_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemtag_tui.store.batches import JobRow

_ON = (
    "this run submits nothing more by itself. `gemtag run`, in this or another lane, tags what was "
    "given back."
)


def why_stop(job: JobRow) -> str:
    """Return why a run submits nothing more by itself after what became of a job.

    "" when it may go on. A cancelled job that nobody cancelled was refused for its size before the
    server made it: it is built anew in halves.
    """
    match job.place:
        case JobState.QUARANTINED:
            way_out = f"`gemtag batches rescue {job.id}` gives its images back to be tagged anew."
            return f"{_ended(job)} {way_out}"
        case JobState.FAILED | JobState.EXPIRED:
            return f"{_ended(job)} Its images remain: {_ON}"
        case JobState.CANCELLED if job.name or job.error:
            return f"Batch job {job.id} was cancelled{_said(job)}: {_ON}"
        case _ if job.rescued_at is not None:
            return f"Batch job {job.id} was rescued by you: {_ON}"
        case JobState.INGESTED if job.first and job.tagged < GOOD_SHARE * job.requests:
            return (
                f"Of the {job.requests:,} answers of the first small batch job only "
                f"{job.tagged:,} had the right shape, so no large one was sent. See "
                f"`gemtag batches show {job.id}`, or use another lane or model."
            )
    return ""


def trial_words(job: JobRow, unsent: int) -> str:
    """Return that the rest waits for a first small job, for a run that does not wait."""
    return (
        f"{job.requests:,} images were submitted in a first small job, and {unsent:,} remain "
        "unsubmitted: they follow once its answers have the right shape, with `gemtag run --lane "
        "batch` (with `--no-wait` as often as it ends with 3; without it, it stays and sends them "
        "by itself). `gemtag batches sync --watch` only waits for the small job."
    )


def let_go_words(jobs: Sequence[JobRow]) -> str:
    """Return that nobody waits for rescued jobs, "" when there are none."""
    numbers = ", ".join(str(job.id) for job in jobs if job.is_let_go)
    if not numbers:
        return ""
    many = "," in numbers
    return (
        f"Batch {'jobs' if many else 'job'} {numbers} {'were' if many else 'was'} rescued and "
        f"{'are' if many else 'is'} no longer waited for: `gemtag batches sync` takes in what "
        f"{'they' if many else 'it'} may still bring, or `gemtag batches cancel` ends "
        f"{'them' if many else 'it'}."
    )


def _ended(job: JobRow) -> str:
    said = f": {job.error.rstrip('.')}" if job.error else ""
    return f"Batch job {job.id} ended as {job.state}{said}."


def _said(job: JobRow) -> str:
    return f" ({job.error.rstrip('.')})" if job.error else ""
