"""What a limit is at the moment: as configured, or lower because a 429 taught so."""

from __future__ import annotations

import math
from dataclasses import dataclass

QUIET_INFERRED = 600.0
QUIET_NAMED = 3600.0
"""Seconds without a refusal after which a learned limit is tried a little higher."""
QUIET_MOST = 6 * 3600.0
RISE = 1.03
RELAPSE_WITHIN = 900.0
LEAST_SHARE = 4
"""One lesson without a named value takes at most this divisor: others may have used the quota."""
FEWEST = 5
SOFT_SHARE = 0.9
SOFT_RISE = 1.05
SOFT_EVERY = 60.0
SOFT_MOST = 600.0


@dataclass(slots=True)
class Ceiling:
    """One limit's figures; times are monotonic seconds, figures whole numbers, 0 for none.

    Attributes:
        configured: from the settings or the tier's table; never exceeded.
        learned: from a 429, 0 when none has taught anything.
        named: whether the server named the learned figure itself.
        soft: below which refusals that name no quota have kept away so far, 0 for none.
    """

    configured: int = 0
    source: str = "default"
    learned: int = 0
    named: bool = False
    soft: int = 0
    lesson_at: float = -math.inf
    _rises_at: float = math.inf
    _soft_rises_at: float = math.inf
    _relapses: int = 0
    _soft_safe: int = 0
    _soft_at: float = -math.inf
    _soft_hold: float = SOFT_EVERY
    _safe: int = 0  # what had been right before a rise

    @property
    def value(self) -> int:
        """The figure in force, 0 for none."""
        return min((v for v in (self.configured, self.learned, self.soft) if v), default=0)

    @property
    def origin(self) -> str:
        """Where the figure in force comes from."""
        return self.source if self.value == self.configured else "learned"

    def teach(self, now: float, sent: float, value: int | None, accepted: int) -> bool:
        """Learn from a refusal; returns whether the figure changed.

        Args:
            sent: when the refused call was sent; one from before the last lesson teaches nothing.
            value: the limit that the server named.
            accepted: what it had let through in the span before that call.
        """
        if sent <= self.lesson_at:
            return False
        relapse = now - self.lesson_at < RELAPSE_WITHIN
        self._relapses = self._relapses + 1 if relapse else 1
        self.lesson_at = now
        old = self.value
        if self._safe and not value and accepted >= self._safe * 0.9:
            self.learned, self._safe = self._safe, 0
            self._relapses += 1
            self._rises_at = now + self._quiet()
            return self.value != old
        self._safe = 0
        self.named = bool(value and (not old or value <= old) and not (value == old and relapse))
        self.learned = value if self.named and value else self._inferred(old, accepted)
        self._rises_at = now + self._quiet()
        return self.value != old

    def soften(self, now: float, accepted: int) -> None:
        """Keep below a rate at which refusals without a named quota came again."""
        self.soft = self._soft_safe = max(FEWEST, int(accepted * SOFT_SHARE))
        self._soft_at, self._soft_hold = now, SOFT_EVERY
        self._soft_rises_at = now + SOFT_EVERY

    def bare(self, now: float, sent: float) -> bool:
        """Take in one refusal that names no quota; returns whether the soft figure went back."""
        if not self.soft or sent <= self._soft_at:
            return False
        before, self.soft = self.soft, self._soft_safe
        self._soft_at, self._soft_hold = now, min(SOFT_MOST, self._soft_hold * 2)
        self._soft_rises_at = now + self._soft_hold
        return self.soft != before

    def restore(self, now: float, learned: int, *, named: bool, age: float) -> None:
        """Take up a figure learned `age` seconds ago, before a restart."""
        self.learned, self.named = learned, named
        self._rises_at = now + max(0.0, self._quiet() - max(0.0, age))

    def forget(self) -> None:
        """Go back to what is configured."""
        self.learned = self.soft = self._relapses = self._safe = 0
        self.named = False
        self._rises_at = self._soft_rises_at = math.inf

    def next_tick(self) -> float:
        """Return when `tick` has something to do."""
        return min(self._rises_at, self._soft_rises_at)

    def tick(self, now: float) -> bool:
        """Try a little higher after a quiet time; returns whether the figure changed."""
        old = self.value
        if now >= self._rises_at:
            self._safe = self._safe or self.learned
            self.learned = self._up(self.learned, RISE, self.configured)
            self._rises_at = now + self._quiet() if self.learned else math.inf
        if now >= self._soft_rises_at:
            self._soft_safe = self.soft
            self.soft = self._up(self.soft, SOFT_RISE, self.configured or self.learned)
            self._soft_rises_at = now + self._soft_hold if self.soft else math.inf
        return self.value != old

    @staticmethod
    def _up(figure: int, factor: float, top: int) -> int:
        higher = max(figure + 1, int(figure * factor))
        return 0 if top and higher >= top else higher

    def _quiet(self) -> float:
        quiet = QUIET_NAMED if self.named else QUIET_INFERRED
        return float(min(QUIET_MOST, quiet * 2 ** max(0, min(8, self._relapses - 1))))

    def _inferred(self, old: int, accepted: int) -> int:
        seen = int(accepted * 0.99)
        if not old:
            return max(seen, FEWEST)
        cut = max(0.5, 1 - 0.05 * 2 ** (min(5, self._relapses) - 1))
        return max(1, min(max(seen, old // LEAST_SHARE), int(old * cut)))
