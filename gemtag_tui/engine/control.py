"""What holds a run's hand: its state, and the ways it can be told to change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

CONFIGURATION = 2
INTERRUPTED = 130
LIMITED = 3


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a run ends before its work is done. Exit codes are the command contract's."""

    exit_code: int
    why: str


@dataclass(slots=True)
class Control:
    """The run's state. Everything that waits, waits on `changed` and looks again."""

    paused: bool = False
    parked_until: float = 0.0
    parked_why: str = ""
    ending: Ending | None = None
    hurried: bool = False
    """Give up waiting for calls in flight."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def state(self) -> str:
        """The state in the contract's words."""
        if self.ending is not None:
            return "stopping"
        if self.paused:
            return "paused"
        return "parked" if self.parked_until else "running"

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

    def end(self, exit_code: int, why: str) -> None:
        """Send nothing more; the first reason stands."""
        if self.ending is None:
            self.ending = Ending(exit_code, why)
        self._tell()

    def signal(self) -> None:
        """A stop signal came: the first drains, the second cancels."""
        if self.ending is not None:
            self.hurried = True
        self.end(INTERRUPTED, "Interrupted; everything is kept.")

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()
