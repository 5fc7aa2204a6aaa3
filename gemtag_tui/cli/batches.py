"""`gemtag batches`: the batch jobs, and what can be done with them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from gemtag_tui.cli.batches_do import SyncOptions, act, sync_jobs
from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import columns, json_line, line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.cli.batches_words import Detail
    from gemtag_tui.store.library import Library

JOB = click.argument("job")
ODD_SHOWN = 200


@click.group()
@common
def batches() -> None:
    """List batch jobs, sync them with the server, cancel or rescue one.

    JOB is a job's number, its display name, or the server's name for it (batches/…).
    """


@batches.command("list")
@common
@click.pass_obj
def list_all(shell: Shell) -> None:
    """Name every job, the newest first, then those on the account that the library does not know.

    Says how they stood when they were last looked at; `gemtag batches sync` looks again.
    """
    from gemtag_tui.cli import batches_words as words  # noqa: PLC0415
    from gemtag_tui.store import batches as store  # noqa: PLC0415

    hours, now = shell.load().settings.batch.stuck_hours, time.time()

    async def read(library: Library) -> int:
        shown, before = 0, None
        while page := await store.page(library, before):
            for job in page:
                if shell.json:
                    json_line(words.job_fields(job, now, hours), flush=False)
                else:
                    for one in words.job_lines(job, now, hours):
                        line(one)
            shown, before = shown + len(page), page[-1].id
        for stranger in await store.strangers(library):
            if shell.json:
                json_line(words.stranger_fields(stranger), flush=False)
            else:
                line(words.stranger_line(stranger))
            shown += 1
        return shown

    if not with_library(shell, read, readonly=True) and not shell.json:
        say("There are no batch jobs. `gemtag run --lane batch` makes them.")


@batches.command()
@common
@JOB
@click.pass_obj
def show(shell: Shell, job: str) -> None:
    """Print everything known of one job: counts, cost, what happened, lines by kind."""
    from gemtag_tui.cli import batches_words as words  # noqa: PLC0415

    hours, now = shell.load().settings.batch.stuck_hours, time.time()
    found = with_library(shell, lambda lib: _detail(lib, job, raw=shell.json), readonly=True)
    if found is None:
        raise UsageError(f"The library knows no batch job {plain(job, 80)!r}.")
    if shell.json:
        json_line(words.detail_fields(found, now, hours))
    else:
        columns(words.detail_pairs(found, now, hours))


async def _detail(lib: Library, name: str, *, raw: bool) -> Detail | None:
    from gemtag_tui.cli.batches_words import Detail  # noqa: PLC0415
    from gemtag_tui.store import batches as store  # noqa: PLC0415

    job = await store.get(lib, name)
    if job is None:
        return None
    return Detail(
        job,
        await store.events(lib, job.id),
        await store.tallies(lib, job.id),
        await store.item_states(lib, job.id),
        await store.odd_lines(lib, job.id, limit=ODD_SHOWN) if raw else [],
    )


@batches.command()
@common
@click.option("--watch", is_flag=True, help="Go on until all jobs have ended and are taken in.")
@click.pass_obj
def sync(shell: Shell, *, watch: bool) -> int:
    """Look at every job on the server once, send what waits, take in what has ended.

    While an engine runs it is told to do so, and its answer is printed. Makes no new jobs.
    """
    return sync_jobs(shell, SyncOptions(watch=watch))


@batches.command()
@common
@JOB
@click.pass_obj
def cancel(shell: Shell, job: str) -> int:
    """Cancel a job. What the server has done by then may still be paid; images go back."""
    return act(shell, "cancel", job)


@batches.command()
@common
@JOB
@click.pass_obj
def rescue(shell: Shell, job: str) -> int:
    """Give back the images of a stuck job, to be tagged in another lane.

    If the job lands later, the first result stands and both are paid. `gemtag run --lane
    interactive` (or flex) then tags them.
    """
    return act(shell, "rescue", job)


@batches.command()
@common
@JOB
@click.pass_obj
def adopt(shell: Shell, job: str) -> int:
    """Take in a finished job of this library that it forgot: it was restored from a copy."""
    return act(shell, "adopt", job)
