"""The plan: choices on one side, what they come to on the other, and Start."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.tui.paint import Line, rule
from gemtag_tui.tui.screens.first_start import FirstStartScreen
from gemtag_tui.tui.screens.plan_actions import PlanActions
from gemtag_tui.tui.screens.plan_choices import Choice, choice_columns, choices_of
from gemtag_tui.tui.screens.plan_lines import (
    answer_lines,
    counts_line,
    doctor_lines,
    heading,
    scan_line,
    start_line,
)
from gemtag_tui.tui.screens.plan_trial import trial_lines, trial_title
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.theme import style_path
from gemtag_tui.tui.widgets.block import Block
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pane import Pane


class PlanScreen(PlanActions):
    """One screen, no form: each choice is a line, and the answer is reckoned again at once."""

    PLACE = "plan"
    CSS_PATH = style_path("plan.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "start", "start", id="plan.start", tooltip="Start; asks with count and cost"),
        Binding("t", "try", "try 5", id="plan.try",
                tooltip="Tag five first: real tags, measured cost; asks"),
        Binding("m", "models", "model", id="plan.models", tooltip="Choose among the known models"),
        Binding("a", "add", "add folder", id="plan.add", tooltip="Add a folder and scan it"),
        Binding("X", "stop_scan", "stop scan", id="plan.stop_scan", tooltip="Stop the scan; asks"),
        Binding("n", "lane", "lane", id="plan.lane", tooltip="Take the next lane"),
        Binding("v", "tried", "tried", id="plan.tried", tooltip="The tried images in full"),
        Binding("d", "doctor", "doctor", id="plan.doctor", tooltip="Everything the doctor finds"),
        Binding("f", "first", "first steps", id="plan.first", tooltip="Key, limits, images, demo"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._broken = ""
        self._seen: tuple[object, ...] = ()
        self._led = False
        self._listed: list[Choice] = []

    def body(self) -> ComposeResult:
        """Doctor, counts, choices beside the answer, the ones tried first, Start."""
        yield Pane(id="plan-doctor")
        yield Block(id="plan-counts")
        with Horizontal(id="plan-main"):
            with Vertical(id="plan-left"):
                yield Block(id="plan-choices-head")
                yield PagedList[Choice](
                    choice_columns(), lambda one: one.name, empty="Reckoning…", marks=False,
                    heading=False, id="plan-choices",
                )  # fmt: skip
            yield Pane(id="plan-answer")
        yield Block(id="plan-scan")
        yield Block(id="plan-trial-head")
        yield Pane(id="plan-trial")
        yield Block(id="plan-start")

    @property
    def _choices(self) -> PagedList[Choice]:
        return self.query_one("#plan-choices", PagedList)

    def on_mount(self) -> None:
        """Take the keys."""
        self.focus_widget(self._choices)

    def on_unmount(self) -> None:
        """The scan ends with the screens; the next one goes on from there."""
        if self.scanning is not None and self.scanning.running:
            self.source.stop_scan()

    def on_look(self, look: Look) -> None:
        """Reckon again when the counts or the engine moved."""
        seen = (look.snapshot.counts, look.engine, look.run.id if look.run else 0)
        if seen != self._seen:
            self._seen = seen
            self.do(self.plan_again(), "plan")
        if self.tried and (self.trial is None or not self.trial.ended):
            self.do(self._watch_trial(), "trial")
        self.draw()

    async def plan_again(self) -> None:
        """Make the plan; when it can't be, the first line says why."""
        try:
            self.view = await self.source.plan()
            self._broken = ""
        except GemtagError as error:
            self.view, self._broken = None, f"{error.title}: {error.message}"
        self.draw()
        self._lead()

    async def _watch_trial(self) -> None:
        self.trial = await self.source.trial(self.tried)
        self.draw()
        if self.trial.ended:
            await self.plan_again()

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
        self._draw_answer()
        self._draw_trial(width)
        self.query_one("#plan-start", Block).show([start_line(self.view, width)])
        if choices_of(self.view, self.own) != self._listed:
            self.do(self._draw_choices(), "choices")

    async def _draw_choices(self) -> None:
        self._listed = choices_of(self.view, self.own)
        await self._choices.load(Listed(self._listed), at=self._choices.cursor)

    def _draw_top(self, width: int) -> None:
        doctor, counts = (
            self.query_one("#plan-doctor", Block),
            self.query_one("#plan-counts", Block),
        )
        if self.view is None:
            words: Line = [
                (
                    f" ✗ {self._broken}" if self._broken else " Reckoning…",
                    "bad" if self._broken else "muted",
                )
            ]
            doctor.show([words])
            counts.show([])
            return
        lines = doctor_lines(self.view.checks, width, max(1, doctor.size.height))
        doctor.show(lines)
        counts.show([counts_line(self.view, width)])

    def _draw_answer(self) -> None:
        answer = self.query_one("#plan-answer", Block)
        size = answer.size
        left = self.query_one("#plan-choices-head", Block)
        left.show([heading("choices · ⏎ changes", left.size.width)])
        if self.view is not None and size.width:
            lines = answer_lines(self.view, size.width, size.height - 1)
            answer.show([heading("lanes", size.width), *lines])

    def _draw_trial(self, width: int) -> None:
        scan = self.query_one("#plan-scan", Block)
        scan.set_class(self.scanning is not None, "-shown")
        if self.scanning is not None:
            scan.show([scan_line(self.scanning, width)])
        self.query_one("#plan-trial-head", Block).show(
            [rule(trial_title(self.trial, self.view), width)]
        )
        trial = self.query_one("#plan-trial", Block)
        trial.show(trial_lines(self.trial, width, trial.size.height or 4))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stopping is there while something is scanned, the tried ones when there are some."""
        del parameters
        if action == "stop_scan":
            return self.scanning is not None and self.scanning.running
        if action == "tried":
            return self.trial is not None
        return True

    def on_pane_resized(self) -> None:
        """Make the lines for the new size."""
        self.draw()

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        """Change a choice."""
        if isinstance(message.row, Choice):
            self.change(message.row.name)
