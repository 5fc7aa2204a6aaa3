"""The five lines at the end of a run: done, failed by cause, cost, time, next command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gemtag_tui.cli.words import clock, count, duration, money
from gemtag_tui.core.batch_words import OLDER_COPY
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.core.snapshot import RunSnapshot


def ending_lines(snapshot: RunSnapshot, causes: Mapping[str, int]) -> list[str]:
    """Return exactly five lines.

    Args:
        snapshot: the run's last state.
        causes: how many images stand as failed, by kind.
    """
    return [
        f"Done    {_done(snapshot)}",
        f"Failed  {_failed(snapshot, causes)}",
        f"Cost    {_cost(snapshot)}",
        f"Time    {_time(snapshot)}",
        f"Next    {_next(snapshot)}",
    ]


def _done(snapshot: RunSnapshot) -> str:
    counts = snapshot.counts
    words = f"{counts.tagged:,} of {counts.total:,} tagged"
    if snapshot.done != counts.tagged:
        words += f", {snapshot.done:,} by this run"
    if snapshot.message.startswith("Done"):  # the figures have said it
        return words
    return f"{words}. {plain(snapshot.message, 400)}".rstrip()


def _failed(snapshot: RunSnapshot, causes: Mapping[str, int]) -> str:
    counts = snapshot.counts
    parts = [
        ", ".join(f"{number:,} {plain(kind)}" for kind, number in causes.items()),
        f"{counts.retry_later:,} to be tried later" if counts.retry_later else "",
        f"{counts.ignored:,} ignored" if counts.ignored else "",
    ]
    return "; ".join(part for part in parts if part) or "none"


def _cost(snapshot: RunSnapshot) -> str:
    words = f"{money(snapshot.cost_usd)} in {count(snapshot.tries, 'call')}"
    if snapshot.done:
        words += f", {money(snapshot.cost_usd / snapshot.done)} an image"
    if snapshot.provider == "simulator":
        words += " (simulated: nothing was paid)"
    return words


def _time(snapshot: RunSnapshot) -> str:
    took = max(0.0, (snapshot.ended_at or snapshot.at) - snapshot.started_at)
    words = duration(took)
    if snapshot.done and snapshot.rate_overall:
        words += f", {snapshot.rate_overall:.0f} images a minute"
    return f"{words}; ended {clock(snapshot.ended_at or snapshot.at)}"


def _next(snapshot: RunSnapshot) -> str:
    counts = snapshot.counts
    if not counts.total:
        return "`gemtag scan PATH` adds images"
    if counts.in_batches:
        return "`gemtag batches sync --watch` takes in what the jobs bring; `gemtag batches list`"
    if snapshot.message.startswith(OLDER_COPY):
        return "`gemtag batches list` names the jobs in the way"
    if counts.remaining > counts.retry_later:
        return "`gemtag run` goes on with what remains"
    if counts.known_bad or counts.retry_later:
        return "`gemtag failures list` shows what failed and why"
    return "`gemtag search` shows the tags"
