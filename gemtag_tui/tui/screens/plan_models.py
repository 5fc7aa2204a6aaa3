"""The models side by side on the same images; one of them can be taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from gemtag_tui.core.plan_values import ModelLine
from gemtag_tui.tui.paint import Line, Span, rule
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.failures_lines import labelled
from gemtag_tui.tui.screens.plan_lanes import spell
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import Column, PagedList
from gemtag_tui.tui.words import money, number

Take = Callable[[str], Awaitable[str | None]]


def columns(present: str) -> list[Column[ModelLine]]:
    """Columns of the models; `present` is the one that the plan is for."""
    return [
        Column("", 1, lambda one: ("▸" if one.model == present else "", "accent")),
        Column("model", 22, lambda one: (one.model, "strong")),
        Column("cheapest", 9, lambda one: (_dollars(one.cost), ""), right=True),
        Column("lane", 11, lambda one: (one.lane, "muted"), rank=4),
        Column("takes", 10, lambda one: (spell(one.seconds), ""), right=True),
        Column("one by one", 10, lambda one: (_dollars(one.quick_cost), ""), right=True, rank=2),
        Column("takes", 10, lambda one: (spell(one.quick_seconds), ""), right=True, rank=3),
        Column("", 16, _ahead, grow=1),
    ]


def _dollars(value: float | None) -> str:
    return "?" if value is None else money(value)


def _ahead(one: ModelLine) -> Span:
    if one.changes:
        return "price changes", "warn"
    return (f"ends {one.ends}" if one.ends else "", "warn")


class ModelsScreen(GemtagScreen):
    """Models that are served and have a price, the cheapest first. Enter takes one.

    Args:
        models: on the same images.
        present: the one that the plan is for.
        images: how many images.
        take: takes a model by its name; returns what is wrong with it.
        save: the same for a model that is not in the table.
    """

    FILTERS = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "other", "another", id="models.other",
                tooltip="Write another model's name; it becomes the setting"),
    ]  # fmt: skip

    def __init__(
        self, models: Sequence[ModelLine], present: str, images: int, take: Take, save: Take
    ) -> None:
        super().__init__()
        self._models, self._present, self._images = list(models), present, images
        self._take_it, self._save_it = take, save

    def body(self) -> ComposeResult:
        """The models, and what is to be said of the one under the cursor."""
        yield Block(id="models-head")
        yield PagedList[ModelLine](
            columns(self._present), lambda one: one.model, empty="Reading…", marks=False,
            id="models-list",
        )  # fmt: skip
        yield Block(id="models-detail")

    @property
    def _list(self) -> PagedList[ModelLine]:
        return self.query_one("#models-list", PagedList)

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus_widget(self._list)
        self.do(self._fill(), "models")

    async def _fill(self) -> None:
        wanted = self.filter_text.casefold()
        shown = [one for one in self._models if wanted in one.model.casefold()]
        at = next((i for i, one in enumerate(shown) if one.model == self._present), 0)
        self._list.set_empty("No known model fits; e writes another name.")
        await self._list.load(Listed(shown), at=at)
        self._draw()

    def on_filter(self, text: str) -> None:
        """Narrow by name."""
        del text
        self.do(self._fill(), "models")

    def on_resize(self, event: events.Resize) -> None:
        """Draw anew."""
        del event
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = self.size.width
        words = f"models on the same {number(self._images)} images · ⏎ takes one, Esc none"
        self.query_one("#models-head", Block).show([rule([(words, "muted")], width)])
        one = self._list.row
        lines = [] if one is None else _detail(one, width)
        self.query_one("#models-detail", Block).show(lines[:5])

    def on_paged_list_moved(self, message: PagedList.Moved) -> None:
        """Say what is to be known of the model."""
        del message
        self._draw()

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Take it."""
        if isinstance(message.row, ModelLine):
            self.do(self._take(message.row.model), "take")

    async def _take(self, model: str) -> None:
        wrong = await self._take_it(model)
        if wrong:
            self.say(wrong, "error")
        else:
            self.dismiss()

    def action_other(self) -> None:
        """Write a name."""
        row = self._list.row
        self.edit("Model:", row.model if row else "", self._named)

    async def _named(self, text: str) -> str | None:
        wrong = await self._save_it(text)
        if not wrong:
            self.call_after_refresh(self.dismiss)
        return wrong


def _detail(one: ModelLine, width: int) -> list[Line]:
    tokens = one.tokens
    words = (
        f"{number(tokens.tokens_in)} tokens in ({number(tokens.image)} of them the image), "
        f"{number(tokens.output)} out, by {tokens.basis}"
    )
    lines = labelled("image", words, width, 1)
    if one.ends:
        lines += labelled("ends", one.ends, width, 1, "warn")
    for change in one.changes:
        lines += labelled("price", change, width, 2, "warn")
    if not one.ends and not one.changes:
        lines += labelled("ahead", "No end is announced, no change of its price.", width, 1)
    return lines
