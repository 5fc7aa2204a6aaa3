"""A run's error log as pages, and one entry of it in full."""

from __future__ import annotations

from collections.abc import Sequence

from gemtag_tui.store import failures, runs
from gemtag_tui.store.library import Library
from gemtag_tui.tui.source import ErrorEntry, Pages
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.words import clock, money, plural, seconds_clock

MOST_FILTERED = 5000
"""Newest lines that a filter looks for; what is older is in the library and the log file."""


def entry_of(row: runs.ErrorRow) -> ErrorEntry:
    """The screen's form of a stored line."""
    return ErrorEntry(
        id=row.id,
        at=row.at,
        kind=row.kind,
        path=row.path,
        message=row.message,
        fate=row.fate,
        asset=row.asset or 0,
    )


class LogPages:
    """The whole log of a run, newest first. One engine writes it, so its ids have no gaps."""

    def __init__(self, lib: Library, run: int) -> None:
        self._lib, self._run = lib, run
        self._newest = 0

    async def count(self) -> int:
        """Lines there are now."""
        newest = await runs.errors_page(self._lib, self._run, limit=1)
        self._newest = newest[0].id if newest else 0
        oldest = await runs.first_error(self._lib, self._run)
        return self._newest - oldest + 1 if newest else 0

    async def page(self, start: int, limit: int) -> Sequence[ErrorEntry]:
        """Lines from a position on."""
        before = self._newest - start + 1
        rows = await runs.errors_page(self._lib, self._run, before, limit)
        return [entry_of(row) for row in rows]


class FilteredPages(Listed[ErrorEntry]):
    """The newest lines that fit, read anew whenever they are counted."""

    def __init__(self, lib: Library, run: int, text: str, faults_only: bool) -> None:
        super().__init__([])
        self._lib, self._run, self._text, self._faults = lib, run, text, faults_only

    async def count(self) -> int:
        """Read what fits now."""
        rows = await runs.errors_page(
            self._lib, self._run, limit=MOST_FILTERED, text=self._text.strip()
        )
        self._rows = [entry_of(row) for row in rows if row.asset or not self._faults]
        return len(self._rows)


class LogSource:
    """The part of the source that is about errors."""

    lib: Library

    def errors(self, run: int, text: str = "", faults_only: bool = False) -> Pages[ErrorEntry]:
        """A run's error log, newest first."""
        if text.strip() or faults_only:
            return FilteredPages(self.lib, run, text, faults_only)
        return LogPages(self.lib, run)

    async def error_detail(self, entry: ErrorEntry) -> list[tuple[str, str]]:
        """All that is known of a line and of the failure it led to."""
        kind = entry.kind.replace("_", " ")
        paragraphs = [
            ("What happened", f"{seconds_clock(entry.at)}  {kind}: {entry.message}"),
            ("What happens now", entry.fate),
        ]
        if entry.path:
            paragraphs.append(("Image", entry.path.decode("utf-8", "surrogateescape")))
        rows = await failures.of_asset(self.lib, entry.asset) if entry.asset else []
        for row in rows:
            paragraphs.append((f"Failure {row.id}: {row.kind}, {row.standing}", _words(row)))
            raw = await failures.raw(self.lib, row.id)
            if raw:
                paragraphs.append(("Raw answer", raw.decode("utf-8", "replace")))
        return paragraphs


def _words(row: failures.FailureRow) -> str:
    now = row.last_seen
    tries = plural(row.attempts, "try", "tries")
    spent = f", {money(row.cost_usd)} spent on it" if row.cost_usd else ""
    again = f"\ntried again at {clock(row.next_retry, now)}" if row.next_retry else ""
    seen = f"first {clock(row.first_seen, now)}, last {clock(row.last_seen, now)}"
    return f"{row.message}\n{tries}{spent}; {seen}{again}"
