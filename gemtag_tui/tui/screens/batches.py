"""Batch jobs: one row each, what Google says and what is stored side by side."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from gemtag_tui.tui.paint import Line, rule
from gemtag_tui.tui.screens.batches_actions import BatchActions
from gemtag_tui.tui.screens.batches_lines import (
    HOW,
    NOTHING,
    landed_words,
    paragraphs,
    row_lines,
)
from gemtag_tui.tui.screens.batches_rows import Row, columns, rows_of, totals
from gemtag_tui.tui.screens.entry import EntryScreen
from gemtag_tui.tui.screens.failures_lines import labelled
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.wanted import BatchDetail, BatchView
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pane import Pane
from gemtag_tui.tui.words import money, number, plural

AGES_SECONDS = 60.0
"""How often ages are drawn again when nothing else moves."""


class BatchesScreen(BatchActions):
    """The jobs, newest first; below them the present one in words."""

    PLACE = "batches"
    FILTERS = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "again", "read again", show=False, id="batches.again",
                tooltip="Read the jobs again"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._view: BatchView | None = None
        self._rows: list[Row] = []
        self._detail: BatchDetail | None = None
        self._landed: Line = []
        self._minute = 0.0
        self._held = ""
        self._nothing = False

    def body(self) -> ComposeResult:
        """Jobs, and the present one in words."""
        yield Block(id="batches-head")
        with Container(id="batches-main"):
            yield PagedList[Row](
                columns(self.look.now), lambda row: row.key, empty="Reading…", marks=False,
                id="batches-list",
            )  # fmt: skip
            yield Pane(id="batches-detail")

    @property
    def _list(self) -> PagedList[Row]:
        return self.query_one("#batches-list", PagedList)

    @property
    def present(self) -> Row | None:
        """The row under the cursor."""
        return self._list.row if self.stands else None

    def on_mount(self) -> None:
        """Take the keys; say what landed meanwhile."""
        self.focus_widget(self._list)
        if self.gemtag.sitting.left_at:
            self.do(self._look_back(self.gemtag.sitting.left_at), "since")

    def on_look(self, look: Look) -> None:
        """Read the jobs when something was written, and once a minute for their ages."""
        del look
        self.do(self.reread(), "jobs")

    def on_filter(self, text: str) -> None:
        """Narrow by name, state or error."""
        del text
        self._view = None
        self.do(self.reread(), "jobs")

    def action_again(self) -> None:
        """Read again."""
        self._view = None
        self.do(self.reread(), "jobs")

    async def reread(self) -> None:
        """Read what is new; the cursor holds on to its job."""
        view, now = await self.source.batch_view(), self.look.now
        minute = now - now % AGES_SECONDS
        if view is self._view and minute == self._minute:
            return
        self._list.set_columns(columns(now))
        shown = rows_of(view, now, self.filter_text)
        await self._show(shown, empty=not view.jobs and not view.strangers)
        await self._read_detail(view)
        self._view, self._minute = view, minute  # last: what was cut off is done again

    async def _show(self, rows: list[Row], *, empty: bool) -> None:
        paged = self._list
        paged.set_empty(NOTHING if empty else "Nothing fits the filter; Esc clears it.")
        if rows != self._rows or not paged.count:
            held = paged.key or self._held
            self._rows, keys = rows, [row.key for row in rows]
            await paged.load(Listed(rows), at=keys.index(str(held)) if held in keys else 0)

    async def _read_detail(self, view: BatchView | None = None) -> None:
        row = self.present
        job = row.job if row else None
        self._detail = await self.source.batch_detail(job.id) if job else None
        if view is not None:
            self._nothing = not (view.jobs or view.strangers)
        self._draw()

    # Drawing

    def _draw(self) -> None:
        if not self.stands:
            return
        width = self.size.width
        title = self._landed or self._title()
        self.query_one("#batches-head", Block).show([rule(title, width)])
        pane = self.query_one("#batches-detail", Block)
        size = pane.size
        if self._nothing:
            pane.show(labelled("", HOW, size.width, max(1, size.height)))
        else:
            row, now = self.present, self.look.now
            pane.show(row_lines(row, self._detail, now, size.width, size.height))
        self.draw_keys()

    def _title(self) -> Line:
        going, held, spent, coming = totals(self._rows)
        jobs = sum(row.job is not None for row in self._rows)
        title: Line = [("batch jobs ", "muted"), (number(jobs), "strong")]
        if going:
            title.append((f" · {number(going)} under way with {plural(held, 'image')}", ""))
        if jobs:
            more = f" + about {money(coming)}" if coming else ""
            title.append((f" · {money(spent)}{more} · ⏎ all of one", "muted"))
        if others := sum(row.stranger is not None for row in self._rows):
            title.append((f" · {number(others)} not ours", "muted"))
        if self.filter_text:
            title += [(" · filter: ", "muted"), (self.filter_text, "warn")]
        return title

    def on_pane_resized(self) -> None:
        """Make the lines for the new size."""
        self._draw()

    def on_paged_list_moved(self, message: PagedList.Moved) -> None:
        """Show the job under the cursor."""
        del message
        self._draw()
        self.do(self._read_detail(), "detail")

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show everything known of a job."""
        if isinstance(message.row, Row) and message.row.job is not None:
            self.do(self._open(message.row), "open")

    async def _open(self, row: Row) -> None:
        if row.job is None:
            return
        detail = await self.source.batch_detail(row.job.id)
        odd = await self.source.batch_odd_lines(row.job.id)
        self.app.push_screen(EntryScreen(paragraphs(row, detail, odd, self.look.now)))

    # Since you left

    async def _look_back(self, left_at: float) -> None:
        landed = await self.source.batches_landed(left_at)
        if landed[0]:
            self._landed = landed_words(landed, left_at, self.look.now)
            self._draw()

    def on_key(self, event: events.Key) -> None:
        """The first key takes the panel away; the key still does what it does."""
        del event
        if self._landed:
            self._landed = []
            self._draw()

    # Keeping

    def keep(self) -> dict[str, Any]:
        """The job under the cursor."""
        return {"job": str(self._list.key or "")}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put it back."""
        job = kept.get("job")
        self._held = job if isinstance(job, str) else ""
