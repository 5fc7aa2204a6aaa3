"""What each model and profile said of one image, bucket by bucket, and whose word is to stand."""

from __future__ import annotations

import textwrap
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from gemtag_tui.core.text import plain
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.library_pages import Said
from gemtag_tui.tui.paint import Line, Span, rule, safe
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.library_lines import path_text
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import Column, PagedList
from gemtag_tui.tui.widgets.pane import Pane
from gemtag_tui.tui.words import clock, money

SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Pair:
    """A bucket (or the summary) as both sides said it, and as it is shown now."""

    bucket: str
    left: str
    right: str
    now: str

    @property
    def same(self) -> bool:
        """Whether both said the same."""
        return self.left == self.right


def pairs(left: Said, right: Said, summary: str, tags: dict[str, list[str]]) -> list[Pair]:
    """Return the summary and every bucket that either side or the present state has."""
    sides = (left.tags, right.tags, tags)
    return [Pair("", left.summary, right.summary, summary)] + [
        Pair(bucket, *(", ".join(side.get(bucket, [])) for side in sides))
        for bucket in dict.fromkeys(name for side in sides for name in side)
    ]


def side_words(said: Said) -> str:
    """Name one side."""
    return f"{said.model} · {said.profile_name}"


class PairList(PagedList[Pair]):
    """Buckets side by side."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "accept", id="compare.accept",
                tooltip="Let this bucket be as the bright side said it"),
    ]  # fmt: skip


class CompareScreen(GemtagScreen):
    """Two sides; arrows choose one, Enter takes its word for a bucket, `a` for all.

    Args:
        row: the image.
        said: by every track, the newest first; at least one.
        changed: called after a correction.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "side(0)", "left", id="compare.left", tooltip="The left side's word"),
        Binding("right,l", "side(1)", "right", id="compare.right", tooltip="The right side's"),
        Binding("a", "all", "accept all", id="compare.all",
                tooltip="Let all buckets and the summary be as the bright side said them"),
        Binding("n", "other", "other", id="compare.other", show=False,
                tooltip="Compare with the next model or profile"),
        Binding("u", "undo", "undo", id="compare.undo", tooltip="Take the last correction back"),
    ]  # fmt: skip

    def __init__(
        self, row: AssetRow, said: Sequence[Said], changed: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__()
        self._row, self._said, self._told = row, list(said), changed
        self._other = min(1, len(said) - 1)
        self._side = 0

    @property
    def _sides(self) -> tuple[Said, Said]:
        return self._said[0], self._said[self._other]

    def body(self) -> ComposeResult:
        """The buckets, and the present one in full."""
        yield Block(id="compare-head")
        yield PairList([], lambda pair: pair.bucket, marks=False, id="compare-list")
        yield Pane(id="compare-pane")

    def on_mount(self) -> None:
        """Take the keys and read."""
        self.focus_widget(self.query_one(PairList))
        self.do(self._read(), "compare")

    async def _read(self) -> None:
        detail = await self.source.asset(self._row.asset)
        if detail is None or not detail.results:
            self.say("It is not in the library any more.", "warn")
            return
        shown = detail.results[0]
        paged = self.query_one(PairList)
        paged.set_columns(self._columns())
        rows = pairs(*self._sides, shown.summary, shown.tags)
        await paged.load(Listed(rows), at=paged.cursor)
        self._draw()

    def _columns(self) -> list[Column[Pair]]:
        def cell(side: int) -> Callable[[Pair], Span]:
            def made(pair: Pair) -> Span:
                text = (pair.left, pair.right)[side]
                if self._side == side:
                    return (text or "–", "strong")
                return (text or "–", "muted" if pair.same else "")

            return made

        def title(side: int) -> str:
            return ("▸ " if self._side == side else "  ") + safe(side_words(self._sides[side]))

        columns: list[Column[Pair]] = [
            Column("bucket", 10, lambda pair: (pair.bucket or SUMMARY, "accent")),
            Column("", 1, lambda pair: ("=" if pair.same else "≠", "muted")),
            Column(title(0), 20, cell(0), grow=1),
        ]
        if len(self._said) > 1:
            columns.append(Column(title(1), 20, cell(1), grow=1))
        columns.append(Column("shown now", 14, lambda p: (p.now, "good"), grow=1, rank=1))
        return columns

    # Drawing

    def _draw(self) -> None:
        if not self.stands:
            return
        name = path_text(self._row.path).rpartition("/")[2]
        title: Line = [("compare ", "muted"), (name, "strong")]
        if len(self._said) > 2:
            title.append((f" · {self._other + 1} of {len(self._said)}, n the next", "muted"))
        elif len(self._said) < 2:
            title.append((" · one model alone has tagged it", "muted"))
        self.query_one("#compare-head", Block).show([rule(title, self.size.width)])
        pane = self.query_one("#compare-pane", Pane)
        pane.show(self._in_full(pane.size.width, pane.size.height))

    def _in_full(self, width: int, height: int) -> list[Line]:
        pair = self.query_one(PairList).row
        if pair is None:
            return []
        lines: list[Line] = []
        for said, text in zip(self._sides, (pair.left, pair.right), strict=True):
            if lines and len(self._said) < 2:
                break
            when = f"{clock(said.tagged_at, self.look.now)}, {money(said.cost_usd)}, {said.lane}"
            lines.append([(f" {side_words(said)}", "accent"), (f"  {when}", "muted")])
            wrapped = textwrap.wrap(plain(text, 2_000), max(20, width - 3)) or ["–"]
            lines += [[(f"   {one}", "")] for one in wrapped[: max(1, height // 2 - 1)]]
        return lines

    def on_pane_resized(self) -> None:
        """Make the lines for the new size."""
        self._draw()

    def on_paged_list_moved(self) -> None:
        """Show the bucket in full."""
        self._draw()

    # Acting

    def action_side(self, side: int) -> None:
        """Choose a side."""
        self._side = side if len(self._said) > 1 else 0
        self.query_one(PairList).set_columns(self._columns())

    def action_other(self) -> None:
        """Compare with the next track."""
        if len(self._said) < 3:
            self.say("No other model or profile has tagged it.")
            return
        self._other = self._other % (len(self._said) - 1) + 1
        self.do(self._read(), "compare")

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Take a side's word for one bucket."""
        if isinstance(message.row, Pair):
            self.do(self._accept(message.row), "accept")

    async def _accept(self, pair: Pair) -> None:
        said = self._sides[self._side]
        if pair.bucket:
            number = await self.source.accept(self._row.asset, said, pair.bucket)
        else:
            number = await self.source.set_summary(self._row.asset, said.summary)
        await self._done(number, pair.bucket or SUMMARY)

    def action_all(self) -> None:
        """Take a side's word for everything."""

        async def accept() -> None:
            number = await self.source.accept(self._row.asset, self._sides[self._side])
            await self._done(number, "everything")

        self.do(accept(), "accept")

    async def _done(self, number: int, what: str) -> None:
        name = plain(side_words(self._sides[self._side]), 60)
        words = f"{plain(what, 30)} is as {name} said it; u takes it back."
        self.say(words if number else "It is so already.")
        await self._changed()

    def action_undo(self) -> None:
        """Take the newest correction back."""

        async def undo() -> None:
            self.say(await self.source.undo_edit())
            await self._changed()

        self.do(undo(), "accept")

    async def _changed(self) -> None:
        await self._told()
        await self._read()
