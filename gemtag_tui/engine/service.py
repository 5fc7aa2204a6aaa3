"""Which service calls go through: the standard one, or flex as long as that has room."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Answer
from gemtag_tui.core.flex import FLEX, INTERACTIVE, FlexGate, shed
from gemtag_tui.core.settings import Flex

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.core.clock import Clock

_SAID_AFTER = 1.0
_LEAST_WAIT = 0.01


class Service:
    """Gives every call its lane, and holds calls back while flex turns them away.

    Args:
        lane: interactive or flex, as chosen.
        rng: numbers in [0, 1), for jitter.
        terms: the settings of the flex lane; may be replaced while running.
    """

    def __init__(
        self, lane: str, clock: Clock, rng: Callable[[], float], terms: Flex | None = None
    ) -> None:
        self.lane = lane
        self.terms = terms or Flex()
        self._clock = clock
        self._gate = FlexGate(rng)

    def way(self, now: float) -> str:
        """Return the lane of a call that goes now, "" while none may."""
        if self.lane != FLEX or self._gate.may_start(now):
            return self.lane
        return INTERACTIVE if self._handing_over(now) else ""

    def wait(self, now: float) -> float:
        """Return the seconds until flex is tried again, never too few to be waited for."""
        return max(_LEAST_WAIT, self._gate.opens_at() - now)

    def words(self, now: float) -> str:
        """Return why nothing goes, or why it goes another way: "" when nothing is to be said."""
        left = self._gate.until - now
        if self.lane != FLEX or left <= _SAID_AFTER:
            return ""
        at = time.strftime("%H:%M", time.localtime(self._clock.now() + left))
        when = f"at {at}" if left >= 60 else f"in {left:.0f} s"
        beside = "; interactive meanwhile" if self._handing_over(now) else ""
        return f"flex is full, trying again {when}{beside}"

    def gave_up(self, now: float) -> str:
        """Return why it is no use to wait any longer, "" while it is."""
        full = self._gate.full_for(now) if self.lane == FLEX else 0.0
        if full < self.terms.give_up_hours * 3600 or self._handing_over(now):
            return ""
        return f"flex was full for {full / 3600:,.1f} hours; `--lane interactive` or batch go on"

    def rested(self, now: float) -> None:
        """Take in that nothing was to be sent for a while."""
        self._gate.rested(now)

    def started(self, now: float, lane: str) -> None:
        """Take in that a call went out."""
        if lane == FLEX:
            self._gate.started(now)

    def heard(self, lane: str, outcome: Outcome, sent: float, now: float) -> tuple[bool, bool]:
        """Take in how a call went.

        Args:
            lane: as asked.
            sent: monotonic seconds.

        Returns:
            Whether it was turned away, and whether that made the pause longer.
        """
        if shed(lane, outcome):
            assert not isinstance(outcome, Answer)  # noqa: S101 - an answer is never shed
            return True, self._gate.turned_away(now, sent, outcome.retry_after)
        if lane == FLEX and isinstance(outcome, Answer):
            self._gate.answered(now, sent)
        elif lane == FLEX:
            self._gate.failed()
        return False, False

    def abandoned(self, lane: str) -> None:
        """Take in that we gave a call up."""
        if lane == FLEX:
            self._gate.failed()

    def _handing_over(self, now: float) -> bool:
        after = self.terms.hand_over_minutes * 60
        return bool(after) and self._gate.full_for(now) >= after
