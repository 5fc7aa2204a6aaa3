"""What the plan, the failures, the library and the batches ask of the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from gemtag_tui.tui.wanted_library import LibraryAsks
from gemtag_tui.tui.wanted_plan import (
    PilotOffer,
    PlanAsks,
    PlanBase,
    PlanOrder,
    PlanView,
    ScanState,
)

if TYPE_CHECKING:
    from gemtag_tui.store.batches import Event, JobRow, OddLine, Stranger
    from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
    from gemtag_tui.tui.source import Pages

__all__ = [
    "Asks",
    "BatchAsks",
    "BatchDetail",
    "BatchView",
    "FailureAsks",
    "Paragraphs",
    "PilotOffer",
    "PlanAsks",
    "PlanBase",
    "PlanOrder",
    "PlanView",
    "ScanState",
]

Paragraphs = list[tuple[str, str]]
"""Headings and what stands under them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """The batch jobs, newest first, and those on the account that the library does not know.

    Attributes:
        stuck_hours: hours without news after which a job counts as stuck.
    """

    jobs: Sequence[JobRow] = ()
    strangers: Sequence[Stranger] = ()
    stuck_hours: float = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDetail:
    """What happened to a job (newest first), its lines by kind, its images by where they stand."""

    job: int
    events: Sequence[Event] = ()
    lines: dict[str, int] = field(default_factory=dict)
    images: dict[str, int] = field(default_factory=dict)


class FailureAsks(Protocol):
    """For the failures."""

    async def failure_groups(self) -> list[FailureGroup]:
        """Return the failures that are not resolved, like with like, the most first."""

    def failure_files(self, group: FailureGroup, text: str = "") -> Pages[FailureRow]:
        """Return the files of a group; `text` narrows by message or name."""

    async def failure(self, number: int) -> FailureRow | None:
        """Return one failure."""

    async def failure_detail(self, row: FailureRow) -> Paragraphs:
        """Return all that is known of a failure, the raw answer last."""

    async def each_cost(self, lane: str = "interactive") -> float | None:
        """Return what one more image costs in a lane by the plan, in US dollars."""

    async def decide(self, verb: str, selections: Sequence[Selection]) -> str:
        """Retry, ignore or reopen failures; returns what came of it in words."""


class BatchAsks(Protocol):
    """For the batches."""

    async def batch_view(self) -> BatchView:
        """Return all jobs; the same value while nothing was written."""

    async def batch_detail(self, job: int) -> BatchDetail:
        """Return what happened to a job, and its lines."""

    async def batch_odd_lines(self, job: int) -> list[OddLine]:
        """Return some of a job's lines that were kept as they came."""

    async def batch_order(self, verb: str, job: str = "") -> str:
        """Sync, cancel, rescue or adopt: by the engine, or a process of its own; returns words."""

    async def watch_batches(self) -> int:
        """Start a process that looks after the jobs until they have ended; returns its pid."""

    async def batches_landed(self, since: float) -> tuple[int, int]:
        """Return jobs taken in since a time (Unix seconds), and the images they tagged."""


class Asks(PlanAsks, FailureAsks, LibraryAsks, BatchAsks, Protocol):
    """All of them."""
