"""What can be done about failures, on the causes and on the files of one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from gemtag_tui.store.failures import Selection
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.failures_ask import NONE, VERBS, Fit, Verb, question, reached
from gemtag_tui.tui.wanted_failures import Reach
from gemtag_tui.tui.widgets.paged import PagedList


class FailureActions(GemtagScreen):
    """Settling the marked ones, else the one under the cursor: previewed, asked, undoable."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "settle('retry')", "retry", id="failures.retry",
                tooltip="Try the marked, or this one, again; asks with count and cost"),
        Binding("I", "settle('ignore')", "ignore", id="failures.ignore",
                tooltip="Leave the marked, or this one, alone for good; asks"),
        Binding("u", "undo", "undo", id="failures.undo",
                tooltip="Take the last decision back, as far as nothing was spent since"),
        Binding("J", "settle('rejudge')", "judge again", id="failures.rejudge",
                tooltip="Judge the stored answers again by today's profile; costs nothing"),
        Binding("M", "settle('model')", "other model", id="failures.model",
                tooltip="Ask a stronger model about the marked, or this one; asks with the price"),
        Binding("A", "settle('more-output')", "more room", id="failures.more_output",
                tooltip="Try again with more room for the answer; asks with the price"),
        Binding("E", "settle('re-encode')", "made anew", id="failures.reencode",
                tooltip="Try again with a picture made anew; asks with the price"),
        Binding("D", "settle('resolution')", "resolution", id="failures.resolution",
                tooltip="Try again in another media resolution; asks with the price"),
        Binding("O", "settle('reopen')", "reopen", id="failures.reopen",
                tooltip="Take back that these are ignored or known bad; asks"),
    ]  # fmt: skip

    @abstractmethod
    def chosen(self) -> list[Selection]:
        """The marked ones, else the row's."""

    @abstractmethod
    def fits(self) -> list[Fit]:
        """What the marked ones, else the row, are."""

    @abstractmethod
    async def reread(self) -> None:
        """Show what is so now."""

    def quiet_actions(self) -> set[str]:
        """The footer names what fits the row."""
        able = {verb for fit in self.fits() for verb in fit.verbs}
        return {f"settle('{verb}')" for verb in VERBS - able}

    def action_settle(self, verb: Verb) -> None:
        """Say what it would reach and cost, and ask."""
        chosen = self.chosen()
        if chosen:
            self.do(self._ask(verb, chosen), "ask")
        else:
            self.say("There is nothing to choose here.")

    async def _ask(self, verb: Verb, chosen: Sequence[Selection]) -> None:
        reach = await self.source.reach(verb, chosen)
        if not reached(verb, reach):
            self.say(NONE[verb])
            return
        self.ask(question(verb, reach), lambda: self._settle(verb, chosen, reach))

    async def _settle(self, verb: Verb, chosen: Sequence[Selection], reach: Reach) -> None:
        if verb == "rejudge":
            words = await self.source.rejudge(chosen)
        elif verb == "model":
            words = await self.source.ask_other(chosen, reach.model)
        else:
            words = await self.source.decide(verb, chosen)
        self.query_one(PagedList).clear_marks()
        await self._told(words)

    def action_undo(self) -> None:
        """Take the last decision back."""
        self.do(self._undo())

    async def _undo(self) -> None:
        await self._told(await self.source.undo_decision())

    async def _told(self, words: str) -> None:
        await self.reread()
        await self.gemtag.refresh_look()
        self.say(words, "warn" if words.startswith("Nothing") else "info")
