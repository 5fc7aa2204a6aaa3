"""Groups of pictures that look the same: who is paid for, who takes over, and taking them apart."""

from __future__ import annotations

import os
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from gemtag_tui.core.text import plain
from gemtag_tui.store.near_groups import Member
from gemtag_tui.tui.paint import Span, rule
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.entry import EntryScreen
from gemtag_tui.tui.wanted_plan import PlanOrder
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.paged import Column, PagedList
from gemtag_tui.tui.words import money, number


def near_columns() -> list[Column[Member]]:
    """Each group begins with the one that stands for it."""
    return [
        Column("", 1, lambda row: ("▸" if row.leads else " ", "accent")),
        Column("id", 9, lambda row: (number(row.asset), "muted"), right=True, rank=2),
        Column("path", 30, lambda row: (os.fsdecode(row.path), ""), keep="tail", grow=2),
        Column("pixels", 11, lambda row: (f"{row.width}×{row.height}", "muted"), rank=1),
        Column("differs", 12, _differs),
        Column("tags", 14, _tags),
    ]


def _differs(row: Member) -> Span:
    return ("leads", "strong") if row.leads else (f"{row.distance} of 64", "muted")


def _tags(row: Member) -> Span:
    if not row.tagged:
        return ("", "")
    own = row.inherited_from is None
    return ("its own", "good") if own else (f"of {number(row.inherited_from or 0)}", "accent")


class NearListScreen(GemtagScreen):
    """All groups, one below the other; Esc goes back to the plan.

    Args:
        total: pictures that follow another.
        order: which model and profile it is about.
        saves: US dollars that those who still wait would cost; `None` when not known.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("B", "break_up", "break up", id="near.break",
                tooltip="Take the group apart for good: each picture is paid for; asks"),
    ]  # fmt: skip

    def __init__(self, total: int, order: PlanOrder, saves: float | None = None) -> None:
        super().__init__()
        self._total, self._order, self._saves = total, order, saves

    def body(self) -> ComposeResult:
        """A heading and the pictures."""
        yield Block(id="near-head")
        yield PagedList[Member](
            near_columns(), lambda row: row.asset, empty="Reading…", marks=False, id="near-list"
        )

    @property
    def _list(self) -> PagedList[Member]:
        return self.query_one("#near-list", PagedList)

    def on_mount(self) -> None:
        """Take the keys and read."""
        self.focus_widget(self._list)
        self.do(self._load(), "near")

    async def _load(self) -> None:
        await self._list.load(self.source.near_members(self._order), at=self._list.cursor)
        self._list.set_empty("No group: nothing looks the same, or all were taken apart.")
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Draw the heading anew."""
        del event
        self._draw()

    def _draw(self) -> None:
        words = f"near-duplicates: {number(self._total)} · one of each group is paid for"
        words += f", which saves about {money(self._saves)}" if self._saves else ""
        words += " · ⏎ in full, Esc back"
        self.query_one("#near-head", Block).show([rule([(words, "muted")], self.size.width)])

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show a row in full."""
        row = message.row
        if isinstance(row, Member):
            tags = "none yet"
            if row.tagged:
                whose = "its own" if row.inherited_from is None else f"of {row.inherited_from}"
                tags = f"{whose}; `gemtag show {row.asset}` gives them"
            found = [
                ("Image", plain(os.fsdecode(row.path), 4_000)),
                ("Number", number(row.asset)),
                ("Group", f"led by {number(row.leader)}, {row.distance} of 64 bits differ"),
                ("Pixels", f"{row.width}×{row.height}, {number(row.bytes)} bytes"),
                ("Tags", tags),
            ]
            self.app.push_screen(EntryScreen(found))

    def action_break_up(self) -> None:
        """Take the group under the cursor apart."""
        row = self._list.row
        if row is not None:
            words = f"Take the group of {number(row.leader)} apart? Each of its pictures is"
            self.ask(f"{words} then paid for by itself.", lambda: self._break_up(row.asset))

    async def _break_up(self, asset: int) -> None:
        pictures = await self.source.near_break(asset)
        self.say(f"Taken apart: {number(pictures)} pictures stand for themselves. Tags are kept.")
        self._total = max(0, self._total - pictures + 1)
        await self._load()
