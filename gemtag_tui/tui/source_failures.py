"""Failures by cause, their files, and what a person decides about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from gemtag_tui.store import browse, failures
from gemtag_tui.store.failures import FailureGroup, FailureRow
from gemtag_tui.tui.positions import Keyed
from gemtag_tui.tui.screens.failures_words import advice_of, cause_of
from gemtag_tui.tui.source_triage import TriageSource
from gemtag_tui.tui.words import clock, money, number, plural

if TYPE_CHECKING:
    from gemtag_tui.core.failures import FailureKind, Standing
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track
    from gemtag_tui.tui.source import Pages
    from gemtag_tui.tui.wanted import Paragraphs


class Among(TypedDict):
    """What narrows a list of failures."""

    track: Track | None
    standing: Standing
    kind: FailureKind
    head: str
    text: str


class FailureSource(TriageSource):
    """The part of the source that is about failures."""

    lib: Library

    if TYPE_CHECKING:  # given by the class that all parts come together in

        async def shown_track(self) -> Track | None: ...  # noqa: D102

    async def failure_groups(self) -> list[FailureGroup]:
        """The failures of the present track that are not resolved."""
        return await failures.groups(self.lib, await self.shown_track())

    def failure_files(self, group: FailureGroup, text: str = "") -> Pages[FailureRow]:
        """The files of a cause."""
        words = text.strip()

        async def size() -> int:
            return await failures.count(self.lib, **await self._of(group, words))

        async def read(
            key: int | None, skip: int, limit: int, backwards: bool
        ) -> Sequence[FailureRow]:
            return await failures.page(
                self.lib, **await self._of(group, words), after=key, skip=skip, limit=limit,
                backwards=backwards,
            )  # fmt: skip

        return Keyed(size, read, lambda row: row.id)

    async def _of(self, group: FailureGroup, text: str) -> Among:
        return Among(
            track=await self.shown_track(),
            standing=group.standing,
            kind=group.kind,
            head=group.head,
            text=text,
        )

    async def failure(self, number: int) -> FailureRow | None:
        """One failure."""
        return await failures.get(self.lib, number)

    async def failure_detail(self, row: FailureRow) -> Paragraphs:
        """All that is known of a failure: words first, then what was sent and what came back."""
        now = self.lib.clock.now()
        fresh = await failures.get(self.lib, row.id) or row
        paragraphs = [
            ("Image", fresh.path.decode("utf-8", "surrogateescape") or "(no file holds it now)"),
            ("What happened", f"{cause_of(fresh.kind)}\n{fresh.message}"),
            ("What to do", advice_of(fresh.kind, fresh.standing)),
            ("How it stands", "\n".join(_standing_lines(fresh, now))),
        ]
        history = await browse.log_of(self.lib, fresh.asset)
        if history:
            lines = [
                f"{clock(one.at, now)}  {one.kind}: {one.message}  → {one.fate}" for one in history
            ]
            paragraphs.append(("History, newest first", "\n".join(lines)))
        sent, *prompt = await self.failure_sent(fresh)
        raw = await failures.raw(self.lib, fresh.id)
        words = raw.decode("utf-8", "replace") if raw else "None was kept: nothing was answered."
        return [*paragraphs, sent, ("Raw answer", words), *prompt]


def _standing_lines(row: FailureRow, now: float) -> list[str]:
    asked = f"{row.provider} · {row.model}" if row.provider else "found without asking a model"
    seen = f"first {clock(row.first_seen, now)}, last {clock(row.last_seen, now)}"
    return [
        f"{row.standing.replace('_', ' ')}, number {number(row.id)}, {asked}",
        f"{plural(row.attempts, 'try', 'tries')}; {seen}",
        f"spent on it: {money(row.cost_usd)}",
        *([f"tried again from {clock(row.next_retry, now)} on"] if row.next_retry else []),
    ]
