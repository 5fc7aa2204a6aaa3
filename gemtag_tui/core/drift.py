"""Whether a run still is what its sample said it would be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.text import usd

if TYPE_CHECKING:
    from gemtag_tui.core.pilot import Findings, Interval

LEAST = 50
"""Answers before a run's own means say anything."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run has used so far.

    Attributes:
        answers: calls that were answered with a usage.
        settled: images that reached an end.
        tokens_in, tokens_out: of all answers.
        cost_usd: of all attempts.
    """

    answers: int
    settled: int
    tokens_in: int
    tokens_out: int
    cost_usd: float


def drift_words(found: Findings, seen: Seen) -> str:
    """Return in what a run has left its sample's intervals, "" while it has not.

    Args:
        found: what the sample told.
        seen: the run's own figures.
    """
    if min(seen.answers, seen.settled) < LEAST:
        return ""
    out = [
        _tokens("in", seen.tokens_in / seen.answers, found.tokens_in),
        _tokens("out", seen.tokens_out / seen.answers, found.tokens_out),
        _cost(seen.cost_usd / seen.settled, found.cost),
    ]
    told = [words for words in out if words]
    return f"This run is not as its sample was: {'; '.join(told)}." if told else ""


def _tokens(name: str, mean: float, interval: Interval) -> str:
    if mean in interval:
        return ""
    return f"{mean:,.0f} tokens {name} an image, not {interval.low:,.0f} to {interval.high:,.0f}"


def _cost(mean: float, interval: Interval) -> str:
    if mean in interval:
        return ""
    low, high = usd(interval.low * 1000), usd(interval.high * 1000)
    return f"{usd(mean * 1000)} for a thousand images, not {low} to {high}"
