"""Pictures ready to send, in a bounded buffer filled ahead of the lane."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.engine.attempts import Attempt, Waiting
from gemtag_tui.engine.waits import cancelled, event_or_time
from gemtag_tui.imaging.values import Changed, Prepared, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.engine.preparer import Picture, Preparer
    from gemtag_tui.engine.shelf import Shelf

_MOST_BYTES = 48_000_000
_READ_AT_ONCE = 8
_IDLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ready:
    """An asset with its picture in hand."""

    attempt: Attempt
    picture: Prepared


def _unheard(attempt: Attempt, _picture: Refused | Changed) -> None:
    raise RuntimeError(f"nobody hears that asset {attempt.asset} was refused")


class Feeder:
    """Prepares what the shelf gives, and what waits for another try, and hands it out.

    Args:
        shelf: the library's assets that are to be done, one after the other.
        preparer: makes them ready.

    Attributes:
        refuse: told of every picture that cannot be sent, once; to be set before it fills.
        ahead: pictures to keep ready.
    """

    def __init__(self, shelf: Shelf, preparer: Preparer, clock: Clock) -> None:
        self._shelf = shelf
        self._preparer = preparer
        self._clock = clock
        self.refuse: Callable[[Attempt, Refused | Changed], None] = _unheard
        self.waiting = Waiting()
        self._ready: deque[Ready] = deque()
        self._ready_bytes = 0
        self._decoding: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None
        self._wake = asyncio.Event()
        self._filled = asyncio.Event()
        self.ahead = 8

    @property
    def on_hand(self) -> int:
        """Assets taken from the library and not yet settled."""
        return len(self._shelf.held)

    def only_left(self, test: Callable[[Attempt], bool]) -> bool:
        """Whether the library has no more to give and all that is held passes a test."""
        return self._shelf.exhausted and all(map(test, self._shelf.held.values()))

    def again(self, attempt: Attempt, due: float) -> None:
        """Keep an asset for another try at `due` (monotonic seconds)."""
        self.waiting.put(due, attempt)
        self._wake.set()

    def give_up_waiting(self) -> list[Attempt]:
        """Return all that waits for another call; it is the caller's to settle."""
        ready = [one.attempt for one in self._ready]
        self._ready.clear()
        self._ready_bytes = 0
        return [*self.waiting.drain(), *ready]

    def clear(self) -> None:
        """Let go of everything that has not reached an end; for when it does not fill."""
        self.give_up_waiting()
        self._shelf.clear()

    def settle(self, attempt: Attempt) -> None:
        """Let go of an asset that reached an end; it is not read again before `committed`."""
        self._shelf.settle(attempt.asset)
        if not self._shelf.held:
            self._wake.set()

    def committed(self, assets: Iterable[int]) -> None:
        """Hear that the ends of some assets are on disk: the library's own state holds again."""
        self._shelf.committed(assets)

    def pass_over(self, attempt: Attempt) -> None:
        """Let go of an asset that this run cannot settle, and do not take it up again."""
        self._shelf.pass_over(attempt.asset)
        self._wake.set()

    def wake(self) -> None:
        """Look again: more is wanted, or more may have become due."""
        self._wake.set()

    async def next(self) -> Ready | None:
        """Return the next picture, or `None` when nothing is left to do."""
        while not self._ready:
            if self._shelf.done:
                return None
            self._filled.clear()
            self._wake.set()
            await self._filled.wait()
        ready = self._ready.popleft()
        self._ready_bytes -= len(ready.picture.data)
        if len(self._ready) * 2 <= self.ahead:  # in larger lots, since each costs a hop to a thread
            self._wake.set()
        return ready

    async def fill(self) -> None:
        """Keep the buffer filled until cancelled.

        Raises:
            GemtagError: when the library cannot be read, or pictures cannot be decoded at all.
        """
        try:
            while True:
                self._wake.clear()
                moved = await self._fill_once()
                self._filled.set()
                if not moved:
                    await self._rest()
        finally:
            await cancelled(*self._decoding)

    async def _rest(self) -> None:
        """Wait for news, for the next due try, or for a moment (files may be added meanwhile)."""
        due = self.waiting.next_due()
        pause = _IDLE_SECONDS
        if due is not None and self._room() > 0:
            pause = min(pause, max(0.005, due - self._clock.monotonic()))
        await event_or_time(self._wake, self._clock, pause)

    def _room(self) -> int:
        if self._ready_bytes > _MOST_BYTES:
            return 0
        return self.ahead - len(self._ready) - len(self._decoding)

    async def _fill_once(self) -> bool:
        if self._broken is not None:
            raise self._broken
        room = min(self._room(), _READ_AT_ONCE)
        if room <= 0:
            return False
        batch = self.waiting.take_due(self._clock.monotonic(), room)
        if len(batch) < room:
            batch += await self._shelf.take(room - len(batch))
        if not batch:
            return False
        for attempt, picture in await self._preparer.passed(batch):
            if picture is None:
                self._decode(attempt)
            else:
                self._accept(attempt, picture)
        return True

    def _decode(self, attempt: Attempt) -> None:
        """Let a child decode a picture beside everything else: one that hangs holds up nobody."""
        task = asyncio.ensure_future(self._decoded(attempt))
        self._decoding.add(task)
        task.add_done_callback(self._decoding_over)

    async def _decoded(self, attempt: Attempt) -> None:
        self._accept(attempt, await self._preparer.decoded(attempt))

    def _decoding_over(self, task: asyncio.Task[None]) -> None:
        self._decoding.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = self._broken or error
        self._filled.set()
        self._wake.set()

    def _accept(self, attempt: Attempt, picture: Picture) -> None:
        if isinstance(picture, Prepared):
            self._ready.append(Ready(attempt, picture))
            self._ready_bytes += len(picture.data)
        else:
            self.refuse(attempt, picture)
