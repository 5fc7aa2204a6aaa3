"""What a limit is at the moment: as configured, or lower because a 429 taught so."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gemtag_tui.core.quota_search import MEASURE, MINUTE, WALL, WHOLE, Evidence, Phase, Search

QUIET_INFERRED = 600.0
QUIET_NAMED = 3600.0
"""Seconds without a refusal after which a learned limit is tried a little higher."""
QUIET_MOST = 6 * 3600.0
RISE = 1.03
RELAPSE_WITHIN = 900.0
WALL_SHARE = 0.8
"""A wall met while seeking takes at most the rest: the minute before it was partly idle."""
LEAST_SHARE = 4
"""One lesson without a named value takes at most this divisor: others may have used the quota."""
FEWEST = 5
SOFT_SHARE = 0.9
SOFT_RISE = 1.05
SOFT_EVERY = 60.0
SOFT_MOST = 600.0
SOFT_QUICK = 1.25
SOFT_SINK = 0.96
SOFT_QUICK_EVERY = 15.0
"""As long as the soft figure comes from less than a whole minute and may be far too low."""


@dataclass(slots=True)
class Ceiling:
    """One limit's figures; times are monotonic seconds, figures whole numbers, 0 for none.

    Attributes:
        configured: from the settings or the tier's table; never exceeded.
        learned: from a 429, 0 when none has taught anything.
        named: whether the server named the learned figure itself.
        search: for a figure that no refusal names.
        soft: below which refusals that name no quota have kept away so far, 0 for none.
    """

    configured: int = 0
    source: str = "default"
    learned: int = 0
    named: bool = False
    soft: int = 0
    search: Search = field(default_factory=Search)
    lesson_at: float = -math.inf
    _rises_at: float = math.inf
    _soft_rises_at: float = math.inf
    _relapses: int = 0
    _soft_safe: int = 0
    _soft_quick: bool = False
    _soft_sinks: bool = False  # the quick rises may have gone too far to fall back on
    _soft_at: float = -math.inf
    _soft_hold: float = SOFT_EVERY
    _walled: bool = False
    _safe: int = 0  # what had been right before a rise

    @property
    def value(self) -> int:
        """The figure in force, 0 for none."""
        return min((v for v in (self.configured, self.learned, self.soft) if v), default=0)

    @property
    def roof(self) -> int:
        """What may be let in within one span: more than `value` while the pace alone is sought."""
        if self.search.phase is Phase.IDLE:
            return self.value
        return min((v for v in (self.configured, self.soft) if v), default=0)

    @property
    def pace(self) -> int:
        """Weight per span to pace by. One call that asks waits for no pace."""
        return self.roof if self.search.phase is Phase.ASKING else self.value

    @property
    def origin(self) -> str:
        """Where the figure in force comes from."""
        return self.source if self.value == self.configured else "learned"

    def teach(self, now: float, sent: float, value: int | None, evidence: Evidence) -> bool:
        """Learn from a refusal; returns whether the figure changed.

        Args:
            sent: when the refused call was sent; one from before the last lesson teaches nothing.
            value: the limit that the server named.
            evidence: what it had let through before that call.
        """
        if sent <= self.lesson_at:
            return False
        if not value and self.search.phase is Phase.ASKING:
            self.search.stop()
            self._walled = True
            self.lesson_at, self._rises_at = now, now + self._quiet()
            return False
        if not value and self._at_a_wall(evidence):
            self.lesson_at, self._rises_at = now, now + self._quiet()
            return False
        relapse = now - self.lesson_at < RELAPSE_WITHIN
        self._relapses = self._relapses + 1 if relapse else 1
        self.lesson_at = now
        old = self.value
        if self._safe and not value and evidence.accepted >= self._safe * 0.9:
            self.learned, self._safe = self._safe, 0
            self._relapses += 1
            self._rises_at = now + self._quiet()
            return self.value != old
        self._safe = 0
        self.named = bool(value and (not old or value <= old) and not (value == old and relapse))
        if value:
            self.search.stop()
            self.learned = value if self.named else self._inferred(old, evidence.accepted)
        else:
            self.learned = self._sought(now, old, evidence)
        self._rises_at = now + self._quiet()
        return self.value != old

    def let_in(self, now: float) -> None:
        """Take in that the asking call was answered: the limit refills."""
        if self.search.phase is Phase.ASKING:
            self.search.seek(now)
            self.learned = int(self.search.rate)
            self._relapses = 0

    def soften(self, now: float, accepted: int, *, whole: bool = True) -> None:
        """Keep below a rate at which refusals without a named quota came again.

        Args:
            whole: whether what was accepted filled its span.
        """
        self.soft = self._soft_safe = max(FEWEST, int(accepted * SOFT_SHARE))
        self._soft_at, self._soft_quick = now, not whole
        self._soft_hold = SOFT_EVERY if whole else SOFT_QUICK_EVERY
        self._soft_rises_at = now + self._soft_hold

    def bare(self, now: float, sent: float) -> bool:
        """Take in one refusal that names no quota; returns whether the soft figure went back."""
        if not self.soft or sent <= self._soft_at:
            return False
        if self._soft_quick:
            self._soft_safe, self._soft_sinks = int(self.soft / SOFT_QUICK**2), True
        elif self._soft_sinks and self.soft == self._soft_safe:
            self._soft_safe = int(self.soft * SOFT_SINK)
        before, self.soft = self.soft, max(FEWEST, self._soft_safe)
        doubled = SOFT_EVERY if self._soft_quick else min(SOFT_MOST, self._soft_hold * 2)
        self._soft_at, self._soft_hold, self._soft_quick = now, doubled, False
        self._soft_rises_at = now + self._soft_hold
        return self.soft != before

    def restore(self, now: float, learned: int, *, named: bool, age: float) -> None:
        """Take up a figure learned `age` seconds ago, before a restart."""
        self.learned, self.named = learned, named
        if not named and learned:
            self.search.resume(now, learned)
        self._rises_at = now + max(0.0, self._quiet() - max(0.0, age))

    def forget(self) -> None:
        """Go back to what is configured."""
        self.learned = self.soft = self._relapses = self._safe = 0
        self._soft_sinks = self._walled = False
        self.named = False
        self.search.stop()
        self._rises_at = self._soft_rises_at = math.inf

    def next_tick(self) -> float:
        """Return when `tick` has something to do."""
        return min(self._rises_at, self._soft_rises_at, self.search.next_at)

    def tick(self, now: float) -> bool:
        """Try a little higher after a quiet time; returns whether the figure changed."""
        old = self.value
        if self.search.phase is Phase.SEEKING:
            self._seek(now)
        elif now >= self._rises_at:
            self._safe = self._safe or self.learned
            self.learned = self._up(self.learned, RISE, self.configured)
            self._rises_at = now + self._quiet() if self.learned else math.inf
        if now >= self._soft_rises_at:
            self._soft_safe = self.soft
            factor = SOFT_QUICK if self._soft_quick else SOFT_RISE
            self.soft = self._up(self.soft, factor, self.configured or self.learned)
            self._soft_rises_at = now + self._soft_hold if self.soft else math.inf
        return self.value != old

    def _seek(self, now: float) -> None:
        if now < self.search.next_at:
            return
        if self.search.rise(now):
            self.learned = int(self.search.rate)
        self._rises_at = now + self._quiet()
        if self.configured and self.learned >= self.configured:
            self.learned = 0
            self.search.stop()
            self._rises_at = math.inf

    def _at_a_wall(self, evidence: Evidence) -> bool:
        """Return whether only time helps: nothing was let in since the last refusal."""
        wall = evidence.fresh_calls < WALL and self.learned and self.search.phase is Phase.IDLE
        self._walled = self._walled or bool(wall)
        return bool(wall)

    def _sought(self, now: float, old: int, evidence: Evidence) -> int:
        """Return the figure to go on with after a refusal that named none."""
        search, low = self.search, self._inferred(old, evidence.accepted)
        if search.phase is Phase.SEEKING:
            self._relapses = 1
            wall = max(FEWEST, int(evidence.accepted * 0.99), int(search.rate * WALL_SHARE))
            return int(search.rate) if search.refused(now, evidence) else min(wall, old)
        if evidence.filled < WHOLE and not self.learned:
            low = max(FEWEST, int(evidence.accepted * 0.99))
            search.ask(low, evidence, old)
            return min(low, old or low)
        if self._walled and evidence.fresh_calls < MEASURE:
            return old
        if self._walled and evidence.fresh_seconds < MINUTE:
            # A minute that was refused to its end, and used up from its beginning.
            self._walled = False
            return max(old // LEAST_SHARE, min(int(old * 0.97), int(evidence.fresh * 0.99)))
        if evidence.measured:
            seen = min(evidence.measured, evidence.accepted) * 0.99
            return max(low, min(int(old * 0.97), int(seen)))
        return low

    @staticmethod
    def _up(figure: int, factor: float, top: int) -> int:
        higher = max(figure + 1, int(figure * factor))
        return 0 if top and higher >= top else higher

    def _quiet(self) -> float:
        quiet = QUIET_NAMED if self.named else QUIET_INFERRED
        return float(min(QUIET_MOST, quiet * 2 ** max(0, min(8, self._relapses - 1))))

    def _inferred(self, old: int, accepted: int) -> int:
        seen = int(accepted * 0.99)
        if not old:
            return max(seen, FEWEST)
        cut = max(0.5, 1 - 0.05 * 2 ** (min(5, self._relapses) - 1))
        return max(1, min(max(seen, old // LEAST_SHARE), int(old * cut)))
