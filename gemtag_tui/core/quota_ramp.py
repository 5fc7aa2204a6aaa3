"""The first seconds of a run: the pace rises to a limit that nothing has confirmed yet.

Were the real limit far lower, then few calls would be in flight at the first refusal.
"""

from __future__ import annotations

import math

START_SHARE = 0.25
DOUBLES_IN = 4.0
EVERY = 0.5
LEAST = {"rpm": 240, "tpm": 60_000}
"""A minute's weight from the first second on: below it a ramp would only cost time."""


class Ramp:
    """Gives the pace of an unconfirmed limit; monotonic seconds."""

    def __init__(self) -> None:
        self.next_at = math.inf
        self._began = -math.inf
        self._share = START_SHARE

    def begin(self, now: float) -> bool:
        """Start with the first call; returns whether it was the first."""
        if math.isfinite(self._began):
            return False
        self._began, self.next_at = now, now + EVERY
        return True

    def tick(self, now: float) -> None:
        """Go on rising until the whole limit is reached."""
        if now >= self.next_at:
            doublings = min(8.0, (now - self._began) / DOUBLES_IN)
            self._share = min(1.0, START_SHARE * 2**doublings)
            self.next_at = now + EVERY if self._share < 1 else math.inf

    def pace(self, name: str, limit: int) -> int:
        """Return the weight per minute to pace by, 0 for no limit."""
        return min(limit, max(LEAST[name], int(limit * self._share)))
