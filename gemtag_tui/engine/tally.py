"""The numbers of one run, as they grow."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemtag_tui.core.meter import RateMeter
from gemtag_tui.core.snapshot import LastResult

if TYPE_CHECKING:
    from gemtag_tui.core.calls import Usage

_SHOWN_RESULTS = 3
_KEPT_WARNINGS = 8


@dataclass(slots=True)
class Tally:
    """What one run has done so far. `message` and `waiting_for` are words for people."""

    meter: RateMeter
    started_at: float
    done: int = 0
    bad: int = 0
    tries: int = 0
    settled_calls: int = 0
    errors: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    message: str = ""
    waiting_for: str = ""
    warnings: list[str] = field(default_factory=list)
    last: deque[LastResult] = field(default_factory=lambda: deque(maxlen=_SHOWN_RESULTS))

    def charge(self, usage: Usage | None, cost_usd: float) -> None:
        """Add one call's tokens and cost."""
        self.cost_usd += cost_usd
        if usage is not None:
            self.tokens_in += usage.prompt
            self.tokens_out += usage.output

    def warn(self, words: str) -> None:
        """Keep a warning, once, newest last."""
        if words not in self.warnings:
            self.warnings = [*self.warnings, words][-_KEPT_WARNINGS:]

    @property
    def settled(self) -> int:
        """Assets that reached an end in this run."""
        return self.done + self.bad

    @property
    def tries_per_asset(self) -> float:
        """Calls made for each settled asset; 1 until something is known."""
        return max(1.0, self.settled_calls / self.settled) if self.settled else 1.0

    @property
    def cost_per_asset(self) -> float | None:
        """US dollars per tagged asset so far, failed attempts included; `None` until known."""
        return self.cost_usd / self.done if self.done else None
