"""Failures, by cause first."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from gemtag_tui.core.remedies import Remedy
from gemtag_tui.store.failures import FailureGroup, Selection
from gemtag_tui.tui.paint import Line, join, join_fitting, rule
from gemtag_tui.tui.screens.failures_actions import FailureActions
from gemtag_tui.tui.screens.failures_ask import Fit
from gemtag_tui.tui.screens.failures_files import FailureFilesScreen
from gemtag_tui.tui.screens.failures_lines import empty_lines, group_columns, group_lines
from gemtag_tui.tui.screens.failures_list import RangeList
from gemtag_tui.tui.screens.failures_words import cause_of, kind_words
from gemtag_tui.tui.screens.tracks import TRACKS_KEY, ShowsTrack, shown_words
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pane import Pane
from gemtag_tui.tui.words import money, number, plural

EMPTY = "No failures: every image that was tried has its tags."
NOT_YET = "No failures yet: nothing was tried."
Key = tuple[str, str, str]
SORTS = ("count", "newest", "spent")
MOST_SAID = 100
"""Causes whose own words are read; beyond them the common beginning has to do."""


class FailuresScreen(ShowsTrack, FailureActions):
    """Causes with their counts; Enter opens the files of one."""

    PLACE = "failures"
    FILTERS = True
    BINDINGS: ClassVar[list[BindingType]] = [
        TRACKS_KEY,
        Binding("o", "sort", "sort", id="failures.sort", tooltip="By count, newest, or spent"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._groups: list[FailureGroup] = []
        self._shown: list[FailureGroup] = []
        self._said: dict[int, str] = {}
        self._ways: dict[Key, tuple[Remedy, ...]] = {}
        self._renewed = False
        self._sort = 0
        self._track = ""
        self._seen: tuple[int, ...] = ()
        self._row = 0

    def body(self) -> ComposeResult:
        """Causes, and the present one in words."""
        yield Block(id="failures-head")
        with Container(id="failures-main"):
            yield RangeList[FailureGroup](
                group_columns(self._said, self.look.now),
                _key,
                empty="Reading the failures…",
                id="failures-list",
            )
            with Container(id="failures-side"):
                yield Pane(id="failures-detail")

    @property
    def _list(self) -> PagedList[FailureGroup]:
        return self.query_one("#failures-list", PagedList)

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus_widget(self._list)

    def on_look(self, look: Look) -> None:
        """Read again when the counts moved."""
        counts = look.snapshot.counts
        seen = (counts.known_bad, counts.ignored, counts.retry_later, look.snapshot.errors)
        if seen != self._seen or not self._groups:
            self._seen = seen
            self.do(self.reread(), "groups")
        self._draw()

    def on_filter(self, text: str) -> None:
        """Narrow by cause or words."""
        del text
        self.do(self._show(), "groups")

    async def reread(self) -> None:
        """Read the causes again; cursor and marks hold on to theirs."""
        if not self._renewed:
            await self.source.renew_causes()
            self._renewed = True
        self._track = shown_words(await self.source.shown_track())
        self._groups = await self.source.failure_groups()
        for group in self._groups[:MOST_SAID]:
            if group.example not in self._said:
                row = await self.source.failure(group.example)
                self._said[group.example] = row.message if row else group.head
        await self._show()
        ways = await self.source.remedies(self._groups)
        self._ways = dict(zip(map(_key, self._groups), ways, strict=True))
        self._draw()

    async def other_track(self) -> None:
        """Read the causes of the track that is shown now."""
        self._list.clear_marks()
        await self.reread()

    async def _show(self) -> None:
        wanted = self.filter_text.casefold()
        self._shown = [one for one in self._groups if wanted in _words(one)]
        if self._sort:
            self._shown.sort(key=lambda g: -(g.last_seen if self._sort == 1 else g.cost_usd))
        paged = self._list
        tried = self.look.snapshot.counts.tagged
        none = EMPTY if tried else NOT_YET
        paged.set_empty("Nothing fits the filter; Esc clears it." if self._groups else none)
        held, marks = paged.key, paged.marks
        keys = [_key(one) for one in self._shown]
        near = self._row or min(paged.cursor, max(0, len(keys) - 1))
        at = keys.index(held) if held in keys else near
        await paged.load(Listed(self._shown), at=at)
        paged.marks = marks
        self._row = 0
        self._draw()

    # Drawing

    def _draw(self) -> None:
        width = self.size.width
        self.query_one("#failures-head", Block).show([rule(self._title(), width)])
        detail = self.query_one("#failures-detail", Block)
        group = self._list.row
        said = self._said.get(group.example, "") if group else ""
        ways = self._ways.get(_key(group), ()) if group else ()
        size = detail.size
        lines = group_lines(group, said, ways, self.look.now, size.width, size.height)
        empty = not self._groups and self._renewed
        detail.show(empty_lines(size.width) if empty else lines)

    def _title(self) -> Line:
        count = sum(one.count for one in self._shown)
        spent = sum(one.cost_usd for one in self._shown)
        causes = plural(len(self._shown), "cause")
        parts: list[Line] = [
            [("failures ", "muted"), (number(count), "strong"), (f" in {causes}", "muted")],
            [(f"{money(spent)} spent", "muted")],
        ]
        if self.filter_text:
            return join([*parts, [("filter: ", "muted"), (self.filter_text, "warn")]])
        if marked := sum(_key(one) in self._list.marks for one in self._shown):
            parts.append([(f"{plural(marked, 'cause')} marked", "accent")])
        parts += [[(self._track, "muted")], [(f"by {SORTS[self._sort]}", "muted")]]
        return join_fitting(parts, self.size.width - 6)

    def on_pane_resized(self) -> None:
        """Make the lines for the new size."""
        self._draw()

    def on_paged_list_moved(self, message: PagedList.Moved) -> None:
        """Show the cause under the cursor, with what the server said in full."""
        del message
        self._draw()
        self.draw_keys()

    def on_paged_list_marked(self) -> None:
        """Say how many are marked."""
        self._draw()
        self.draw_keys()

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Open the files of a cause."""
        if isinstance(message.row, FailureGroup):
            self.app.push_screen(FailureFilesScreen(message.row))

    # Acting

    def action_sort(self) -> None:
        """Sort by the next thing."""
        self._sort = (self._sort + 1) % len(SORTS)
        self.do(self.reread(), "groups")

    def chosen(self) -> list[Selection]:
        """The marked causes, else the one under the cursor."""
        return [selection_of(one) for one in self._meant()]

    def fits(self) -> list[Fit]:
        """What the marked causes, else the one under the cursor, are."""
        return [Fit(one.kind, one.standing, one.raw > 0) for one in self._meant()]

    def _meant(self) -> list[FailureGroup]:
        paged = self._list
        marked = [one for one in self._shown if _key(one) in paged.marks]
        return marked or ([paged.row] if paged.row else [])

    # Keeping

    def keep(self) -> dict[str, Any]:
        """The row and the order."""
        return {"row": self._list.cursor, "sort": self._sort}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put them back."""
        row, sort = kept.get("row"), kept.get("sort")
        self._row = row if isinstance(row, int) else 0
        self._sort = sort if sort in {0, 1, 2} else 0


def selection_of(group: FailureGroup) -> Selection:
    """The failures of a cause."""
    return Selection(kind=group.kind, head=group.head, standing=group.standing)


def _key(group: FailureGroup) -> Key:
    return (group.kind, group.head, group.standing)


def _words(group: FailureGroup) -> str:
    parts = (kind_words(group.kind), cause_of(group.kind), group.head, group.standing)
    return " ".join(parts).replace("_", " ").casefold()
