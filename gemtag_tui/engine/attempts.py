"""Assets that the lane holds in its hands, and those waiting for their next try."""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.core.verdicts import Retry
    from gemtag_tui.store.work import Candidate


@dataclass(slots=True)
class Attempt:
    """One asset on its way.

    Attributes:
        lane: the lane of its latest call: as asked, and once it is answered as served.
        tries: blamed tries so far in this run.
        calls: calls made for it in this run, whatever came of them.
        better: the next call is its better try; `bettered`: it has had one, or gets none since it
            is tried with a changed setting.
        cost_usd: spent on it in this run.
        failed_at: monotonic seconds of its first failure by an outage or its own fault.
        failures: how many of those it has had; `last` is the latest.
    """

    candidate: Candidate
    lane: str = ""
    tries: int = 0
    calls: int = 0
    better: bool = False
    bettered: bool = False
    cost_usd: float = 0.0
    failed_at: float = math.inf
    failures: int = 0
    last: tuple[Retry, Outcome] | None = None

    @property
    def asset(self) -> int:
        """Id of the asset."""
        return self.candidate.asset

    def failed(self, now: float, verdict: Retry, outcome: Outcome) -> None:
        """Take in a failure that may be its own."""
        self.tries += verdict.blamed
        self.failed_at = min(self.failed_at, now)
        self.failures += 1
        self.last = (verdict, outcome)


@dataclass(slots=True)
class Waiting:
    """Attempts by the time they are due; every held asset is known by its id."""

    _heap: list[tuple[float, int, Attempt]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, due: float, attempt: Attempt) -> None:
        """Keep an attempt until `due` (monotonic seconds)."""
        heapq.heappush(self._heap, (due, next(self._order), attempt))

    def take_due(self, now: float, most: int) -> list[Attempt]:
        """Return up to `most` attempts whose time has come, earliest first."""
        taken: list[Attempt] = []
        while self._heap and len(taken) < most and self._heap[0][0] <= now:
            taken.append(heapq.heappop(self._heap)[2])
        return taken

    def next_due(self) -> float | None:
        """Return when the earliest is due, or `None`."""
        return self._heap[0][0] if self._heap else None

    def drain(self) -> list[Attempt]:
        """Give everything back."""
        rest = [attempt for _, _, attempt in self._heap]
        self._heap.clear()
        return rest
