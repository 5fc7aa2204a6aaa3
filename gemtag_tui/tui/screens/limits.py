"""What holds us: every limit with what is used of it and where its figure comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from gemtag_tui.tui.paint import Line, bar
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.limits_rows import (
    LABEL_WIDTH,
    LimitRow,
    default_words,
    detail_lines,
    edit_label,
    frees_words,
    head_lines,
    rows_of,
    setting_line,
    source_words,
)
from gemtag_tui.tui.screens.run_gauges import figure, figures, gauge_tone
from gemtag_tui.tui.source import Holds
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.columns import Column, layout
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList

BAR = 6
WIDE_BAR = 24


class LimitsList(PagedList[LimitRow]):
    """The rows; Enter edits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "edit", id="limits.edit", tooltip="Edit the row"),
    ]


class LimitsScreen(GemtagScreen):
    """Limits, budgets and settings; Enter edits the row in place."""

    PLACE = "limits"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("0", "reset", "default", id="limits.reset", tooltip="Back to the default"),
        Binding("d", "forget", "forget", id="limits.forget", tooltip="Forget what a 429 taught"),
        Binding("r", "read", "read again", id="limits.read", tooltip="Read everything again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._holds: Holds | None = None
        self._bar = BAR

    def body(self) -> ComposeResult:
        """Key and day above, the rows, the chosen row in full."""
        yield Block(id="limits-head")
        yield LimitsList(
            self._columns(),
            lambda row: row.name,
            marks=False,
            whole=self._whole,
            id="limits-list",
        )
        yield Block(id="limits-detail")

    def _columns(self) -> list[Column[LimitRow]]:
        wide = self._bar
        return [
            Column("limit", LABEL_WIDTH, lambda row: (row.label, "strong" if _binds(row) else "")),
            Column("used / limit", 17, lambda row: (figures(row.gauge) if row.gauge else "", "")),
            Column("", wide, lambda row: _bar_of(row, wide), rank=2),
            Column("frees", 14, self._frees, rank=1),
            Column("peak", 8, self._peak, right=True, rank=4),
            Column("429s", 4, _refused, right=True, rank=1),
            Column("from", 13, lambda row: (self._from(row), "muted"), grow=1),
        ]  # fmt: skip

    def _whole(self, row: LimitRow, width: int) -> Line | None:
        if row.gauge:
            return None
        words = source_words(row, self._tier, self.look.now)
        return setting_line(row, words, width, layout(self._columns(), width)[-1][1])

    @property
    def _tier(self) -> str:
        return self._holds.settings.limits.tier.value if self._holds else ""

    def _from(self, row: LimitRow) -> str:
        return source_words(row, self._tier, self.look.now)

    def _frees(self, row: LimitRow) -> tuple[str, Any]:
        words = frees_words(row.gauge, self.look.now) if row.gauge else ""
        if _binds(row):
            return ("◀ binds" if words == "–" else f"◀ {words}", "warn")
        return (words, "muted")

    @staticmethod
    def _peak(row: LimitRow) -> tuple[str, Any]:
        gauge = row.gauge
        return (figure(gauge, gauge.peak), "muted") if gauge and gauge.peak else ("–", "muted")

    @property
    def _list(self) -> PagedList[LimitRow]:
        return self.query_one("#limits-list", PagedList)

    # Showing

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus_widget(self._list)

    def on_screen_resume(self) -> None:
        """Read everything; it may have been changed elsewhere."""
        self.do(self._read(), "limits")

    def on_resize(self, event: events.Resize) -> None:
        """Give the bars the room there is."""
        self._bar = WIDE_BAR if event.size.width >= 100 else BAR
        self._list.set_columns(self._columns())

    async def _read(self) -> None:
        self._holds = await self.source.holds()
        await self._show()

    async def _show(self) -> None:
        holds = self._holds
        if holds is None:
            return
        rows = rows_of(holds)
        paged = self._list
        await paged.load(Listed(rows), at=paged.cursor)
        self._draw()

    def _draw(self) -> None:
        holds, row = self._holds, self._list.row
        if holds is None:
            return
        width, now = self.size.width, self.look.now
        self.query_one("#limits-head", Block).show(head_lines(holds, now, width))
        if row is not None:
            self.query_one("#limits-detail", Block).show(detail_lines(row, holds, now, width))

    def on_look(self, look: Look) -> None:
        """Take the live gauges; read the rest again only when a figure has another source."""
        holds = self._holds
        if holds is None or not look.engine or not look.snapshot.gauges:
            self._draw()
            return
        gauges = tuple(look.snapshot.gauges)
        if gauges == holds.gauges:
            return
        told_anew = {(g.name, g.source) for g in gauges} != {
            (g.name, g.source) for g in holds.gauges
        }
        self._holds = replace(holds, gauges=gauges)
        self.do(self._read() if told_anew else self._show(), "limits")

    def on_paged_list_moved(self) -> None:
        """Show the chosen row in full."""
        self._draw()

    def on_paged_list_opened(self) -> None:
        """Edit the row."""
        self.action_edit()

    # Changing

    def action_edit(self) -> None:
        """Edit the row's value in one line; Esc keeps what was."""
        row = self._list.row
        if row is None:
            return

        async def accept(text: str) -> str | None:
            words = await self.source.set_value(row.name, text.strip())
            self.say(f"{row.label}: {words}")
            await self._read()
            return None

        self.edit(edit_label(row), row.value, accept)

    def action_reset(self) -> None:
        """Put the row back to its default."""
        if (row := self._list.row) is not None:
            self.do(self._reset(row))

    async def _reset(self, row: LimitRow) -> None:
        words = await self.source.reset_value(row.name)
        self.say(f"{row.label}: back to the default, {default_words(row.name)}. {words}")
        await self._read()

    def action_forget(self) -> None:
        """Forget what a 429 taught about the row."""
        row = self._list.row
        if row is None or row.learned is None or row.gauge is None:
            self.say("Nothing was learned about this.")
            return
        self.do(self._forget(row.gauge.name, row.label))

    async def _forget(self, name: str, label: str) -> None:
        words = await self.source.forget(name)
        self.say(f"{label}: forgotten what was learned. {words}")
        await self._read()

    def action_read(self) -> None:
        """Read everything again."""
        self.do(self._read(), "limits")

    # Keeping

    def keep(self) -> dict[str, Any]:
        """The row."""
        return {"row": self._list.cursor}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put the row back."""
        row = kept.get("row")
        if isinstance(row, int):
            self._list.cursor = max(0, row)


def _binds(row: LimitRow) -> bool:
    return row.gauge is not None and row.gauge.binding


def _bar_of(row: LimitRow, width: int) -> tuple[str, Any]:
    gauge = row.gauge
    if gauge is None or not gauge.limit:
        return ("", "")
    return (bar(gauge.used, gauge.limit, width), gauge_tone(gauge))


def _refused(row: LimitRow) -> tuple[str, Any]:
    count = row.gauge.refused if row.gauge else 0
    return (str(count), "warn" if count else "muted")
