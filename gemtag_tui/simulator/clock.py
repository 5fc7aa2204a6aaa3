"""The simulator's sense of time, injected so that tests run a day in a second."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the simulator asks of a clock."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many of this clock's seconds."""
        ...


class SystemClock:
    """The machine's clock, optionally faster than life and started at another moment.

    Args:
        speed: Simulated seconds that pass in one real second.
        start: Unix seconds to begin at; None is the present.
    """

    def __init__(self, speed: float = 1.0, start: float | None = None) -> None:
        self._speed = speed
        self._start = time.time() if start is None else start
        self._origin = time.monotonic()

    def now(self) -> float:
        """Seconds since the Unix epoch, as this clock counts them."""
        return self._start + (time.monotonic() - self._origin) * self._speed

    async def sleep(self, seconds: float) -> None:
        """Sleep simulated seconds; none and negative return at once."""
        if seconds > 0:
            await asyncio.sleep(seconds / self._speed)


def timestamp(moment: float) -> str:
    """Write Unix seconds the way Google writes times: RFC 3339, UTC, microseconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
