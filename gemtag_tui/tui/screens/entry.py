"""One thing in full: headed paragraphs that can be scrolled."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult

from gemtag_tui.core.text import plain
from gemtag_tui.tui.paint import Span
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.widgets.columns import Column
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList

MOST = 200_000
"""Characters shown of one paragraph; the library keeps the whole."""

Numbered = tuple[int, Span]


def wrapped(paragraphs: Sequence[tuple[str, str]], width: int) -> list[Span]:
    """Headings and their text in lines of at most `width` characters, all harmless."""
    lines: list[Span] = []
    for heading, text in paragraphs:
        if lines:
            lines.append(("", ""))
        lines.append((plain(heading), "head"))
        for source in text[:MOST].splitlines() or [""]:
            harmless = plain(source, MOST)
            lines += [(line, "") for line in textwrap.wrap(harmless, max(20, width)) or [""]]
        if len(text) > MOST:
            lines.append((f"… {len(text) - MOST:,} characters more", "muted"))
    return lines


class EntryScreen(GemtagScreen):
    """Paragraphs under headings; Esc goes back."""

    FILTERS = True

    def __init__(self, paragraphs: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._paragraphs = list(paragraphs)

    def body(self) -> ComposeResult:
        """One list of lines."""
        yield PagedList[Numbered](
            [Column("", 20, lambda row: row[1], grow=1)],
            lambda row: row[0],
            marks=False,
            heading=False,
            id="entry",
        )

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus_widget(self.query_one(PagedList))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again."""
        self._fill(event.size.width)

    def on_filter(self, text: str) -> None:
        """Show only lines with these words."""
        del text
        self._fill(self.size.width)

    def _fill(self, width: int) -> None:
        wanted = self.filter_text.casefold()
        lines = wrapped(self._paragraphs, width - 4)
        shown = [(i, span) for i, span in enumerate(lines) if wanted in span[0].casefold()]
        paged = self.query_one(PagedList)
        self.do(paged.load(Listed(shown), at=paged.cursor), "entry")
