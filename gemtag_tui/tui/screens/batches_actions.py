"""What can be done about batch jobs. What costs money asks, with count and price."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual.binding import Binding, BindingType

from gemtag_tui.core.batch_job import ACTIVE, LOCAL, JobState
from gemtag_tui.store.batches import JobRow, Stranger
from gemtag_tui.store.failures import Selection
from gemtag_tui.tui.screens.base import GemtagScreen
from gemtag_tui.tui.screens.batches_rows import Row
from gemtag_tui.tui.screens.run_actions import lane_question, start_question
from gemtag_tui.tui.words import money, number, plural

NO_JOB = "There is no job here."
_CAN_CANCEL = LOCAL - {JobState.BUILDING} | {JobState.PENDING, JobState.RUNNING}
_CAN_RESCUE = _CAN_CANCEL | ACTIVE | {JobState.ENDED, JobState.QUARANTINED}


class BatchActions(GemtagScreen):
    """Submit, sync, cancel, rescue, retry, adopt."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "submit", "submit", id="batches.submit",
                tooltip="Submit what remains in the batch lane; asks with count and cost"),
        Binding("s", "sync", "sync now", id="batches.sync",
                tooltip="Look at every job now, take in what has ended"),
        Binding("X", "cancel", "cancel", id="batches.cancel",
                tooltip="Cancel the job; asks"),
        Binding("R", "rescue", "rescue", id="batches.rescue",
                tooltip="Move the job's images to another lane; asks with count and price"),
        Binding("r", "retry", "retry bad", id="batches.retry",
                tooltip="Have the job's failed lines tried again by the next run"),
        Binding("w", "watch", "watch", id="batches.watch",
                tooltip="Look after the jobs until they have ended, without a run"),
        Binding("A", "adopt", "adopt", id="batches.adopt",
                tooltip="Take in a job of this library that it forgot; asks"),
    ]  # fmt: skip

    @property
    @abstractmethod
    def present(self) -> Row | None:
        """The row under the cursor."""

    @abstractmethod
    async def reread(self) -> None:
        """Show what is so now."""

    def quiet_actions(self) -> set[str]:
        """Leave out of the footer what would only say that it can't be done."""
        row = self.present
        if row is None or row.stranger is None:
            quiet = {"adopt"}
        else:
            quiet = {"retry", "watch"} | (set() if row.stranger.ours else {"cancel", "rescue"})
        return quiet | ({"watch"} if self.look.engine else set())

    # Submitting

    def action_submit(self) -> None:
        """Ask, then start a run in the batch lane, or hand over what remains to it."""
        self.do(self._submit(), "offer")

    async def _submit(self) -> None:
        offer = await self.source.offer("batch")
        if offer.obstacle:
            self.say(f"Can't submit: {offer.obstacle}", "warn")
        elif not self.look.engine:
            self.ask(start_question(offer), self._start)
        elif self.look.snapshot.lane == "batch":
            self.say("An engine runs in the batch lane already: it submits what remains by itself.")
        else:
            self.ask(lane_question("batch", offer.images, offer.cost), self._hand_over)

    async def _start(self) -> None:
        pid = await self.source.start(["--lane", "batch"])
        self.say(f"The engine starts (process {pid}): it builds and submits jobs.")
        await self.gemtag.refresh_look()

    async def _hand_over(self) -> None:
        await self._told(await self.source.command("lane", "batch"))

    # Looking

    def action_sync(self) -> None:
        """Look at every job now."""
        self.say("Looking at the jobs…")
        self.do(self._order("sync"), "sync")

    def action_watch(self) -> None:
        """Look after the jobs in a process of its own."""
        self.do(self._watch(), "watch")

    async def _watch(self) -> None:
        pid = await self.source.watch_batches()
        self.say(f"The jobs are looked after until they have ended (process {pid}).")
        await self.gemtag.refresh_look()

    # One job

    def _job(self, able: frozenset[JobState], what: str) -> JobRow | None:
        """The present job, when it stands where something can be done."""
        row = self.present
        if row is None or row.job is None:
            self.say(NO_JOB if row is None else "That job is not this library's.")
            return None
        if row.job.place not in able:
            self.say(f"Job {row.job.id} is {row.job.state}: there is nothing to {what}.")
            return None
        return row.job

    def _forgotten(self) -> Stranger | None:
        """The present job, when it is one of this library's that it does not know."""
        row = self.present
        return row.stranger if row is not None and row.stranger and row.stranger.ours else None

    def action_cancel(self) -> None:
        """Ask, then cancel."""
        if (lost := self._forgotten()) is not None:
            question = f"Cancel {_lost_words(lost)}; what is done may still be paid?"
            self.ask(question, lambda: self._order("cancel", lost.name))
            return
        job = self._job(frozenset(_CAN_CANCEL), "cancel")
        if job is None:
            return
        paid = "nothing was sent" if job.place in LOCAL else "what is done may still be paid"
        question = f"Cancel job {job.id} of {plural(job.requests, 'image')}; {paid}?"
        self.ask(question, lambda: self._order("cancel", str(job.id)))

    def action_rescue(self) -> None:
        """Ask, with count and price, then give the job's images back."""
        if (lost := self._forgotten()) is not None:
            question = f"Pay anew for the images of {_lost_words(lost)}: twice if it lands?"
            self.ask(question, lambda: self._order("rescue", lost.name))
            return
        job = self._job(frozenset(_CAN_RESCUE), "rescue")
        if job is not None:
            self.do(self._ask_rescue(job), "ask")

    async def _ask_rescue(self, job: JobRow) -> None:
        count = (await self.source.batch_detail(job.id)).images.get("held", 0)
        if not count:
            self.say(f"No image waits in job {job.id}.")
            return
        each = await self.source.each_cost()
        price = "cost not known" if each is None else f"about {money(each * count)} interactive"
        twice = "" if job.place in LOCAL | {JobState.QUARANTINED} else ", paid twice if it lands"
        question = f"Rescue {number(count)} images of job {job.id}: {price}{twice}?"
        self.ask(question, lambda: self._order("rescue", str(job.id)))

    def action_retry(self) -> None:
        """Have the failed lines tried again."""
        row = self.present
        if row is None or row.job is None:
            self.say(NO_JOB)
            return
        self.do(self._retry(row.job.id))

    async def _retry(self, job: int) -> None:
        await self._told(await self.source.decide("retry", [Selection(job=job)]))

    def action_adopt(self) -> None:
        """Ask, then adopt a job with this library's name."""
        row = self.present
        if row is None or row.stranger is None:
            self.say("Only a job that the library does not know can be adopted.")
        elif not row.stranger.ours:
            self.say("That job does not have this library's name: it cannot be told what it holds.")
        else:
            name = row.stranger.name
            count = plural(row.stranger.requests, "image")
            self.ask(f"Adopt the job of {count}?", lambda: self._order("adopt", name))

    # Telling

    async def _order(self, verb: str, job: str = "") -> None:
        await self._told(await self.source.batch_order(verb, job))

    async def _told(self, words: str) -> None:
        bad = words.startswith(("refused", "Nothing"))
        self.say(words[:1].upper() + words[1:], "warn" if bad else "info")
        await self.reread()
        await self.gemtag.refresh_look()


def _lost_words(job: Stranger) -> str:
    return f"the forgotten job of {plural(job.requests, 'image')}"
