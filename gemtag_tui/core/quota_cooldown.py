"""Refusals that name no quota: when they come again and again, the whole lane cools down."""

from __future__ import annotations

import math
from collections.abc import Callable

STREAK = 3
"""Bare refusals in a row, with no success between, that close the lane."""
FIRST = 2.0
LONGEST = 12.0
"""Longer than this would cost more after an outage than the probing calls do during it."""
SIMILAR = 0.2
AGAIN_WITHIN = 600.0


class CoolDown:
    """Counts bare 429s; monotonic seconds.

    Args:
        rng: numbers in [0, 1), for jitter.
    """

    def __init__(self, rng: Callable[[], float]) -> None:
        self._rng = rng
        self._streak = 0
        self._delay = FIRST
        self._began = -math.inf
        self._first = -math.inf  # answers to calls sent from here on end the cool-down
        self._event_at = -math.inf
        self._event_rate = 0
        self.until = -math.inf

    def success(self, sent: float) -> None:
        """Take in an answer; unless its call is older than the trouble, the trouble is over."""
        self._streak = 0
        if sent >= self._first:
            self._delay, self.until = FIRST, -math.inf

    def refused(self, now: float, sent: float, accepted: int) -> bool:
        """Take in a bare refusal; returns whether a soft limit at `accepted` a minute is due."""
        if sent <= self._began:
            return False
        self._streak += 1
        if self._delay == FIRST and self._streak == 1:
            self._first = sent
        if self._streak < STREAK and self._delay == FIRST:
            return False
        fresh = self._delay == FIRST
        if not fresh:
            self._first = self.until
        self._streak, self._began = 0, now
        self.until = now + self._delay * (0.75 + 0.5 * self._rng())
        self._delay = min(LONGEST, self._delay * 2)
        return fresh and self._recurs(now, accepted)

    def _recurs(self, now: float, accepted: int) -> bool:
        before, self._event_rate = self._event_rate, accepted
        soon, self._event_at = now - self._event_at < AGAIN_WITHIN, now
        return soon and accepted > 0 and abs(accepted - before) <= SIMILAR * max(accepted, before)
