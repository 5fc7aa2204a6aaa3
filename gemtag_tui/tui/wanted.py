"""What the plan, the failures, the library and the batches ask of the source."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from gemtag_tui.tui.wanted_library import LibraryAsks

if TYPE_CHECKING:
    from gemtag_tui.engine.checks import Check
    from gemtag_tui.engine.planning import LanePlan, Plan
    from gemtag_tui.store.batches import Event, JobRow, OddLine, Stranger
    from gemtag_tui.store.browse import AssetRow
    from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
    from gemtag_tui.tui.source import Pages

Paragraphs = list[tuple[str, str]]
"""Headings and what stands under them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """The plan and the choices it was made for.

    Attributes:
        plan: the same as `gemtag plan` gives.
        lane: the lane chosen, "auto" to let the plan choose.
        resolution: how finely the model looks, as the profile says.
        checks: what the doctor finds without asking anybody, the worst first.
        engine: whether an engine runs on the library.
        now: Unix seconds when it was made.
    """

    plan: Plan
    lane: str
    resolution: str
    checks: Sequence[Check]
    engine: bool
    now: float

    @property
    def chosen(self) -> LanePlan:
        """The lane that a start would take."""
        name = self.plan.recommended if self.lane == "auto" else self.lane
        return next((one for one in self.plan.lanes if one.lane == name), self.plan.lanes[0])

    @property
    def images(self) -> int:
        """How many a start would set out to tag."""
        return max(0, self.plan.counts.remaining - self.plan.counts.in_batches)

    @property
    def each(self) -> float | None:
        """What one image costs in the chosen lane, in US dollars; `None` when not known."""
        cost = self.chosen.cost
        return cost.likely / self.images if cost is not None and self.images else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A model that can be chosen.

    Attributes:
        price_in: US dollars for a million tokens, as `price_out`.
        image_tokens: of one image.
        cost: of all that remains, in the quick lane.
        short: the most pressing note in a few words, `notes` in full.
        gone: it is not served any more.
    """

    id: str
    price_in: float | None
    price_out: float | None
    image_tokens: int
    cost: float | None
    short: str = ""
    notes: tuple[str, ...] = ()
    gone: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the images tried first came to."""

    run: int
    results: Sequence[AssetRow] = ()
    failed: int = 0
    cost_usd: float = 0.0
    ended: bool = False
    message: str = ""

    @property
    def each(self) -> float | None:
        """Measured cost of one image; `None` before there was any."""
        tried = len(self.results) + self.failed
        return self.cost_usd / tried if tried else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanState:
    """How a scan stands.

    Attributes:
        path: what is scanned.
        running: whether it goes on.
        files: files in the library now; `added` of them since the scan began.
        words: its own last words.
        wrong: whether it ended badly.
    """

    path: str
    running: bool
    files: int = 0
    added: int = 0
    words: str = ""
    wrong: bool = False


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


class PlanAsks(Protocol):
    """For the plan."""

    async def plan(self) -> PlanView:
        """Reckon what the rest would take."""

    async def doctor(self) -> list[Check]:
        """Let the doctor look at everything, the API and the library's file too."""

    async def models(self) -> list[ModelChoice]:
        """Return the known models, the cheapest first."""

    async def trial(self, run: int) -> Trial:
        """Return what a run has come to, its results with it."""

    async def folder(self, text: str) -> str:
        """Return the absolute path that was typed; raises `UsageError` when it cannot be read."""

    def scan(self, path: str) -> AsyncIterator[ScanState]:
        """Scan a folder in a process of its own, saying how it stands until it has ended."""

    def stop_scan(self) -> None:
        """Tell the scan to end; what it found is kept."""


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
