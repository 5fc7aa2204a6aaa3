"""The numbers of one run, as they grow."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemtag_tui.core.drift import Seen, drift_words
from gemtag_tui.core.flex import served_lane
from gemtag_tui.core.meter import RateMeter
from gemtag_tui.core.snapshot import LastResult

if TYPE_CHECKING:
    from gemtag_tui.core.calls import Answer, Usage
    from gemtag_tui.core.pilot import Findings

_SHOWN_RESULTS = 3
_KEPT_WARNINGS = 8


@dataclass(slots=True)
class Tally:
    """What one run has done so far. `message` and `waiting_for` are words for people.

    Attributes:
        done, bad: assets settled well and badly; each counts once, however often it is tried.
        on_disk: of those, how many ends are known to be on disk.
        singles: those of `tries` that were calls of their own, not lines of batch jobs.
        answers: single calls whose usage is in the sums of tokens.
        tokens_cached: of `tokens_in`, those that were read from the cache.
        turned_away: calls that the flex service had no room for.
        elsewhere: answers that another service gave than was asked.
        failed: ids of the bad ones.
    """

    meter: RateMeter
    started_at: float
    done: int = 0
    bad: int = 0
    on_disk: int = 0
    tries: int = 0
    settled_calls: int = 0
    errors: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    singles: int = 0
    answers: int = 0
    tokens_cached: int = 0
    cost_usd: float = 0.0
    turned_away: int = 0
    elsewhere: int = 0
    message: str = ""
    waiting_for: str = ""
    failed: set[int] = field(default_factory=set)
    last: deque[LastResult] = field(default_factory=lambda: deque(maxlen=_SHOWN_RESULTS))
    _warnings: dict[str, str] = field(default_factory=dict)

    def charge(self, usage: Usage | None, cost_usd: float) -> None:
        """Add one call's tokens and cost."""
        self.tries += 1
        self.singles += 1
        self.cost_usd += cost_usd
        if usage is not None:
            self.answers += 1
            self.tokens_in += usage.prompt
            self.tokens_out += usage.output
            self.tokens_cached += usage.cached

    def served(self, asked: str, answer: Answer) -> str:
        """Return the lane that really served an answer, and warn when it is another one."""
        lane = served_lane(asked, answer.service_tier)
        if lane != asked:
            self.elsewhere += 1
            words = f"{self.elsewhere:,} answers to {asked} calls came from the {lane} service"
            self.warn(f"{words}, and are priced as such.", about="tier")
        return lane

    def tagged(self, result: LastResult) -> None:
        """Count a result."""
        self.done += 1
        self.last.appendleft(result)

    def overtaken(self, count: int) -> None:
        """Take back results on disk that batch jobs had brought, and counted, before."""
        self.done -= count
        self.on_disk -= count

    def failure(self, asset: int) -> None:
        """Count an asset that failed."""
        self.bad += 1
        self.failed.add(asset)

    def reopen(self, asset: int) -> bool:
        """Take back an asset's failure, since it is tried again; `False` when this run had none."""
        if asset not in self.failed:
            return False
        self.failed.discard(asset)
        self.bad -= 1
        self.on_disk -= 1
        return True

    def compare(self, found: Findings) -> None:
        """Warn when this run is not what its sample said; results of batch jobs hide that."""
        if self.singles < self.tries:
            return
        seen = Seen(self.answers, self.settled, self.tokens_in, self.tokens_out, self.cost_usd)
        if words := drift_words(found, seen):
            self.warn(words, about="sample")

    def warn(self, words: str, about: str = "") -> None:
        """Keep a warning, newest last; a newer one about the same thing takes its place."""
        key = about or words
        if self._warnings.get(key) == words:
            return
        self._warnings.pop(key, None)
        self._warnings[key] = words
        while len(self._warnings) > _KEPT_WARNINGS:
            del self._warnings[next(iter(self._warnings))]

    @property
    def warnings(self) -> list[str]:
        """Warnings, oldest first."""
        return list(self._warnings.values())

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
