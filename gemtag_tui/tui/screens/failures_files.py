"""The files of one cause of failure."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Container

from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
from gemtag_tui.tui.paint import Line, rule
from gemtag_tui.tui.screens.failures_actions import FailureActions
from gemtag_tui.tui.screens.failures_ask import Fit
from gemtag_tui.tui.screens.failures_detail import FailureDetailScreen
from gemtag_tui.tui.screens.failures_lines import file_columns, file_lines
from gemtag_tui.tui.screens.failures_list import RangeList
from gemtag_tui.tui.screens.failures_pictures import FailurePicture
from gemtag_tui.tui.screens.failures_words import kind_words
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pane import Pane
from gemtag_tui.tui.widgets.picture import PictureView
from gemtag_tui.tui.words import number


class FailureFilesScreen(FailureActions, FailurePicture):
    """Every file of a cause; Enter opens one with its raw answer, Esc goes back to the causes."""

    FILTERS = True

    def __init__(self, group: FailureGroup) -> None:
        super().__init__()
        self._group = group
        self._seen: tuple[int, ...] = ()

    def body(self) -> ComposeResult:
        """Files, and the present one in words."""
        yield Block(id="failures-head")
        with Container(id="failures-main"):
            yield RangeList[FailureRow](
                file_columns(self.look.now), lambda row: row.id, id="failures-list",
                empty="None of this cause is left.",
            )  # fmt: skip
            with Container(id="failures-side"):
                yield PictureView(self.sharp, id="failures-picture")
                yield Pane(id="failures-detail")

    @property
    def _list(self) -> PagedList[FailureRow]:
        return self.query_one("#failures-list", PagedList)

    def on_mount(self) -> None:
        """Take the keys and read."""
        self.focus_widget(self._list)
        self.do(self._load(), "files")

    def on_look(self, look: Look) -> None:
        """Read again when the counts moved."""
        counts = look.snapshot.counts
        seen = (counts.known_bad, counts.ignored, counts.retry_later, look.snapshot.errors)
        if self._seen and seen != self._seen:
            self.do(self.reread(), "files")
        self._seen = seen
        self._draw()

    def on_filter(self, text: str) -> None:
        """Narrow by name or words."""
        del text
        self.do(self._load(), "files")

    async def _load(self) -> None:
        words = "Nothing fits the filter; Esc clears it."
        self._list.set_empty(words if self.filter_text else "None of this cause is left.")
        await self._list.load(self.source.failure_files(self._group, self.filter_text))
        self._draw()

    async def reread(self) -> None:
        """Read the files again."""
        await self._list.reload()
        self._draw()

    def _draw(self) -> None:
        title: Line = [(kind_words(self._group.kind), "warn"), (" · ", "muted")]
        title += [(number(self._list.count), "strong"), (" files", "muted")]
        if self.filter_text:
            title += [(" · filter: ", "muted"), (self.filter_text, "warn")]
        if self._list.marks:
            title.append((f" · {number(self._marked())} marked", "accent"))
        elif not self.filter_text:
            title.append((" · ⏎ all of one · Space marks, V a range · Esc causes", "muted"))
        self.query_one("#failures-head", Block).show([rule(title, self.size.width)])
        detail = self.query_one("#failures-detail", Block)
        size = detail.size
        detail.show(file_lines(self._list.row, self.look.now, size.width, size.height))

    def on_pane_resized(self) -> None:
        """Make the lines for the new size."""
        self._draw()

    def on_paged_list_moved(self, message: PagedList.Moved) -> None:
        """Show the file under the cursor."""
        del message
        self._draw()
        self.draw_keys()
        self.bring_picture()

    def on_paged_list_marked(self) -> None:
        """Say how many are marked."""
        self._draw()

    def failure_now(self) -> FailureRow | None:
        """The one under the cursor."""
        return self._list.row

    def _marked(self) -> int:
        marks = self._list.marks
        return self._list.count - len(marks.keys) if marks.every else len(marks.keys)

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show a failure in full."""
        if isinstance(message.row, FailureRow):
            self.do(self._open(message.row), "open")

    async def _open(self, row: FailureRow) -> None:
        paragraphs = await self.source.failure_detail(row)
        self.app.push_screen(FailureDetailScreen(row, paragraphs))

    # Acting

    def chosen(self) -> list[Selection]:
        """The marked files, else the one under the cursor."""
        marks, row, group = self._list.marks, self._list.row, self._group
        keys = tuple(int(str(key)) for key in marks.keys)
        if marks.every:
            text = self.filter_text.strip()
            same = Selection(kind=group.kind, head=group.head, standing=group.standing)
            return [replace(same, text=text, but=keys)]
        if keys:
            return [Selection(ids=keys)]
        return [Selection(ids=(row.id,))] if row else []

    def fits(self) -> list[Fit]:
        """All of them are of one cause."""
        group = self._group
        return [Fit(group.kind, group.standing, group.raw > 0)] if self._list.count else []
