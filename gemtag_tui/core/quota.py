"""A limit per minute, kept exactly over every window of any phase and used up evenly.

All times are monotonic seconds that are passed in; all weights are whole numbers (requests,
tokens), so that nothing drifts.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain

MARGIN = 0.005
"""A weight is held for this share longer than the span: calls may reach the server up to 0.3 s
later than others, and 99.5 % of the limit is still used."""
PAST = 4
"""Spans for which the log can be looked back at."""
SLACK = 0.1
"""Seconds by which the pace may be overtaken: a timer that wakes late costs nothing."""


class Fate(IntEnum):
    """What the server did with a call, as far as its quota is concerned."""

    PENDING = 0
    ACCEPTED = 1
    REFUSED = 2
    """Answered 429. It stays in the log: some servers count it all the same."""


@dataclass(slots=True, eq=False)
class Entry:
    """One weight in a window's log."""

    at: float
    weight: int
    fate: Fate = Fate.PENDING
    held: bool = True
    """Whether it is still inside the window."""


class PacedWindow:
    """A rolling window that is never over its limit, and an even pace inside it.

    Two rules together. The log: whatever was taken counts for `span * (1 + MARGIN)` seconds, and
    the sum never passes the limit, so sliding, calendar and bucket counting all agree. The pace:
    after a weight, the next may go once its share of the span has passed; idling saves up only
    `SLACK`.

    Args:
        limit: weight per span, 0 for none.
        span: seconds.
    """

    def __init__(self, limit: int, span: float = 60.0) -> None:
        self._limit = self._rate = max(0, limit)
        self._span = span
        self._hold = span * (1 + MARGIN)
        self._log: deque[Entry] = deque()
        self._past: deque[Entry] = deque()  # out of the window: what a late refusal looks back at
        self._sum = 0
        self._next = -math.inf  # when the pace has caught up with everything taken
        self.peak = 0

    @property
    def limit(self) -> int:
        """Weight per span, 0 for none."""
        return self._limit

    def earliest(self, now: float, weight: int) -> float:
        """Return the first moment at which `weight` may be taken; `inf` for never."""
        if not self._rate:
            return now
        if self._limit and weight > self._limit:
            return math.inf
        self._forget(now)
        return max(now, self._next - SLACK, self._room_at(weight))

    def take(self, now: float, weight: int) -> Entry:
        """Log a weight as of now. The caller has asked `earliest` first."""
        self._forget(now)
        entry = Entry(max(now, self._log[-1].at) if self._log else now, weight)
        self._log.append(entry)
        self._add(weight)
        self._next = max(self._next, now) + weight * self._step
        return entry

    def correct(self, entry: Entry, weight: int) -> None:
        """Put the real weight in the estimate's place; the pace makes up for the difference."""
        delta = weight - entry.weight
        entry.weight = weight
        if entry.held and delta:
            self._add(delta)
            self._next += delta * self._step

    def refund(self, entry: Entry) -> None:
        """Take back what never left this machine."""
        self.correct(entry, 0)

    def set_limit(self, now: float, limit: int, pace: int = 0) -> None:
        """Change the limit; the log stays, and the pace owed is scaled.

        Args:
            pace: weight per span to pace by where that is less, 0 for the limit itself.
        """
        before, self._limit = self._step, max(0, limit)
        self._rate = min(pace or self._limit, self._limit or pace)
        owed = self._next - now
        if owed > 0:  # what is past stays past: a log that is loaded later is reckoned from then
            self._next = now + (owed * self._step / before if before else 0.0)

    def used(self, now: float) -> int:
        """Return the weight that counts now."""
        self._forget(now)
        return self._sum

    def frees_at(self, now: float) -> float:
        """Return when the oldest weight stops counting; `now` when nothing does."""
        self._forget(now)
        return self._log[0].at + self._hold if self._log else now

    @property
    def last_at(self) -> float:
        """When the last weight was taken, `-inf` for never."""
        return self._log[-1].at if self._log else -math.inf

    @property
    def pace(self) -> int:
        """Weight per span that it paces by, 0 for none."""
        return self._rate

    def accepted(self, until: float) -> int:
        """Return the weight sent in the span before `until` and, as far as known, not refused."""
        return sum(e.weight for e in self.entries(until - self._span, until))

    def entries(self, since: float, until: float) -> list[Entry]:
        """Return what was sent between and, as far as known, not refused; kept for `PAST` spans."""
        return [
            e
            for e in chain(self._past, self._log)
            if since < e.at < until and e.weight and e.fate is not Fate.REFUSED
        ]

    def load(self, now: float, history: Iterable[tuple[float, int, Fate]]) -> None:
        """Fill an empty log from before a restart: (when, weight, fate), in any order.

        It is reckoned at the limit itself, whatever the pace is to begin with. What went faster
        than the limit that is known by now delays nothing beyond one span.
        """
        step = self._hold / (self._limit or self._rate) if self._rate else 0.0
        for at, weight, fate in sorted(history):
            entry = Entry(min(at, now), weight, fate)
            self._log.append(entry)
            self._add(weight)
            owed = max(self._next, entry.at) + weight * step
            self._next = min(owed, entry.at + self._hold)
        self._forget(now)

    @property
    def _step(self) -> float:
        return self._hold / self._rate if self._rate else 0.0

    def _add(self, weight: int) -> None:
        self._sum += weight
        self.peak = max(self.peak, self._sum)

    def _room_at(self, weight: int) -> float:
        excess = self._sum + weight - self._limit
        if not self._limit or excess <= 0:
            return -math.inf
        for entry in self._log:
            excess -= entry.weight
            if excess <= 0:
                return entry.at + self._hold
        return math.inf

    def _forget(self, now: float) -> None:
        log = self._log
        while log and log[0].at + self._hold <= now:
            gone = log.popleft()
            gone.held = False
            self._sum -= gone.weight
            self._past.append(gone)
        while self._past and self._past[0].at + PAST * self._hold <= now:
            self._past.popleft()
