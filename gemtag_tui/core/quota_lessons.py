"""What refusals teach, and how long the lane stays shut after one."""

from __future__ import annotations

import math
from collections.abc import Callable

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.pacific import day_of
from gemtag_tui.core.quota_asking import LONGEST_ASKED_WAIT, Asking
from gemtag_tui.core.quota_bare import Suspicion
from gemtag_tui.core.quota_limits import GAUGE_OF, Limiters, to_figure, to_whole
from gemtag_tui.core.quota_search import MINUTE, PLAUSIBLE, Phase
from gemtag_tui.core.quota_values import Grant, Lesson, ParkUntil, WaitUntil

CLOCKS_DIFFER = 0.5
"""Seconds by which the server's minute may begin later than ours."""
SEARCHED = frozenset({"rpm", "tpm"})
"""Limits of a minute: a search can find them. Of others one call asks only whether it is let in."""
LONG_WAIT = 60.0
"""Seconds after a refusal for money that names no delay: ten minutes free themselves slowly."""
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
        self._shut: tuple[float, str] = (-math.inf, "")
        self._asking = Asking(rng)
        self._suspicion = Suspicion()
        self._words: dict[str, str] = {}
        self._kept: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._day = ""

    def restore(self, unix: float, refused: int) -> None:
        """Take over the day's count of 429s."""
        self._day, self._counts = day_of(unix), {"rpm": refused}

    def refused(self, unix: float, name: str) -> int:
        """Return the 429s of this Pacific day at one gauge."""
        return self._counts.get(name, 0) if self._day == day_of(unix) else 0

    def holds(self, now: float, unix: float, pending: int) -> WaitUntil | ParkUntil | None:
        """Return why nothing may go at all now, `None` when something may.

        Args:
            pending: calls in flight.
        """
        parked = self._limits.day.parked_until(unix)
        if parked:
            return ParkUntil(parked, "rpd", self._limits.day.words(unix))
        until, name = self._shut
        if now < until:
            return WaitUntil(until, name, f"refused for {NAMES[name]}")
        until = self._asking.until(now, pending)
        if now < until:
            words = f"refused for {NAMES[self._asking.name]}: one call asks how much is let in"
            return WaitUntil(until, self._asking.name, words)
        return None

    def granted(self, now: float, unix: float) -> None:
        """Take in that a call goes out."""
        if self._asking.granted(now) and self._asking.name in SEARCHED:
            name = self._asking.name
            search = self._limits.ceilings[name].search
            minute = search.sent - (unix - now + search.sent) % MINUTE
            search.measure(self._limits.evidence(name, search.sent, minute))

    def failed(self, now: float) -> None:
        """Take in a call that failed for no limit's sake."""
        self._asking.failed(now)
        self._suspicion.failed(now)

    def success(self, sent: float) -> None:
        """Take in an answer to a call sent at `sent` (monotonic seconds)."""
        self._suspicion.success()
        self._limits.ramp.answered()
        if not self._asking.asked(sent):
            return
        ceiling = self._limits.ceilings[self._asking.name]
        if self._asking.name in SEARCHED:
            ceiling.search.let_in(sent, self._limits.inside(self._asking.name, sent))
            ceiling.found(sent)
        ceiling.lesson_at = sent
        self._asking.end()
        self._limits.apply(sent)

    def take(self, now: float, unix: float, grant: Grant, error: CallError) -> Lesson | None:
        """Take in one refusal; returns the lesson when a figure changed."""
        name = GAUGE_OF[error.trouble]
        self._count(unix, name)
        if name == "rpd":
            return self._day_spent(now, unix, error)
        value = to_whole(name, error.quota_value) if error.quota_value else 0
        if value or name == "spend":
            if not self._used_by_others(name, grant, value):
                return self._told_outright(now, unix, grant, error, value)
            self._close(now, name, error.retry_after)
        self._unnamed(now, unix, grant, name, error)
        return None

    def found(self, unix: float) -> list[Lesson]:
        """Return the figures that searches have ended with, each once."""
        lessons = []
        for name, words in self._words.items():
            ceiling = self._limits.ceilings[name]
            idle = ceiling.search.phase is Phase.IDLE and not ceiling.named
            if idle and ceiling.learned and ceiling.learned != self._kept.get(name):
                self._kept[name] = ceiling.learned
                lessons.append(
                    Lesson(name, ceiling.configured, ceiling.learned, words, False, unix)
                )
        return lessons

    def _used_by_others(self, name: str, grant: Grant, value: int) -> bool:
        """Return whether a known limit refused although this run has hardly touched it.

        Then somebody else shares it at the moment: that says nothing of the limit itself.
        """
        known = self._limits.ceilings[name].value
        news = value and value < known
        return bool(known) and not news and self._limits.accepted(name, grant) < PLAUSIBLE * known

    def _told_outright(
        self, now: float, unix: float, grant: Grant, error: CallError, value: int
    ) -> Lesson | None:
        name = GAUGE_OF[error.trouble]
        ceiling = self._limits.ceilings[name]
        old = ceiling.value
        self._close(now, name, error.retry_after)
        if name == self._asking.name:
            self._asking.end()
        changed = ceiling.teach(now, grant.at, value, self._limits.accepted(name, grant))
        self._limits.apply(now)
        return self._told(name, old, unix, error) if changed else None

    def _unnamed(self, now: float, unix: float, grant: Grant, name: str, error: CallError) -> None:
        """Begin to ask, or go on asking."""
        ceiling, sent = self._limits.ceilings[name], grant.at
        bare = error.trouble is Trouble.CAPACITY
        if self._asking.name:
            self._still_refused(now, unix, sent, name, error)
            return
        seeking = ceiling.search.phase is Phase.SEEKING
        if sent <= ceiling.lesson_at or (bare and not seeking and not self._suspicion.refused(now)):
            return
        self._words[name] = error.message[:500]
        if not ceiling.fall_back(now):
            if name in SEARCHED:
                ceiling.search.begin(sent, ceiling.value, bare=bare)
            self._asking.begin(now, name)
        self._limits.apply(now)

    def _still_refused(
        self, now: float, unix: float, sent: float, name: str, error: CallError
    ) -> None:
        after = LONG_WAIT if error.retry_after is None and name == "spend" else error.retry_after
        self._asking.refused(now, sent, after)
        if self._asking.name != name or name not in SEARCHED:
            return
        ceiling = self._limits.ceilings[name]
        if self._asking.asked(sent):
            window = self._limits.tpm if name == "tpm" else self._limits.rpm
            ceiling.search.asked(sent, window.used(sent))
            bare = error.trouble is Trouble.CAPACITY
            if not bare and ceiling.search.waits_for_the_clock():
                self._asking.not_before(now + MINUTE - unix % MINUTE + CLOCKS_DIFFER)
        elif sent > ceiling.lesson_at:
            ceiling.search.earlier(sent)
        self._limits.apply(now)

    def _close(self, now: float, name: str, asked: float | None) -> None:
        until = now + min(LONGEST_ASKED_WAIT, max(0.0, asked or 0.0))
        if until > self._shut[0]:
            self._shut = (until, name)

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
