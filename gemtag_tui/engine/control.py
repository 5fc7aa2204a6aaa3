"""What holds a run's hand: its state, and the ways it can be told to change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeVar

from gemtag_tui.core.errors import GemtagError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

T = TypeVar("T")

CONFIGURATION = 2
INTERRUPTED = 130
LIMITED = 3


class InterruptedRunError(GemtagError):
    """A stop came before anything was sent."""

    title = "Interrupted"
    exit_code: ClassVar[int] = INTERRUPTED


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a run ends before its work is done. Exit codes are the command contract's.

    Attributes:
        patient: calls in flight may take the time they need, since they are paid for.
    """

    exit_code: int
    why: str
    patient: bool = False


@dataclass(slots=True)
class Control:
    """The run's state. Everything that waits, waits on `changed` and looks again."""

    paused: bool = False
    parked_until: float = 0.0
    parked_why: str = ""
    ending: Ending | None = None
    stops: int = 0
    """How often somebody asked for the end: from the second time on, nothing is waited for."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def state(self) -> str:
        """The state in the contract's words."""
        if self.ending is not None:
            return "stopping"
        if self.paused:
            return "paused"
        return "parked" if self.parked_until else "running"

    @property
    def hurried(self) -> bool:
        """Whether calls in flight are to be given up."""
        return self.stops > 1

    def pause(self) -> None:
        """Let nothing new be sent."""
        self.paused = True
        self._tell()

    def resume(self) -> None:
        """Go on."""
        self.paused = False
        self._tell()

    def park(self, until: float, why: str) -> None:
        """Wait until a time (Unix seconds)."""
        self.parked_until, self.parked_why = until, why
        self._tell()

    def unpark(self) -> None:
        """Go on after the wait."""
        self.parked_until, self.parked_why = 0.0, ""
        self._tell()

    def end(self, exit_code: int, why: str, *, patient: bool = False) -> None:
        """Send nothing more; the first reason stands."""
        if self.ending is None:
            self.ending = Ending(exit_code, why, patient)
        self._tell()

    def stop(self, why: str) -> None:
        """Somebody asks for the end: the first time drains, the second cancels."""
        self.stops += 1
        self.end(INTERRUPTED, why)

    def signal(self) -> None:
        """A stop signal came."""
        self.stop("Interrupted; everything is kept.")

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something that comes before the work, unless the run is told to end.

        Raises:
            InterruptedRunError: a stop came first.
        """
        task = asyncio.ensure_future(work)
        try:
            while not task.done() and self.ending is None:
                changed = asyncio.ensure_future(self.changed.wait())
                await asyncio.wait({task, changed}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
            if task.done():
                return task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})
        raise InterruptedRunError("The run was stopped before anything was sent.")

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()
