"""Who may be sent, and when: every limit is asked at once, and every refusal learned from."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable

from gemtag_tui.core.calls import CallError
from gemtag_tui.core.clock import Clock
from gemtag_tui.core.quota import Fate
from gemtag_tui.core.quota_gauges import gauges
from gemtag_tui.core.quota_lessons import NAMES, Lessons
from gemtag_tui.core.quota_limits import GAUGE_OF, Limiters
from gemtag_tui.core.quota_measure import Measure
from gemtag_tui.core.quota_money import NANO, nanos
from gemtag_tui.core.quota_purse import Purse
from gemtag_tui.core.quota_ramp import LOOK
from gemtag_tui.core.quota_values import (
    Budgets,
    Grant,
    Lesson,
    Limit,
    LimitFigures,
    Need,
    ParkUntil,
    Past,
    PastCall,
    Spent,
    TooBig,
    WaitUntil,
)
from gemtag_tui.core.snapshot import Gauge
from gemtag_tui.core.text import usd

__all__ = [
    "Admission",
    "Budgets",
    "Grant",
    "Lesson",
    "Limit",
    "LimitFigures",
    "Need",
    "ParkUntil",
    "Past",
    "PastCall",
    "Spent",
    "TooBig",
    "WaitUntil",
]

STEP = 0.25
"""Seconds after which a waiter looks again, so that changed limits and refunds are noticed."""
_SHOWN_FOR = 2.0
"""Seconds for which a limit that made a call wait is shown as the binding one."""

Admitted = Grant | ParkUntil | Spent | TooBig


class Admission:
    """All limits of one model in one project. Pure but for `admit`, which waits.

    A grant counts from the moment it is given: send at once. Afterwards call exactly one of
    `settle` (an answer came), `learn` (an error came) or `release` (it never left this machine);
    a second one does nothing.

    Args:
        limits: configured figures.
        budgets: caps of our own.
        rng: numbers in [0, 1), for jitter.
    """

    def __init__(
        self,
        limits: LimitFigures | None = None,
        budgets: Budgets | None = None,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._limits = Limiters(limits or LimitFigures())
        self._lessons = Lessons(self._limits, rng)
        self._purse = Purse(budgets or Budgets())
        self._measure = Measure()
        self._bound: tuple[float, str] = (-math.inf, "")
        self._pending = 0
        self._queue = asyncio.Lock()

    def ask(
        self, now: float, unix: float, need: Need
    ) -> Grant | WaitUntil | ParkUntil | Spent | TooBig:
        """Return a grant for one call, or why not and until when.

        Args:
            now: monotonic seconds, never less than before.
            unix: Unix seconds of the same moment.
            need: the call's estimate.
        """
        self._limits.tick(now)
        nano = nanos(need.usd)
        tokens = self._measure.weigh(need.tokens, self._limits.tpm.limit, self._pending)
        answer = (
            self._lessons.holds(now, unix, self._pending)
            or self._crowded(now)
            or self._purse.refusal(now, unix, nano)
            or self._windows(now, tokens, nano)
        )
        if answer is None:
            return self._grant(now, unix, need, tokens, nano)
        until = answer.at if isinstance(answer, WaitUntil) else now
        self._bound = (until + _SHOWN_FOR, answer.binding)
        return answer

    async def admit(self, need: Need, clock: Clock) -> Admitted:
        """Wait for a grant, first come first served; what is no matter of seconds is returned."""
        async with self._queue:
            while True:
                now = clock.monotonic()
                answer = self.ask(now, clock.now(), need)
                if not isinstance(answer, WaitUntil):
                    return answer
                await clock.sleep(min(STEP, answer.at - now))

    def settle(self, grant: Grant, tokens_in: int | None = None, usd: float | None = None) -> None:
        """Reconcile an answered call with its real usage; `None` keeps the estimate.

        Args:
            tokens_in: input tokens as billed.
            usd: what it cost.
        """
        if not grant.open:
            return
        self._lessons.success(grant.at)
        if tokens_in is not None:
            self._measure.learn(grant.need.tokens, tokens_in)
            self._limits.tpm.correct(grant.tokens, tokens_in)
        self._close(grant, Fate.ACCEPTED, grant.nano if usd is None else nanos(usd))

    def learn(
        self, now: float, unix: float, grant: Grant, error: CallError, usd: float = 0.0
    ) -> Lesson | None:
        """Take in a call that failed, whatever the trouble; this settles its grant.

        Args:
            now: monotonic seconds; unix: Unix seconds.
            usd: what the failed call cost, nothing as a rule.

        Returns:
            What it taught, when a limit changed at once; see `found` for the rest.
        """
        if not grant.open:
            return None
        refused = error.trouble in GAUGE_OF
        self._close(grant, Fate.REFUSED if refused else Fate.ACCEPTED, nanos(usd))
        if refused:
            return self._lessons.take(now, unix, grant, error)
        self._lessons.failed(now)
        return None

    def found(self, unix: float) -> list[Lesson]:
        """Return the limits that no refusal named and that a search has found, each once."""
        return self._lessons.found(unix)

    def release(self, grant: Grant) -> None:
        """Take back a grant whose call never left this machine."""
        if not grant.open:
            return
        self._limits.rpm.refund(grant.request)
        self._limits.tpm.refund(grant.tokens)
        self._limits.day.give_back(grant.unix, grant.day)
        self._close(grant, Fate.ACCEPTED, 0)

    def set_limits(self, now: float, limits: LimitFigures) -> None:
        """Change the configured limits while it runs; what was learned stays, see `forget`."""
        self._limits.configure(now, limits)

    def set_budgets(self, budgets: Budgets) -> None:
        """Change the caps while it runs."""
        self._purse.set_caps(budgets)

    def commit(self, unix: float, all_jobs: float, own_jobs: float) -> None:
        """Set money aside for batch jobs on their way: all, and those of this run; US dollars."""
        self._purse.commit(unix, all_jobs, own_jobs)

    def land(self, unix: float, usd: float) -> None:
        """Take in what results of batch jobs have cost, in US dollars: it was set aside."""
        self._purse.land(unix, usd)

    def forget(self, now: float, name: str = "") -> None:
        """Go back to the configured figure of one limit (rpm, tpm, rpd, spend), or of all."""
        self._limits.forget(now, name)

    def restore(self, now: float, unix: float, past: Past) -> None:
        """Take over from the library, once, before the first `ask`."""
        self._limits.restore(now, unix, past.learned)
        self._limits.load(now, unix, past.calls)
        self._limits.day.seed(unix, past.requests_today)
        self._lessons.restore(unix, past.refused_today)
        self._purse.seed(unix, past.day_usd, past.month_usd)

    def pace(self) -> float:
        """Return the calls per second that the limits of a minute let through, 0 for no limit."""
        requests, tokens = self._limits.rpm.pace, self._limits.tpm.pace
        paces = [requests / 60.0] if requests else []
        if tokens and self._measure.typical:
            paces.append(tokens / self._measure.typical / 60.0)
        return min(paces, default=0.0)

    def binding(self, now: float) -> str:
        """Return the name of the limit that holds calls back now, "" when none does."""
        until, name = self._bound
        return name if now < until else ""

    def requests_today(self, unix: float) -> int:
        """Return the calls sent on this Pacific day, every attempt counted."""
        return self._limits.day.used(unix)

    def rpd_limit(self) -> int:
        """Return the day's quota, 0 for none."""
        return self._limits.day.limit

    def warnings(self, unix: float) -> list[str]:
        """Return new warnings about the day's quota (80 %, 95 %); each comes once a day."""
        return self._limits.day.warnings(unix)

    def gauges(self, now: float, unix: float) -> list[Gauge]:
        """Return a gauge for each limit and budget; of those not set the limit is 0."""
        binding = self.binding(now)
        return gauges(now, unix, self._limits, self._lessons, self._purse, binding=binding)

    def _crowded(self, now: float) -> WaitUntil | None:
        if not self._limits.crowded(now, self._pending):
            return None
        return WaitUntil(now + LOOK, "rpm", "a limit not tried out yet is approached with care")

    def _windows(self, now: float, tokens: int, nano: int) -> WaitUntil | TooBig | None:
        at, name = max(
            (self._limits.rpm.earliest(now, 1), "rpm"),
            (self._limits.tpm.earliest(now, tokens), "tpm"),
            (self._limits.spend.earliest(now, nano), "spend"),
        )
        if at <= now:
            return None
        if math.isinf(at):
            return TooBig(name, f"this one call needs more than the whole limit of {NAMES[name]}")
        return WaitUntil(at, name, self._paced(now, name, at - now))

    def _paced(self, now: float, name: str, pause: float) -> str:
        """Say what holds a call back: "paced: 298 of 300 requests per minute, next in 0.2 s"."""
        limits = self._limits
        if name == "spend":
            used, limit = limits.spend.used(now) / NANO, limits.spend.limit / NANO
            figures = f"{usd(used)} of {usd(limit)} per ten minutes"
        else:
            window = limits.rpm if name == "rpm" else limits.tpm
            figures = f"{window.used(now):,} of {window.limit:,} {NAMES[name]}"
        return f"paced: {figures}, next in {pause:,.1f} s"

    def _grant(self, now: float, unix: float, need: Need, tokens: int, nano: int) -> Grant:
        self._pending += 1
        self._purse.reserve(nano)
        limits = self._limits
        limits.begun(now)
        self._lessons.granted(now, unix)
        return Grant(
            at=now,
            unix=unix,
            need=need,
            request=limits.rpm.take(now, 1),
            tokens=limits.tpm.take(now, tokens),
            second=limits.spend.take(now, nano),
            day=limits.day.take(unix),
            nano=nano,
        )

    def _close(self, grant: Grant, fate: Fate, nano: int) -> None:
        grant.open = False
        self._pending -= 1
        grant.request.fate = grant.tokens.fate = fate
        self._limits.spend.correct(grant.second, grant.nano, nano)
        self._purse.settle(grant.unix, grant.nano, nano)
