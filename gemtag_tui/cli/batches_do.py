"""Syncing, cancelling and rescuing: by the engine when one runs, else in this process."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemtag_tui.cli.batches_words import job_fields, job_lines
from gemtag_tui.cli.control import order
from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import json_line, line, say
from gemtag_tui.cli.words import count
from gemtag_tui.core.errors import LibraryBusyError, LibraryError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.cli.shell import Shell
    from gemtag_tui.engine.batch_sync import Synced
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.library import Library

ANSWER_SECONDS = 30.0
"""How long an engine's answer is waited for: it asks the server first."""
FOLLOW_SECONDS = 1.0
STOPPED, LIMITED, INTERRUPTED = "Stopped; the jobs on the server go on.", 3, 130
ADOPTABLE = (
    "The account has {} of this library's own that it does not know: was it restored from a copy? "
    "`gemtag batches list` names what there is, `gemtag batches adopt` takes one in, `cancel` ends "
    "it, `rescue` has its images paid for anew."
)
NEXT = "`gemtag run --lane interactive` (or flex, or batch) tags what was given back."


@dataclass(slots=True)
class SyncOptions:
    """What a sync was asked; `told` remembers what was said of each job already."""

    watch: bool
    told: dict[int, tuple[object, ...]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def sync_jobs(shell: Shell, options: SyncOptions) -> int:
    """Sync once, or until all jobs have ended; returns the exit code."""
    from gemtag_tui.store.lock import is_held_by_someone  # noqa: PLC0415

    _library_there(shell)
    while True:
        if is_held_by_someone(shell.library):
            code = order(shell, "batch_sync", wait=ANSWER_SECONDS)
            if code or not options.watch or not _follow(shell, options):
                return code
            continue
        try:
            return asyncio.run(_sync(shell, options))
        except LibraryBusyError:
            continue  # an engine came first: it is told instead


async def _sync(shell: Shell, options: SyncOptions) -> int:
    from gemtag_tui.engine.batch_sync import opened_ground  # noqa: PLC0415
    from gemtag_tui.engine.batch_watcher import Watcher  # noqa: PLC0415
    from gemtag_tui.store import batches  # noqa: PLC0415

    shell.start_logging("engine")
    settings = shell.load().settings
    hours = settings.batch.stuck_hours
    seen: list[Synced] = []

    def told(synced: Synced) -> None:
        seen.append(synced)
        for words in synced.troubles:
            if words not in options.troubles:
                say(plain(words, 400))
        for words in synced.notes:
            say(plain(words, 400))
        options.troubles = synced.troubles
        _tell(shell, options, synced.jobs, hours)

    async with opened_ground(
        shell.library, settings, config=shell.config, environ=shell.environ
    ) as ground:
        done = await Watcher(ground, told).run(until_ended=options.watch)
        ours = [one for one in await batches.strangers(ground.lib) if one.forgotten]
    if ours:
        say(ADOPTABLE.format(count(len(ours), "batch job")))
    if not done:
        say(STOPPED)
        return INTERRUPTED
    if not any(one.jobs for one in seen) and not shell.json:
        say("No batch job is under way: all are finished." if seen else "")
    return LIMITED if options.troubles else 0


def _tell(shell: Shell, options: SyncOptions, jobs: list[JobRow], hours: float) -> None:
    """Print the jobs that have changed since they were last printed."""
    now = time.time()
    for job in jobs:
        news = (job.state, job.server_state, job.succeeded, job.failed, job.ingested, job.waiting)
        if options.told.get(job.id) == news:
            continue
        options.told[job.id] = news
        with suppress(OSError):  # whoever read this has gone; the jobs are what counts
            if shell.json:
                json_line(job_fields(job, now, hours))
            else:
                for words in job_lines(job, now, hours):
                    line(words)


def _follow(shell: Shell, options: SyncOptions) -> bool:
    """Say how jobs go while an engine looks after them; `True` when it went and some are left."""
    from gemtag_tui.store import batches  # noqa: PLC0415
    from gemtag_tui.store.lock import is_held_by_someone  # noqa: PLC0415

    hours = shell.load().settings.batch.stuck_hours

    async def look(library: Library) -> bool:
        while True:
            held = is_held_by_someone(shell.library)
            jobs = [job for job in await batches.page(library) if _moves(job, options)]
            _tell(shell, options, jobs, hours)
            if not any(not _ended(job) for job in jobs):
                return False
            if not held:
                return True
            await asyncio.sleep(FOLLOW_SECONDS)

    return with_library(shell, look, readonly=True)


def _ended(job: JobRow) -> bool:
    from gemtag_tui.core.batch_job import FINAL  # noqa: PLC0415

    return job.place in FINAL


def _moves(job: JobRow, options: SyncOptions) -> bool:
    return job.id in options.told or not _ended(job)


def act(shell: Shell, verb: str, job: str) -> int:
    """Cancel, rescue or adopt a job; returns the exit code."""
    from gemtag_tui.store.lock import is_held_by_someone  # noqa: PLC0415

    _library_there(shell)
    for _ in range(2):
        if is_held_by_someone(shell.library):
            return order(shell, f"batch_{verb}", job, wait=ANSWER_SECONDS)
        with suppress(LibraryBusyError):
            words = asyncio.run(_act(shell, verb, job))
            _answer(shell, verb, words)
            return 0
    return order(shell, f"batch_{verb}", job, wait=ANSWER_SECONDS)


async def _act(shell: Shell, verb: str, job: str) -> str:
    from gemtag_tui.engine import batch_orders  # noqa: PLC0415
    from gemtag_tui.engine.batch_sync import opened_ground, sync_once  # noqa: PLC0415
    from gemtag_tui.engine.clock import SystemClock  # noqa: PLC0415
    from gemtag_tui.store.library import Library  # noqa: PLC0415
    from gemtag_tui.store.lock import EngineLock  # noqa: PLC0415

    if verb == "rescue":  # needs neither key nor server
        with EngineLock(shell.library):
            async with await Library.open(shell.library, SystemClock(), create=False) as lib:
                words = await batch_orders.rescue(lib, job)
        return f"{words.rstrip('.')}. {NEXT}"
    settings = shell.load().settings
    async with opened_ground(
        shell.library, settings, config=shell.config, environ=shell.environ
    ) as ground:
        words = await batch_orders.carry_out(ground, f"batch_{verb}", job)
        await sync_once(ground)
    return words


def _answer(shell: Shell, verb: str, words: str) -> None:
    if shell.json:
        json_line({"command": f"batch_{verb}", "taken": True, "message": plain(words, 600)})
    else:
        say(f"{plain(words[:1].upper() + words[1:], 600)}")


def _library_there(shell: Shell) -> None:
    if not shell.library.exists():
        raise LibraryError("There is no library yet: `gemtag scan PATH` makes one.")
