"""Which lane "auto" stands for, and why in one line. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WAIT_WORTH = 3600.0
"""Seconds; below this nobody waits for half the price."""
MUCH = 2_000
"""Images from which on jobs of a day are worth their trouble: one has to come back for them."""

INTERACTIVE, FLEX, BATCH = "interactive", "flex", "batch"
_WAITS = {BATCH: "a day or so", FLEX: "and some may be turned away"}


@dataclass(frozen=True, slots=True)
class Option:
    """One lane as it stands. `seconds` and `usd` are `None` when not known."""

    available: bool
    seconds: float | None = None
    usd: float | None = None


def choose(wanted: str, images: int, options: Mapping[str, Option]) -> tuple[str, str]:
    """Return the lane to run and why, in words.

    Much that would take long, and all that batch jobs end sooner (they are outside the interactive
    limits), goes through batch jobs where the project has them: half the price. Everything else
    goes one by one, which is quickest for few.

    Args:
        wanted: "auto", or the lane that a person chose.
        images: how many remain, those in batch jobs left out.
        options: every lane by its name.
    """
    if not images:
        return INTERACTIVE, "Nothing remains to be tagged."
    if wanted in options:
        able = options[wanted].available
        words = "You chose it." if able else "You chose it, but it cannot be run; see its notes."
        return wanted, words
    alone = options[INTERACTIVE]
    if alone.seconds is None or alone.seconds <= WAIT_WORTH:
        return INTERACTIVE, "It is the quickest, and every result is there at once."
    batch = options.get(BATCH, Option(False))
    sooner = batch.seconds is not None and batch.seconds < alone.seconds
    if batch.available and (images >= MUCH or sooner):
        return BATCH, _for_batch(images, alone, batch)
    return INTERACTIVE, _quickest(options)


def _for_batch(images: int, alone: Option, batch: Option) -> str:
    saved = "Half the price"
    if alone.usd is not None and batch.usd is not None:
        saved = f"Half the price, about ${alone.usd - batch.usd:,.2f} less"
    return (
        f"{saved}, for {images:,} images that would take {_span(alone.seconds or 0.0)} one by one; "
        "`gemtag run --lane interactive` does that."
    )


def _quickest(options: Mapping[str, Option]) -> str:
    for name, wait in _WAITS.items():
        if name in options and options[name].available:
            return (
                f"It is the quickest; the {name} lane costs half if you can wait ({wait}): "
                f"`gemtag run --lane {name}`."
            )
    return "It is the quickest, and every result is there at once."


def _span(seconds: float) -> str:
    if seconds == float("inf"):
        return "for ever"
    hours = seconds / 3600.0
    return f"{hours:,.0f} hours" if hours < 48 else f"{hours / 24:,.0f} days"
