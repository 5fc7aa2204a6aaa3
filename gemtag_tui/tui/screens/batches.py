"""Batch jobs: one row each, what Google says and what is stored side by side."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from gemtag_tui.store.batches import JobRow
from gemtag_tui.tui.paint import Line, rule
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.batches_lines import (
    NOT_BUILT,
    NOTHING,
    columns,
    job_lines,
    job_paragraphs,
    nothing_lines,
)
from gemtag_tui.tui.screens.entry import EntryScreen
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.theme import style_path
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pane import Pane
from gemtag_tui.tui.words import money, number


class BatchesScreen(GemtagScreen):
    """The jobs the library knows, newest first."""

    PLACE = "batches"
    FILTERS = True
    CSS_PATH = style_path("batches.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "again", "read again", id="batches.again", tooltip="Read the jobs again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._jobs: list[JobRow] = []
        self._read = False
        self._row = 0

    def body(self) -> ComposeResult:
        """Jobs, and the present one in words."""
        yield Block(id="batches-head")
        with Container(id="batches-main"):
            yield PagedList[JobRow](
                columns(self.look.now), lambda job: job.id, empty="Reading…", marks=False,
                id="batches-list",
            )  # fmt: skip
            yield Pane(id="batches-detail")

    @property
    def _list(self) -> PagedList[JobRow]:
        return self.query_one("#batches-list", PagedList)

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus_widget(self._list)

    def on_look(self, look: Look) -> None:
        """Read the jobs; there are dozens at most."""
        self.do(self._load(), "jobs")
        self._list.set_columns(columns(look.now - look.now % 60))
        self._draw()

    def on_filter(self, text: str) -> None:
        """Narrow by name, state or error."""
        del text
        self.do(self._load(), "jobs")

    def action_again(self) -> None:
        """Read again."""
        self.do(self._load(), "jobs")

    async def _load(self) -> None:
        jobs = await self.source.batch_jobs()
        wanted = self.filter_text.casefold()
        shown = [job for job in jobs if wanted in _words(job)]
        if self._read and shown == self._jobs:
            return
        held, self._jobs, self._read = self._list.key, shown, True
        self._list.set_empty("Nothing fits the filter; Esc clears it." if jobs else self._nothing())
        ids = [job.id for job in shown]
        await self._list.load(Listed(shown), at=ids.index(held) if held in ids else self._row)
        self._row = 0
        self._draw()

    def _nothing(self) -> str:
        return NOTHING if self.source.runs_batches() else NOT_BUILT

    def _draw(self) -> None:
        title: Line = [("batch jobs ", "muted"), (number(len(self._jobs)), "strong")]
        if self._jobs:
            spent = sum(job.cost_usd for job in self._jobs)
            title.append((f" · {money(spent)} · ⏎ all of one", "muted"))
        if self.filter_text:
            title += [(" · filter: ", "muted"), (self.filter_text, "warn")]
        self.query_one("#batches-head", Block).show([rule(title, self.size.width)])
        detail = self.query_one("#batches-detail", Block)
        size = detail.size
        lines = job_lines(self._list.row, self.look.now, size.width, size.height)
        nothing = self._read and not self._jobs and not self.filter_text
        detail.show(
            nothing_lines(size.width, built=self.source.runs_batches()) if nothing else lines
        )

    def on_pane_resized(self) -> None:
        """Make the lines for the new size."""
        self._draw()

    def on_paged_list_moved(self, message: PagedList.Moved) -> None:
        """Show the job under the cursor."""
        del message
        self._draw()

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show everything known of a job."""
        if isinstance(message.row, JobRow):
            self.app.push_screen(EntryScreen(job_paragraphs(message.row, self.look.now)))

    def keep(self) -> dict[str, Any]:
        """The row."""
        return {"row": self._list.cursor}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put it back."""
        row = kept.get("row")
        self._row = row if isinstance(row, int) else 0


def _words(job: JobRow) -> str:
    return f"{job.display_name} {job.name} {job.state} {job.server_state} {job.error}".casefold()
