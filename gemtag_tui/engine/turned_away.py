"""Calls that the flex service had no room for: entered, blamed on nobody, and tried again later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Answer, Trouble
from gemtag_tui.engine.entries import TURNED_AWAY

if TYPE_CHECKING:
    from gemtag_tui.core.calls import CallError, Outcome
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.engine.admission import Admission, Grant
    from gemtag_tui.engine.attempts import Attempt
    from gemtag_tui.engine.entries import Entries
    from gemtag_tui.engine.feeder import Feeder, Ready
    from gemtag_tui.engine.service import Service
    from gemtag_tui.engine.tally import Tally


class TurnedAway:
    """Hears first what came back of every call, and takes what is its own."""

    def __init__(
        self,
        service: Service,
        tally: Tally,
        admission: Admission,
        entries: Entries,
        feeder: Feeder,
        *,
        clock: Clock,
    ) -> None:
        self._service = service
        self._tally = tally
        self._admission = admission
        self._entries = entries
        self._feeder = feeder
        self._clock = clock

    def take(
        self, ready: Ready, grant: Grant, outcome: Outcome, sent_at: float, started: float
    ) -> bool:
        """Return whether a call was turned away; then it is settled.

        Args:
            sent_at: Unix seconds, `started`: monotonic seconds of the call.
        """
        attempt, now = ready.attempt, self._clock.monotonic()
        away, longer = self._service.heard(attempt.lane, outcome, started, now)
        if not away or isinstance(outcome, Answer):
            return False
        self._tally.charge(None, 0.0)
        self._tally.turned_away += 1
        # No refusal for a quota, whatever the code: it teaches nothing about the project's limits.
        full = replace(outcome, trouble=Trouble.OVERLOADED)
        self._admission.learn(now, self._clock.now(), grant, full)
        self._entries.call(attempt, TURNED_AWAY, sent_at, 0.0)
        if longer:
            self._say(attempt, outcome, now)
        self._feeder.again(attempt, now)
        return True

    def _say(self, attempt: Attempt, error: CallError, now: float) -> None:
        """Tell of a pause once, not of every call that it began with."""
        words = self._service.words(now)
        self._tally.waiting_for = words
        self._tally.errors += 1
        fate = f"not blamed: {words or 'again at once'}"
        self._entries.trouble(attempt, TURNED_AWAY, error.message, fate)
