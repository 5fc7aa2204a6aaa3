"""Looking after batch jobs without a run: the process that holds the lock, beats and obeys."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.errors import GemtagError, LibraryError
from gemtag_tui.core.snapshot import RunSnapshot
from gemtag_tui.engine import batch_orders, batch_sync
from gemtag_tui.engine.batch_orders import BatchOrders, tally_words
from gemtag_tui.engine.waits import cancelled
from gemtag_tui.store import batch_jobs, batches, commands, commits, live, runs
from gemtag_tui.store.commits import Group

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.engine.batch_sync import Synced
    from gemtag_tui.store.commands import Command

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.25
BEAT_SECONDS = 5.0
STOPPED = "stopping: the jobs on the server go on"
_OTHER = (
    "this process only looks after batch jobs; `gemtag stop` ends it, and `gemtag run` starts a run"
)


class Watcher:
    """Syncs batch jobs, says that it lives, and takes commands about them meanwhile.

    Args:
        ground: library, server and settings; the engine's lock is held.
        told: hears of every round.
    """

    def __init__(self, ground: Ground, told: Callable[[Synced], None]) -> None:
        self._ground = ground
        self._told = told
        self._orders = BatchOrders(ground, lambda: "")
        self._stop = asyncio.Event()
        self._seen: set[int] = set()

    async def run(self, *, until_ended: bool) -> bool:
        """Sync once, or until all jobs have ended; `False` when a `stop` came before.

        Raises:
            GemtagError: the library or the server cannot be used.
        """
        await runs.mark_died(self._ground.lib)
        await commands.clear_stale(self._ground.lib)
        work = asyncio.ensure_future(self._work(until_ended=until_ended))
        stop = asyncio.ensure_future(self._stop.wait())
        helpers = [asyncio.ensure_future(self._follow()), asyncio.ensure_future(self._beat())]
        try:
            await asyncio.wait({work, stop, *helpers}, return_when=asyncio.FIRST_COMPLETED)
            for task in (work, *helpers):
                if task.done():
                    task.result()
            return work.done()
        finally:
            await cancelled(work, stop, *helpers)
            await self._say("idle")
            for command in await commands.open_commands(self._ground.lib):
                await commands.answer(self._ground.lib, command.id, "too late: it has just ended")

    async def _work(self, *, until_ended: bool) -> None:
        if until_ended:
            await batch_sync.watch(self._ground, self._told)
        else:
            self._told(await batch_sync.sync_once(self._ground))

    async def _follow(self) -> None:
        """Take commands until cancelled."""
        while True:
            try:
                for command in await commands.open_commands(self._ground.lib):
                    outcome = await self._outcome(command)
                    await commands.answer(self._ground.lib, command.id, outcome)
                    if command.verb == "stop":
                        self._stop.set()
            except LibraryError as error:  # busy for once
                _log.warning("commands cannot be read just now: %s", error.message)
            await self._ground.clock.sleep(_LOOK_SECONDS)

    async def _outcome(self, command: Command) -> str:
        try:
            if command.verb == "stop":
                return STOPPED
            if command.verb == batch_orders.SYNC:
                return await self._sync()
            if command.verb in batch_orders.VERBS:
                return await self._orders.obey(command.verb, command.argument)
        except GemtagError as error:
            return f"refused: {error.message}"
        return f"refused: {_OTHER}"

    async def _sync(self) -> str:
        """Make every job due: the round under way, or the next one, looks at it."""
        jobs = await batches.unfinished(self._ground.lib, self._ground.provider)
        for job in jobs:
            await batch_jobs.note(self._ground.lib, job, look_at=0.0)
        return f"all are looked at now: {tally_words(jobs) or 'no job is under way'}"

    async def _beat(self) -> None:
        """Say now and then that somebody lives here."""
        while True:
            try:
                await self._say("running")
            except LibraryError as error:
                _log.warning("the state cannot be written just now: %s", error.message)
            await self._ground.clock.sleep(BEAT_SECONDS)

    async def _say(self, state: str) -> None:
        """Write the last run's state again, as of now, with what is going on."""
        lib = self._ground.lib
        last = await live.read(lib) or RunSnapshot()
        jobs = await batches.unfinished(lib, self._ground.provider)
        self._seen.update(job.id for job in jobs)
        running = state == "running"
        snapshot = msgspec.structs.replace(
            last,
            state=state,
            at=lib.clock.now(),
            lane="batch" if running else last.lane,
            in_flight=0,
            rate_per_min=0.0,
            eta_seconds=None,
            concurrency=0,
            binding_limit="",
            parked_until=0.0,
            waiting_for=f"looks after batch jobs: {tally_words(jobs)}" if running and jobs else "",
            message="" if running else await self._last_words(),
        )
        await commits.commit(lib, Group(snapshot=snapshot))

    async def _last_words(self) -> str:
        found = [await batches.by_id(self._ground.lib, number) for number in sorted(self._seen)]
        words = tally_words([job for job in found if job is not None])
        return f"Batch jobs were looked after: {words}." if words else ""
