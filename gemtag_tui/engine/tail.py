"""Telling an outage from a run whose last assets will not succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemtag_tui.engine.feeder import Feeder

TAIL_SECONDS = 150.0
"""When only assets are left that have all failed, an outage is waited for so long. Then they are
put off (they come back by themselves) and the run ends, instead of trying until it gives up."""
SUSPECT_SECONDS = 30.0
"""The same when others were answered after each of them had failed: it is not the server then."""


def tail_is_dead(feeder: Feeder, now: float, last_success: float) -> bool:
    """Whether all that is left has failed and nothing answers any more.

    Args:
        feeder: knows what is left.
        now: monotonic seconds.
        last_success: when something was last answered in this run.
    """
    silent = now - last_success
    if silent < SUSPECT_SECONDS:
        return False
    if silent >= TAIL_SECONDS:
        return feeder.only_left(lambda attempt: attempt.failures > 0)
    return feeder.only_left(lambda attempt: attempt.failed_at < last_success)
