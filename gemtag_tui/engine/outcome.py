"""How a run that came to its own end is summed up: exit code and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.batch_words import quarantine_words, way_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemtag_tui.core.batch_words import Holder
    from gemtag_tui.core.snapshot import Counts

DONE, SOME_FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a run has ended.

    Attributes:
        run: its id.
        done, bad: assets that it settled well and badly.
        counts: the library's.
        limited: it was to do only so many, so only its own failures are its business.
        left_out: files that changed or went away since the scan.
        holders: batch jobs of its track that hold images.
    """

    run: int
    done: int
    bad: int
    counts: Counts
    limited: bool
    left_out: int
    holders: Sequence[Holder]


def summed_up(facts: Facts) -> tuple[int, str]:
    """Return the exit code of the command contract, and words for people."""
    counts = facts.counts
    locked = quarantine_words(facts.holders)
    failed = facts.bad if facts.limited else counts.known_bad + counts.retry_later
    words = [_head(facts), way_words(facts.holders, facts.run), locked]
    if failed:
        words.append(f"{counts.known_bad:,} known bad, {counts.retry_later:,} to be tried later.")
    if facts.left_out:
        words.append(f"{facts.left_out:,} left out: they changed or went away since the scan.")
    code = SOME_FAILED if failed or facts.left_out or locked else DONE
    return code, " ".join(filter(None, words))


def _head(facts: Facts) -> str:
    """Return what was done; nothing of "nothing to do" while images are in batch jobs."""
    if facts.done or facts.bad:
        return f"Done: {facts.done:,} tagged by this run, {facts.bad:,} failed."
    counts = facts.counts
    if not counts.total:
        return "Nothing to do: the library is empty; `gemtag scan PATH` adds images."
    if facts.holders:
        return (
            "" if facts.counts.tagged == 0 else f"{counts.tagged:,} of {counts.total:,} are tagged."
        )
    return f"Nothing to do: {counts.tagged:,} of {counts.total:,} are tagged."
