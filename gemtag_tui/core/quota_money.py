"""Money: the rolling ten minutes, and caps of our own. Amounts are whole nano-dollars."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from gemtag_tui.core.quota import MARGIN

NANO = 1_000_000_000
SPAN = 600.0
"""Seconds of the spend-based limit (Gemini API, rate limits page, 2026-08)."""
FREE_SHARE = 0.5
"""Below this share of the limit money is not paced at all."""


def nanos(usd: float) -> int:
    """Return US dollars as whole nano-dollars, rounded up so that no cost is lost."""
    return math.ceil(usd * NANO - 1e-3)


@dataclass(slots=True, eq=False)
class Second:
    """What was spent in one second; it counts as if spent at the second's end."""

    number: int
    amount: int = 0
    refused: int = 0
    held: bool = True


class SpendWindow:
    """Money over rolling ten minutes: exact, and spread evenly once half of the limit is used.

    Kept by the second, so that ten minutes at any rate are 600 numbers.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._hold = SPAN * (1 + MARGIN)
        self._log: deque[Second] = deque()
        self._sum = 0
        self._next = -math.inf
        self.peak = 0

    def earliest(self, now: float, amount: int) -> float:
        """Return the first moment at which `amount` may be spent; `inf` for never."""
        if not self.limit:
            return now
        if amount > self.limit:
            return math.inf
        self._forget(now)
        if self._sum + amount <= self.limit * FREE_SHARE:
            return now
        return max(now, self._next, self._room_at(amount))

    def take(self, now: float, amount: int) -> Second:
        """Log an amount as of now; the caller has asked `earliest` first."""
        second = self._second(now)
        self._add(second, amount)
        if not self.limit:
            return second
        left = self.limit - self._sum
        wait = max(0.0, self._leaves(self._log[0]) - now)
        self._next = now + min(wait, wait * amount / left if left > 0 else wait)
        return second

    def correct(self, second: Second, before: int, after: int) -> None:
        """Put the real amount in the place of the estimate."""
        self._add(second, after - before)

    def used(self, now: float) -> int:
        """Return the amount that counts now."""
        self._forget(now)
        return self._sum

    def frees_at(self, now: float) -> float:
        """Return when the oldest amount stops counting; `now` when nothing does."""
        self._forget(now)
        return self._leaves(self._log[0]) if self._log else now

    def load(self, now: float, history: Iterable[tuple[float, int]]) -> None:
        """Fill an empty log from before a restart: (when, amount), in any order."""
        for at, amount in sorted(history):
            self._add(self._second(min(at, now)), amount)
        self._forget(now)

    def _second(self, now: float) -> Second:
        self._forget(now)
        number = math.floor(now)
        if not self._log or self._log[-1].number < number:
            self._log.append(Second(number))
        return self._log[-1]

    def _leaves(self, second: Second) -> float:
        return second.number + 1 + self._hold

    def _add(self, second: Second, amount: int) -> None:
        second.amount += amount
        if second.held:
            self._sum += amount
            self.peak = max(self.peak, self._sum)

    def _room_at(self, amount: int) -> float:
        excess = self._sum + amount - self.limit
        if excess <= 0:
            return -math.inf
        for second in self._log:
            excess -= second.amount
            if excess <= 0:
                return self._leaves(second)
        return math.inf

    def _forget(self, now: float) -> None:
        while self._log and self._leaves(self._log[0]) <= now:
            gone = self._log.popleft()
            gone.held = False
            self._sum -= gone.amount


@dataclass(slots=True)
class Budget:
    """A cap of our own: what is spent, and what calls in flight and batch jobs may still cost.

    Attributes:
        reserved: for calls in flight.
        committed: for batch jobs on their way; no waiting for calls frees it.
    """

    limit: int = 0
    spent: int = 0
    reserved: int = 0
    committed: int = 0

    def fits(self, amount: int) -> bool:
        """Return whether one more call of this cost keeps the cap, those in flight counted."""
        if not self.limit:
            return True
        total = self.spent + self.reserved + self.committed
        return total < self.limit and total + amount <= self.limit

    def over(self, amount: int) -> bool:
        """Return whether the cap is used up, so that waiting for calls in flight is no use."""
        gone = self.spent + self.committed
        return not self.fits(amount) and (
            not self.reserved or gone + amount > self.limit or gone >= self.limit
        )

    def land(self, amount: int) -> None:
        """Take in what a part of a batch job has cost: it is no longer to come."""
        self.spent += amount
        self.committed = max(0, self.committed - amount)

    def settle(self, reserved: int, spent: int) -> None:
        """Turn a reservation into what was really spent."""
        self.reserved -= reserved
        self.spent += spent
