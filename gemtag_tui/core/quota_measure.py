"""How far estimates are off, learned from real usage."""

from __future__ import annotations

import math

_WEIGHT = 0.05
_LEAST, _MOST = 0.2, 8.0


class Measure:
    """The ratio of real to estimated tokens: a mean at first, then one that forgets."""

    def __init__(self) -> None:
        self.ratio = 1.0
        self.typical = 0.0
        self._seen = 0

    def weigh(self, estimate: int, limit: int) -> int:
        """Return what to reserve for an estimate; more than `limit` only when it can never fit."""
        weight = math.ceil(estimate * self.ratio)
        return limit if limit and estimate <= limit < weight else weight

    def learn(self, estimate: int, real: int) -> None:
        """Take in one answer's usage."""
        self._seen += 1
        share = max(_WEIGHT, 1 / self._seen)
        self.typical += share * (real - self.typical)
        if estimate > 0:
            ratio = min(_MOST, max(_LEAST, real / estimate))
            self.ratio += share * (ratio - self.ratio)
