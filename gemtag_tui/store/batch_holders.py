"""Which batch jobs hold images that have not landed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import FINAL, JobState
from gemtag_tui.core.batch_words import Holder

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

_DONE = ", ".join(f"'{state}'" for state in sorted(FINAL - {JobState.QUARANTINED}))
HOLDERS = f"""
    SELECT j.id, j.state, count(*), j.run FROM batch_job j
    CROSS JOIN batch_item i ON i.job = j.id AND i.state = 0
    WHERE j.track = ? AND j.state NOT IN ({_DONE}) GROUP BY j.id ORDER BY j.id
"""
QUARANTINED = f"""
    SELECT j.id, j.state, count(*), j.run FROM batch_job j
    CROSS JOIN batch_item i ON i.job = j.id AND i.state = 0
    WHERE j.track = ? AND j.state = '{JobState.QUARANTINED}' GROUP BY j.id ORDER BY j.id
"""
"""The same of those alone that only a person can free; quick also when much is on the way."""


def holders_from(rows: Iterable[Any]) -> list[Holder]:
    """Make values of what the two statements give."""
    return [Holder(job, JobState(state), images, run) for job, state, images, run in rows]


async def holders(lib: Library, track: int) -> list[Holder]:
    """Return the jobs of a track that hold images, oldest first."""
    return holders_from(await lib.rows(HOLDERS, (track,)))


async def quarantined(lib: Library, track: int) -> list[Holder]:
    """Return those of them that wait for a person's word."""
    return holders_from(await lib.rows(QUARANTINED, (track,)))
