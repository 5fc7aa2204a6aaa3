"""What is said of batch jobs that hold images when a run ends. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gemtag_tui.core.batch_job import LOCAL, JobState

OLDER_COPY = "This library is an older copy"
"""Begins what a run says that stopped before it paid twice."""
_NAMED = 3
"""Jobs that are named one by one."""
FETCH = "`gemtag batches sync --watch` or `gemtag run --lane batch`"


@dataclass(frozen=True, slots=True)
class Holder:
    """A job and how many of its images have not landed; `run`: the one that built it."""

    job: int
    state: JobState
    images: int
    run: int | None = None


def quarantine_words(holders: Sequence[Holder]) -> str:
    """Return which quarantined jobs hold images and what frees them, "" when none does."""
    locked = [one for one in holders if one.state is JobState.QUARANTINED]
    if not locked:
        return ""
    images = sum(one.images for one in locked)
    named = ", ".join(str(one.job) for one in locked[:_NAMED])
    more = f" and {len(locked) - _NAMED:,} more" if len(locked) > _NAMED else ""
    which = str(locked[0].job) if len(locked) == 1 else "JOB"
    verb, them = ("is", "it") if images == 1 else ("are", "them")
    return (
        f"{_count(images, 'image')} {verb} held by batch {'jobs' if len(locked) > 1 else 'job'} "
        f"{named}{more}, quarantined since answers stood under other pictures' keys: `gemtag "
        f"batches rescue {which}` frees {them}."
    )


def way_words(holders: Sequence[Holder], run: int | None) -> str:
    """Return how many images are in jobs that will bring something, and what fetches it.

    Args:
        holders: all jobs of a track that hold images.
        run: the run whose end it is: what it built itself it "submitted".
    """
    way = [one for one in holders if one.state is not JobState.QUARANTINED]
    there = [one for one in way if one.state not in LOCAL]
    here = [one for one in way if one.state in LOCAL]
    parts = []
    if there:
        mine = all(one.run == run for one in there)
        parts.append(_in_jobs(there, "submitted in" if mine else "on the way in"))
    if here:
        parts.append(_in_jobs(here, "waiting for their turn in"))
    if not parts:
        return ""
    fetches = "submits and fetches" if here else "fetches"
    return f"{'; '.join(parts)}: {FETCH} {fetches} them."


def _in_jobs(holders: Sequence[Holder], how: str) -> str:
    images = _count(sum(one.images for one in holders), "image")
    return f"{images} {how} {_count(len(holders), 'batch job')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
