"""What can be done about failures, on the causes and on the files of one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from gemtag_tui.store.failures import Selection
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.words import money, plural


class FailureActions(GemtagScreen):
    """Retry, ignore and reopen: the marks, else the row, else all that is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry", "retry", id="failures.retry",
                tooltip="Have the marked, or this one, tried again by the next run"),
        Binding("R", "retry_all", "retry all", id="failures.retry_all",
                tooltip="Have all shown tried again; asks with count and cost"),
        Binding("i", "ignore", "ignore", id="failures.ignore",
                tooltip="Leave the marked, or this one, alone from now on"),
        Binding("u", "reopen", "undo", id="failures.reopen",
                tooltip="Take back that these are ignored or known bad"),
    ]  # fmt: skip

    @abstractmethod
    def chosen(self) -> list[Selection]:
        """The marked ones, else the row's."""

    @abstractmethod
    async def shown_all(self) -> tuple[list[Selection], int]:
        """All that is shown, and how many images that is."""

    @abstractmethod
    async def reread(self) -> None:
        """Show what is so now."""

    def action_retry(self) -> None:
        """Have some tried again."""
        self._decide("retry")

    def action_ignore(self) -> None:
        """Leave some alone."""
        self._decide("ignore")

    def action_reopen(self) -> None:
        """Take back."""
        self._decide("reopen")

    def action_retry_all(self) -> None:
        """Ask, with count and cost, then have all that is shown tried again."""
        self.do(self._ask_all(), "ask")

    def _decide(self, verb: str) -> None:
        chosen = self.chosen()
        if chosen:
            self.do(self.carry_out(verb, chosen))
        else:
            self.say("There is nothing to choose here.")

    async def carry_out(self, verb: str, chosen: Sequence[Selection]) -> None:
        """Do it, and say what came of it."""
        words = await self.source.decide(verb, chosen)
        await self.reread()
        await self.gemtag.refresh_look()
        self.say(words, "warn" if words.startswith("Nothing") else "info")

    async def _ask_all(self) -> None:
        chosen, count = await self.shown_all()
        if not chosen:
            self.say("There is nothing to retry here.")
            return
        each = await self.source.each_cost()
        cost = "cost not known" if each is None else f"about {money(each * count)}"
        question = f"Retry {plural(count, 'image')}, {cost}?"
        self.ask(question, lambda: self.carry_out("retry", chosen))
