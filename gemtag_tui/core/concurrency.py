"""How many calls may be in flight: as many as are useful, fewer on overload, one when all stalls.

All times are monotonic seconds that are passed in.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable

from gemtag_tui.core.calls import Trouble
from gemtag_tui.core.concurrency_probe import Probe
from gemtag_tui.core.concurrency_run import FailureRun

START = 4
USEFUL_MOST = 64
"""Calls at once when neither a cap nor a rate limit says how many are useful."""
HARD_MOST = 512
HEADROOM = 1.5
SPARE = 3
WINDOW = 36
CUT_SHARE = 0.45
"""Share of overload among the last `WINDOW` outcomes: a quarter failing at random stays below."""
CUT = 0.7
EXPLODED = 5.0
EXPLODED_LEAST = 0.1
"""Of the patience: a latency below it is never taken for an explosion."""
STALL_FAILURES = 6
STALL_MOST = 24
"""Failures in a row that make a stall: as many as are in flight, within these bounds."""
STALL_SECONDS = 30.0
OUTAGE = frozenset({Trouble.OVERLOADED, Trouble.NETWORK, Trouble.TIMEOUT, Trouble.CAPACITY})
"""Troubles that say something about the server's health. A quota's refusal does not."""


class Concurrency:
    """Decides how many calls may be in flight.

    Every call that starts is told by `on_start` and ends by exactly one other `on_…`.

    Args:
        cap: most calls at once; 0 for as many as are useful.
        floor: never fewer, but for a stall.
        rng: numbers in [0, 1), for jitter.
    """

    def __init__(
        self, cap: int = 0, *, floor: int = 1, rng: Callable[[], float] = random.random
    ) -> None:
        self._cap, self._floor = max(0, cap), max(1, floor)
        self._target = float(START)
        self._slow_start = math.inf  # below it every success adds one call
        self._goal = 0.0  # where a cut began
        self._outcomes: deque[bool] = deque(maxlen=WINDOW)
        self._cut_at = -math.inf
        self._in_flight = 0
        self._ghosts = 0  # of those in flight: left over from a stall, hanging
        self._recovered_at = -math.inf
        self._used = self._used_before = 0  # most in flight, in this stretch and the last
        self._stretch_at = -math.inf
        self._latency = self._usual = 0.0
        self._rate = 0.0
        self._patience = STALL_SECONDS
        self._failed_in_row = 0
        self._run = FailureRun()
        self._heard_at = -math.inf
        self._probe = Probe(rng)
        self.single_worker_times = 0

    @property
    def in_flight(self) -> int:
        """Calls started and not ended."""
        return self._in_flight

    @property
    def cap(self) -> int:
        """Most calls at once, 0 for as many as are useful."""
        return self._cap

    @property
    def stalled(self) -> bool:
        """Whether a single worker is trying whether anything answers."""
        return self._probe.active

    def set_cap(self, cap: int) -> None:
        """Change the cap while it runs."""
        self._cap = max(0, cap)

    def set_rate(self, per_second: float) -> None:
        """Say how many calls per second the limits let through, 0 for no limit."""
        self._rate = per_second

    def expect(self, patience: float = STALL_SECONDS) -> None:
        """Forget the latency: another service answers now, and may be silent for so long."""
        self._patience = patience
        self._latency = self._usual = 0.0

    def allowed(self, now: float) -> int:
        """Return how many calls may be in flight now: start one while fewer are.

        While stalled this is one more than are in flight whenever a probing call may go. After a
        stall, calls that still hang until their deadline hold no place, not even of the cap's.
        """
        self._watch(now)
        if self._probe.active:
            return self._in_flight + (1 if self._probe.may_go(now) else 0)
        return self.workers(now) + self._ghosts

    def may_start(self, now: float) -> bool:
        """Return whether one more call may start."""
        return self._in_flight < self.allowed(now)

    def workers(self, now: float) -> int:
        """Return the number to show: 1 while stalled."""
        if self._probe.active:
            return 1
        self._shrink_unused(now)
        return max(min(self._floor, self._most()), min(int(self._target), self._most()))

    def next_probe(self, now: float) -> float:
        """Return seconds until a probing call may go, 0 when not stalled."""
        return self._probe.wait(now)

    @property
    def probe_delay(self) -> float:
        """Seconds from one probing call to the next, 0 when not stalled."""
        return self._probe.delay

    def on_start(self, now: float) -> None:
        """Take in that a call started."""
        if self._in_flight <= self._ghosts:
            self._heard_at = max(self._heard_at, now)
        self._in_flight += 1
        self._run.started()
        self._probe.started(now)
        self._used = max(self._used, self._in_flight - self._ghosts)

    def on_success(self, now: float, latency: float) -> None:
        """Take in any answer that shows the server well, a refused image included."""
        if self._ended(now, now - latency) and not self._probe.active:
            return
        self._failed_in_row = 0
        self._run.succeeded(now - latency)
        self._learn_latency(latency)
        if self._probe.active:
            if self._probe.proves(now, now - latency):
                self._recover(now)
            return
        self._outcomes.append(False)
        if self._target < self._most():
            self._grow()
        self._judge(now)

    def on_overload(self, now: float, trouble: Trouble, latency: float | None = None) -> None:
        """Take in a call that failed by the server's or the network's fault.

        Args:
            trouble: one of `OUTAGE`.
            latency: seconds the call took; tells a probing call from older ones.
        """
        heard = trouble not in {Trouble.TIMEOUT, Trouble.NETWORK}
        sent = None if latency is None else now - latency
        if self._ended(now, sent, heard=heard):
            return
        if self._probe.active:
            self._probe.failed(now, sent)
            return
        self._failed_in_row += 1
        in_row = self._failed_in_row >= max(STALL_FAILURES, min(STALL_MOST, self._in_flight))
        if self._run.failed(now, sent) or in_row:
            self._stall(now)
        elif now >= self._cut_at + self._round_trip():
            self._outcomes.append(True)
            self._judge(now)

    def on_quota(self, now: float, latency: float = 0.0) -> None:
        """Take in a refusal for quota: the server is well, and admission knows what to do."""
        self._ended(now, now - latency)
        self._failed_in_row = 0
        self._run.end()
        if self._probe.active and self._probe.proves(now, now - latency):
            self._recover(now)

    def on_cancel(self, now: float, latency: float | None = None) -> None:
        """Take in that a call was given up by us, or never left."""
        self._ended(now, None if latency is None else now - latency, heard=False)
        self._probe.cancelled(now)

    def why(self, now: float) -> str:
        """Return a few words for the number that `workers` shows."""
        if self._probe.active:
            return f"single worker: no answer for {self._probe.lasted(now):.0f} s"
        shown = self.workers(now)
        if self._goal and shown < int(self._goal):
            seconds = math.ceil((self._goal - self._target) * self._round_trip())
            return f"cut to {shown} after overload, back to {int(self._goal)} in {seconds} s"
        if self._slow_start < math.inf and self._target < self._slow_start:
            return "climbing back"
        return "at your cap" if self._cap and shown >= self._cap <= self._in_flight else "normal"

    def _most(self) -> int:
        if self._cap:
            return self._cap
        if not self._rate:
            return USEFUL_MOST
        useful = math.ceil(self._rate * max(self._latency, 0.1) * HEADROOM) + SPARE
        return min(HARD_MOST, max(START, useful))

    def _round_trip(self) -> float:
        return max(0.25, self._latency)

    def _ended(self, now: float, sent: float | None, *, heard: bool = True) -> bool:
        """Count a call's end; returns whether it was a leftover of a stall that is over."""
        self._in_flight = max(0, self._in_flight - 1)
        if heard:
            self._heard_at = now
        old = not heard if sent is None else sent < self._recovered_at
        if self._ghosts and old:
            self._ghosts -= 1
            return True
        self._ghosts = min(self._ghosts, self._in_flight)
        return False

    def _learn_latency(self, latency: float) -> None:
        first = not self._usual
        self._latency = latency if first else self._latency + 0.15 * (latency - self._latency)
        self._usual = latency if first else self._usual + 0.01 * (latency - self._usual)

    def _grow(self) -> None:
        """Add what was earned, as long as what is allowed is used."""
        used = max(self._used, self._used_before)
        if self._target < self._slow_start:
            self._target += 1.0 if self._target < 2 * used else 0.0
        elif used >= int(self._target) - 1:
            self._target += 1.0 / self._target
        if self._goal and self._target >= self._goal:
            self._goal = 0.0

    def _recover(self, now: float) -> None:
        self._ghosts, self._recovered_at = self._in_flight, now
        self._used = self._used_before = 0
        before = self._probe.succeeded()
        self._slow_start = max(before, 2.0)
        self._target = 2.0
        self._goal = 0.0
        self._outcomes.clear()

    def _judge(self, now: float) -> None:
        if now < self._cut_at + self._round_trip() or self._target <= self._floor:
            return
        share = sum(self._outcomes) / WINDOW
        exploded = self._latency > max(EXPLODED_LEAST * self._patience, EXPLODED * self._usual)
        if share > CUT_SHARE or exploded:
            self._goal = max(self._goal, self._target)
            self._target = max(float(self._floor), min(self._target, self._most()) * CUT)
            self._slow_start = self._target
            self._usual = max(self._usual, self._latency / 2) if exploded else self._usual
            self._cut_at = now
            self._outcomes.clear()

    def _watch(self, now: float) -> None:
        patience = max(self._patience, 4 * self._latency)
        waiting = self._in_flight > self._ghosts and not self._probe.active
        if waiting and now - self._heard_at >= patience:
            self._stall(now)

    def _stall(self, now: float) -> None:
        self.single_worker_times += 1
        self._failed_in_row = 0
        self._run.end()
        since = self._heard_at if self._in_flight and self._heard_at < now else now
        self._probe.begin(now, since, min(self._target, float(self._most())), self._round_trip())

    def _shrink_unused(self, now: float) -> None:
        if now >= self._stretch_at + 10.0 + 2 * self._latency:
            self._used_before, self._used = self._used, self._in_flight - self._ghosts
            self._stretch_at = now
        if self._target > START:
            used = max(self._used, self._used_before)
            useful = math.ceil(used * HEADROOM) + SPARE
            self._target = max(float(START), min(self._target, useful))
