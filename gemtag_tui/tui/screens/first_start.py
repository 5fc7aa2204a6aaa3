"""First steps for who has no key or no images yet; no way out of it is a dead end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType

from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.first_start_lines import first_lines
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.wanted import PlanView
from gemtag_tui.tui.widgets.block import Block

NO_DEMO = "This terminal cannot be lent: leave with q, then type: gemtag demo"


class FirstStartScreen(GemtagScreen):
    """Where to get a key, how to check limits, adding a folder, the demo."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "add folder", id="first.add", tooltip="Add a folder and scan it"),
        Binding("d", "demo", "demo", id="first.demo", tooltip="See the demo, then come back here"),
        Binding("6", "app.go('limits')", "limits", id="first.limits", tooltip="Go to Limits"),
        Binding("escape,enter", "back", "plan", id="first.plan", key_display="Esc",
                tooltip="Go on to the plan"),
    ]  # fmt: skip

    def __init__(self, view: PlanView, add: Callable[[str], Awaitable[str | None]]) -> None:
        super().__init__()
        self._view = view
        self._add = add

    def body(self) -> ComposeResult:
        """One page of words."""
        yield Block(id="first-steps")

    def on_look(self, look: Look) -> None:
        """Draw; the counts may have grown."""
        del look
        self._draw()

    def _draw(self) -> None:
        block = self.query_one("#first-steps", Block)
        block.show(first_lines(self._view, min(100, self.size.width)))

    def action_add(self) -> None:
        """Ask for a folder; the plan shows how its scan goes."""
        self.edit("Folder to add:", "", self._typed)

    async def _typed(self, text: str) -> str | None:
        wrong = await self._add(text)
        if wrong is None:
            self.call_after_refresh(self._close)
        return wrong

    def _close(self) -> None:
        self.dismiss()

    def action_demo(self) -> None:
        """Lend the terminal to the demo."""
        self.do(self._demo(), "demo")

    async def _demo(self) -> None:
        try:
            with self.app.batch_update(), self.app.suspend():
                child = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "gemtag_tui", "demo"
                )
                code = await child.wait()
        except SuspendNotSupported:
            self.say(NO_DEMO)
            return
        self.refresh(layout=True)
        ended = "That was the demo" if code in {0, 1} else f"The demo ended with code {code}"
        self.say(f"{ended}; its pictures and tags are gone again.")
