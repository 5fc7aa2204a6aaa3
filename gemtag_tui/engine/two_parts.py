"""Single calls and batch jobs at once, each with its own part of what remains."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from gemtag_tui.engine.control import Ending
from gemtag_tui.engine.waits import cancelled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gemtag_tui.engine.batch_keeper import BatchKeeper
    from gemtag_tui.engine.batch_lane import BatchLane
    from gemtag_tui.engine.control import Control
    from gemtag_tui.engine.lane import InteractiveLane


class Hand(Protocol):
    """What holds the hand of a part of a run: `Control` or `Aside`."""

    @property
    def ending(self) -> Ending | None: ...  # noqa: D102
    @property
    def paused(self) -> bool: ...  # noqa: D102
    @property
    def hurried(self) -> bool: ...  # noqa: D102
    @property
    def changed(self) -> asyncio.Event: ...  # noqa: D102
    def end(self, exit_code: int, why: str, *, patient: bool = False) -> None: ...  # noqa: D102


class Aside:
    """The run's control, as one part of it has it: what ends the part alone ends no more.

    Args:
        main: the run's.

    Attributes:
        own: why this part has ended.
    """

    def __init__(self, main: Control) -> None:
        self._main = main
        self.own: Ending | None = None

    @property
    def ending(self) -> Ending | None:
        """Why this part is to end."""
        return self._main.ending or self.own

    @property
    def paused(self) -> bool:
        """Whether nothing new is to be sent."""
        return self._main.paused

    @property
    def hurried(self) -> bool:
        """Whether what is under way is to be given up."""
        return self._main.hurried

    @property
    def changed(self) -> asyncio.Event:
        """Set with the next change."""
        return self._main.changed

    def end(self, exit_code: int, why: str, *, patient: bool = False) -> None:
        """End this part; the first reason stands."""
        self.own = self.own or Ending(exit_code, why, patient)


class TwoParts:
    """Runs both lanes until both are done. Trouble with the batch jobs lets the calls go on.

    Args:
        control: the run's.
        rest: makes the batch lane for the second part.
        keeper: makes what looks after jobs once that lane has ended by itself.
        warn: told why the batch lane ended early.
        first_done: told once the first part is done and the second is not.
        done: told once both parts are done, with nothing left over.
    """

    def __init__(
        self,
        control: Control,
        *,
        rest: Callable[[Hand], BatchLane],
        keeper: Callable[[], BatchKeeper],
        warn: Callable[[str], None],
        first_done: Callable[[], Awaitable[None]],
        done: Callable[[], Awaitable[None]],
    ) -> None:
        self._control = control
        self._rest = rest
        self._keeper = keeper
        self._warn = warn
        self._first_done = first_done
        self._done = done

    async def run(self, interactive: InteractiveLane) -> None:
        """Work until both parts are done, or the control says to end.

        Raises:
            LibraryError: the library can no longer be used.
        """
        aside = Aside(self._control)
        jobs = asyncio.ensure_future(self._rest(aside).run())
        lane = asyncio.ensure_future(interactive.run())
        try:
            await asyncio.wait({jobs, lane}, return_when=asyncio.FIRST_COMPLETED)
            if jobs.done():
                jobs.result()
                await self._go_on(lane, aside)
            lane.result()
            if not jobs.done() and self._control.ending is None:
                await self._first_done()
            await asyncio.wait({jobs})
            jobs.result()
        finally:
            await cancelled(lane, jobs)
        await self._conclude(aside)

    async def _go_on(self, lane: asyncio.Future[None], aside: Aside) -> None:
        """Let the calls go on, and jobs be looked after, once no more are made."""
        if aside.own is not None:
            self._warn(aside.own.why)
        keeping = asyncio.ensure_future(self._keeper().run())
        try:
            await asyncio.wait({keeping, lane}, return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                keeping.result()
            await asyncio.wait({lane})
        finally:
            await cancelled(keeping)

    async def _conclude(self, aside: Aside) -> None:
        if aside.own is not None:
            self._control.end(aside.own.exit_code, aside.own.why)
        elif self._control.ending is None:
            await self._done()
