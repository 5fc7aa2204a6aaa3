"""All messages of this sitting, newest first."""

from __future__ import annotations

from textual.app import ComposeResult

from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.widgets.columns import Column
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.prompt import LEVELS
from gemtag_tui.tui.words import seconds_clock

Said = tuple[float, str, str]


class HistoryScreen(GemtagScreen):
    """A list of messages."""

    FILTERS = True

    def body(self) -> ComposeResult:
        """One list."""
        yield PagedList[Said](
            [
                Column("time", 8, lambda said: (seconds_clock(said[0]), "muted")),
                Column("", 1, lambda said: LEVELS[said[1]]),
                Column("message", 20, lambda said: (said[2], ""), grow=1),
            ],
            lambda said: said[0],
            empty="No message yet.",
            marks=False,
            id="history-list",
        )

    def on_mount(self) -> None:
        """Show them all."""
        self.focus_widget(self.query_one(PagedList))
        self.on_filter("")

    def on_filter(self, text: str) -> None:
        """Narrow by words."""
        shown = [s for s in reversed(self.gemtag.history) if text.casefold() in s[2].casefold()]
        self.do(self.query_one(PagedList).load(Listed(shown)), "history")
