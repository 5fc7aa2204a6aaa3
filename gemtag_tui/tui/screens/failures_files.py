"""The files of one cause of failure."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
from gemtag_tui.tui.paint import Line, rule
from gemtag_tui.tui.screens.entry import EntryScreen
from gemtag_tui.tui.screens.failures_actions import FailureActions
from gemtag_tui.tui.screens.failures_lines import file_columns, file_lines
from gemtag_tui.tui.screens.failures_words import kind_words
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.theme import style_path
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pane import Pane
from gemtag_tui.tui.words import number


class FailureFilesScreen(FailureActions):
    """Every file of a cause; Enter opens one with its raw answer, Esc goes back to the causes."""

    FILTERS = True
    CSS_PATH = style_path("failures.tcss")

    def __init__(self, group: FailureGroup) -> None:
        super().__init__()
        self._group = group
        self._seen: tuple[int, ...] = ()

    def body(self) -> ComposeResult:
        """Files, and the present one in words."""
        yield Block(id="failures-head")
        with Container(id="failures-main"):
            yield PagedList[FailureRow](
                file_columns(self.look.now), lambda row: row.id, id="failures-list",
                empty="None of this cause is left.",
            )  # fmt: skip
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
        else:
            title.append((" · ⏎ raw answer · Space marks · Esc causes", "muted"))
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

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show a failure in full."""
        if isinstance(message.row, FailureRow):
            self.do(self._open(message.row), "open")

    async def _open(self, row: FailureRow) -> None:
        self.app.push_screen(EntryScreen(await self.source.failure_detail(row)))

    # Acting

    def chosen(self) -> list[Selection]:
        """The marked files, else the one under the cursor."""
        marks, row = self._list.marks, self._list.row
        if marks.every and not marks.keys and not self.filter_text:
            return [self._whole()]
        keys = tuple(int(str(key)) for key in marks.keys)
        if keys and not marks.every:
            return [Selection(ids=keys)]
        if marks:
            self.say("All but some cannot be chosen here: mark the ones you mean.", "warn")
            return []
        return [Selection(ids=(row.id,))] if row else []

    async def shown_all(self) -> tuple[list[Selection], int]:
        """All files shown."""
        count = self._list.count
        if not count:
            return [], 0
        if not self.filter_text:
            return [self._whole()], count
        pages = self.source.failure_files(self._group, self.filter_text)
        rows = await pages.page(0, await pages.count())
        return [Selection(ids=tuple(row.id for row in rows))], len(rows)

    def _whole(self) -> Selection:
        group = self._group
        return Selection(kind=group.kind, head=group.head, standing=group.standing)
