"""What the plan can do: start, try a sample, add a folder, show what is behind a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.tui.screens.entry import EntryScreen
from gemtag_tui.tui.screens.plan_lines import (
    how_words,
    obstacle,
    runnable,
    start_question,
    what_starts,
)
from gemtag_tui.tui.screens.plan_opening import PlanOpening
from gemtag_tui.tui.screens.plan_words import pilot_paragraphs, plan_paragraphs
from gemtag_tui.tui.wanted import PlanOrder, PlanView, ScanState
from gemtag_tui.tui.words import money, number, plural

if TYPE_CHECKING:
    from gemtag_tui.engine.piloting import Outcome

PILOT, TRIED, COUNTED = 50, 5, 8


class PlanDoing(PlanOpening):
    """The plan's deeds. The screen itself draws."""

    def __init__(self) -> None:
        super().__init__()
        self.scanning: ScanState | None = None
        self.piloting: PlanOrder | None = None
        self.outcome: Outcome | None = None

    def draw(self) -> None:
        """Draw everything."""

    def keep(self) -> dict[str, Any]:
        """The choices."""
        return self.own.kept()

    def restore(self, kept: dict[str, Any]) -> None:
        """Put them back."""
        self.own.restore(kept)

    # Starting

    def action_start(self) -> None:
        """Ask, with count and cost, or say why it can't be."""
        self.do(self._ask_start(), "start")

    async def _ask_start(self) -> None:
        view = await self._able()
        if view is None:
            return
        lane, _cost, head = what_starts(view)
        words, order = self.own.start_words(lane, head), self.own.order(size=self.own.sample)
        said = f": {how_words(view)}." if head else "."
        self.ask(start_question(view, self.own.cap), lambda: self._start(words, order, said))

    async def _able(self) -> PlanView | None:
        """The plan as it is now, when something can be sent."""
        await self.plan_again()
        if self.view is None:
            self.say("Can't start before the plan can be made; see the first line.", "warn")
            return None
        why = obstacle(self.view)
        if why:
            self.say(f"Can't start: {why}", "warn")
            return None
        return self.view

    async def _start(self, words: list[str], order: PlanOrder, said: str = ".") -> None:
        pid = await self.source.start_plan(words, order)
        await self.gemtag.refresh_look()
        self.gemtag.action_go("run")
        self.gemtag.say(f"The engine starts (process {pid}){said}")

    # Trying some first

    def action_pilot(self) -> None:
        """Ask, then tag a sample and say what it tells of the rest."""
        self.do(self._ask_pilot(self.own.sample or PILOT), "pilot")

    def action_try(self) -> None:
        """The same with five."""
        self.do(self._ask_pilot(TRIED), "pilot")

    async def _ask_pilot(self, size: int) -> None:
        view = await self._able()
        if view is None:
            return
        seed = round(self.look.now) % 1_000_000
        lane = runnable(view.chosen.lane)
        wanted = self.own.order(size=max(2, size), seed=seed, cap=self.own.cap)
        order = changed(wanted, lane=lane)
        offer = await self.source.pilot_offer(order)
        if not offer.images:
            self.say("Nothing of this part remains: there is nothing to try.", "warn")
            return
        price = "cost not known" if offer.cost is None else f"about {money(offer.cost)}"
        most = f", at most {money(offer.cap)}" if offer.cap else ""
        words = f"Pilot of {plural(offer.images, 'image')} ({offer.lane}), {price}{most}?"
        ready = changed(order, cap=offer.cap)
        self.ask(words, lambda: self._pilot(ready))

    async def _pilot(self, order: PlanOrder) -> None:
        self.piloting = order
        self.draw()
        await self.gemtag.refresh_look()
        try:
            wrong = await self.source.pilot(order)
        finally:
            self.piloting = None
        await self.gemtag.refresh_look()
        await self.plan_again()
        await self._recall()
        self.draw()
        if wrong or self.outcome is None:
            self.gemtag.say(wrong or "No image of the sample was answered.", "warn")
        elif self.app.screen is self:
            self.action_outcome()
        else:
            self.gemtag.say("The pilot has ended: o on 1 Plan shows what it told.")

    async def _recall(self) -> None:
        self.outcome = await self.source.pilot_outcome(self.own.order())

    def action_outcome(self) -> None:
        """What the latest pilot told."""
        self.do(self._show_outcome(), "outcome")

    async def _show_outcome(self) -> None:
        await self._recall()
        self.draw()
        if self.outcome is None:
            self.say("No pilot was run with this model and profile yet: P runs one.")
        else:
            self.app.push_screen(EntryScreen(pilot_paragraphs(self.outcome)))

    # Counting

    def action_count(self) -> None:
        """Have the API count some pictures' tokens: free, so nothing is asked."""
        self.do(self._count(), "count")

    async def _count(self) -> None:
        if await self._able() is None:
            return
        self.say(f"The API counts the tokens of {plural(COUNTED, 'picture')}; that is free.")
        wrong = await self.source.count_tokens(self.own.order(size=COUNTED))
        await self.plan_again()
        if wrong or self.view is None:
            self.gemtag.say(wrong, "warn")
            return
        tokens = self.view.plan.tokens
        if tokens.basis.startswith("counted"):
            prompt, image = number(round(tokens.prompt)), number(round(tokens.image))
            self.gemtag.say(
                f"C{tokens.basis[1:]}: {prompt} tokens of prompt, {image} of the image."
            )
        else:
            self.gemtag.say(f"Counted; what was measured still holds ({tokens.basis}).")

    # Looking behind the figures

    def action_words(self) -> None:
        """The whole plan in words."""
        if self.view is not None:
            self.app.push_screen(EntryScreen(plan_paragraphs(self.view)))

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


def changed(order: PlanOrder, **values: object) -> PlanOrder:
    """An order with other values."""
    from dataclasses import replace  # noqa: PLC0415 - only here

    return replace(order, **values)  # type: ignore[arg-type]


def going_on(order: PlanOrder, done: int) -> str:
    """A pilot under way, in words."""
    return f"pilot of {number(order.size)} goes on · {number(done)} settled · 2 Run shows it"
