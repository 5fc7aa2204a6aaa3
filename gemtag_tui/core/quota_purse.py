"""The three budgets together: run, Pacific day, Pacific month."""

from __future__ import annotations

from collections.abc import Iterator

from gemtag_tui.core.pacific import month_of, next_midnight
from gemtag_tui.core.quota_money import NANO, Budget, nanos
from gemtag_tui.core.quota_values import Budgets, Spent, WaitUntil
from gemtag_tui.core.text import usd

RECHECK = 1.0
"""Seconds after which a budget that is only reserved, not spent, is looked at again."""
_NAMES = {"budget_run": "run", "budget_day": "day", "budget_month": "month"}
_WAYS_ON = {
    "budget_run": "the next run begins with a new one; `--max-cost` or budget.run sets it",
    "budget_day": "it begins anew at midnight Pacific, or raise budget.day",
    "budget_month": "it begins anew with the month in Pacific time, or raise budget.month",
}


class Purse:
    """Caps of our own on money; amounts are nano-dollars, times Unix seconds."""

    def __init__(self, caps: Budgets) -> None:
        self.run, self.day, self.month = Budget(), Budget(), Budget()
        self._day_end = 0.0
        self._month = ""
        self.set_caps(caps)

    def set_caps(self, caps: Budgets) -> None:
        """Change the caps while it runs."""
        self.run.limit = nanos(caps.run)
        self.day.limit = nanos(caps.day)
        self.month.limit = nanos(caps.month)

    def seed(self, unix: float, day_usd: float, month_usd: float) -> None:
        """Start from what the library says was spent."""
        self._turn(unix)
        self.day.spent, self.month.spent = nanos(day_usd), nanos(month_usd)

    def named(self, unix: float) -> Iterator[tuple[str, Budget]]:
        """Return the gauges' names with their budgets."""
        self._turn(unix)
        for name, attribute in _NAMES.items():
            yield name, getattr(self, attribute)

    def refusal(self, now: float, unix: float, nano: int) -> WaitUntil | Spent | None:
        """Return why a call of this cost may not go, or `None` when it may."""
        waits: WaitUntil | None = None
        for name, budget in self.named(unix):
            if budget.fits(nano):
                continue
            words = f"the budget of this {_NAMES[name]}"
            if budget.over(nano):
                why = f"{words}, {usd(budget.limit / NANO)}, is used up{_split(budget)}"
                return Spent(name, f"{why}; {_WAYS_ON[name]}", self._begins_anew(name, unix))
            waits = WaitUntil(now + RECHECK, name, f"{words} waits for calls in flight")
        return waits

    def reserve(self, nano: int) -> None:
        """Set money aside for a call."""
        for budget in (self.run, self.day, self.month):
            budget.reserved += nano

    def settle(self, unix: float, reserved: int, spent: int) -> None:
        """Turn a reservation into what was spent."""
        self._turn(unix)
        for budget in (self.run, self.day, self.month):
            budget.settle(reserved, spent)

    def commit(self, unix: float, all_jobs: float, own_jobs: float) -> None:
        """Take over what batch jobs on their way may still cost.

        Args:
            all_jobs: US dollars of all of them, `own_jobs`: of those that this run has made.
        """
        self._turn(unix)
        self.day.committed = self.month.committed = nanos(all_jobs)
        self.run.committed = nanos(own_jobs)

    def land(self, unix: float, usd: float) -> None:
        """Take in what results of batch jobs have cost, US dollars."""
        self._turn(unix)
        for budget in (self.run, self.day, self.month):
            budget.land(nanos(usd))

    def _begins_anew(self, name: str, unix: float) -> float:
        if name == "budget_day":
            return self._day_end
        if name == "budget_month":
            end = unix
            while month_of(end) == self._month:
                end = next_midnight(end)
            return end
        return 0.0

    def _turn(self, unix: float) -> None:
        if unix < self._day_end:
            return
        month = month_of(unix)
        self.day = _anew(self.day)
        if month != self._month:
            self.month = _anew(self.month)
        self._day_end, self._month = next_midnight(unix), month


def _anew(budget: Budget) -> Budget:
    """Return a budget in which nothing is spent; what is on its way is on its way."""
    return Budget(budget.limit, 0, budget.reserved, budget.committed)


def _split(budget: Budget) -> str:
    if not budget.committed:
        return ""
    spent, jobs = usd(budget.spent / NANO), usd(budget.committed / NANO)
    return f" ({spent} spent, {jobs} committed to batch jobs on their way)"
