"""The plan's numbers: what is there, what would be sent, what would not and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gemtag_tui.core.snapshot import Counts
from gemtag_tui.tui.paint import Tone
from gemtag_tui.tui.wanted import PlanView
from gemtag_tui.tui.widgets.paged import Column
from gemtag_tui.tui.words import number, short_number

MILLION = 1_000_000
FAILED = frozenset({"known-bad", "unreadable", "unsupported", "too-large"})
"""Numbers that the failures' screen shows the files of."""


@dataclass(frozen=True, slots=True)
class Number:
    """A row: the list behind it, its words, its value, and whether it is always shown."""

    name: str
    title: str
    value: int
    tone: Tone = ""


def number_columns(*, wide: bool) -> list[Column[Number]]:
    """Columns of the numbers; whole numbers where there is room."""
    return [
        Column("", 10, lambda one: (one.title, "muted"), grow=1),
        Column("", 12 if wide else 7, lambda one: _value(one, wide=wide), right=True),
    ]


def _value(one: Number, *, wide: bool) -> tuple[str, Tone]:
    words = number(one.value) if wide or one.value < MILLION else short_number(one.value)
    return words, one.tone if one.value else "muted"


def near_number(counts: Counts) -> list[Number]:
    """Pictures that look like another one, which is paid for; no row without any."""
    found = Number("near", "look alike", counts.near_duplicates)
    return [found] if found.value else []


def numbers_of(view: PlanView | None) -> list[Number]:
    """The rows; those of the second part are there when they are not zero."""
    if view is None:
        return []
    counts, bad = view.plan.counts, view.plan.bad
    first = [
        Number("total", "total", counts.total),
        Number("remaining", "remaining", counts.remaining, "strong"),
        Number("tagged", "tagged", counts.tagged, "good"),
        Number("duplicates", "duplicates", counts.duplicates),
        *near_number(counts),
        Number("known-bad", "known bad", counts.known_bad, "warn"),
        Number("unreadable", "unreadable", bad.get("unreadable", 0), "warn"),
        Number("too-large", "too large", bad.get("too_large", 0), "warn"),
    ]
    later = [
        Number("unsupported", "wrong type", bad.get("unsupported", 0), "warn"),
        Number("retry-later", "to retry", counts.retry_later, "warn"),
        Number("in-batches", "in batches", counts.in_batches),
        Number("ignored", "ignored", counts.ignored),
    ]
    return [*first, *(one for one in later if one.value)]
