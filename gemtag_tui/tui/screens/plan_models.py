"""Choosing a model: what each costs for what remains, and what is to be known of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from gemtag_tui.tui.paint import Line, rule
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.failures_lines import labelled
from gemtag_tui.tui.theme import style_path
from gemtag_tui.tui.wanted import ModelChoice
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import Column, PagedList
from gemtag_tui.tui.words import money, number

Accept = Callable[[str], Awaitable[str | None]]


def columns() -> list[Column[ModelChoice]]:
    """Columns of the models."""
    return [
        Column("", 1, lambda one: ("✓" if one.chosen else "", "good")),
        Column("model", 24, lambda one: (one.id, "muted" if one.gone else "strong")),
        Column("this plan", 10, lambda one: (_dollars(one.cost), ""), right=True),
        Column("$/M in", 7, lambda one: (_rate(one.price_in), ""), right=True),
        Column("$/M out", 7, lambda one: (_rate(one.price_out), ""), right=True),
        Column("image", 6, lambda one: (number(one.image_tokens), "muted"), right=True, rank=1),
        Column("", 18, lambda one: (one.short, "warn"), grow=1),
    ]


def _dollars(value: float | None) -> str:
    return "?" if value is None else money(value)


def _rate(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


class ModelsScreen(GemtagScreen):
    """Known models, the cheapest first. Enter takes one; Esc leaves all as it was."""

    FILTERS = True
    CSS_PATH = style_path("plan.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "other", "another", id="models.other", tooltip="Write another model's name"),
    ]

    def __init__(self, accept: Accept) -> None:
        super().__init__()
        self._accept = accept
        self._models: Sequence[ModelChoice] = ()

    def body(self) -> ComposeResult:
        """The models, and what is to be said of the present one."""
        yield Block(id="models-head")
        yield PagedList[ModelChoice](
            columns(), lambda one: one.id, empty="Reading…", marks=False, id="models-list"
        )
        yield Block(id="models-detail")

    @property
    def _list(self) -> PagedList[ModelChoice]:
        return self.query_one("#models-list", PagedList)

    def on_mount(self) -> None:
        """Take the keys and read."""
        self.focus_widget(self._list)
        self.do(self._load(), "models")

    async def _load(self) -> None:
        self._models = await self.source.models()
        await self._fill()

    async def _fill(self) -> None:
        wanted = self.filter_text.casefold()
        shown = [one for one in self._models if wanted in one.id.casefold()]
        at = next((i for i, one in enumerate(shown) if one.chosen), 0)
        self._list.set_empty("No known model fits; e writes another name.")
        await self._list.load(Listed(shown), at=at)
        self._draw()

    def on_filter(self, text: str) -> None:
        """Narrow by name."""
        del text
        self.do(self._fill(), "models")

    def _draw(self) -> None:
        width = self.size.width
        title: Line = [("models · ⏎ takes one, Esc leaves all as it was", "muted")]
        self.query_one("#models-head", Block).show([rule(title, width)])
        one = self._list.row
        detail = self.query_one("#models-detail", Block)
        if one is None:
            detail.show([])
            return
        lines = labelled("model", one.id, width, 1, "strong")
        notes = one.notes or ("No end of it is announced, no change of its price either.",)
        for words in notes:
            lines += labelled("note", words, width, 2, "warn" if one.notes else "")
        detail.show(lines[:4])

    def on_paged_list_moved(self, message: PagedList.Moved) -> None:
        """Say what is to be known of the model."""
        del message
        self._draw()

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Take it."""
        if isinstance(message.row, ModelChoice):
            self.do(self._take(message.row), "take")

    async def _take(self, one: ModelChoice) -> None:
        if one.gone:
            self.say(one.notes[0] if one.notes else f"{one.id} is gone.", "warn")
            return
        wrong = await self._accept(one.id)
        if wrong:
            self.say(wrong, "error")
        else:
            self.dismiss()

    def action_other(self) -> None:
        """Write a name."""
        row = self._list.row
        self.edit("Model:", row.id if row else "", self._named)

    async def _named(self, text: str) -> str | None:
        wrong = await self._accept(text)
        if not wrong:
            self.call_after_refresh(self._close)
        return wrong

    def _close(self) -> None:
        self.dismiss()
