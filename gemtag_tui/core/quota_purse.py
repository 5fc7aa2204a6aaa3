"""The three budgets together: run, Pacific day, Pacific month."""

from __future__ import annotations

from collections.abc import Iterator

from gemtag_tui.core.pacific import month_of, next_midnight
from gemtag_tui.core.quota_money import Budget, nanos
from gemtag_tui.core.quota_values import Budgets, Spent, WaitUntil
from gemtag_tui.core.text import usd

RECHECK = 1.0
"""Seconds after which a budget that is only reserved, not spent, is looked at again."""
_NAMES = {"budget_run": "run", "budget_day": "day", "budget_month": "month"}


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
                spent = f"{words}, {usd(budget.limit / 1e9)}, is used up"
                return Spent(name, spent, self._begins_anew(name, unix))
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
        self.day = Budget(self.day.limit, 0, self.day.reserved)
        if month != self._month:
            self.month = Budget(self.month.limit, 0, self.month.reserved)
        self._day_end, self._month = next_midnight(unix), month
