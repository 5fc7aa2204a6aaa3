"""Commands from people and scripts, taken from the library and answered there."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError, LibraryError, UsageError
from gemtag_tui.engine import batch_orders
from gemtag_tui.engine.waits import cancelled
from gemtag_tui.store import commands

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.concurrency import Concurrency
    from gemtag_tui.engine.control import Control
    from gemtag_tui.store.commands import Command
    from gemtag_tui.store.library import Library

_log = logging.getLogger(__name__)

STOPPING = "stopping: calls in flight may finish for 10 s"
STOPPING_NOW = "stopping at once: calls in flight are given up"
TOO_LATE = "too late: the run has just ended"
_LOOK_SECONDS = 0.25
_MOST_WORKERS = 1000


class Orders:
    """Carries out commands while a run lives.

    Args:
        reload: reads the settings again and applies them; returns words.
        change_lane: hands what remains to another lane; returns words.
        nudge: told when more calls may be useful than before.
        batches: carries out what concerns batch jobs, which may take its time.
    """

    def __init__(
        self,
        lib: Library,
        control: Control,
        concurrency: Concurrency,
        clock: Clock,
        *,
        reload: Callable[[], Awaitable[str]],
        change_lane: Callable[[str], Awaitable[str]],
        nudge: Callable[[], None] = lambda: None,
        batches: Callable[[str, str], Awaitable[str]] | None = None,
    ) -> None:
        self._lib = lib
        self._control = control
        self._concurrency = concurrency
        self._clock = clock
        self._reload = reload
        self._change_lane = change_lane
        self._nudge = nudge
        self._version: int | None = None
        self._unanswered: dict[int, str] = {}
        self._batches = batches
        self._slow: dict[int, asyncio.Task[str]] = {}

    async def follow(self) -> None:
        """Take commands until cancelled."""
        while True:
            try:
                await self._look()
            except LibraryError as error:  # busy for once: whoever writes the results judges that
                _log.warning("commands cannot be read just now: %s", error.message)
                self._version = None
            await self._clock.sleep(_LOOK_SECONDS)

    async def finish(self) -> None:
        """Answer what came too late.

        Raises:
            LibraryError: when the library cannot be written.
        """
        await cancelled(*self._slow.values())
        self._reap()
        for command in await commands.open_commands(self._lib):
            outcome = self._unanswered.get(command.id, TOO_LATE)
            await commands.answer(self._lib, command.id, outcome)

    async def _look(self) -> None:
        self._reap()
        version = await self._lib.data_version()
        if version != self._version:
            self._version = version
            for command in await commands.open_commands(self._lib):
                await self._take(command)

    async def _take(self, command: Command) -> None:
        """Obey once, however often the answer has to be written."""
        if command.id in self._slow:
            return
        if command.id not in self._unanswered:
            if self._batches is not None and command.verb in batch_orders.VERBS:
                self._slow[command.id] = asyncio.ensure_future(self._outcome(command))
                return  # it may wait for the server: nobody's stop waits behind it
            self._unanswered[command.id] = await self._outcome(command)
        await commands.answer(self._lib, command.id, self._unanswered[command.id])
        del self._unanswered[command.id]

    async def _outcome(self, command: Command) -> str:
        try:
            if self._batches is not None and command.verb in batch_orders.VERBS:
                return await self._batches(command.verb, command.argument)
            return await self._obey(command.verb, command.argument)
        except GemtagError as error:
            return f"refused: {error.message}"

    def _reap(self) -> None:
        """Have the answers of slow commands written with the next look."""
        for number, task in list(self._slow.items()):
            if task.done():
                del self._slow[number]
                if not task.cancelled():
                    self._unanswered[number] = task.result()
                self._version = None

    async def _obey(self, verb: str, argument: str) -> str:
        control = self._control
        match verb:
            case "pause" if control.ending is not None:
                raise UsageError("The run is ending already.")
            case "pause":
                control.pause()
                return "paused: calls in flight finish, nothing new is sent"
            case "resume":
                control.resume()
                control.unpark()
                return "running"
            case "stop":
                control.stop("Stopped on request; everything is kept.")
                return STOPPING_NOW if control.hurried else STOPPING
            case "concurrency":
                return self._set_cap(argument)
            case "lane":
                return await self._change_lane(argument)
            case "reload":
                return await self._reload()
            case _:
                raise UsageError(f"The engine knows no command {verb!r}.")

    def _set_cap(self, argument: str) -> str:
        if not argument.isdecimal() or int(argument) > _MOST_WORKERS:
            raise UsageError(f"Give a number of workers from 0 (automatic) to {_MOST_WORKERS}.")
        self._concurrency.set_cap(int(argument))
        self._nudge()
        return f"at most {argument} at once" if int(argument) else "as many at once as are useful"
