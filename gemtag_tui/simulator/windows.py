"""Ways to count a quota: sliding window, calendar minute, refilling bucket, Pacific day.

All are pure: time is passed in, in Unix seconds. ``wait`` says how long until an amount would be
let in (0: now; infinity: never), ``add`` counts it.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


class Window(Protocol):
    """One way to count."""

    def wait(self, now: float, amount: float, limit: float) -> float:
        """Seconds until the amount fits under the limit."""
        ...

    def add(self, now: float, amount: float, limit: float) -> None:
        """Count an amount."""
        ...

    def used(self, now: float) -> float:
        """What counts at this moment."""
        ...


class SlidingWindow:
    """Everything in the last ``span`` seconds counts, to the instant."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._entries: deque[tuple[float, float]] = deque()
        self._total = 0.0

    def _expire(self, now: float) -> None:
        while self._entries and self._entries[0][0] <= now - self._span:
            self._total -= self._entries.popleft()[1]
        if not self._entries:
            self._total = 0.0

    def used(self, now: float) -> float:
        """The sum over the last span."""
        self._expire(now)
        return self._total

    def wait(self, now: float, amount: float, limit: float) -> float:
        """Seconds until enough has left the window."""
        excess = self.used(now) + amount - limit
        if excess <= 0:
            return 0.0
        if amount > limit:
            return math.inf
        for moment, share in self._entries:
            excess -= share
            if excess <= 0:
                return max(0.0, moment + self._span - now)
        return self._span

    def add(self, now: float, amount: float, limit: float) -> None:  # noqa: ARG002
        """Count an amount at this moment."""
        self._expire(now)
        self._entries.append((now, amount))
        self._total += amount


class CalendarWindow:
    """Everything since the last full multiple of ``span`` seconds counts."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._period = -1.0
        self._total = 0.0

    def used(self, now: float) -> float:
        """The sum in this period."""
        period = now // self._span
        if period != self._period:
            self._period, self._total = period, 0.0
        return self._total

    def wait(self, now: float, amount: float, limit: float) -> float:
        """Seconds until the next period, when the amount does not fit into this one."""
        if self.used(now) + amount <= limit:
            return 0.0
        return math.inf if amount > limit else self._span - now % self._span

    def add(self, now: float, amount: float, limit: float) -> None:  # noqa: ARG002
        """Count an amount in this period."""
        self.used(now)
        self._total += amount


class BucketWindow:
    """A bucket that leaks ``limit`` in ``span`` seconds and holds a few seconds' worth.

    An amount larger than the bucket passes when the bucket is empty, or it never could.
    """

    def __init__(self, span: float, burst_seconds: float) -> None:
        self._span = span
        self._burst = burst_seconds
        self._level = 0.0
        self._moment = 0.0
        self._rate = 0.0

    def _leak(self, now: float) -> None:
        self._level = max(0.0, self._level - max(0.0, now - self._moment) * self._rate)
        self._moment = now

    def used(self, now: float) -> float:
        """How full the bucket is."""
        self._leak(now)
        return self._level

    def wait(self, now: float, amount: float, limit: float) -> float:
        """Seconds until the bucket has room."""
        self._leak(now)
        self._rate = limit / self._span
        if amount > limit or limit <= 0:
            return math.inf
        room = max(limit * self._burst / self._span, 1.0, amount)
        excess = self._level + amount - room
        # A tick below a billionth is rounding, not an excess.
        return 0.0 if excess <= 1e-9 * room else excess / self._rate

    def add(self, now: float, amount: float, limit: float) -> None:
        """Pour an amount in."""
        self._leak(now)
        self._rate = limit / self._span if math.isfinite(limit) else 0.0
        self._level = self._level + amount if math.isfinite(limit) else 0.0


class PacificDay:
    """Everything since midnight in California counts, whatever daylight saving does."""

    def __init__(self) -> None:
        self._ends = -math.inf
        self._total = 0.0

    def used(self, now: float) -> float:
        """The sum since the last midnight."""
        if now >= self._ends:
            self._ends, self._total = next_midnight(now), 0.0
        return self._total

    def wait(self, now: float, amount: float, limit: float) -> float:
        """Seconds to the next midnight, when the amount does not fit into this day."""
        if self.used(now) + amount <= limit:
            return 0.0
        return math.inf if amount > limit else self._ends - now

    def add(self, now: float, amount: float, limit: float) -> None:  # noqa: ARG002
        """Count an amount in this day."""
        self.used(now)
        self._total += amount


def next_midnight(now: float) -> float:
    """Unix seconds of the next midnight in California, strictly after now."""
    day = datetime.fromtimestamp(now, PACIFIC).date() + timedelta(days=1)
    return datetime.combine(day, time(), PACIFIC).timestamp()
