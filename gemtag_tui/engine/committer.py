"""Everything that must not be lost, written in groups as large as the disk makes them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import LibraryError
from gemtag_tui.engine.waits import event_or_time
from gemtag_tui.store import commits
from gemtag_tui.store.commits import Group, LedgerRow, LoggedError, NewFailure, NewResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.snapshot import Counts, RunSnapshot
    from gemtag_tui.store.library import Library

_log = logging.getLogger(__name__)

SNAPSHOT_SECONDS = 0.25
_INDEXED_AT_ONCE = 1000
"""Results for the search index, with every snapshot: with every answer it would cost far more."""
HEARTBEAT_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
"""How long a library that cannot be written is tried again before the run ends."""
_AGAIN_SECONDS = 1.0
MOST_UNWRITTEN = 100
"""Calls answered and not on disk beyond which nothing more is sent: a death would lose them."""


class Committer:
    """What arrives while one group is being written to disk becomes the next group.

    Args:
        lib: the library.
        run: id of the run the rows belong to.
        snapshot: makes the engine's present state, written beside the results it counts.
        written: told which assets have reached an end that is on disk, the library's counts as of
            that moment when they were read, and how many of the assets a batch job's result had.
    """

    def __init__(
        self,
        lib: Library,
        run: int,
        clock: Clock,
        snapshot: Callable[[], RunSnapshot],
        written: Callable[[list[int], Counts | None, int], None],
    ) -> None:
        self._lib = lib
        self._run = run
        self._clock = clock
        self._snapshot = snapshot
        self._written = written
        self._results: list[NewResult] = []
        self._failures: list[NewFailure] = []
        self._ledger: list[LedgerRow] = []
        self._errors: list[LoggedError] = []
        self._writing = 0
        self._wake = asyncio.Event()
        self._last_snapshot = float("-inf")
        self._closing = False
        self._trouble = ""
        self._trouble_since = 0.0
        self._unindexed = 0

    def result(self, row: NewResult) -> None:
        """Store a result."""
        self._results.append(row)
        self._wake.set()

    def failure(self, row: NewFailure) -> None:
        """Record a failure."""
        self._failures.append(row)
        self._wake.set()

    def call(self, row: LedgerRow) -> None:
        """Enter a call into the ledger."""
        self._ledger.append(row)
        self._wake.set()

    def error(self, row: LoggedError) -> None:
        """Add a line to the run's error log."""
        self._errors.append(row)
        self._wake.set()

    @property
    def unwritten(self) -> int:
        """Results and failures that are not known to be on disk."""
        return len(self._results) + len(self._failures) + self._writing

    def held(self) -> str:
        """Return words for why nothing more should be sent, "" when all is well."""
        if self._trouble:
            return f"the library cannot be written, trying again: {self._trouble}"
        if self.unwritten >= MOST_UNWRITTEN:
            return f"{self.unwritten} answers wait for the disk"
        return ""

    async def keep(self) -> None:
        """Write groups and heartbeats until `close` is called.

        Raises:
            LibraryError: when the library could not be written for `PATIENCE_SECONDS`; nothing that
                was handed in is dropped.
        """
        while not self._closing:
            await event_or_time(self._wake, self._clock, HEARTBEAT_SECONDS)
            try:
                await self.flush()
            except LibraryError as error:
                self._complain(error)
                await self._clock.sleep(_AGAIN_SECONDS)

    def close(self) -> None:
        """Let `keep` return after the write in hand; `flush` then writes what is left."""
        self._closing = True
        self._wake.set()

    async def flush(self, *, snapshot: bool = False) -> None:
        """Write what there is now; with the engine's state when that is due or asked for.

        Raises:
            LibraryError: when the library cannot be written; the rows stay for the next try.
        """
        self._wake.clear()
        now = self._clock.monotonic()
        due = snapshot or now - self._last_snapshot >= SNAPSHOT_SECONDS
        group = self._take(due=due)
        if group is None:
            return
        try:
            counts = await commits.commit(self._lib, group)
        except BaseException:
            self._put_back(group)
            raise
        finally:
            self._writing = 0
        self._trouble = ""
        self._unindexed = max(0, self._unindexed + len(group.results) - group.index)
        ended = [r.asset for r in group.results] + [f.asset for f in group.failures]
        self._written(ended, counts, len(group.beside))
        if due:
            self._last_snapshot = now

    def _complain(self, error: LibraryError) -> None:
        """Take in that a write failed; raises it when that has gone on for too long."""
        now = self._clock.monotonic()
        if not self._trouble:
            self._trouble_since = now
            _log.error("the library cannot be written, trying again: %s", error.message)
        self._trouble = error.message
        if now - self._trouble_since >= PATIENCE_SECONDS:
            raise error

    def _take(self, *, due: bool) -> Group | None:
        if not (due or self._results or self._failures or self._ledger or self._errors):
            return None
        group = Group(
            results=self._results,
            failures=self._failures,
            ledger=self._ledger,
            errors=self._errors,
            run=self._run,
            snapshot=self._snapshot() if due else None,
            index=_INDEXED_AT_ONCE if due and self._unindexed + len(self._results) else 0,
        )
        self._writing = len(group.results) + len(group.failures)
        self._results, self._failures, self._ledger, self._errors = [], [], [], []
        return group

    def _put_back(self, group: Group) -> None:
        self._results = [*group.results, *self._results]
        self._failures = [*group.failures, *self._failures]
        self._ledger = [*group.ledger, *self._ledger]
        self._errors = [*group.errors, *self._errors]
