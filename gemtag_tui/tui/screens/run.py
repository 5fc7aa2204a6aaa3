"""A run, live: how far, how fast, at what cost, what limits it, and what it finds."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from gemtag_tui.tui.paint import Line, rule
from gemtag_tui.tui.screens.entry import EntryScreen
from gemtag_tui.tui.screens.run_actions import RunActions
from gemtag_tui.tui.screens.run_gauges import middle_lines
from gemtag_tui.tui.screens.run_lines import away_lines, head_lines, result_lines, short_path
from gemtag_tui.tui.source import ErrorEntry
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.columns import Column
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.words import number, seconds_clock

COLUMNS: list[Column[ErrorEntry]] = [
    Column("time", 8, lambda e: (seconds_clock(e.at), "muted")),
    Column("kind", 14, lambda e: (e.kind.replace("_", " "), "warn")),
    Column("image", 14, lambda e: (short_path(e.path), ""), keep="tail", grow=2),
    Column("message", 24, lambda e: (e.message, ""), grow=2, rank=1),
    Column("then", 16, lambda e: (e.fate, "muted"), grow=3),
]  # fmt: skip


class RunScreen(RunActions):
    """Where a run is watched and steered."""

    PLACE = "run"
    FILTERS = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "start", "start", id="run.start", tooltip="Start or resume; asks with cost"),
        Binding("p", "pause", "pause", id="run.pause", tooltip="Pause or resume"),
        Binding("X", "stop", "stop", id="run.stop", tooltip="Stop; asks"),
        Binding("plus,equals_sign", "more(1)", "calls", id="run.more", key_display="+/-",
                tooltip="Allow more calls at once"),
        Binding("minus", "more(-1)", "less", id="run.less", show=False,
                 tooltip="Allow fewer calls at once"),
        Binding("L", "lane", "lane", id="run.lane",
                tooltip="Hand the rest to the batch lane, or back; asks with cost"),
        Binding("ctrl+l", "lane_named", "other lane", id="run.lane_named", show=False,
                tooltip="Hand the rest to a lane by its name; asks"),
        Binding("f", "faults", "faults", id="run.faults", tooltip="Errors about images only"),
        Binding("v", "view", "log", id="run.view", tooltip="More room for the error log"),
        Binding("0", "no_cap", "no cap", id="run.no_cap", tooltip="As many calls as are useful"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.faults_only = False
        self._logged: tuple[int, int] = (0, -1)
        self._kept_row = 0

    def body(self) -> ComposeResult:
        """Head, since you left, rate and limits, last results, error log."""
        yield Block(id="run-away")
        yield Block(id="run-head")
        yield Block(id="run-middle")
        yield Block(id="run-last-title")
        yield Block(id="run-last")
        yield Block(id="run-errors-title")
        yield PagedList[ErrorEntry](
            COLUMNS,
            lambda entry: entry.id,
            empty="No errors in this run.",
            marks=False,
            heading=False,
            follow=True,
            id="run-errors",
        )

    def on_mount(self) -> None:
        """Start with the keys in the error log, and with what happened meanwhile."""
        self.focus_widget(self._log)
        if self.gemtag.sitting.left_at:
            self.do(self._look_back(self.gemtag.sitting.left_at), "since")

    @property
    def _log(self) -> PagedList[ErrorEntry]:
        return self.query_one("#run-errors", PagedList)

    def quiet_actions(self) -> set[str]:
        """Leave out of the footer what would only say that it can't be done."""
        if self.look.engine:
            return {"start"}
        return {"pause", "stop", "more(1)", "lane", "no_cap"}

    # Showing

    def on_look(self, look: Look) -> None:
        """Draw the state; read the error log when it grew."""
        width = self.size.width
        self.query_one("#run-head", Block).show(head_lines(look, width))
        middle = self.query_one("#run-middle", Block)
        middle.show(middle_lines(look.snapshot, width, middle.size.height or 5))
        last = self.query_one("#run-last", Block)
        last.show(result_lines(look.snapshot.last, width, last.size.height or 2))
        heading: Line = [
            ("last results" if look.snapshot.last else "last results: none yet", "muted")
        ]
        self.query_one("#run-last-title", Block).show([rule(heading, width)])
        self._draw_log_title(look)
        run = look.snapshot.run or (look.run.id if look.run else 0)
        if (run, look.snapshot.errors) != self._logged:
            fresh = run != self._logged[0]
            self._logged = (run, look.snapshot.errors)
            self.do(self._load_log() if fresh else self._log.reload(), "errors")

    def _draw_log_title(self, look: Look) -> None:
        title: Line = [("errors ", "muted"), (number(look.snapshot.errors), "strong")]
        if self.faults_only:
            title.append((" · about images only (f)", "warn"))
        if self.filter_text:
            title += [
                (" · filter: ", "muted"),
                (self.filter_text, "warn"),
                (" (Esc clears)", "muted"),
            ]
        elif look.snapshot.errors:
            title.append((" · / filter · ⏎ open", "muted"))
        self.query_one("#run-errors-title", Block).show([rule(title, self.size.width)])

    async def _load_log(self) -> None:
        pages = self.source.errors(self._logged[0], self.filter_text, self.faults_only)
        self._log.set_empty(
            "Nothing fits the filter." if self.filter_text else "No errors in this run."
        )
        await self._log.load(pages, at=self._kept_row)

    def on_filter(self, text: str) -> None:
        """Filter the error log."""
        del text
        self._draw_log_title(self.look)
        self.do(self._load_log(), "errors")

    def action_faults(self) -> None:
        """Show errors about images only, or all."""
        self.faults_only = not self.faults_only
        self._draw_log_title(self.look)
        self.do(self._load_log(), "errors")

    def action_view(self) -> None:
        """Give the error log more room, or take it back."""
        self.toggle_class("-log")
        self.call_after_refresh(self.on_look, self.look)

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Show an entry in full."""
        entry = message.row
        if isinstance(entry, ErrorEntry):
            self.do(self._open(entry), "open")

    async def _open(self, entry: ErrorEntry) -> None:
        paragraphs = await self.source.error_detail(entry)
        self.app.push_screen(EntryScreen(paragraphs))

    # Since you left

    async def _look_back(self, left_at: float) -> None:
        since = await self.source.since(left_at)
        if since is None:
            return
        panel = self.query_one("#run-away", Block)
        lines = away_lines(since, self.look.now, self.size.width)
        panel.styles.height = len(lines)
        panel.add_class("-shown")
        panel.show(lines)

    def on_key(self, event: events.Key) -> None:
        """The first key takes the panel away; the key still does what it does."""
        del event
        self._kept_row = 0
        self.query_one("#run-away").remove_class("-shown")

    # Keeping

    def keep(self) -> dict[str, Any]:
        """The row, and what is shown."""
        return {"row": self._log.cursor, "faults": self.faults_only, "log": self.has_class("-log")}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put them back."""
        self.faults_only = kept.get("faults") is True
        self.set_class(kept.get("log") is True, "-log")
        row = kept.get("row")
        self._kept_row = row if isinstance(row, int) and row > 0 else 0
