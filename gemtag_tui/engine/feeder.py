"""Pictures ready to send, in a bounded buffer filled ahead of the lane."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.engine.attempts import Attempt, Waiting
from gemtag_tui.engine.waits import event_or_time
from gemtag_tui.imaging.values import Changed, Prepared, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.engine.preparer import Picture, Preparer
    from gemtag_tui.store.work import Candidate

_PAGE = 200
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
    """Takes assets from the library in order, prepares them and hands them out.

    Args:
        page: gives the next assets to do after an id, at most so many (keyset).
        due: gives assets whose recorded failure has come due.
        preparer: makes them ready.
        limit: most assets to take in all; `None` for no end.

    Attributes:
        refuse: told of every picture that cannot be sent, once; to be set before it fills.
        held: ids of the assets that were taken and have not reached an end.
        ahead: pictures to keep ready.
    """

    def __init__(
        self,
        page: Callable[[int, int], Awaitable[list[Candidate]]],
        due: Callable[[int], Awaitable[list[Candidate]]],
        preparer: Preparer,
        clock: Clock,
        *,
        limit: int | None = None,
    ) -> None:
        self._page = page
        self._due = due
        self._preparer = preparer
        self.refuse: Callable[[Attempt, Refused | Changed], None] = _unheard
        self._clock = clock
        self._left = limit
        self.waiting = Waiting()
        self.held: set[int] = set()
        self._uncommitted: set[int] = set()
        self._due_held: set[int] = set()
        self._passed_over: set[int] = set()
        self._fresh: deque[Attempt] = deque()
        self._ready: deque[Ready] = deque()
        self._ready_bytes = 0
        self._cursor = 0
        self._pass_found = False
        self._next_pass = float("-inf")
        self._exhausted = False
        self._wake = asyncio.Event()
        self._filled = asyncio.Event()
        self.ahead = 8

    @property
    def on_hand(self) -> int:
        """Assets taken from the library and not yet settled."""
        return len(self.held)

    @property
    def held_due(self) -> int:
        """Of those, assets whose recorded failure had come due."""
        return len(self._due_held)

    def again(self, attempt: Attempt, due: float) -> None:
        """Keep an asset for another try at `due` (monotonic seconds)."""
        self.waiting.put(due, attempt)
        self._wake.set()

    def settle(self, attempt: Attempt) -> None:
        """Let go of an asset that reached an end; it is not read again before `committed`."""
        self.held.discard(attempt.asset)
        self._due_held.discard(attempt.asset)
        self._uncommitted.add(attempt.asset)
        self._wake.set()

    def committed(self, assets: Iterable[int]) -> None:
        """Hear that the ends of some assets are on disk: the library's own state holds again."""
        self._uncommitted.difference_update(assets)

    def pass_over(self, attempt: Attempt) -> None:
        """Let go of an asset that this run cannot settle, and do not take it up again."""
        self._passed_over.add(attempt.asset)
        self.settle(attempt)

    def wake(self) -> None:
        """Look again: more is wanted, or more may have become due."""
        self._wake.set()

    async def next(self) -> Ready | None:
        """Return the next picture, or `None` when nothing is left to do."""
        while not self._ready:
            if self._exhausted and not self.held:
                return None
            self._filled.clear()
            self._wake.set()
            await self._filled.wait()
        ready = self._ready.popleft()
        self._ready_bytes -= len(ready.picture.data)
        self._wake.set()
        return ready

    def put_back(self, ready: Ready) -> None:
        """Return a picture that was taken and could not be sent after all."""
        self._ready.appendleft(ready)
        self._ready_bytes += len(ready.picture.data)
        self._filled.set()

    async def fill(self) -> None:
        """Keep the buffer filled until cancelled."""
        while True:
            self._wake.clear()
            moved = await self._fill_once()
            self._filled.set()
            if not moved:
                await self._rest()

    async def _rest(self) -> None:
        """Wait for news, for the next due try, or for a moment (files may be added meanwhile)."""
        due = self.waiting.next_due()
        pause = _IDLE_SECONDS
        if due is not None:
            pause = min(pause, max(0.005, due - self._clock.monotonic()))
        await event_or_time(self._wake, self._clock, pause)

    async def _fill_once(self) -> bool:
        room = self.ahead - len(self._ready)
        if room <= 0 or self._ready_bytes > _MOST_BYTES:
            return False
        batch = self.waiting.take_due(self._clock.monotonic(), min(room, _READ_AT_ONCE))
        while len(batch) < min(room, _READ_AT_ONCE) and await self._take_fresh():
            batch.append(self._fresh.popleft())
        if not batch:
            return False
        for attempt, picture in await self._preparer.prepare(batch):
            self._accept(attempt, picture)
        return True

    def _accept(self, attempt: Attempt, picture: Picture) -> None:
        if isinstance(picture, Prepared):
            self._ready.append(Ready(attempt, picture))
            self._ready_bytes += len(picture.data)
        else:
            self.refuse(attempt, picture)

    async def _take_fresh(self) -> bool:
        """Make sure that an asset is at hand, reading a page when there is none."""
        if self._fresh:
            return True
        if self._clock.monotonic() < self._next_pass:
            return False
        if self._left is not None and self._left <= 0:
            self._exhausted = True
            return False
        found = await self._read_page()
        if self._left is not None:
            found = found[: self._left]
            self._left -= len(found)
        for candidate in found:
            self.held.add(candidate.asset)
            self._fresh.append(Attempt(candidate))
        self._exhausted = not found
        if not found:
            self._next_pass = self._clock.monotonic() + _IDLE_SECONDS
        return bool(found)

    async def _read_page(self) -> list[Candidate]:
        """Read on after the last asset; at the end, start over once for what came back since."""
        while True:
            # What is in hand now may be on disk once the page is here, and the page still be older.
            known = self.held | self._uncommitted | self._passed_over
            page = await self._page(self._cursor, _PAGE)
            if page:
                self._cursor = page[-1].asset
                fresh = [c for c in page if c.asset not in known]
                self._pass_found = self._pass_found or bool(fresh)
                if fresh:
                    return fresh
                continue
            due = [c for c in await self._due(_PAGE) if c.asset not in known]
            if due:
                self._due_held.update(c.asset for c in due)
                return due
            if self._cursor == 0 or not self._pass_found:
                self._cursor = 0
                return []
            self._cursor, self._pass_found = 0, False
