"""`gemtag batches`: the batch jobs that the library knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import columns, json_line, line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import clock, money
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.library import Library


@click.group()
@common
def batches() -> None:
    """List batch jobs. This version reads them; it does not yet run the batch lane."""


@batches.command("list")
@common
@click.pass_obj
def list_all(shell: Shell) -> None:
    """Name every job, the newest first."""
    from gemtag_tui.store import batches as store  # noqa: PLC0415

    async def read(library: Library) -> int:
        shown, before = 0, None
        while page := await store.page(library, before):
            for job in page:
                json_line(job_fields(job)) if shell.json else _print(job)
            shown, before = shown + len(page), page[-1].id
        return shown

    if not with_library(shell, read, readonly=True) and not shell.json:
        say("There are no batch jobs.")


@batches.command()
@common
@click.argument("job")
@click.pass_obj
def show(shell: Shell, job: str) -> None:
    """Print everything known of one job, by its id or name."""
    from gemtag_tui.store import batches as store  # noqa: PLC0415

    found = with_library(shell, lambda lib: store.get(lib, job), readonly=True)
    if found is None:
        raise UsageError(f"The library knows no batch job {plain(job, 80)!r}.")
    if shell.json:
        json_line(job_fields(found))
    else:
        columns(list(job_fields(found).items()))


def job_fields(job: JobRow) -> dict[str, Any]:
    """Return a job as the contract names its parts."""
    return {
        "job": job.name or job.display_name,
        "display_name": job.display_name,
        "state": job.state,
        "server_state": job.server_state,
        "requests": job.requests,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "pending": job.pending,
        "ingested": job.ingested,
        "created_at": job.created_at,
        "ended_at": job.ended_at,
        "expires_at": job.expires_at,
        "error": job.error,
        "cost_usd": job.cost_usd,
    }


def _print(job: JobRow) -> None:
    state = f"{job.state} / {job.server_state}" if job.server_state else job.state
    line(f"{plain(job.display_name)}  {state}  {job.ingested:,} of {job.requests:,} stored")
    line(f"    made {clock(job.created_at)}, {money(job.cost_usd)}{_trouble(job)}")


def _trouble(job: JobRow) -> str:
    return f", {plain(job.error, 200)}" if job.error else ""
