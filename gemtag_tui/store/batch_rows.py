"""What the batch lane hands over to be kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from gemtag_tui.store.rows import NewFailure
from gemtag_tui.store.tracks import Track
from gemtag_tui.store.work import Candidate


class Item(IntEnum):
    """Where an asset stands in a job."""

    HELD = 0
    TAGGED = 1
    KNOWN_BAD = 2
    LATER = 3
    MISSING = 4
    GIVEN_BACK = 5
    """To be tagged elsewhere; what still lands is taken if nothing else was first."""
    SECOND = 6
    """Landed when the asset had a result already: recorded, not stored."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An asset taken into a job; `better`: this is its better try."""

    candidate: Candidate
    better: bool


@dataclass(frozen=True, slots=True)
class Odd:
    """A line that is kept as it came."""

    kind: str
    key: str
    raw: bytes
    asset: int | None = None
    cost_usd: float = 0.0


@dataclass(slots=True)
class Sum:
    """Calls of one status added up."""

    lines: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0

    def add(self, lines: int, tokens_in: int, tokens_out: int, cost_usd: float) -> None:
        """Add one line, or with `lines` -1 take it out."""
        self.lines += lines
        self.tokens_in += lines * tokens_in
        self.tokens_out += lines * tokens_out
        self.cost_usd += lines * cost_usd


@dataclass(slots=True)
class Landing:
    """Lines of results that are written in one transaction.

    Attributes:
        job: the job's id; `track`: its track.
        taken_bytes: how much of the results is dealt with once this is written.
        tagged: rows (asset, summary, tags as JSON, served model, tokens prompt, image, output,
            US dollars).
        failures: assets that got no result.
        states: (item state, asset) for every asset that landed otherwise than tagged.
        had_failed: assets among `tagged` that may have a failure to resolve.
        tally: lines by what became of them.
        sums: calls by status, for the ledger.
        odd: lines to be kept as they came.
        double_usd: of all that, paid for what was there already.
        again: assets among `tagged` that an earlier group had as landed.
    """

    job: int
    track: Track
    run: int | None
    at: float
    taken_bytes: int
    tagged: list[tuple[Any, ...]] = field(default_factory=list)
    failures: list[NewFailure] = field(default_factory=list)
    states: list[tuple[int, int]] = field(default_factory=list)
    had_failed: list[int] = field(default_factory=list)
    tally: dict[str, int] = field(default_factory=dict)
    sums: dict[str, Sum] = field(default_factory=dict)
    odd: list[Odd] = field(default_factory=list)
    double_usd: float = 0.0
    again: int = 0
