"""The search for a minute's limit that no refusal names.

After a refusal everything in flight is waited for; then one call alone asks, again and again, until
it is let in. Each refusal is read in three ways: what was let in during the last minute (a sliding
window), in the clock's minute (calendar minutes), and since the last refusal (a bucket that goes
from empty to empty). The asking call tells which to go by:

- refused although a bucket would have refilled: a window, and the last minute's count is its limit;
- refused again although that window had room: a calendar minute, and the clock's count is it;
- let in: a bucket. Its rate is at least what a full one would explain. From there on it is raised,
  first by halves, after the next refusal by small steps, up to where it was refused.

A reading that comes out the same at two refusals ends the search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

MINUTE = 60.0
FEWEST = 5
"""Calls a minute from which a search sets out at least."""
REFILLED = 1.2
"""Calls that a bucket of the assumed rate has refilled when an asking call is to tell."""
PLAUSIBLE = 0.1
"""Share of the limit in force from which on a window's count is believed at its first wall."""
ALLOWED = 0.8
"""Share of the limit in force: a minute that let this in was not what was refused."""
SOUND = 0.9
"""Share of a measured rate: nothing slower has run since, so that no refill was lost."""
AGREE = 0.02
GROW, GROW_EVERY = 1.5, 10.0
STEP, STEP_MOST = 1.04, 1.16
CLOSE = 0.97
"""Share of a refused rate at which the search ends."""
PATIENCE_CALLS = 3.0
"""Calls by which a rate one step too high outruns the server: then it has been tried out."""
SHORTEST, LONGEST = 12.0, 65.0
"""Seconds of patience with one rate; a sliding window needs its whole minute."""
MEASURE = 8
"""Calls below which a count from refusal to refusal is no measure."""
HELD = 45.0
"""Seconds of use after which the last minute's count is near the limit, whatever is counted."""
IDLE_SHARE = 0.6
"""Share of a rate that must have been used for its not being refused to mean anything."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the server let in before a refused call, as weights unless said otherwise.

    Attributes:
        accepted: in the minute before it.
        calls: as `accepted`, in calls.
        clock: in the clock's minute, so far.
        run: since a bucket was last empty, else since the log begins.
        run_calls: as `run`, in calls.
        run_seconds: how long that was.
        from_empty: whether the run begins at a refusal.
    """

    accepted: int
    calls: int = MEASURE
    clock: int = 0
    run: int = 0
    run_calls: int = 0
    run_seconds: float = math.inf
    from_empty: bool = False

    @property
    def measured(self) -> float:
        """Weight a minute from refusal to refusal, 0 when there is too little to say."""
        enough = self.from_empty and self.run_calls >= MEASURE and self.run_seconds > 0
        return self.run * MINUTE / self.run_seconds if enough else 0.0

    @property
    def apart(self) -> bool:
        """Whether the minute counted has little in common with that of the refusal before."""
        return not self.from_empty or self.run_seconds >= HELD

    @property
    def least(self) -> float:
        """The lowest rate of a bucket that could have let this in: one that was full, a minute's
        worth."""
        return self.run * MINUTE / (self.run_seconds + MINUTE)


class Phase(IntEnum):
    """What is being done."""

    IDLE = 0
    ASKING = 1
    """One call is to tell a window from a bucket."""
    SEEKING = 2


class Search:
    """Rates are weights a minute; times monotonic seconds."""

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.rate = 0.0
        self.next_at = math.inf
        self.sent = -math.inf
        """When the refused call was sent that this is about."""
        self._before = 0
        self._evidence = Evidence(0, 0)
        self._last = Evidence(0, 0)  # of the refusal before this one
        self._tells_at = math.inf
        self._walls = self._unexplained = 0
        self._high = self._low = self._least = 0.0
        self._each = 1.0
        self._bare = False
        self._growing = self._windowed = False
        self._step = STEP
        self._began = self._since = -math.inf

    def begin(self, sent: float, before: int, *, bare: bool = False) -> None:
        """Take in a first refusal.

        Args:
            before: the limit in force, 0 for none.
            bare: whether it said nothing of a quota: it may have been an outage.
        """
        self._bare = bare
        self.phase, self.next_at = Phase.ASKING, math.inf
        self.sent, self._before, self._last = sent, before, self._evidence
        self._walls = self._unexplained = 0
        self._tells_at = math.inf

    def earlier(self, sent: float) -> None:
        """Take in a refusal of a call that was sent with or before the first."""
        self.sent = min(self.sent, sent)

    def measure(self, evidence: Evidence) -> None:
        """Take in what was let in before, now that all is answered."""
        self._evidence = evidence
        self._each = max(1.0, evidence.accepted / max(1, evidence.calls))
        self._tells_at = self.sent + min(MINUTE, REFILLED * MINUTE / max(1, evidence.calls))

    def roof(self) -> int:
        """Return the window's limit while searching, 0 for none other than configured."""
        if self.phase is Phase.SEEKING and self._windowed:
            return round(self.rate)
        waits = self.phase is Phase.ASKING and self._walls and self._evidence.calls
        return max(FEWEST, self._evidence.accepted) if waits else 0

    def asked(self, sent: float, used: int) -> None:
        """Take in that an asking call was refused: with it, `used` weighed in the window."""
        if sent >= self._tells_at:
            self._walls += 1
            self._unexplained += used <= self._evidence.accepted

    def let_in(self, now: float, inside: int) -> None:
        """Take in that an asking call was let in.

        Args:
            inside: what had been let in within the minute before it.
        """
        seen = self._evidence
        if not seen.calls or (self._unexplained and self._allowed):
            self._stop_at(self._before)
        elif twice := self._twice():
            self._stop_at(twice)
        elif self._unexplained:
            self._believe(now, seen.clock or seen.accepted)
        elif self._walls:
            self._believe(now, seen.accepted)
        elif inside < seen.accepted and not self._last.calls:
            held = seen.run_seconds >= HELD
            self._seek(now, seen.accepted if held else seen.least, windowed=held)
        else:
            self._bucket(now)

    def stop(self) -> None:
        """Leave it at what is known."""
        self.phase, self.next_at = Phase.IDLE, math.inf

    def tried(self, now: float) -> float:
        """Return how many seconds the rate has been tried."""
        return now - self._since

    def rise(self, now: float, used: int) -> None:
        """Go to the next rate, if this one was used; the last leaves the search idle."""
        if used + self._each < IDLE_SHARE * self.rate * self.tried(now) / MINUTE:
            self._hold(now)
            return
        self._low = self.rate
        if self._growing and (not self._high or self.rate * GROW <= self._high):
            self.rate *= GROW
        elif self._high and self.rate >= min(self._high * CLOSE, self._high - self._each):
            self.stop()
            return
        else:
            self._growing = False
            if now - self._began > LONGEST:
                self._step = min(STEP_MOST, self._step * self._step)
            higher = max(self.rate * self._step, self.rate + self._each)
            self.rate = (
                min(higher, max(self._high * CLOSE, self._high - self._each))
                if self._high
                else higher
            )
        self._hold(now)

    def waits_for_the_clock(self) -> bool:
        """Return whether the clock's next minute may be what the server waits for."""
        return self._unexplained > 0 and not self._allowed

    @property
    def _allowed(self) -> bool:
        if not self._before:
            return self._bare
        return self._evidence.accepted >= ALLOWED * self._before

    def _twice(self) -> float:
        """Return the reading that came out as at the refusal before, 0 for none."""
        seen, last = self._evidence, self._last
        if self._unexplained and self._agree(seen.clock, last.clock):
            return min(seen.clock, last.clock)
        if self._unexplained:
            return 0.0
        if self._sound(seen) and self._agree(seen.measured, last.measured):
            return max(seen.measured, last.measured)
        if seen.apart and self._agree(seen.accepted, last.accepted):
            return min(seen.accepted, last.accepted)
        return 0.0

    def _sound(self, seen: Evidence) -> bool:
        """Return whether the bucket was never full since it was last empty."""
        return bool(seen.measured) and self._least >= SOUND * seen.measured

    def _agree(self, one: float, other: float) -> bool:
        near = abs(one - other) <= max(self._each, AGREE * one)
        return near and min(one, other) >= FEWEST * self._each

    def _stop_at(self, rate: float) -> None:
        self.rate = float(rate)
        self.stop()

    def _believe(self, now: float, count: float) -> None:
        """Take a window's count for the limit, unless that is very little."""
        if self._before and count < PLAUSIBLE * self._before:
            self._seek(now, count, growing=not self._last.calls)
        else:
            self._stop_at(count)

    def _bucket(self, now: float) -> None:
        """Go on from the rate measured between two refusals, else from the lowest possible."""
        seen, held = self._evidence, self._low
        if not seen.measured:
            first = not self._last.calls
            halfway = (max(held, seen.accepted) + self._before) / 2
            self._seek(now, seen.least if first else halfway, growing=first)
        elif self._sound(seen):
            self._seek(now, seen.measured)
        else:  # it was full in between: what it could not hold is not in the measure
            self._seek(now, max(seen.measured, held))

    def _seek(
        self, now: float, rate: float, *, growing: bool = False, windowed: bool = False
    ) -> None:
        self._high, self._windowed = float(self._before), windowed
        lowest = FEWEST * self._each
        self.rate = max(min(rate, self._high * CLOSE) if self._high else rate, lowest)
        self.phase, self._growing, self._step = Phase.SEEKING, growing, STEP
        self._low, self._least, self._began = 0.0, self.rate, now
        self._hold(now)

    def _hold(self, now: float) -> None:
        patience = PATIENCE_CALLS * self._each * MINUTE / max(1.0, self.rate * (STEP - 1))
        slow = max(SHORTEST, min(LONGEST, patience))
        self._since, self.next_at = now, now + (GROW_EVERY if self._growing else slow)
