"""Calls that may be turned away (the flex service): when to come again, and what was served. Pure.

Flex is best effort: a call is answered in minutes, or shed at once with 503 or a bare 429 (flex
page, 2026). That is no outage: whoever waits is served later, and whoever storms is shed again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import CallError, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.core.calls import Outcome

INTERACTIVE, FLEX = "interactive", "flex"

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 900.0
"""Seconds; flex itself aims at up to fifteen minutes."""
_CLOSEST, _WIDEST = 0.25, 5.0
"""Seconds between two starts beyond the room there was, after few and after many refusals."""
_TURNED_AWAY = frozenset({Trouble.OVERLOADED, Trouble.CAPACITY})
_SHED_STATUS = frozenset({429, 503})
_LANES = {"standard": INTERACTIVE, "priority": INTERACTIVE, "flex": FLEX}


def shed(lane: str, outcome: Outcome) -> bool:
    """Whether a call was turned away because flex was full: nobody's fault, and not billed."""
    return (
        lane == FLEX
        and isinstance(outcome, CallError)
        and outcome.trouble in _TURNED_AWAY
        and outcome.http_status in _SHED_STATUS
    )


def served_lane(asked: str, tier: str) -> str:
    """Return the lane that an answer is recorded under: as served, else as asked.

    Args:
        asked: interactive, flex or batch.
        tier: the answer's service tier, "" when it does not say.
    """
    return _LANES.get(tier, asked)


class FlexGate:
    """Lets calls out as long as flex has room; after refusals later and fewer. Monotonic seconds.

    Every refusal of a call that went out after the last pause had begun doubles the pause: those
    of one burst count once. An answer to such a call halves it and ends the one that is on. Calls
    that take the place of answered ones need no gate: as many as had room go on having it.

    Args:
        rng: numbers in [0, 1), for jitter.
    """

    def __init__(self, rng: Callable[[], float]) -> None:
        self._rng = rng
        self._level = 0
        self._shut_at = -math.inf
        self._started = -math.inf
        self._full_since: float | None = None
        self._in_flight = 0
        self._room = math.inf
        self.until = -math.inf
        """When the next call may go."""

    def may_start(self, now: float) -> bool:
        """Return whether one more call may go."""
        return self._in_flight < self._room or now >= self.opens_at()

    def opens_at(self) -> float:
        """Return when the next call may go; in the past when it may now."""
        return max(self.until, self._started + self._spacing())

    def full_for(self, now: float) -> float:
        """Return for how many seconds there was nothing but refusals, 0 after an answer."""
        return 0.0 if self._full_since is None else now - self._full_since

    def started(self, now: float) -> None:
        """Take in that a call went out; every one ends by exactly one of the other verbs."""
        if self._in_flight >= self._room:
            self._started = now
        self._in_flight += 1

    def failed(self) -> None:
        """Take in a call that failed in another way: it says nothing about room."""
        self._in_flight = max(0, self._in_flight - 1)

    def turned_away(self, now: float, sent: float, asked: float | None = None) -> bool:
        """Take in a refusal; returns whether it made the pause longer.

        Args:
            sent: when the call went out.
            asked: seconds that the server asked to wait.
        """
        self.failed()
        self._room = self._in_flight
        if self._full_since is None:
            self._full_since = now
        if sent < self._shut_at:
            return False
        self._level += 1
        self._shut_at = now
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._level - 1, 20))
        pause *= 0.75 + 0.5 * self._rng()
        self.until = now + max(pause, min(asked or 0.0, LONGEST_PAUSE))
        return True

    def answered(self, now: float, sent: float) -> None:
        """Take in an answer, whatever it says."""
        self._full_since = None
        if sent >= self._shut_at:
            self._room = max(self._room, self._in_flight)
            self._level = max(0, self._level - 1)
            self.until = min(self.until, now)
        self.failed()

    def rested(self, now: float) -> None:
        """Leave time in which nothing was to be sent out of the count."""
        if self._full_since is not None:
            self._full_since = now

    def _spacing(self) -> float:
        return min(_WIDEST, _CLOSEST * 2.0 ** min(self._level, 20))
