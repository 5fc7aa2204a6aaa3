"""What the plan's screens ask of a source, and the values they get."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from gemtag_tui.core.plan_values import Selection
from gemtag_tui.tui.wanted_near import NearAsks

if TYPE_CHECKING:
    from gemtag_tui.core.plan_values import LanePlan, Plan, PlanFacts
    from gemtag_tui.engine.checks import Check
    from gemtag_tui.engine.piloting import Outcome
    from gemtag_tui.store.plan_lists import Listed
    from gemtag_tui.tui.source import Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBase:
    """All that plans are reckoned from, looked up once.

    Attributes:
        facts: for `core.plan_book.PlanBook`.
        model: the settings' own, as `lane` and `profile`; `resolution`: the profile's own.
        checks: what can be told without asking anybody, by model, the worst first.
        engine: whether an engine runs on the library.
    """

    facts: PlanFacts
    model: str
    lane: str
    profile: str
    resolution: str
    checks: Mapping[str, Sequence[Check]] = field(default_factory=dict)
    engine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """The plan and the choices it was made for.

    Attributes:
        plan: the same as `gemtag plan` gives.
        lane: the lane chosen, "auto" to let the plan choose.
        resolution: how finely the model looks.
        checks: what the doctor finds, the worst first.
        engine: whether an engine runs on the library.
        now: Unix seconds when its facts were looked up.
        best: the lane that the plan would choose.
        facts: what it was reckoned from.
    """

    plan: Plan
    lane: str
    resolution: str
    checks: Sequence[Check]
    engine: bool
    now: float
    best: str = ""
    facts: PlanFacts | None = None

    @property
    def chosen(self) -> LanePlan:
        """The lane that a start would take."""
        name = self.plan.recommended if self.lane == "auto" else self.lane
        return next((one for one in self.plan.lanes if one.lane == name), self.plan.lanes[0])

    @property
    def images(self) -> int:
        """How many the plan is for."""
        return self.plan.images

    @property
    def each(self) -> float | None:
        """What one image costs in the chosen lane, in US dollars; `None` when not known."""
        cost = self.chosen.cost
        return cost.likely / self.images if cost is not None and self.images else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOrder:
    """What a pilot or a list is for; "" and 0 leave the settings' own.

    Attributes:
        size: of a sample; `seed`: it is chosen by.
        cap: US dollars that it may cost at most, 0 to let it be reckoned.
    """

    model: str = ""
    resolution: str = ""
    lane: str = ""
    selection: Selection = field(default_factory=Selection)
    size: int = 0
    seed: int = 0
    cap: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotOffer:
    """What a pilot would take.

    Attributes:
        cost: US dollars, likely; `None` when no price is known.
        cap: that it may cost at most, 0 for none.
        note: what is to be said of its lane.
    """

    images: int
    lane: str
    cost: float | None
    cap: float
    note: str = ""


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


class PlanAsks(NearAsks, Protocol):
    """For the plan."""

    async def plan_base(self, order: PlanOrder) -> PlanBase:
        """Look up what plans are reckoned from, for a selection."""

    async def plan_checks(self, model: str) -> list[Check]:
        """Ask the API about a model, and look the library's file over; costs nothing."""

    def plan_list(self, order: PlanOrder, name: str, count: int) -> Pages[Listed]:
        """Return the images behind one of the plan's numbers."""

    async def pilot_offer(self, order: PlanOrder) -> PilotOffer:
        """Choose a sample and say what it would take; sends nothing."""

    async def pilot(self, order: PlanOrder) -> str:
        """Tag a sample, under the order's cap; returns what went wrong, "" when nothing did."""

    async def count_tokens(self, order: PlanOrder) -> str:
        """Have the API count the tokens of so many pictures; returns what went wrong.

        That costs nothing; the next plan is reckoned from it.
        """

    async def pilot_outcome(self, order: PlanOrder) -> Outcome | None:
        """Return what the latest sample told, `None` while there is none."""

    async def start_plan(self, args: Sequence[str], order: PlanOrder) -> int:
        """Start the engine with the order's model and resolution; returns its pid."""

    async def doctor(self) -> list[Check]:
        """Let the doctor look at everything, the API and the library's file too."""

    async def folder(self, text: str) -> str:
        """Return the absolute path that was typed; raises `UsageError` when it cannot be read."""

    def scan(self, path: str) -> AsyncIterator[ScanState]:
        """Scan a folder in a process of its own, saying how it stands until it has ended."""

    def stop_scan(self) -> None:
        """Tell the scan to end; what it found is kept."""
