"""Commands from people and scripts, taken from the library and answered there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError, UsageError
from gemtag_tui.engine.control import INTERRUPTED
from gemtag_tui.store import commands

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.concurrency import Concurrency
    from gemtag_tui.engine.control import Control
    from gemtag_tui.store.library import Library

_LOOK_SECONDS = 0.25
_MOST_WORKERS = 1000


class Orders:
    """Carries out commands while a run lives.

    Args:
        reload: reads the settings again and applies them; returns words.
        change_lane: hands what remains to another lane; returns words.
    """

    def __init__(
        self,
        lib: Library,
        control: Control,
        concurrency: Concurrency,
        clock: Clock,
        reload: Callable[[], Awaitable[str]],
        change_lane: Callable[[str], Awaitable[str]],
    ) -> None:
        self._lib = lib
        self._control = control
        self._concurrency = concurrency
        self._clock = clock
        self._reload = reload
        self._change_lane = change_lane
        self._version: int | None = None

    async def follow(self) -> None:
        """Take commands until cancelled."""
        while True:
            version = await self._lib.data_version()
            if version != self._version:
                self._version = version
                await self._take_open()
            await self._clock.sleep(_LOOK_SECONDS)

    async def _take_open(self) -> None:
        for command in await commands.open_commands(self._lib):
            try:
                outcome = await self._obey(command.verb, command.argument)
            except GemtagError as error:
                outcome = f"refused: {error.message}"
            await commands.answer(self._lib, command.id, outcome)

    async def _obey(self, verb: str, argument: str) -> str:
        control = self._control
        match verb:
            case "pause":
                control.pause()
                return "paused: calls in flight finish, nothing new is sent"
            case "resume":
                control.resume()
                control.unpark()
                return "running"
            case "stop":
                if control.ending is not None:
                    control.hurried = True
                control.end(INTERRUPTED, "Stopped on request; everything is kept.")
                return "stopping: calls in flight may finish for 10 s"
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
        return f"at most {argument} at once" if int(argument) else "as many at once as are useful"
