"""The plan: lanes side by side, what to choose, choices and numbers, and Start."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.plan_book import PlanBook
from gemtag_tui.core.plan_values import Plan
from gemtag_tui.engine.checks import Check
from gemtag_tui.tui.paint import Line
from gemtag_tui.tui.screens.first_start import FirstStartScreen
from gemtag_tui.tui.screens.plan_choices import Choice, choice_columns, choices_of
from gemtag_tui.tui.screens.plan_doing import PlanDoing, going_on
from gemtag_tui.tui.screens.plan_lanes import WIDE, advice_lines, lane_lines
from gemtag_tui.tui.screens.plan_lines import (
    doctor_lines,
    heading,
    lanes_title,
    scan_line,
    start_line,
)
from gemtag_tui.tui.screens.plan_notes import note_lines
from gemtag_tui.tui.screens.plan_numbers import Number, number_columns, numbers_of
from gemtag_tui.tui.screens.plan_view import view_of
from gemtag_tui.tui.screens.plan_words import pilot_line
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pane import Pane

LOOK_EVERY = 5.0
"""Seconds between two looks at the facts while an engine moves the counts all the time."""
DEBOUNCE = 0.7
"""Seconds that a model has to stay chosen before the API is asked about it."""


class PlanScreen(PlanDoing):
    """One screen, no form: each choice is a line, and every figure follows at once."""

    PLACE = "plan"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "start", "start", id="plan.start", tooltip="Start; asks with count and cost"),
        Binding("P", "pilot", "pilot", id="plan.pilot",
                tooltip="Tag a sample of 50 to measure with; asks with its budget"),
        Binding("M", "models", "models", id="plan.models",
                tooltip="Compare the models on these images; Enter takes one"),
        Binding("v", "words", "all words", id="plan.words", tooltip="The whole plan in words"),
        Binding("0", "reset", "reset row", id="plan.reset", tooltip="This row as the settings say"),
        Binding("z", "reset_all", "reset all", id="plan.reset_all",
                tooltip="All rows as the settings say"),
        Binding("a", "add", "add folder", id="plan.add", tooltip="Add a folder and scan it"),
        Binding("X", "stop_scan", "stop scan", id="plan.stop_scan", tooltip="Stop the scan; asks"),
        Binding("d", "doctor", "doctor", id="plan.doctor", tooltip="Everything the doctor finds"),
        Binding("t", "try", "try 5", show=False, id="plan.try",
                tooltip="Tag five first: real tags, measured cost; asks"),
        Binding("n", "count", "count", show=False, id="plan.count", tooltip="Count tokens; free"),
        Binding("o", "outcome", "pilot's outcome", show=False, id="plan.outcome",
                tooltip="What the latest pilot told, with some answers"),
        Binding("m", "next_model", "next model", show=False, id="plan.model",
                tooltip="Plan with the next model"),
        Binding("r", "detail", "detail", show=False, id="plan.detail",
                tooltip="Plan with the next media resolution"),
        Binding("l", "lane", "lane", show=False, id="plan.lane", tooltip="Plan with the next lane"),
        Binding("s", "images", "images", show=False, id="plan.images",
                tooltip="A folder, a search, dates, the first N, a random N"),
        Binding("w", "wish", "wish", show=False, id="plan.wish",
                tooltip="Cheapest, soonest, a deadline, a budget"),
        Binding("b", "cap", "budget", show=False, id="plan.cap", tooltip="Cap the next run"),
        Binding("p", "profile", "profile", show=False, id="plan.profile",
                tooltip="Another profile"),
        Binding("left", "side(-1)", "side", show=False, id="plan.left", tooltip="To the choices"),
        Binding("right", "side(1)", "side", show=False, id="plan.right", tooltip="To the numbers"),
        Binding("f", "first", "first steps", show=False, id="plan.first",
                tooltip="Key, limits, images, demo"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._broken = ""
        self._book: PlanBook | None = None
        self._seen: tuple[object, ...] = ()
        self._looked_at = 0.0
        self._led = False
        self._asked: dict[str, list[Check]] = {}
        self._rows: tuple[list[Choice], list[Number]] = ([], [])

    def body(self) -> ComposeResult:
        """Doctor, lanes, what to choose, then choices, numbers and notes; Start below."""
        yield Pane(id="plan-doctor")
        yield Block(id="plan-lanes-head")
        yield Pane(id="plan-lanes")
        yield Pane(id="plan-advice")
        with Horizontal(id="plan-main"):
            with Vertical(id="plan-left"):
                yield Block(id="plan-choices-head")
                yield PagedList[Choice](
                    choice_columns(), lambda one: one.name, empty="Reckoning…", marks=False,
                    heading=False, id="plan-choices",
                )  # fmt: skip
            with Vertical(id="plan-middle"):
                yield Block(id="plan-numbers-head")
                yield PagedList[Number](
                    number_columns(wide=False), lambda one: one.name, empty="", marks=False,
                    heading=False, id="plan-numbers",
                )  # fmt: skip
            with Vertical(id="plan-right"):
                yield Block(id="plan-notes-head")
                yield Pane(id="plan-notes")
        yield Block(id="plan-scan")
        yield Block(id="plan-start")

    @property
    def _choices(self) -> PagedList[Choice]:
        return self.query_one("#plan-choices", PagedList)

    @property
    def _numbers(self) -> PagedList[Number]:
        return self.query_one("#plan-numbers", PagedList)

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus_widget(self._choices)

    def on_unmount(self) -> None:
        """The scan ends with the screens; the next one goes on from there."""
        if self.scanning is not None and self.scanning.running:
            self.source.stop_scan()

    def on_look(self, look: Look) -> None:
        """Look up again when the counts or the engine moved; seldom while a run goes on."""
        seen = (look.snapshot.counts, look.engine, look.run.id if look.run else 0)
        same_run = self._seen[1:] == seen[1:] and look.engine
        if seen != self._seen and not (same_run and look.now - self._looked_at < LOOK_EVERY):
            self._seen, self._looked_at = seen, look.now
            self.do(self.plan_again(), "plan")
        self.draw()

    # Reckoning

    async def look_up(self) -> None:
        """Look everything up again; raises what stands in the way."""
        self.base = await self.source.plan_base(self.own.order())
        self._book = PlanBook(self.base.facts)
        self._broken = ""

    async def plan_again(self) -> None:
        """Make the plan; when it can't be, the first line says why."""
        try:
            await self.look_up()
        except GemtagError as error:
            self.base, self._book, self.view = None, None, None
            self._broken = f"{error.title}: {error.message}"
        self.reckon()
        self._lead()

    def reckon(self) -> None:
        """Reckon from what is known, and draw: some milliseconds at any size."""
        if self.base is not None and self._book is not None:
            self.view = view_of(self.base, self._book, self.own, self._asked)
            model = self.view.plan.model
            if model not in self._asked and self.view.plan.key_where:
                self.do(self._ask_about(model), "asking")
        self.draw()

    async def _ask_about(self, model: str) -> None:
        if self._asked:
            await asyncio.sleep(DEBOUNCE)
        if self.view is None or self.view.plan.model != model or model in self._asked:
            return
        self._asked[model] = []
        self._asked[model] = await self.source.plan_checks(model)
        self.reckon()

    def _lead(self) -> None:
        """Whoever has no key or no images is led by the hand, once a sitting."""
        view = self.view
        if self._led or view is None or self.app.screen is not self:
            return
        self._led = True
        if not view.plan.key_where or not view.plan.counts.total:
            self.action_first()

    def action_first(self) -> None:
        """Show the first steps."""
        if self.view is not None:
            self.app.push_screen(FirstStartScreen(self.view, self.folder_typed))

    # Drawing

    def draw(self) -> None:
        """Draw everything from what is known."""
        if not self.is_mounted:
            return
        width = self.size.width
        self._draw_top(width)
        self._draw_below(width)
        rows = (choices_of(self.view, self.own), numbers_of(self.view))
        if rows != self._rows:
            self._rows = rows
            self.do(self._draw_rows(), "choices")

    async def _draw_rows(self) -> None:
        choices, numbers = self._rows
        self._numbers.set_columns(number_columns(wide=self.size.width >= WIDE))
        await self._choices.load(Listed(choices), at=self._choices.cursor)
        await self._numbers.load(Listed(numbers), at=self._numbers.cursor)

    def _draw_top(self, width: int) -> None:
        names = ("doctor", "lanes-head", "lanes", "advice")
        doctor, head, lanes, advice = (self.query_one(f"#plan-{one}", Block) for one in names)
        view = self.view
        if view is None:
            wrong: Line = [(f" ✗ {self._broken}", "bad")]
            doctor.show([wrong if self._broken else [(" Reckoning…", "muted")]])
            for one in (head, lanes, advice):
                one.show([])
            return
        doctor.show(doctor_lines(view.checks, width, max(1, doctor.size.height)))
        head.show([heading(lanes_title(view), width)])
        lines = lane_lines(view, width)
        lanes.styles.height = len(lines)
        lanes.show(lines)
        advice.show(advice_lines(view, width, max(1, advice.size.height)))

    def _draw_below(self, width: int) -> None:
        titles = (("choices", "choices · ⏎ changes"), ("numbers", "images · ⏎ lists"),
                  ("notes", "one image, prices"))  # fmt: skip
        for name, words in titles:
            block = self.query_one(f"#plan-{name}-head", Block)
            block.show([heading(words, block.size.width)])
        notes = self.query_one("#plan-notes", Block)
        if self.view is not None and notes.size.width:
            notes.show(note_lines(self.view, notes.size.width, notes.size.height))
        strip, line = self.query_one("#plan-scan", Block), self._strip(width)
        strip.set_class(bool(line), "-shown")
        strip.show([line] if line else [])
        self.query_one("#plan-start", Block).show([start_line(self.view, width)])

    def _strip(self, width: int) -> Line:
        if self.scanning is not None:
            return scan_line(self.scanning, width)
        if self.piloting is not None:
            snapshot = self.look.snapshot
            done = snapshot.done + snapshot.bad if self.look.engine else 0
            return [(" ◌ ", "accent"), (going_on(self.piloting, done), "")]
        if self.outcome is not None and self._fits(self.outcome.plan):
            return [(" ✓ ", "good"), (pilot_line(self.outcome), "")]
        return []

    def _fits(self, plan: Plan) -> bool:
        mine = self.view.plan if self.view is not None else plan
        return (plan.model, plan.resolution) == (mine.model, mine.resolution)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stopping is there while something is scanned."""
        del parameters
        return action != "stop_scan" or (self.scanning is not None and self.scanning.running)

    def on_pane_resized(self) -> None:
        """Make the lines for the new size."""
        self.draw()

    # The two lists

    def action_side(self, by: int) -> None:
        """To the choices or the numbers."""
        (self._choices if by < 0 else self._numbers).focus()

    def row_name(self) -> str:
        """The choice under the cursor."""
        row = self._choices.row
        return row.name if row is not None else ""

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Change a choice, or show the images behind a number."""
        if isinstance(message.row, Choice):
            self.change(message.row.name)
        elif isinstance(message.row, Number):
            self.open_number(message.row)

    def restore(self, kept: dict[str, Any]) -> None:
        """Put the choices back and look up what they mean."""
        super().restore(kept)
        self._seen = ()
