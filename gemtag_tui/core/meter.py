"""How fast work is being done."""

from __future__ import annotations

from collections import deque

SLOT_SECONDS = 5.0
SLOTS = 60
_RECENT_SECONDS = 60.0


class RateMeter:
    """Counts settled assets in slots of five seconds; all times are monotonic seconds.

    Time in which nothing could move (paused, parked) is left out of the overall rate.
    """

    def __init__(self, now: float) -> None:
        self._started = now
        self._idle = 0.0
        self._idle_since: float | None = None
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque()
        self._first_slot = int(now // SLOT_SECONDS)
        self._slots: dict[int, int] = {}

    def add(self, now: float, count: int = 1) -> None:
        """Record settled assets."""
        self._total += count
        self._marks.append((now, count))
        slot = int(now // SLOT_SECONDS)
        self._slots[slot] = self._slots.get(slot, 0) + count
        self._forget(now)

    def rest(self, now: float, *, resting: bool) -> None:
        """Say whether work is held back on purpose from now on."""
        if resting and self._idle_since is None:
            self._idle_since = now
        elif not resting and self._idle_since is not None:
            self._idle += now - self._idle_since
            self._idle_since = None

    def active_seconds(self, now: float) -> float:
        """Seconds in which work could move."""
        idle = self._idle + (now - self._idle_since if self._idle_since is not None else 0.0)
        return max(0.0, now - self._started - idle)

    def per_minute(self, now: float) -> float:
        """Settled per minute over the last minute, or since the start when that was later."""
        self._forget(now)
        span = min(_RECENT_SECONDS, max(1.0, self.active_seconds(now)))
        return sum(count for _, count in self._marks) * 60.0 / span

    def overall(self, now: float) -> float:
        """Settled per minute over the whole time in which work could move."""
        return self._total * 60.0 / max(1.0, self.active_seconds(now))

    def history(self, now: float) -> list[float]:
        """Settled in each of the last `SLOTS` whole slots, oldest first, from the first slot on."""
        last = int(now // SLOT_SECONDS)
        first = max(last - SLOTS, self._first_slot)
        return [float(self._slots.get(slot, 0)) for slot in range(first, last)]

    def _forget(self, now: float) -> None:
        while self._marks and self._marks[0][0] <= now - _RECENT_SECONDS:
            self._marks.popleft()
        oldest = int(now // SLOT_SECONDS) - SLOTS - 1
        for slot in [s for s in self._slots if s < oldest]:
            del self._slots[slot]
