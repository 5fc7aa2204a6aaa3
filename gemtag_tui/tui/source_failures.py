"""Failures by cause, their files, and what a person decides about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import UsageError
from gemtag_tui.store import browse, failures
from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
from gemtag_tui.store.lock import is_held_by_someone
from gemtag_tui.tui.positions import Keyed
from gemtag_tui.tui.screens.failures_words import advice_of, cause_of
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.words import clock, money, number, plural

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track
    from gemtag_tui.tui.source import Pages
    from gemtag_tui.tui.wanted import Paragraphs

MOST_FILTERED = 5_000
"""Files of one cause that a filter looks for."""


class FilteredFiles(Listed[FailureRow]):
    """The first files of a cause that fit, read anew whenever they are counted."""

    def __init__(self, source: FailureSource, group: FailureGroup, text: str) -> None:
        super().__init__([])
        self._source, self._group, self._text = source, group, text

    async def count(self) -> int:
        """Read what fits now."""
        self._rows = await self._source.read_files(
            self._group, None, 0, MOST_FILTERED, text=self._text
        )
        return len(self._rows)


class FailureSource:
    """The part of the source that is about failures."""

    lib: Library

    if TYPE_CHECKING:  # given by the class that all parts come together in

        async def _present_track(self) -> Track | None: ...

    async def failure_groups(self) -> list[FailureGroup]:
        """The failures of the present track that are not resolved."""
        return await failures.groups(self.lib, await self._present_track())

    def failure_files(self, group: FailureGroup, text: str = "") -> Pages[FailureRow]:
        """The files of a cause."""
        if text.strip():
            return FilteredFiles(self, group, text.strip())

        async def size() -> int:
            same = [one for one in await self.failure_groups() if _alike(one, group)]
            return sum(one.count for one in same)

        async def read(
            key: int | None, skip: int, limit: int, backwards: bool
        ) -> Sequence[FailureRow]:
            del backwards
            return await self.read_files(group, key, skip, limit)

        return Keyed(size, read, lambda row: row.id, both_ways=False)

    async def read_files(
        self, group: FailureGroup, key: int | None, skip: int, limit: int, text: str = ""
    ) -> list[FailureRow]:
        """Some of the files of a cause."""
        return await failures.page(
            self.lib,
            track=await self._present_track(),
            standing=group.standing,
            kind=group.kind,
            head=group.head,
            text=text,
            after=key or 0,
            skip=skip,
            limit=limit,
        )

    async def failure(self, number: int) -> FailureRow | None:
        """One failure."""
        return await failures.get(self.lib, number)

    async def failure_detail(self, row: FailureRow) -> Paragraphs:
        """All that is known of a failure: words first, the raw answer last."""
        now = self.lib.clock.now()
        fresh = await failures.get(self.lib, row.id) or row
        paragraphs = [
            ("Image", fresh.path.decode("utf-8", "surrogateescape") or "(no file holds it now)"),
            (f"What happened: {cause_of(fresh.kind)}", fresh.message),
            ("What to do", advice_of(fresh.kind, fresh.standing)),
            ("How it stands", "\n".join(_standing_lines(fresh, now))),
        ]
        history = await browse.log_of(self.lib, fresh.asset)
        if history:
            lines = [
                f"{clock(one.at, now)}  {one.kind}: {one.message}  → {one.fate}" for one in history
            ]
            paragraphs.append(("History, newest first", "\n".join(lines)))
        raw = await failures.raw(self.lib, fresh.id)
        words = raw.decode("utf-8", "replace") if raw else "None was kept: nothing was answered."
        return [*paragraphs, ("Raw answer", words)]

    async def decide(self, verb: str, selections: Sequence[Selection]) -> str:
        """Retry, ignore or reopen failures of the present track.

        Raises:
            UsageError: there is no such verb.
            LibraryError: the library cannot be written.
        """
        act = {"retry": failures.retry, "ignore": failures.ignore, "reopen": failures.reopen}
        if verb not in act:
            raise UsageError(f"There is no {verb!r} for failures.")
        track = await self._present_track()
        before = await failures.awaiting_scan(self.lib)
        moved = 0
        for one in selections:
            moved += await act[verb](self.lib, one if one.ids else replace(one, track=track))
        scans = await failures.awaiting_scan(self.lib) - before
        if not moved:
            return "Nothing was changed: none of these can be moved that way."
        if verb == "ignore":
            return f"{plural(moved, 'image')} will be left alone. u takes that back."
        return _again_words(moved, scans, running=is_held_by_someone(self.lib.path))


def _alike(one: FailureGroup, other: FailureGroup) -> bool:
    return (one.kind, one.head, one.standing) == (other.kind, other.head, other.standing)


def _again_words(moved: int, scans: int, *, running: bool) -> str:
    when = "by the run that goes on" if running else "by the next run"
    sent = max(0, moved - scans)
    parts = [f"{plural(sent, 'image')} will be tried again {when}."] if sent else []
    if scans:
        parts.append(f"{plural(scans, 'file')} will be looked at anew by the next scan.")
    return " ".join(parts)


def _standing_lines(row: FailureRow, now: float) -> list[str]:
    asked = f"{row.provider} · {row.model}" if row.provider else "found without asking a model"
    seen = f"first {clock(row.first_seen, now)}, last {clock(row.last_seen, now)}"
    return [
        f"{row.standing.replace('_', ' ')}, number {number(row.id)}, {asked}",
        f"{plural(row.attempts, 'try', 'tries')}; {seen}",
        f"spent on it: {money(row.cost_usd)}",
        *([f"tried again from {clock(row.next_retry, now)} on"] if row.next_retry else []),
    ]
