"""The search for a limit that no refusal names, when a count of one minute cannot tell it.

A refusal that comes before a whole minute was used leaves two readings. Either the server counts a
window, and what it let in is the limit; or it refills a small bucket, and what it let in says next
to nothing. One single call, sent while the window would still be full, tells them apart. For a
bucket the rate is then raised in big steps until it is refused. From one refusal to the next a
bucket goes from empty to empty, so what it let in between is its rate, or less where it had been
full: a lower bound that small steps then try out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

WHOLE = 0.9
"""Share of the span from which on a refusal is taken to have filled a window."""
MEASURE = 12
"""Calls below which a count from refusal to refusal is no measure."""
SOON = 8
"""Calls after a refusal within which another one may still be what was left of the first."""
WALL = 2
"""Calls: fewer let in since the last refusal, and it is a wall that only time takes away."""
LEAST_SHARE = 1 / 16
"""Share of the refused figure from which a search sets out at least."""
GROW = 1.5
GROW_EVERY = 10.0
CLOSE = 1.045
"""Refused rate over a rate that holds, at which the search ends."""
STEP = 1.04
PATIENCE_CALLS = 3.0
"""Calls by which a rate one step too high outruns the server: then it has been tried out."""
SHORTEST, LONGEST = 12.0, 65.0
"""Seconds of patience with one rate; a sliding window needs its whole minute."""
IDLE_SHARE = 0.6
"""Share of a rate that must have been used for its not being refused to mean anything."""
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the server let in before a refused call, as weights.

    Attributes:
        accepted: in the span before it.
        calls: as `accepted`, in calls.
        filled: share of the span that was in use before it.
        since: from the last measured refusal until this one.
        since_calls: as `since`, in calls.
        since_seconds: from the last measured refusal until this one, `inf` for none.
        fresh: from the very last refusal until this one.
        fresh_calls: as `fresh`, in calls.
        fresh_seconds: from the very last refusal until this one.
    """

    accepted: int
    calls: int = MEASURE
    filled: float = 1.0
    since: int = 0
    since_calls: int = 0
    since_seconds: float = math.inf
    fresh: int = 0
    fresh_calls: int = MEASURE
    fresh_seconds: float = math.inf

    @property
    def measured(self) -> float:
        """Weight a minute from refusal to refusal, 0 when there is too little to say."""
        enough = self.since_calls >= MEASURE and math.isfinite(self.since_seconds)
        return self.since * MINUTE / self.since_seconds if enough else 0.0


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
        self.rate = self.high = 0.0
        self.next_at = math.inf
        self._low = 0.0
        self._growing = False
        self._step = STEP
        self._each = 1.0
        self._excused = False
        self._since = -math.inf

    def ask(self, rate: int, evidence: Evidence, refused: int) -> None:
        """Begin: `rate` is surely let in, at `refused` (0 for no limit) it was not."""
        self.phase, self.high = Phase.ASKING, float(refused)
        self.rate = max(float(rate), self.high * LEAST_SHARE)
        self._low, self._growing, self._step = 0.0, True, STEP
        self._each = evidence.accepted / max(1, evidence.calls)

    def seek(self, now: float) -> None:
        """Go on with a bucket: the asking call was let in."""
        self.phase = Phase.SEEKING
        self._hold(now)

    def resume(self, now: float, rate: int, each: float = 1.0) -> None:
        """Try a rate out that was learned before."""
        self.phase, self.rate, self.high = Phase.SEEKING, float(rate), 0.0
        self._low, self._growing, self._step, self._each = 0.0, False, STEP, each
        self._hold(now)

    def stop(self) -> None:
        """Leave it at what is known."""
        self.phase, self.next_at = Phase.IDLE, math.inf

    def refused(self, now: float, evidence: Evidence) -> bool:
        """Take in a refusal at `rate`; returns whether the search goes on (no wall was hit)."""
        if evidence.fresh_calls < WALL and self._excused:
            self.stop()
            return False
        if evidence.fresh_calls < SOON and not self._excused:
            self._excused = True
            self._hold(now)
            return True
        self.high, self._excused = self.rate, False
        if not self._low:
            floor = self.rate / (GROW * GROW)
        else:
            floor = max(self.rate * 0.9, self._low if self._low < self.rate * 0.97 else 0.0)
        self._growing, self._step = False, STEP
        self.rate = self._low = min(max(evidence.measured, floor), self.rate * 0.98)
        self._hold(now)
        return True

    def busy(self, now: float, used: int) -> bool:
        """Return whether the rate was used; if not, its time begins anew."""
        if used >= IDLE_SHARE * self.rate * (now - self._since) / MINUTE:
            return True
        self._hold(now)
        return False

    def window(self, now: float) -> float:
        """Return how many seconds the rate has been tried."""
        return now - self._since

    def rise(self, now: float) -> bool:
        """Go to the next rate; returns whether the search goes on."""
        self._low, self._excused = 0.0 if self._growing else self.rate, False
        if self.high and self.high <= self.rate * CLOSE:
            self.stop()
            return False
        middle = math.sqrt(self.rate * self.high) if self.high else math.inf
        if self._growing and self.rate * GROW <= middle:
            self.rate *= GROW
        else:
            self._growing = False
            self.rate = min(self.rate * self._step, max(middle, self.rate * 1.02))
            self._step = min(GROW, self._step * self._step)
        self._hold(now)
        return True

    def _hold(self, now: float) -> None:
        patience = PATIENCE_CALLS * self._each * MINUTE / max(1.0, self.rate * (STEP - 1))
        tried = max(SHORTEST, min(LONGEST, patience))
        self._since = now
        self.next_at = now + (GROW_EVERY if self._growing else tried)
