"""One lane after another within a run, and batch jobs looked after beside the interactive one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gemtag_tui.engine.batch_desk import give_back_unsent, recover
from gemtag_tui.engine.waits import cancelled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.engine.batch_keeper import BatchKeeper
    from gemtag_tui.engine.batch_lane import BatchLane
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.lane import InteractiveLane
    from gemtag_tui.engine.two_parts import TwoParts
    from gemtag_tui.store.tracks import Track

BATCH = "batch"


class Lanes:
    """Runs the lane that is chosen, and another when that changes.

    Args:
        interactive: the lane of single calls, also for flex.
        batch: makes the batch lane.
        keeper: makes what looks after batch jobs beside the interactive lane.
        control: says when the run ends.
        lane: which one is first.
        retire: has everything that the interactive lane holds written or let go of.
        take_back: has the library give back what is in jobs that were not submitted.
        two: both kinds of lane at once, each with its part; `None` when there is but one.
    """

    def __init__(
        self,
        *,
        interactive: InteractiveLane,
        batch: Callable[[], BatchLane],
        keeper: Callable[[], BatchKeeper],
        control: Control,
        lane: str,
        retire: Callable[[], Awaitable[None]],
        take_back: Callable[[], Awaitable[None]],
        two: TwoParts | None = None,
    ) -> None:
        self._interactive = interactive
        self._batch = batch
        self._keeper = keeper
        self._control = control
        self._lane = lane
        self._retire = retire
        self._take_back = take_back
        self._two = two
        self._switched = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """Calls on their way now."""
        return self._interactive.in_flight

    def nudge(self) -> None:
        """Look again whether something may go: a cap was changed."""
        self._interactive.nudge()

    def switch(self, lane: str) -> None:
        """Hand what remains to another lane; calls in flight finish first."""
        if self._two is not None or (lane == BATCH) is not (self._lane == BATCH):
            self._switched.set()
        self._two, self._lane = None, lane

    async def run(self) -> None:
        """Work until the lane in force has nothing left, or the control says to end.

        Raises:
            LibraryError: the library can no longer be used.
        """
        while True:
            self._switched.clear()
            was_batch = self._lane == BATCH
            if not await self._until_switched(asyncio.ensure_future(self._work())):
                return
            if not was_batch:
                await self._retire()

    async def _until_switched(self, work: asyncio.Future[Any]) -> bool:
        """Wait for a lane's end; whether another lane is to go on."""
        switched: asyncio.Future[Any] = asyncio.ensure_future(self._switched.wait())
        try:
            await asyncio.wait({work, switched}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
                return switched.done() and self._control.ending is None
        finally:
            await cancelled(work, switched)
        return self._control.ending is None

    def _work(self) -> Coroutine[Any, Any, None]:
        if self._lane == BATCH:
            return self._batch().run()
        return self._beside() if self._two is None else self._two.run(self._interactive)

    async def _beside(self) -> None:
        """Run the interactive lane while batch jobs are looked after."""
        await self._take_back()
        keeping = asyncio.ensure_future(self._keeper().run())
        lane = asyncio.ensure_future(self._interactive.run())
        try:
            await asyncio.wait({keeping, lane}, return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                keeping.result()
            await asyncio.wait({lane})
            lane.result()
        finally:
            await cancelled(lane, keeping)


async def take_back(ground: Ground, track: Track) -> None:
    """Take back what is in jobs that were not submitted: another lane has it from here on."""
    await recover(ground)
    words = "Not submitted: what remains was handed to another lane."
    await give_back_unsent(ground, track, words)
