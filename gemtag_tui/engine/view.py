"""The engine's state as others see it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.eta import seconds_left
from gemtag_tui.core.meter import SLOT_SECONDS
from gemtag_tui.core.pacific import next_midnight
from gemtag_tui.core.snapshot import Counts, RunSnapshot
from gemtag_tui.engine.lane import PAUSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.concurrency import Concurrency
    from gemtag_tui.core.snapshot import Gauge
    from gemtag_tui.engine.admission import Admission
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.tally import Tally
    from gemtag_tui.store.tracks import Track


_SPEND_MINUTES = 10.0


def _no_retries() -> tuple[int, float | None]:
    return 0, None


@dataclass(slots=True)
class View:
    """Makes the snapshot. `counts` are the library's, as of the last group written."""

    run: int
    pid: int
    lane: str
    track: Track
    profile_name: str
    tally: Tally
    control: Control
    admission: Admission
    concurrency: Concurrency
    clock: Clock
    limit: int | None = None
    split: bool = False
    """Whether batch jobs are made of what remains beside a lane of single calls."""
    counts: Counts = field(default_factory=Counts)
    in_flight: Callable[[], int] = field(default=int)
    retries: Callable[[], tuple[int, float | None]] = field(default=_no_retries)
    """How many assets wait for another try, and when the first is due (monotonic seconds)."""
    ended_at: float = 0.0
    _goal: int = 0

    def rebase(self, counts: Counts, *, due_taken: int, passed_over: int) -> None:
        """Take over the library's counts, as of the last end that the tally has on disk.

        Args:
            due_taken: assets that it has as failed and that this run has taken up again.
            passed_over: assets that it has as to be done and that this run leaves out.
        """
        self.counts = counts
        later = counts.retry_later - due_taken
        mine = 0 if self.lane == "batch" or self.split else counts.in_batches
        left = counts.remaining - counts.near_waiting - mine - later - passed_over
        self._goal = self.tally.on_disk + max(0, left)

    @property
    def goal(self) -> int:
        """Assets this run sets out to settle, those settled included; retries change nothing."""
        goal = max(self._goal, self.tally.settled)
        return goal if self.limit is None else max(self.tally.settled, min(goal, self.limit))

    def snapshot(self) -> RunSnapshot:
        """Return the state now."""
        now, unix = self.clock.monotonic(), self.clock.now()
        tally, counts = self.tally, self.counts
        gauges = self.admission.gauges(now, unix)
        left = self.goal - tally.settled
        rate = tally.meter.per_minute(now)
        day = _gauge(gauges, "rpd")
        return RunSnapshot(
            run=self.run,
            pid=self.pid,
            state="idle" if self.ended_at else self.control.state,
            lane=self.lane,
            provider=self.track.provider,
            model=self.track.model,
            profile=self.profile_name,
            profile_id=self.track.profile,
            at=unix,
            started_at=tally.started_at,
            ended_at=self.ended_at,
            counts=counts,
            goal=self.goal,
            done=tally.done,
            bad=tally.bad,
            tries=tally.tries,
            in_flight=self.in_flight(),
            rate_per_min=0.0 if self._stands_still() else round(rate, 1),
            rate_overall=round(tally.meter.overall(now), 1),
            rate_history=tally.meter.history(now),
            rate_slot_seconds=SLOT_SECONDS,
            eta_seconds=self._eta(left, rate, gauges, unix),
            cost_usd=tally.cost_usd,
            cost_to_come=left * (tally.cost_per_asset or 0.0),
            tokens_in=tally.tokens_in,
            tokens_out=tally.tokens_out,
            tokens_cached=tally.tokens_cached,
            turned_away=tally.turned_away,
            requests_today=int(day.used) if day else 0,
            rpd_limit=int(day.limit) if day else 0,
            **self._workers(now),
            binding_limit=self.admission.binding(now),
            waiting_for="" if self.ended_at else self._waiting_for(now),
            parked_until=self.control.parked_until,
            message=tally.message,
            warnings=tally.warnings,
            gauges=gauges,
            last=list(tally.last),
            errors=tally.errors,
        )

    def _workers(self, now: float) -> dict[str, Any]:
        of = self.concurrency
        return {
            "concurrency": of.workers(now),
            "concurrency_cap": of.cap,
            "concurrency_why": of.why(now),
            "single_worker_times": of.single_worker_times,
        }

    def _waiting_for(self, now: float) -> str:
        if self.control.paused:
            return PAUSED
        words = self.control.parked_why or self.tally.waiting_for
        if words or self.in_flight():
            return words
        waiting, due = self.retries()
        if due is None:
            return ""
        return f"{waiting:,} to be tried again, next in {max(0.0, due - now):.0f} s"

    def _eta(self, left: int, rate: float, gauges: list[Gauge], unix: float) -> float | None:
        if left and (self.lane == "batch" or self.split):
            return None  # results come in by the job: their pace says nothing of the next one's end
        if left and (self.control.paused or self.control.ending is not None):
            return None
        day = _gauge(gauges, "rpd")
        midnight = next_midnight(unix) - unix
        parked = max(0.0, self.control.parked_until - unix)
        pace = rate or self.tally.meter.overall(self.clock.monotonic())
        pace = min(pace, self._money_pace(gauges))
        eta = seconds_left(
            left,
            pace,
            day_limit=int(day.limit) if day else 0,
            day_used=int(day.used) if day else 0,
            until_midnight=midnight,
            tries_per_asset=self.tally.tries_per_asset,
        )
        if eta is None:
            return None
        eta = max(eta, self._next_try(left))
        return eta if day is not None and day.limit else eta + parked

    def _stands_still(self) -> bool:
        """Whether nothing is sent on purpose: the meter itself leaves such time out."""
        return bool(self.control.paused or self.control.parked_until) and not self.in_flight()

    def _next_try(self, left: int) -> float:
        """Return the seconds until a next try when all that is left waits for one, else 0."""
        waiting, due = self.retries()
        if due is None or waiting < left:
            return 0.0
        return max(0.0, due - self.clock.monotonic())

    def _money_pace(self, gauges: list[Gauge]) -> float:
        """Return the assets per minute that the money per ten minutes allows in the long run."""
        spend, cost = _gauge(gauges, "spend"), self.tally.cost_per_asset
        if spend is None or not spend.limit or not cost:
            return math.inf
        return spend.limit / _SPEND_MINUTES / cost


def _gauge(gauges: list[Gauge], name: str) -> Gauge | None:
    return next((gauge for gauge in gauges if gauge.name == name), None)
