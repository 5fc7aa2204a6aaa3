"""What a limit is at the moment: as configured, or lower because a 429 taught so."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gemtag_tui.core.quota_search import Phase, Search

QUIET_FOUND = 600.0
QUIET_NAMED = 3600.0
"""Seconds without a refusal after which a learned limit is tried a little higher."""
QUIET_MOST = 6 * 3600.0
RISE = 1.03
RELAPSE_WITHIN = 900.0
LEAST_SHARE = 4
"""One lesson without a named value takes at most this divisor: others may have used the quota."""
FEWEST = 5


@dataclass(slots=True)
class Ceiling:
    """One limit's figures; times are monotonic seconds, figures whole numbers, 0 for none.

    Attributes:
        configured: from the settings or the tier's table; never exceeded.
        learned: from a 429, 0 when none has taught anything.
        named: whether the server named the learned figure itself.
        search: for a figure that no refusal names.
        lesson_at: calls sent until then teach nothing any more.
    """

    configured: int = 0
    source: str = "default"
    learned: int = 0
    named: bool = False
    search: Search = field(default_factory=Search)
    lesson_at: float = -math.inf
    _rises_at: float = math.inf
    _relapses: int = 0
    _safe: int = 0  # what had been right before a rise

    @property
    def value(self) -> int:
        """The figure in force, 0 for none."""
        return min((v for v in (self.configured, self.learned) if v), default=0)

    @property
    def roof(self) -> int:
        """What may be let in within one span: all while the pace alone is sought."""
        if self.search.phase is Phase.IDLE:
            return self.value
        return min((v for v in (self.configured, self.search.roof()) if v), default=0)

    @property
    def pace(self) -> int:
        """The weight per span to pace by. One call that asks waits for no pace."""
        return self.roof if self.search.phase is Phase.ASKING else self.value

    @property
    def origin(self) -> str:
        """Where the figure in force comes from."""
        return self.source if self.value == self.configured else "learned"

    def teach(self, now: float, sent: float, value: int, accepted: int) -> bool:
        """Learn from a refusal without a search; returns whether the figure changed.

        Args:
            sent: when the refused call was sent; one from before the last lesson teaches nothing.
            value: the limit that the server named, 0 for none.
            accepted: what it had let in within the span before that call.
        """
        if sent <= self.lesson_at:
            return False
        self.search.stop()
        relapse = now - self.lesson_at < RELAPSE_WITHIN
        self._relapses = self._relapses + 1 if relapse else 1
        self.lesson_at, old = now, self.value
        self._safe = 0
        self.named = bool(value and (not old or value <= old) and not (value == old and relapse))
        self.learned = value if self.named else self._inferred(old, accepted)
        self._rises_at = now + self._quiet()
        return self.value != old

    def fall_back(self, now: float) -> bool:
        """Undo a rise that was refused; returns whether there was one."""
        if not self._safe:
            return False
        self.learned, self._safe = self._safe, 0
        self._relapses += 1
        self.lesson_at, self._rises_at = now, now + self._quiet()
        return True

    def found(self, now: float) -> None:
        """Take over the search's figure."""
        self._safe = 0
        figure = int(self.search.rate + 0.3)
        self.named = self.named and figure == self.learned
        self.learned = 0 if self.configured and figure >= self.configured else figure
        if not self.learned:
            self.search.stop()
        self._rises_at = now + self._quiet() if self.learned else math.inf

    def restore(self, now: float, learned: int, *, named: bool, age: float) -> None:
        """Take up a figure learned `age` seconds ago, before a restart."""
        self.learned, self.named = learned, named
        self._rises_at = now + max(0.0, self._quiet() - max(0.0, age))

    def forget(self) -> None:
        """Go back to what is configured."""
        self.learned = self._relapses = self._safe = 0
        self.named = False
        self.search = Search()
        self._rises_at = math.inf

    def next_tick(self) -> float:
        """Return when `tick` has something to do."""
        return self.search.next_at if self.search.phase is not Phase.IDLE else self._rises_at

    def tick(self, now: float, used: int) -> None:
        """Go on with the search, or try a little higher after a quiet time.

        Args:
            used: weight let in at the rate that is being tried.
        """
        if now < self.next_tick():
            return
        if self.search.phase is Phase.SEEKING:
            self.search.rise(now, used)
            self.found(now)
        elif self.learned:
            self._safe = self._safe or self.learned
            higher = max(self.learned + 1, int(self.learned * RISE))
            self.learned = 0 if self.configured and higher >= self.configured else higher
            self._rises_at = now + self._quiet() if self.learned else math.inf

    def _quiet(self) -> float:
        quiet = QUIET_NAMED if self.named else QUIET_FOUND
        return float(min(QUIET_MOST, quiet * 2 ** max(0, min(8, self._relapses - 1))))

    def _inferred(self, old: int, accepted: int) -> int:
        seen = int(accepted * 0.99)
        if not old:
            return max(seen, FEWEST)
        cut = max(0.5, 1 - 0.05 * 2 ** (min(5, self._relapses) - 1))
        return max(1, min(max(seen, old // LEAST_SHARE), int(old * cut)))
