"""The time, as a value that is handed in."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Both kinds of time that gemtag needs; tests hand in one that they turn by hand."""

    def now(self) -> float:
        """Seconds since the Unix epoch: for dates, days and what is stored."""

    def monotonic(self) -> float:
        """Seconds that never jump: for windows, deadlines and durations."""

    async def sleep(self, seconds: float) -> None:
        """Wait; returns at once for zero or less."""
