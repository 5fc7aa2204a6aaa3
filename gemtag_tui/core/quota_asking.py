"""One call alone, to see whether it is let in while all others wait for its answer."""

from __future__ import annotations

import math

PATIENCE = 10.0
"""Seconds after which an asking call that hangs or failed otherwise is joined by another."""


AGAIN = 1.0
"""Seconds after one that failed for another reason."""


class Asking:
    """Holds the lane while one call asks; monotonic seconds."""

    def __init__(self) -> None:
        self.name = ""
        self._due = self._first = math.inf

    def begin(self, due: float, name: str) -> None:
        """Let one call go at `due` on behalf of the limit `name`."""
        self.name, self._due, self._first = name, due, math.inf

    def end(self) -> None:
        """Let everything go again."""
        self.name = ""

    def until(self) -> float:
        """Return when a call may go, `-inf` for any time."""
        return self._due if self.name else -math.inf

    def granted(self, now: float) -> None:
        """Take in that a call goes out."""
        if self.name:
            self._first, self._due = min(self._first, now), now + PATIENCE

    def failed(self, now: float) -> None:
        """Take in that a call came to nothing: another may ask."""
        if self._first < math.inf:
            self._due = min(self._due, now + AGAIN)

    def answers(self, sent: float) -> bool:
        """Return whether an answer to a call sent then is what was asked for."""
        return bool(self.name) and sent >= self._first
