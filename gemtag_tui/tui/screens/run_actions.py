"""What the run screen can do to a run. Each of them goes to the engine as a command."""

from __future__ import annotations

from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.source import Offer
from gemtag_tui.tui.state import Life
from gemtag_tui.tui.words import money, plural

LANES = ("auto", "interactive", "flex", "batch")
NOTHING = "Nothing runs. S starts a run."


class RunActions(GemtagScreen):
    """Starting, pausing, stopping, and how many calls at once."""

    def action_start(self) -> None:
        """Ask, with count and cost; or say why it can't be."""
        if self.look.engine:
            self.say("An engine runs already; p pauses it, X stops it.")
            return
        self.do(self._offer(), "offer")

    async def _offer(self) -> None:
        offer = await self.source.offer()
        if offer.obstacle:
            self.say(f"Can't start: {offer.obstacle}", "warn")
            return
        self.ask(start_question(offer, resume=self.look.life is Life.DIED), self._start)

    async def _start(self) -> None:
        pid = await self.source.start()
        self.say(f"The engine starts (process {pid}).")
        await self.gemtag.refresh_look()

    def action_pause(self) -> None:
        """Pause, or go on when paused or parked."""
        if not self.look.engine:
            self.say(NOTHING)
            return
        still = self.look.life in {Life.PAUSED, Life.PARKED}
        self.do(self._tell("resume" if still else "pause"))

    def action_stop(self) -> None:
        """Ask, then let the engine finish what is in flight and end."""
        if not self.look.engine:
            self.say("Nothing runs.")
            return
        if self.look.life is Life.STOPPING:
            self.ask("It is stopping. Give up what is in flight too?", lambda: self._tell("stop"))
            return
        flying = self.look.snapshot.in_flight
        self.ask(f"Stop the run? {flying} in flight will be finished.", lambda: self._tell("stop"))

    def action_more(self, by: int) -> None:
        """Allow more or fewer calls at once."""
        if not self.look.engine:
            self.say(NOTHING)
            return
        snapshot = self.look.snapshot
        now = snapshot.concurrency_cap or snapshot.concurrency
        step = 1 if now < 20 else 5 if now < 100 else 20
        self.do(self._tell("concurrency", str(max(1, now + by * step))))

    def action_no_cap(self) -> None:
        """Let the engine decide how many calls are useful."""
        if self.look.engine:
            self.do(self._tell("concurrency", "0"))
        else:
            self.say(NOTHING)

    def action_lane(self) -> None:
        """Hand what remains to the batch lane, or back; asks with count and cost."""
        if not self.look.engine:
            self.say(NOTHING)
            return
        lane = "interactive" if self.look.snapshot.lane == "batch" else "batch"
        self.do(self._ask_lane(lane), "offer")

    async def _ask_lane(self, lane: str) -> None:
        offer = await self.source.offer(lane)
        if offer.obstacle and (lane == "batch" or offer.images):
            self.say(f"Can't hand over: {offer.obstacle}", "warn")
            return
        question = lane_question(lane, offer.images, offer.cost)
        self.ask(question, lambda: self._tell("lane", lane))

    def action_lane_named(self) -> None:
        """Ask for the name of another lane."""
        if not self.look.engine:
            self.say(NOTHING)
            return
        others = " · ".join(lane for lane in LANES if lane != self.look.snapshot.lane)
        self.edit(f"Hand the rest to lane ({others}):", "", self._lane_chosen)

    async def _lane_chosen(self, text: str) -> str | None:
        lane = text.strip().lower()
        if not lane:
            return None
        if lane not in LANES:
            return f"Write one of {', '.join(LANES)}."
        self.do(self._ask_lane(lane), "offer")
        return None

    async def _tell(self, verb: str, argument: str = "") -> None:
        words = await self.source.command(verb, argument)
        self.say(words[:1].upper() + words[1:], "warn" if words.startswith("refused") else "info")
        await self.gemtag.refresh_look()


def start_question(offer: Offer, *, resume: bool = False) -> str:
    """The words that are asked before money is spent."""
    cost = "cost not known" if offer.cost is None else f"about {money(offer.cost)}"
    verb = "Resume with" if resume else "Start on"
    return f"{verb} {plural(offer.images, 'image')} in the {offer.lane} lane, {cost}?"


def lane_question(lane: str, images: int, cost: float | None) -> str:
    """The words asked before what remains goes through another lane."""
    price = "cost not known" if cost is None else f"about {money(cost)}"
    what = plural(images, "image") if images else "what waits unsent"
    return f"Hand {what} to the {lane} lane, {price}?"
