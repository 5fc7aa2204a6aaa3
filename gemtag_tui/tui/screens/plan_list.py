"""The images behind one of the plan's numbers."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult

from gemtag_tui.core.text import plain
from gemtag_tui.store.plan_lists import Listed
from gemtag_tui.tui.paint import Span, rule
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.entry import EntryScreen
from gemtag_tui.tui.screens.plan_numbers import FAILED
from gemtag_tui.tui.source import Pages
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.paged import Column, PagedList
from gemtag_tui.tui.words import number


def columns(*, why: bool) -> list[Column[Listed]]:
    """The id, the path, and why it is there where that says something."""
    found: list[Column[Listed]] = [
        Column("id", 9, lambda row: (number(row.id), "muted"), right=True, rank=1),
        Column("path", 30, lambda row: (_path(row), ""), keep="tail", grow=2),
    ]
    return [*found, Column("", 18, _why, grow=1)] if why else found


def _path(row: Listed) -> str:
    return row.path.decode("utf-8", "surrogateescape")


def _why(row: Listed) -> Span:
    return (f"{row.kind.replace('_', ' ')}: {row.message}" if row.kind else "", "warn")


class PlanListScreen(GemtagScreen):
    """Images by rising id; Esc goes back to the plan.

    Args:
        title: which they are.
        count: how many there are.
        pages: the images.
        name: of the list, as `gemtag plan --list` knows it.
    """

    def __init__(self, title: str, count: int, pages: Pages[Listed], name: str) -> None:
        super().__init__()
        self._title, self._total, self._pages, self._name = title, count, pages, name
        self._shown = 0

    def body(self) -> ComposeResult:
        """A heading and the images."""
        yield Block(id="images-head")
        yield PagedList[Listed](
            columns(why=self._name in FAILED), lambda row: (row.id, row.path),
            empty="Reading…", marks=False, id="images-list",
        )  # fmt: skip

    @property
    def _list(self) -> PagedList[Listed]:
        return self.query_one("#images-list", PagedList)

    def on_mount(self) -> None:
        """Take the keys and read."""
        self.focus_widget(self._list)
        self.do(self._load(), "images")

    async def _load(self) -> None:
        await self._list.load(self._pages)
        self._list.set_empty("None.")
        self._shown = await self._pages.count()
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Draw the heading anew."""
        del event
        self._draw()

    def _draw(self) -> None:
        words = f"{self._title}: {number(self._total)}"
        if 0 < self._shown < self._total:
            words += f", the first {number(self._shown)} · all: gemtag plan --list {self._name}"
        words += " · ⏎ in full, Esc back"
        self.query_one("#images-head", Block).show([rule([(words, "muted")], self.size.width)])

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show a row in full."""
        row = message.row
        if isinstance(row, Listed):
            found = [("Image", plain(_path(row), 4_000)), ("Number", number(row.id))]
            found += [(row.kind.replace("_", " "), row.message)] if row.kind else []
            self.app.push_screen(EntryScreen(found))
