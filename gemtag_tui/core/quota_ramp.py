"""The first minutes of a run: a limit that nothing has confirmed yet is approached with care.

Were the real limit far lower, then few calls would be in flight at the first refusal: all of them
are refused, too.
"""

from __future__ import annotations

import math

START_SHARE = 0.25
DOUBLES_IN = 4.0
EVERY = 0.5
LEAST = {"rpm": 240, "tpm": 60_000}
"""A minute's weight from the first second on: below it a ramp would only cost time."""
AT_FIRST, ANSWERS_EACH = 6.0, 5.0
"""Calls in flight at first, and answers that allow one more: they double with every 3.5 latencies.
4,000 a minute are reached in half a minute at 2 s an answer."""
LATER = 60.0
"""Seconds after which time alone begins to allow more, where answers are slow."""
LOOK = 0.05
"""Seconds between two looks at whether a call in flight has been answered."""


class Ramp:
    """Gives the pace of an unconfirmed limit and the calls in flight; monotonic seconds."""

    def __init__(self) -> None:
        self.next_at = math.inf
        self._began = -math.inf
        self._share = START_SHARE
        self._answers = 0

    def begin(self, now: float) -> bool:
        """Start with the first call; returns whether it was the first."""
        if math.isfinite(self._began):
            return False
        self._began, self.next_at = now, now + EVERY
        return True

    def answered(self, calls: int = 1) -> None:
        """Take in that calls were let in."""
        self._answers += calls

    def tick(self, now: float) -> None:
        """Go on rising until the whole limit is reached."""
        if now >= self.next_at:
            doublings = min(8.0, (now - self._began) / DOUBLES_IN)
            self._share = min(1.0, START_SHARE * 2**doublings)
            self.next_at = now + EVERY if self._share < 1 else math.inf

    def pace(self, name: str, limit: int) -> int:
        """Return the weight per minute to pace by, 0 for no limit."""
        return min(limit, max(LEAST[name], int(limit * self._share)))

    def in_flight(self, now: float) -> float:
        """Return how many calls may be in flight."""
        earned = AT_FIRST + self._answers / ANSWERS_EACH
        return max(earned, AT_FIRST * (max(0.0, now - self._began) / LATER) ** 2)
