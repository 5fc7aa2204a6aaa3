"""The single worker that tries, further and further apart, whether anything answers again."""

from __future__ import annotations

import math
from collections.abc import Callable

FIRST = 1.0
LONGEST = 10.0
"""A two-minute outage then costs some fifteen probing calls, and at most this long on top."""
PATIENCE = 10.0
"""Seconds after which a hanging probe is joined by another: an outage may swallow calls."""

AFTERGLOW = 2.0
"""Seconds for which answers to calls from before a stall still come in."""


class Probe:
    """State of a stall; monotonic seconds.

    Args:
        rng: numbers in [0, 1), for jitter.
    """

    def __init__(self, rng: Callable[[], float]) -> None:
        self._rng = rng
        self.active = False
        self.delay = 0.0
        self._since = 0.0
        self._due = 0.0
        self._sent = -math.inf
        self._out = False
        self._before = 0.0
        self._began = 0.0
        self._patience = PATIENCE

    def begin(self, now: float, since: float, before: float, round_trip: float) -> None:
        """Start probing.

        Args:
            since: the last sign of life.
            before: calls in flight to come back to.
            round_trip: seconds an answer took lately.
        """
        self.active, self._out = True, False
        self._since, self._before, self._began = since, before, now
        self._sent = -math.inf
        self._patience = max(PATIENCE, 4 * round_trip)
        self.delay = FIRST
        self._due = now + self._jittered()

    def lasted(self, now: float) -> float:
        """Return the seconds without a sign of life."""
        return max(0.0, now - self._since)

    def may_go(self, now: float) -> bool:
        """Return whether a probing call may start."""
        if not self.active:
            return False
        return now >= (self._sent + max(self._patience, self.delay) if self._out else self._due)

    def wait(self, now: float) -> float:
        """Return the seconds until the next probing call."""
        if not self.active:
            return 0.0
        due = self._sent + max(self._patience, self.delay) if self._out else self._due
        return max(0.0, due - now)

    def started(self, now: float) -> None:
        """Take in that a call started."""
        if not self.active:
            return
        if self._out:  # the one before hangs
            self.delay = min(LONGEST, self.delay * 2)
        self._sent, self._out = now, True

    def failed(self, now: float, sent: float | None) -> None:
        """Take in a failure; one of a call sent before the probe says nothing new."""
        if not self._out or (sent is not None and sent < self._sent - 1e-3):
            return
        self._out = False
        self.delay = min(LONGEST, self.delay * 2)
        self._due = now + self._jittered()

    def cancelled(self, now: float) -> None:
        """Take in that we gave a call up: another may go once it is due."""
        if self.active and self._out:
            self._out, self._due = False, max(self._due, now)

    def proves(self, now: float, sent: float) -> bool:
        """Return whether an answer shows that the stall is over: not one from before, just in."""
        return sent >= self._began or now - self._began > AFTERGLOW

    def succeeded(self) -> float:
        """End the stall; returns the calls in flight to come back to."""
        self.active, self._out, self.delay = False, False, 0.0
        return self._before

    def _jittered(self) -> float:
        return self.delay * (0.8 + 0.4 * self._rng())
