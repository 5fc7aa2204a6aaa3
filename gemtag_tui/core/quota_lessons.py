"""What refusals teach, and how long the lane stays shut after one."""

from __future__ import annotations

import math
from collections.abc import Callable

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.pacific import day_of
from gemtag_tui.core.quota_cooldown import CoolDown
from gemtag_tui.core.quota_limits import GAUGE_OF, Limiters, to_figure, to_whole
from gemtag_tui.core.quota_values import Grant, Lesson, ParkUntil, WaitUntil

LONGEST_ASKED_WAIT = 65.0
"""Seconds of a server's "retry in" that are believed: a minute's limit needs no longer one."""
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
        self._alone = 0
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
        if now < self.cool.until:
            return WaitUntil(self.cool.until, "", "refused again and again, no quota named")
        return None

    def success(self, sent: float) -> None:
        """Take in an answer to a call sent at `sent` (monotonic seconds)."""
        self.cool.success(sent)
        self._alone = 0

    def take(self, now: float, unix: float, grant: Grant, error: CallError) -> Lesson | None:
        """Take in one refusal; returns the lesson when a figure changed."""
        name = GAUGE_OF[error.trouble]
        self._count(unix, name)
        if error.trouble is Trouble.CAPACITY:
            return self._bare(now, grant, error)
        if name == "rpd":
            return self._day_spent(now, unix, error)
        ceiling = self._limits.ceilings[name]
        old, first = ceiling.value, grant.at > ceiling.lesson_at
        self._close(now, name, error.retry_after)
        value = to_whole(name, error.quota_value) if error.quota_value else None
        if value is None and first and self._unexplained(now, name, grant, old):
            ceiling.lesson_at = now
            return None
        changed = ceiling.teach(now, grant.at, value, self._accepted(now, name, grant))
        self._limits.apply(now)
        return self._told(name, old, unix, error) if changed else None

    def _accepted(self, now: float, name: str, grant: Grant) -> int:
        if name == "spend":
            return self._limits.spend.used(now)
        if name == "tpm":
            return self._limits.tpm.accepted(grant.tokens.at)
        return self._limits.rpm.accepted(grant.request.at)

    def _unexplained(self, now: float, name: str, grant: Grant, old: int) -> bool:
        """Wait instead of learning a tiny limit when others seem to have used the quota up."""
        if not old or self._accepted(now, name, grant) * 10 >= old:
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
            ceiling.soften(now, accepted)
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
