"""The interactive lane: one dispatcher, many calls in flight."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Answer
from gemtag_tui.core.concurrency import OUTAGE
from gemtag_tui.engine.admission import Grant, ParkUntil, Spent, TooBig
from gemtag_tui.engine.control import CONFIGURATION, LIMITED
from gemtag_tui.engine.entries import QUOTA_TROUBLES
from gemtag_tui.engine.turns import Turns
from gemtag_tui.engine.waits import cancelled, event_or_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.core.calls import Outcome
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.concurrency import Concurrency
    from gemtag_tui.engine.admission import Admission, WaitUntil
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.feeder import Feeder, Ready
    from gemtag_tui.engine.sender import Sender
    from gemtag_tui.engine.settling import Settling

DRAIN_SECONDS = 10.0
PAUSED = "paused by you"
_LOOK_SECONDS = 1.0
_TURN_SECONDS = 0.5
_DRAIN_LOOK_SECONDS = 0.1
_PARK_LOOK_SECONDS = 30.0
_SAID_AFTER = 1.0
"""Waits shorter than this are the pace itself and are not talked about."""
_FEWEST_AHEAD = 8


def _nothing_held() -> str:
    return ""


class InteractiveLane:
    """Sends what the feeder has ready, as fast as admission and concurrency let it.

    Args:
        feeder: pictures ready to send.
        admission: says when the next call may go.
        concurrency: says how many may be in flight.
        sender: makes one call.
        settling: turns what came back into rows and next tries.
        control: pause, park and end.
        held: words for why nothing may be sent at present although limits allow it, "" else.
        no_wait: end instead of waiting for a new day's quota.
        give_up_seconds: of outage without a single answer after which the run ends.
    """

    def __init__(
        self,
        *,
        feeder: Feeder,
        admission: Admission,
        concurrency: Concurrency,
        sender: Sender,
        settling: Settling,
        control: Control,
        clock: Clock,
        held: Callable[[], str] = _nothing_held,
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
        self._held = held
        self._no_wait = no_wait
        self._give_up = give_up_seconds
        self._starts, self._answers = Turns(), Turns()
        self._calls: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._silent_since: float | None = None
        self._broken: BaseException | None = None

    @property
    def in_flight(self) -> int:
        """Calls on their way now."""
        return len(self._calls)

    def nudge(self) -> None:
        """Look again whether something may go: a cap was changed."""
        self._room.set()

    async def run(self) -> None:
        """Work until nothing is left or the control says to end; then let calls in flight finish.

        Raises:
            LibraryError: when the library can no longer be read.
        """
        filling = asyncio.ensure_future(self._feeder.fill())
        dispatching = asyncio.ensure_future(self._dispatch())
        try:
            await self._until_over(dispatching, filling)
        except Exception:
            self._control.end(CONFIGURATION, "The engine broke; everything is kept.")
            raise
        finally:
            await cancelled(dispatching, filling)
            await _drained(self._calls, self._control, self._clock, self._room)
        if self._broken is not None:
            raise self._broken

    async def _until_over(self, *tasks: asyncio.Task[None]) -> None:
        """Wait for the first task to end, well or badly, or for the control."""
        while self._control.ending is None:
            changed = asyncio.ensure_future(self._control.changed.wait())
            try:
                await asyncio.wait({*tasks, changed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                changed.cancel()
            ended = [task for task in tasks if task.done()]
            for task in ended:
                task.result()
            if ended:
                return

    async def _dispatch(self) -> None:
        while self._control.ending is None:
            workers = self._concurrency.workers(self._clock.monotonic())
            self._feeder.ahead = max(_FEWEST_AHEAD, 2 * workers)
            ready = await self._feeder.next()
            if ready is None:
                return
            grant = await self._granted(ready)
            if grant is not None:
                self._start(ready, grant)
                await self._starts.mine()

    async def _granted(self, ready: Ready) -> Grant | None:
        """Wait until a call may go; `None` when the run ends, or this picture can never go.

        Every wait leads back to the first question: what changed meanwhile is never overlooked, and
        nothing lies between the last question and the call.
        """
        service = self._settling.service
        while self._control.ending is None:
            if self._control.paused:
                await self._pause()
            elif words := self._held():
                await self._wait_for(words, self._room, _TURN_SECONDS)
            elif not self._concurrency.may_start(now := self._clock.monotonic()):
                await self._wait_for_room(now)
            elif not (lane := service.way(now)):
                await self._wait_for_service(now)
            else:
                ready.attempt.lane = lane
                answer = self._admission.ask(now, self._clock.now(), self._sender.need(ready))
                if isinstance(answer, Grant):
                    self._settling.tally.waiting_for = service.words(now)
                    return answer
                if isinstance(answer, TooBig):
                    self._settling.too_big(ready.attempt, answer.why)
                    return None
                await self._refused(answer, now)
        return None

    async def _refused(self, answer: Spent | ParkUntil | WaitUntil, now: float) -> None:
        if isinstance(answer, Spent):
            self._limited(answer.why)
        elif isinstance(answer, ParkUntil):
            await self._park(answer)
        else:
            pause = min(max(answer.at - now, 0.0), _TURN_SECONDS)
            words = answer.why if answer.at - now > _SAID_AFTER else ""
            await self._wait_for(words, self._control.changed, pause)

    async def _wait_for_service(self, now: float) -> None:
        """Wait while the service turns calls away."""
        service = self._settling.service
        if why := service.gave_up(now):
            self._limited(why)
        else:
            pause = min(service.wait(now), _PARK_LOOK_SECONDS)
            await self._wait_for(service.words(now), self._room, pause)

    def _limited(self, why: str) -> None:
        words = f"Stopped early: {why}. Everything is kept; `gemtag run` goes on later."
        self._control.end(LIMITED, words, patient=True)

    async def _wait_for(self, words: str, event: asyncio.Event, seconds: float) -> None:
        if words:
            self._settling.tally.waiting_for = words
        if event is self._room:
            event.clear()
        await event_or_time(event, self._clock, seconds)

    async def _pause(self) -> None:
        """Stand still while paused."""
        self._settling.tally.waiting_for = PAUSED
        self._settling.rest(resting=True)
        try:
            while self._control.paused:
                await self._control.changed.wait()
        finally:
            self._rested()

    async def _park(self, answer: ParkUntil) -> None:
        """Wait for a new day, or end when the run is not to wait."""
        if self._no_wait:
            self._limited(answer.why)
            return
        self._control.park(answer.at, answer.why)
        self._settling.rest(resting=True)
        try:
            while (left := answer.at - self._clock.now()) > 0 and not self._control.paused:
                changed = self._control.changed
                await event_or_time(changed, self._clock, min(left, _PARK_LOOK_SECONDS))
                if self._control.parked_until != answer.at:
                    return  # told to look again
        finally:
            self._control.unpark()
            self._rested()

    def _rested(self) -> None:
        """Count time again; silence while nothing was sent is nobody's fault."""
        self._settling.rest(resting=False)
        self._settling.tally.waiting_for = ""
        if self._silent_since is not None:
            self._silent_since = self._clock.monotonic()
        self._settling.service.rested(self._clock.monotonic())

    async def _wait_for_room(self, now: float) -> None:
        words = ""
        if self._concurrency.stalled:
            words = self._concurrency.why(now)
            if self._silent_since is not None and now - self._silent_since >= self._give_up:
                minutes = (now - self._silent_since) / 60
                self._limited(f"no answer for {minutes:.0f} minutes")
                return
        pause = self._concurrency.next_probe(now) or _LOOK_SECONDS
        await self._wait_for(words, self._room, min(pause, _LOOK_SECONDS))

    def _start(self, ready: Ready, grant: Grant) -> None:
        now = self._clock.monotonic()
        self._concurrency.on_start(now)
        self._settling.service.started(now, ready.attempt.lane)
        call = asyncio.ensure_future(self._call(ready, grant))
        self._calls.add(call)
        call.add_done_callback(self._called)

    def _called(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._room.set()
        if not call.cancelled() and (error := call.exception()) is not None:
            self._broken = self._broken or error
            self._control.end(CONFIGURATION, "The engine broke; everything is kept.")

    async def _call(self, ready: Ready, grant: Grant) -> None:
        started, sent_at = self._clock.monotonic(), self._clock.now()
        try:
            outcome = await self._sender.send(ready)
        except asyncio.CancelledError:
            now = self._clock.monotonic()
            self._concurrency.on_cancel(now, now - started)
            self._settling.abandoned(ready.attempt, grant, sent_at)
            raise
        try:
            await self._answers.mine()
        finally:  # an answer that is here is kept, whatever happens
            away = self._settling.turned_away.take(ready, grant, outcome, sent_at, started)
            self._hear(outcome, started, turned_away=away)
            if not away:
                self._settling.settle(ready, grant, outcome, sent_at)

    def _hear(self, outcome: Outcome, started: float, *, turned_away: bool) -> None:
        """Tell concurrency how the call went; a server that turns calls away is well."""
        now = self._clock.monotonic()
        trouble = None if isinstance(outcome, Answer) else outcome.trouble
        if trouble in OUTAGE and not turned_away:
            if self._silent_since is None:
                self._silent_since = started
            self._concurrency.on_overload(now, trouble, now - started)
            return
        self._silent_since = None
        well = trouble not in QUOTA_TROUBLES and not turned_away
        tell = self._concurrency.on_success if well else self._concurrency.on_quota
        tell(now, now - started)


async def _drained(
    calls: set[asyncio.Task[None]], control: Control, clock: Clock, room: asyncio.Event
) -> None:
    """Let calls in flight finish within the time the ending allows, then abandon them."""
    asked = None
    while calls and not control.hurried:
        now, ending = clock.monotonic(), control.ending
        patient = ending is not None and ending.patient and not control.stops
        if asked is None and not patient:
            asked = now
        if asked is not None and now - asked >= DRAIN_SECONDS:
            break
        room.clear()
        await event_or_time(room, clock, _DRAIN_LOOK_SECONDS)
    await cancelled(*calls)
