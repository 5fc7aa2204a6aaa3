"""What the plan can do: start, try five first, add a folder, change a choice."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.entry import EntryScreen
from gemtag_tui.tui.screens.plan_choices import (
    LANES,
    OwnChoices,
    parse_cap,
    parse_limit,
    try_to_save,
)
from gemtag_tui.tui.screens.plan_lines import obstacle, start_question
from gemtag_tui.tui.screens.plan_models import ModelsScreen
from gemtag_tui.tui.screens.plan_trial import trial_paragraphs
from gemtag_tui.tui.wanted import PlanView, ScanState, Trial

TRIED = 5
RESOLUTION_WORDS = (
    "How finely the model looks belongs to the profile: model.media_resolution in its TOML file."
)


class PlanActions(GemtagScreen):
    """The plan's keys. The screen itself draws."""

    def __init__(self) -> None:
        super().__init__()
        self.view: PlanView | None = None
        self.own = OwnChoices()
        self.trial: Trial | None = None
        self.tried = 0
        self.scanning: ScanState | None = None

    @abstractmethod
    async def plan_again(self) -> None:
        """Reckon again and draw."""

    @abstractmethod
    def draw(self) -> None:
        """Draw everything."""

    # Starting

    def action_start(self) -> None:
        """Ask, with count and cost, or say why it can't be."""
        self.do(self._ask_start(), "start")

    async def _ask_start(self) -> None:
        view = await self._able()
        if view is None:
            return
        images = min(view.images, self.own.limit) if self.own.limit else view.images
        cost = None if view.each is None else view.each * images
        lane = view.chosen.lane
        question = start_question(images, view.images, cost, lane, self.own.cap)
        self.ask(question, lambda: self._start(self.own.options(lane)))

    async def _able(self) -> PlanView | None:
        """The plan as it is now, when it can be started."""
        await self.plan_again()
        if self.view is None:
            self.say("Can't start before the plan can be made; see the first line.", "warn")
            return None
        why = obstacle(self.view)
        if why:
            self.say(f"Can't start: {why}", "warn")
            return None
        return self.view

    async def _start(self, options: list[str]) -> None:
        pid = await self.source.start(options)
        await self.gemtag.refresh_look()
        self.gemtag.action_go("run")
        self.gemtag.say(f"The engine starts (process {pid}).")

    # Trying first

    def action_try(self) -> None:
        """Ask, then tag five and show what comes back; at once, also when batch is chosen."""
        self.do(self._ask_try(), "try")

    async def _ask_try(self) -> None:
        view = await self._able()
        if view is None:
            return
        images = min(TRIED, view.images)
        lane = "interactive" if view.chosen.lane == "batch" else view.chosen.lane
        each = await self.source.each_cost(lane)
        cost = None if each is None else each * images
        question = start_question(images, view.images, cost, lane, 0.0)
        self.ask(question.replace("Start on", "Try", 1), lambda: self._try(lane))

    async def _try(self, lane: str) -> None:
        before = self.look.run.id if self.look.run else 0
        await self.source.start(["--lane", lane, "--limit", str(TRIED)])
        self.tried, self.trial = before + 1, Trial(run=before + 1)
        self.say("Five images are tried; their tags appear below.")
        await self.gemtag.refresh_look()

    def action_tried(self) -> None:
        """Show the tried ones in full."""
        if self.trial is None or not self.trial.results:
            self.say("Nothing was tried yet: t tries five.")
        else:
            self.app.push_screen(EntryScreen(trial_paragraphs(self.trial)))

    # Folders

    def action_add(self) -> None:
        """Ask for a folder and scan it."""
        if self.scanning is not None and self.scanning.running:
            self.say("A scan goes on already; X stops it.")
            return
        self.edit("Folder to add:", "", self.folder_typed)

    async def folder_typed(self, text: str) -> str | None:
        """Check what was typed; a good path is scanned."""
        try:
            path = await self.source.folder(text)
        except GemtagError as error:
            return error.message
        self.do(self._scan(path), "scan")
        return None

    async def _scan(self, path: str) -> None:
        try:
            async for state in self.source.scan(path):
                self.scanning = state
                self.draw()
        finally:
            if self.scanning is not None and self.scanning.running:
                self.scanning = None
        self.draw_keys()
        await self.gemtag.refresh_look()
        await self.plan_again()

    def action_stop_scan(self) -> None:
        """Ask, then end the scan."""
        if self.scanning is None or not self.scanning.running:
            self.say("No scan goes on.")
            return
        self.ask("Stop the scan? What it found is kept.", self._stop_scan)

    async def _stop_scan(self) -> None:
        self.source.stop_scan()

    # Choices

    def action_models(self) -> None:
        """Choose among the known models."""
        self.app.push_screen(ModelsScreen(self._model_taken))

    async def _model_taken(self, text: str) -> str | None:
        return await self.save("model", text)

    async def save(self, name: str, text: str) -> str | None:
        """Save a setting and reckon again; returns what is wrong with it."""
        said, wrong = await try_to_save(self.source.set_value, name, text)
        if wrong is not None:
            return wrong
        await self.plan_again()
        if said:
            self.say(f"{name}: {said}")
        return None

    def change(self, name: str) -> None:
        """Change a choice."""
        if name == "model":
            self.action_models()
        elif name == "resolution":
            self.say(RESOLUTION_WORDS)
        elif name == "lane":
            self.action_lane()
        elif name == "profile":
            value = self.view.plan.profile if self.view else ""
            self.edit("Profile (a name, or a .toml path):", value, self._profile_typed)
        elif name == "limit":
            value = str(self.own.limit or "")
            self.edit("Most images (empty: all):", value, self._limit_typed)
        elif name == "cap":
            value = f"{self.own.cap:g}" if self.own.cap else ""
            self.edit("Most dollars for the run (empty: none):", value, self._cap_typed)

    def action_lane(self) -> None:
        """Take the next lane."""
        now = self.view.lane if self.view else "auto"
        lane = LANES[(LANES.index(now) + 1) % len(LANES)] if now in LANES else "auto"
        self.do(self._lane(lane), "lane")

    async def _lane(self, lane: str) -> None:
        wrong = await self.save("lane", lane)
        if wrong:
            self.say(wrong, "error")

    async def _profile_typed(self, text: str) -> str | None:
        return await self.save("profile", text)

    async def _limit_typed(self, text: str) -> str | None:
        try:
            self.own.limit = parse_limit(text)
        except ValueError:
            return "Write a whole number, like 500, or nothing."
        self.draw()
        return None

    async def _cap_typed(self, text: str) -> str | None:
        try:
            self.own.cap = parse_cap(text)
        except ValueError:
            return "Write dollars, like 5 or 0.50, or nothing."
        self.draw()
        return None

    # The doctor

    def action_doctor(self) -> None:
        """Let the doctor look at everything; asking the API costs nothing."""
        self.say("The doctor looks…")
        self.do(self._examine(), "doctor")

    async def _examine(self) -> None:
        checks = await self.source.doctor()
        signs = {"ok": "✓", "warn": "!", "fail": "✗"}
        found = [
            (
                f"{signs[one.status]} {one.name}",
                f"{one.message}\n→ {one.fix}" if one.fix else one.message,
            )
            for one in checks
        ]
        self.app.push_screen(EntryScreen(found))

    def keep(self) -> dict[str, Any]:
        """The choices of the next run, and the run that tried five."""
        return {**self.own.kept(), "tried": self.tried}

    def restore(self, kept: dict[str, Any]) -> None:
        """Put them back."""
        self.own.restore(kept)
        tried = kept.get("tried")
        self.tried = tried if isinstance(tried, int) else 0
