"""How far estimates are off, learned from real usage."""

from __future__ import annotations

import math

_WEIGHT = 0.01
_LEAST, _MOST = 0.2, 8.0
_SIGMAS = 2.0
_FIRST_SPREAD = 0.05


class Measure:
    """The ratio of real to estimated tokens: a mean at first, then one that forgets."""

    def __init__(self) -> None:
        self.ratio = 1.0
        self.typical = 0.0
        self._seen = 0
        self._variance = 0.0

    def weigh(self, estimate: int, limit: int, pending: int) -> int:
        """Return what to reserve for an estimate; more than `limit` only when it can never fit.

        Args:
            limit: of a minute, 0 for none.
            pending: calls in flight, whose errors add up by the root of their number.
        """
        spread = _SIGMAS * math.sqrt(self._variance / max(1, pending))
        weight = math.ceil(estimate * self.ratio + min(spread, estimate * self.ratio))
        return limit if limit and estimate <= limit < weight else weight

    def learn(self, estimate: int, real: int) -> None:
        """Take in one answer's usage."""
        self._seen += 1
        share = max(_WEIGHT, 1 / self._seen)
        self.typical += share * (real - self.typical)
        if estimate > 0 and self._seen == 1:
            # How far the rule was off says nothing about how much pictures differ.
            self.ratio = min(_MOST, max(_LEAST, real / estimate))
            self._variance = (_FIRST_SPREAD * real) ** 2
        elif estimate > 0:
            missed = real - estimate * self.ratio
            self._variance += share * (missed * missed - self._variance)
            ratio = min(_MOST, max(_LEAST, real / estimate))
            self.ratio += share * (ratio - self.ratio)
