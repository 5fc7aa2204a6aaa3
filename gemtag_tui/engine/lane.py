"""The interactive lane: one dispatcher, many calls in flight."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Answer
from gemtag_tui.core.concurrency import OUTAGE
from gemtag_tui.engine.admission import Grant, ParkUntil, Spent, TooBig
from gemtag_tui.engine.control import CONFIGURATION, LIMITED
from gemtag_tui.engine.settling import QUOTA_TROUBLES
from gemtag_tui.engine.waits import event_or_time

if TYPE_CHECKING:
    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.concurrency import Concurrency
    from gemtag_tui.engine.admission import Admission
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.feeder import Feeder, Ready
    from gemtag_tui.engine.settling import Settling
    from gemtag_tui.engine.sender import Sender

DRAIN_SECONDS = 10.0
_LOOK_SECONDS = 1.0
_DRAIN_LOOK_SECONDS = 0.1
_PARK_LOOK_SECONDS = 30.0


class InteractiveLane:
    """Sends what the feeder has ready, as fast as admission and concurrency let it.

    Args:
        feeder: pictures ready to send.
        admission: says when the next call may go.
        concurrency: says how many may be in flight.
        sender: makes one call.
        settling: turns what came back into rows and next tries.
        control: pause, park and end.
        no_wait: end instead of waiting for a new day's quota.
    """

    def __init__(
        self,
        feeder: Feeder,
        admission: Admission,
        concurrency: Concurrency,
        sender: Sender,
        settling: Settling,
        control: Control,
        clock: Clock,
        *,
        no_wait: bool = False,
        give_up_seconds: float = 1800.0,
    ) -> None:
        self._feeder = feeder
        self._admission = admission
        self._concurrency = concurrency
        self._sender = sender
        self._settling = settling
        self._control = control
        self._clock = clock
        self._no_wait = no_wait
        self._give_up = give_up_seconds
        self._calls: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._last_answer = clock.monotonic()
        self._broken: BaseException | None = None

    @property
    def in_flight(self) -> int:
        """Calls on their way now."""
        return len(self._calls)

    async def run(self) -> None:
        """Work until nothing is left or the control says to end; then let calls in flight finish.

        Raises:
            LibraryError: when the library can no longer be read.
        """
        filling = asyncio.ensure_future(self._feeder.fill())
        dispatching = asyncio.ensure_future(self._dispatch())
        try:
            while not dispatching.done() and not filling.done() and self._control.ending is None:
                changed = asyncio.ensure_future(self._control.changed.wait())
                await asyncio.wait(
                    {dispatching, filling, changed}, return_when=asyncio.FIRST_COMPLETED
                )
                changed.cancel()
            for task in (dispatching, filling):
                if task.done():
                    task.result()
        finally:
            await _cancelled(dispatching, filling)
            await self._drain()
        if self._broken is not None:
            raise self._broken

    async def _dispatch(self) -> None:
        while True:
            await self._gate()
            self._feeder.ahead = max(8, 2 * self._concurrency.workers(self._clock.monotonic()))
            ready = await self._feeder.next()
            if ready is None:
                return
            try:
                await self._gate()
                await self._wait_for_room()
                grant = await self._admit(ready)
            except BaseException:
                self._feeder.put_back(ready)
                raise
            if grant is not None:
                self._start(ready, grant)
            elif self._control.ending is not None:
                return

    async def _gate(self) -> None:
        """Stand still while paused."""
        while self._control.paused:
            self._settling.tally.waiting_for = "paused by you"
            await self._control.changed.wait()
        self._settling.tally.waiting_for = ""

    async def _wait_for_room(self) -> None:
        while not self._concurrency.may_start(now := self._clock.monotonic()):
            self._say_stalled(now)
            pause = self._concurrency.next_probe(now) or _LOOK_SECONDS
            self._room.clear()
            await event_or_time(self._room, self._clock, min(pause, _LOOK_SECONDS))

    def _say_stalled(self, now: float) -> None:
        if not self._concurrency.stalled:
            return
        silent = now - self._last_answer
        self._settling.tally.waiting_for = f"no answer for {silent:.0f} s: one worker is probing"
        if silent >= self._give_up:
            why = f"No answer for {silent / 60:.0f} minutes; everything is kept. Start again later."
            self._control.end(LIMITED, why)

    async def _admit(self, ready: Ready) -> Grant | None:
        """Wait for admission; `None` when the run ends instead, or this picture can never go."""
        need = self._sender.need(ready)
        while True:
            answer = self._admission.ask(self._clock.monotonic(), self._clock.now(), need)
            if isinstance(answer, Grant):
                self._settling.tally.waiting_for = ""
                return answer
            if isinstance(answer, Spent):
                self._control.end(LIMITED, answer.why)
                return None
            if isinstance(answer, TooBig):
                self._settling.too_big(ready.attempt, answer.why)
                return None
            if isinstance(answer, ParkUntil):
                if not await self._park(answer):
                    return None
                continue
            pause = answer.at - self._clock.monotonic()
            if pause > _LOOK_SECONDS / 10:
                self._settling.tally.waiting_for = answer.why
            await event_or_time(
                self._control.changed, self._clock, min(max(pause, 0.0), _LOOK_SECONDS)
            )
            await self._gate()

    async def _park(self, answer: ParkUntil) -> bool:
        """Wait for the time to come; `False` when the run is not to wait."""
        if self._no_wait:
            self._control.end(LIMITED, answer.why)
            return False
        self._control.park(answer.at, answer.why)
        self._settling.rest(resting=True)
        try:
            while (left := answer.at - self._clock.now()) > 0:
                if self._control.parked_until != answer.at:
                    break  # told to look again
                changed = self._control.changed
                await event_or_time(changed, self._clock, min(left, _PARK_LOOK_SECONDS))
        finally:
            self._settling.rest(resting=False)
            self._control.unpark()
        return True

    def _start(self, ready: Ready, grant: Grant) -> None:
        self._concurrency.on_start(self._clock.monotonic())
        call = asyncio.ensure_future(self._call(ready, grant))
        self._calls.add(call)
        call.add_done_callback(self._called)

    def _called(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._room.set()
        self._feeder.wake()
        if not call.cancelled() and (error := call.exception()) is not None:
            self._broken = self._broken or error
            self._control.end(CONFIGURATION, "The engine broke; everything is kept.")

    async def _call(self, ready: Ready, grant: Grant) -> None:
        started, sent_at = self._clock.monotonic(), self._clock.now()
        try:
            outcome = await self._sender.send(ready)
        except asyncio.CancelledError:
            self._concurrency.on_cancel(self._clock.monotonic())
            self._settling.abandoned(ready.attempt, grant, sent_at)
            raise
        self._hear(outcome, started)
        self._settling.settle(ready, grant, outcome, sent_at)

    def _hear(self, outcome: Outcome, started: float) -> None:
        """Tell concurrency how the call went."""
        now = self._clock.monotonic()
        latency = now - started
        if isinstance(outcome, Answer) or outcome.trouble not in QUOTA_TROUBLES | OUTAGE:
            self._last_answer = now
            self._concurrency.on_success(now, latency)
        elif outcome.trouble in OUTAGE:
            self._concurrency.on_overload(now, outcome.trouble, latency)
        else:
            self._last_answer = now
            self._concurrency.on_quota(now)

    async def _drain(self) -> None:
        """Let calls in flight finish within the time a stop allows, then abandon them."""
        deadline = self._clock.monotonic() + DRAIN_SECONDS
        while self._calls and not self._control.hurried:
            left = deadline - self._clock.monotonic()
            if left <= 0:
                break
            self._room.clear()
            await event_or_time(self._room, self._clock, min(left, _DRAIN_LOOK_SECONDS))
        await _cancelled(*self._calls)


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
