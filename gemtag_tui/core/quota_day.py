"""Requests per Pacific day, counted by what was sent."""

from __future__ import annotations

from gemtag_tui.core.pacific import last_midnight, next_midnight

WAKE_AFTER = 2.0
"""Seconds after midnight at which parked work wakes: clocks differ a little."""
SKEW_SECONDS = 900.0
"""A refusal this soon after midnight, with little used: the server's day is not over yet."""
SKEW_WAIT = 60.0
_KEEP = 2 * 86_400.0
MARKS = (80, 95)
"""Percent of the day's quota at which a warning is given."""


class DayCount:
    """The day's requests; times are Unix seconds.

    Args:
        limit: requests per Pacific day, 0 for none.
    """

    def __init__(self, limit: int = 0) -> None:
        self.limit = limit
        self._start = self._end = 0.0
        self._counts: dict[
            float, int
        ] = {}  # by a day's beginning: a clock may step back over midnight
        self._shut_until = 0.0
        self._warned: tuple[float, int] = (0.0, 0)

    def seed(self, unix: float, count: int) -> None:
        """Start from the library's kept count of the day of `unix`."""
        self._turn(unix)
        self._count = count

    def used(self, unix: float) -> int:
        """Return the requests sent on the day of `unix`."""
        self._turn(unix)
        return self._count

    def left(self, unix: float) -> int | None:
        """Return how many more may be sent today, `None` when there is no limit."""
        self._turn(unix)
        return max(0, self.limit - self._count) if self.limit else None

    def parked_until(self, unix: float) -> float:
        """Return when a request may be sent again, 0 when it may be now."""
        self._turn(unix)
        if unix < self._shut_until:
            return self._shut_until
        return self._end + WAKE_AFTER if self.limit and self._count >= self.limit else 0.0

    def words(self, unix: float) -> str:
        """Say that the day is spent, and of which quota where our own count has come to it."""
        if self.limit and self.used(unix) >= self.limit:
            return f"the day's quota of {self.limit:,} requests is used up"
        return f"the server calls the day's quota used up, at request {self.used(unix):,} of ours"

    def take(self, unix: float) -> float:
        """Count one; returns the mark of its day for `give_back`."""
        self._turn(unix)
        self._count += 1
        return self._start

    def give_back(self, unix: float, mark: float) -> None:
        """Uncount one that never left this machine, on the day it was counted for."""
        self._turn(unix)
        if self._counts.get(mark, 0) > 0:
            self._counts[mark] -= 1

    def refuse(self, unix: float, value: int | None) -> None:
        """Take in the server's word that the day is spent: nothing goes out before the next one."""
        self._turn(unix)
        known = min((v for v in (value, self.limit) if v), default=0)
        if unix - self._start < SKEW_SECONDS and known and self._count * 2 < known:
            self._shut_until = unix + SKEW_WAIT
            return
        self._shut_until = self._end + WAKE_AFTER
        self._count = max(self._count, value or 0)

    def warnings(self, unix: float) -> list[str]:
        """Return what is to be said about the day's quota; each mark is passed once a day."""
        self._turn(unix)
        passed = [m for m in MARKS if self.limit and self._count * 100 >= m * self.limit]
        mark = max(passed, default=0)
        said = self._warned[1] if self._warned[0] == self._start else 0
        if mark <= said:
            return []
        self._warned = (self._start, mark)
        rest = max(0, self.limit - self._count)
        return [f"{mark} % of today's {self.limit:,} requests are used; {rest:,} are left today."]

    def reopen(self) -> None:
        """Forget that the server called the day spent (the limit was changed by a person)."""
        self._shut_until = 0.0

    def _turn(self, unix: float) -> None:
        if self._start <= unix < self._end:
            return
        self._start, self._end = last_midnight(unix), next_midnight(unix)
        self._counts = {s: c for s, c in self._counts.items() if abs(s - self._start) < _KEEP}
        self._counts.setdefault(self._start, 0)

    @property
    def _count(self) -> int:
        return self._counts.get(self._start, 0)

    @_count.setter
    def _count(self, count: int) -> None:
        self._counts[self._start] = count
