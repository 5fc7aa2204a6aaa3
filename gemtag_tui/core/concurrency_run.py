"""A run of failures told apart from the answers that calls from before it still bring."""

from __future__ import annotations

LEAST = 12
SHARE = 0.6
"""Share that must have failed of the calls sent since the run began: random failures stay below,
however fast they come back."""
_SAME = 1e-6
"""Seconds within which two moments are one."""


class FailureRun:
    """Counts the calls sent since a first failure; monotonic seconds."""

    def __init__(self) -> None:
        self._active = False
        self._began = 0.0
        self._sent = self._failed = 0

    def end(self) -> None:
        """Start anew at the next failure."""
        self._active = False

    def started(self) -> None:
        """Take in that a call went out."""
        self._sent += 1

    def succeeded(self, sent: float) -> None:
        """Take in an answer; one to a call sent since the run began ends it."""
        if sent >= self._began - _SAME:
            self._active = False

    def failed(self, now: float, sent: float | None) -> bool:
        """Take in a failure; returns whether nothing else comes any more."""
        if not self._active:
            self._active, self._began = True, now
            self._sent = self._failed = 0
        elif sent is not None and sent >= self._began - _SAME:
            self._failed += 1
        return self._failed >= max(LEAST, SHARE * self._sent)
