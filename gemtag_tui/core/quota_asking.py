"""After a refusal: the lane is shut, then one call alone asks until one is let in."""

from __future__ import annotations

import math
from collections.abc import Callable

FIRST = 2.0
"""Seconds after a refusal until one call asks: a bucket has refilled a little by then."""
LONGEST = 10.0
"""Seconds between two asking calls; longer would cost more after an outage than asking does."""
PATIENCE = 10.0
"""Seconds after which an asking call that hangs, or calls from before, are waited for no more."""
AGAIN = 1.0
"""Seconds after an asking call that failed for another reason."""
LOOK = 0.1
"""Seconds between two looks at whether all earlier calls are answered."""
LONGEST_ASKED_WAIT = 65.0
"""Seconds of a server's "retry in" that are believed: a minute's limit needs no longer one."""


class Asking:
    """Holds the lane on behalf of one limit; monotonic seconds.

    Args:
        rng: numbers in [0, 1), for jitter.
    """

    def __init__(self, rng: Callable[[], float]) -> None:
        self._rng = rng
        self.name = ""
        self._due = self._first = math.inf
        self._drained_by = -math.inf
        self._delay = FIRST

    def begin(self, now: float, name: str) -> None:
        """Shut the lane; one call asks as soon as the earlier ones are answered."""
        self.name, self._first, self._delay = name, math.inf, FIRST
        self._due, self._drained_by = now + self._jittered(), now + PATIENCE

    def end(self) -> None:
        """Let everything go again."""
        self.name = ""

    def until(self, now: float, pending: int) -> float:
        """Return when a call may go, `-inf` for any time.

        Args:
            pending: calls in flight.
        """
        if not self.name:
            return -math.inf
        draining = pending and self._first == math.inf and now < self._drained_by
        return max(self._due, now + LOOK) if draining else self._due

    def granted(self, now: float) -> bool:
        """Take in that a call goes out; returns whether it is the first to ask."""
        if not self.name:
            return False
        first = self._first == math.inf
        self._first, self._due = min(self._first, now), now + PATIENCE
        return first

    def asked(self, sent: float) -> bool:
        """Return whether a call sent then was asking."""
        return bool(self.name) and sent >= self._first

    def refused(self, now: float, sent: float, retry_after: float | None) -> None:
        """Take in a refusal. The server's own delay counts once asking has shown a need for it."""
        if self.asked(sent):
            self._delay = min(LONGEST, self._delay * 2)
            asked_for = min(LONGEST_ASKED_WAIT, retry_after or 0.0)
            self._due = now + max(self._jittered(), asked_for)
        elif self._first == math.inf:
            self._due = max(self._due, now + FIRST / 2)

    def not_before(self, at: float) -> None:
        """Put the next call off."""
        self._due = max(self._due, at)

    def failed(self, now: float) -> None:
        """Take in that a call came to nothing: another may ask."""
        if self.name and self._first < math.inf:
            self._due = min(self._due, now + AGAIN)

    def _jittered(self) -> float:
        return self._delay * (0.9 + 0.2 * self._rng())
