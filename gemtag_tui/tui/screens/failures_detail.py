"""One failure in full: its picture, and all that is known of it."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from gemtag_tui.store.failures import FailureRow, Selection
from gemtag_tui.tui.paint import Line, rule
from gemtag_tui.tui.screens.entry import Numbered, wrapped
from gemtag_tui.tui.screens.failures_actions import FailureActions
from gemtag_tui.tui.screens.failures_ask import Fit
from gemtag_tui.tui.screens.failures_pictures import FailurePicture
from gemtag_tui.tui.screens.failures_words import STANDINGS, kind_words
from gemtag_tui.tui.wanted import Paragraphs
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.columns import Column
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.picture import PictureView


class FailureDetailScreen(FailureActions, FailurePicture):
    """A picture beside headed paragraphs, the raw answer last; Esc goes back."""

    FILTERS = True

    def __init__(self, row: FailureRow, paragraphs: Paragraphs) -> None:
        super().__init__()
        self._row, self._paragraphs = row, paragraphs

    def body(self) -> ComposeResult:
        """The picture and the lines."""
        yield Block(id="failure-head")
        with Container(id="failure-main"):
            yield PictureView(self.sharp, id="failure-picture")
            yield PagedList[Numbered](
                [Column("", 20, lambda row: row[1], grow=1)],
                lambda row: row[0],
                marks=False,
                heading=False,
                id="failure-lines",
            )

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus_widget(self.query_one(PagedList))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again."""
        del event
        self.call_after_refresh(self._fill)

    def on_filter(self, text: str) -> None:
        """Show only lines with these words."""
        del text
        self._fill()

    def failure_now(self) -> FailureRow | None:
        """This one."""
        return self._row

    def chosen(self) -> list[Selection]:
        """This one."""
        return [Selection(ids=(self._row.id,))]

    def fits(self) -> list[Fit]:
        """What it is."""
        return [Fit(self._row.kind, self._row.standing, raw=True)]

    async def reread(self) -> None:
        """Read it again."""
        self._row = await self.source.failure(self._row.id) or self._row
        self._paragraphs = await self.source.failure_detail(self._row)
        self._fill()
        self.draw_keys()

    def _fill(self) -> None:
        if not self.stands:
            return
        standing, tone = STANDINGS[self._row.standing]
        title: Line = [(kind_words(self._row.kind), "warn"), (" ", ""), (standing, tone)]
        path = self._row.path.decode("utf-8", "surrogateescape") or "(no file holds it now)"
        title += [(" · ", "muted"), (path, "strong")]
        self.query_one("#failure-head", Block).show([rule(title, self.size.width)])
        paged, wanted = self.query_one(PagedList), self.filter_text.casefold()
        lines = wrapped(self._paragraphs, max(20, paged.size.width - 3))
        shown = [(i, span) for i, span in enumerate(lines) if wanted in span[0].casefold()]
        self.do(paged.load(Listed(shown), at=paged.cursor), "lines")

    def action_pictures(self) -> None:
        """Show the picture or not; the lines have another width then."""
        super().action_pictures()
        self.call_after_refresh(self._fill)
