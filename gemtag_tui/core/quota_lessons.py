"""What refusals teach, and how long the lane stays shut after one."""

from __future__ import annotations

import math
from collections.abc import Callable

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.pacific import day_of
from gemtag_tui.core.quota_asking import Asking
from gemtag_tui.core.quota_cooldown import CoolDown
from gemtag_tui.core.quota_limits import GAUGE_OF, Limiters, to_figure, to_whole
from gemtag_tui.core.quota_search import WALL, Evidence, Phase
from gemtag_tui.core.quota_values import Grant, Lesson, ParkUntil, WaitUntil

LONGEST_ASKED_WAIT = 65.0
"""Seconds of a server's "retry in" that are believed: a minute's limit needs no longer one."""
ASK_AFTER = 2.0
"""Seconds after a refusal until one call asks: a bucket has refilled a little by then."""
FEW = 3
"""Calls let in before a refusal that are too few to go by."""
BRIEF = 0.2
"""Share of a minute: what was let in within less of it says little about the minute."""
WALL_WAIT = 4.0
WALL_LONGEST = 32.0
"""Seconds to wait where nothing was let in since the last refusal; doubles while it goes on."""
WITHOUT_USE = 15.0
"""Seconds to wait after a refusal that our own use cannot explain; doubles while it goes on."""
NAMES = {
    "rpm": "requests per minute",
    "tpm": "input tokens per minute",
    "rpd": "requests per day",
    "spend": "dollars per ten minutes",
}


class Lessons:
    """Learns from 429s on behalf of the limiters.

    Args:
        limiters: whose ceilings are lowered.
        rng: numbers in [0, 1), for jitter.
    """

    def __init__(self, limiters: Limiters, rng: Callable[[], float]) -> None:
        self._limits = limiters
        self.cool = CoolDown(rng)
        self._shut: tuple[float, str] = (-math.inf, "")
        self._asking = Asking()
        self._alone, self._wall = 0, WALL_WAIT
        self._counts: dict[str, int] = {}
        self._day = ""

    def restore(self, unix: float, refused: int) -> None:
        """Take over the day's count of 429s."""
        self._day, self._counts = day_of(unix), {"rpm": refused}

    def refused(self, unix: float, name: str) -> int:
        """Return the 429s of this Pacific day at one gauge."""
        return self._counts.get(name, 0) if self._day == day_of(unix) else 0

    def holds(self, now: float, unix: float) -> WaitUntil | ParkUntil | None:
        """Return why nothing may go at all now, `None` when something may."""
        parked = self._limits.day.parked_until(unix)
        if parked:
            limit = self._limits.day.limit or self._limits.day.used(unix)
            words = f"the day's quota of {limit:,} requests is used up"
            return ParkUntil(parked, "rpd", words)
        until, name = self._shut
        if now < until:
            return WaitUntil(until, name, f"refused for {NAMES[name]}")
        until = self._asking.until()
        if now < until:
            return WaitUntil(until, self._asking.name, "one call asks how much is let in")
        if now < self.cool.until:
            return WaitUntil(self.cool.until, "", "refused again and again, no quota named")
        return None

    def granted(self, now: float) -> None:
        """Take in that a call goes out."""
        self._asking.granted(now)

    def failed(self, now: float) -> None:
        """Take in a call that failed for no limit's sake."""
        self._asking.failed(now)

    def success(self, sent: float) -> None:
        """Take in an answer to a call sent at `sent` (monotonic seconds)."""
        self.cool.success(sent)
        self._alone, self._wall = 0, WALL_WAIT
        if self._asking.answers(sent):
            self._limits.ceilings[self._asking.name].let_in(sent)
            self._asking.end()
            self._limits.apply(sent)

    def take(self, now: float, unix: float, grant: Grant, error: CallError) -> Lesson | None:
        """Take in one refusal; returns the lesson when a figure changed."""
        name = GAUGE_OF[error.trouble]
        self._count(unix, name)
        if error.trouble is Trouble.CAPACITY:
            self._bare(now, grant, error)
            return None
        if name == "rpd":
            return self._day_spent(now, unix, error)
        ceiling = self._limits.ceilings[name]
        old, first = ceiling.value, grant.at > ceiling.lesson_at
        self._close(now, name, error.retry_after)
        value = to_whole(name, error.quota_value) if error.quota_value else None
        evidence = self._limits.evidence(name, grant.request, grant.tokens)
        self._limits.refused(name, grant.at, evidence)
        idle = ceiling.search.phase is Phase.IDLE
        if value is None and first and idle and self._unexplained(now, name, evidence, old):
            ceiling.lesson_at = now
            return None
        if value is None and first:
            self._breathe(now, name, evidence)
        changed = ceiling.teach(now, grant.at, value, evidence)
        self._ask(now, name)
        self._limits.apply(now)
        return self._told(name, old, unix, error) if changed else None

    def _breathe(self, now: float, name: str, evidence: Evidence) -> None:
        """Wait a little, longer and longer where nothing at all gets through."""
        phase = self._limits.ceilings[name].search.phase
        if phase is Phase.SEEKING:
            self._close(now, name, ASK_AFTER)
        elif evidence.fresh_calls < WALL:
            self._close(now, name, self._wall)
            self._wall = min(WALL_LONGEST, self._wall * 2)

    def _ask(self, now: float, name: str) -> None:
        """Let one call ask, or none any longer, as the search for this limit wants it."""
        asking = self._limits.ceilings[name].search.phase is Phase.ASKING
        if asking and not self._asking.name:
            self._asking.begin(max(now + ASK_AFTER, self._shut[0]), name)
        elif not asking and self._asking.name == name:
            self._asking.end()

    def _unexplained(self, now: float, name: str, evidence: Evidence, old: int) -> bool:
        """Wait instead of learning a tiny limit when others seem to have used the quota up."""
        if not old or evidence.accepted * 10 >= old or evidence.calls >= FEW:
            return False
        self._alone += 1
        if self._alone % 4 == 0:
            return False
        self._shut = (max(self._shut[0], now + WITHOUT_USE * 2 ** (self._alone % 4 - 1)), name)
        return True

    def _close(self, now: float, name: str, asked: float | None) -> None:
        until = now + min(LONGEST_ASKED_WAIT, max(0.0, asked or 0.0))
        if until > self._shut[0]:
            self._shut = (until, name)

    def _bare(self, now: float, grant: Grant, error: CallError) -> None:
        accepted = self._limits.rpm.accepted(grant.request.at)
        if error.retry_after:
            self._close(now, "rpm", error.retry_after)
        ceiling = self._limits.ceilings["rpm"]
        changed = ceiling.bare(now, grant.at)
        if self.cool.refused(now, grant.at, accepted):
            evidence = self._limits.evidence("rpm", grant.request, grant.tokens)
            ceiling.soften(now, accepted, whole=evidence.filled >= BRIEF)
            changed = True
        if changed:
            self._limits.apply(now)

    def _day_spent(self, now: float, unix: float, error: CallError) -> Lesson | None:
        ceiling, value = self._limits.ceilings["rpd"], error.quota_value
        old = ceiling.value
        self._limits.day.refuse(unix, value)
        if not value or (old and value >= old):
            return None
        ceiling.restore(now, value, named=True, age=0.0)
        self._limits.apply(now)
        return self._told("rpd", old, unix, error)

    def _told(self, name: str, old: int, unix: float, error: CallError) -> Lesson:
        ceiling = self._limits.ceilings[name]
        was, new = to_figure(name, old), to_figure(name, ceiling.value)
        words = error.message[:500]
        return Lesson(name, was, new, words, ceiling.named, unix)

    def _count(self, unix: float, name: str) -> None:
        day = day_of(unix)
        if day != self._day:
            self._day, self._counts = day, {}
        self._counts[name] = self._counts.get(name, 0) + 1
