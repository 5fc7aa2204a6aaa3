"""A short menu over the plan: one row is taken, or Esc leaves all as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult

from gemtag_tui.tui.paint import rule
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.plan_choices import MenuRow
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import Column, PagedList


class MenuScreen(GemtagScreen):
    """Rows with their present values.

    Args:
        title: what is chosen here.
        rows: what can be taken.
        taken: called with the row's name once the menu has gone.
    """

    def __init__(self, title: str, rows: Sequence[MenuRow], taken: Callable[[str], None]) -> None:
        super().__init__()
        self._title, self._rows, self._taken = title, list(rows), taken

    def body(self) -> ComposeResult:
        """A heading and the rows."""
        yield Block(id="menu-head")
        yield PagedList[MenuRow](
            [
                Column("", 28, lambda row: (row.title, "strong"), grow=1),
                Column("", 24, lambda row: (row.value, "accent"), keep="tail", grow=1),
            ],
            lambda row: row.name,
            marks=False,
            heading=False,
            id="menu-list",
        )

    def on_mount(self) -> None:
        """Take the keys."""
        paged = self.query_one("#menu-list", PagedList)
        self.focus_widget(paged)
        self.do(paged.load(Listed(self._rows)), "menu")

    def on_resize(self, event: events.Resize) -> None:
        """Draw the heading anew."""
        del event
        title = f"{self._title} · ⏎ takes a row, Esc leaves all as it was"
        self.query_one("#menu-head", Block).show([rule([(title, "muted")], self.size.width)])

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Take a row."""
        if isinstance(message.row, MenuRow):
            name = message.row.name
            self.dismiss()
            self.app.call_later(self._taken, name)
