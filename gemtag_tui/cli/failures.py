"""`gemtag failures`: what failed and why, and what is to be done about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import click

from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import json_line, line, path_fields, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import clock, count, money
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.failures import LOCAL_KINDS, FailureKind, Standing
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.failures import FailureRow
    from gemtag_tui.store.library import Library

PAGE = 500

kind_option = click.option(
    "--kind",
    type=click.Choice([kind.value for kind in FailureKind]),
    metavar="KIND",
    help=f"One of: {', '.join(FailureKind)}.",
)
id_option = click.option("--id", "ids", type=int, multiple=True, metavar="N", help="This failure.")
all_option = click.option("--all", "everything", is_flag=True, help="All of them.")


@click.group(invoke_without_command=True)
@common
@click.pass_context
def failures(ctx: click.Context) -> None:
    """List what failed, try it again, leave it alone, or open it again."""
    if ctx.invoked_subcommand is None:
        _groups(ctx.obj)


@failures.command("list")
@common
@kind_option
@click.option(
    "--standing", type=click.Choice([one.value for one in Standing]), help="How it stands."
)
@click.option("--limit", type=click.IntRange(min=1), help="Most failures.")
@click.pass_obj
def list_all(shell: Shell, kind: str | None, standing: str | None, limit: int | None) -> None:
    """Name every failure that is not resolved, the oldest first."""

    async def show(library: Library) -> int:
        shown = 0
        async for row in _rows(library, kind, standing, limit):
            json_line(failure_fields(row), flush=False) if shell.json else _print(row)
            shown += 1
        return shown

    shown = with_library(shell, show, readonly=True)
    if not shell.json:
        say(count(shown, "failure") + "." if shown else "There are no failures.")


@failures.command()
@common
@kind_option
@id_option
@all_option
@click.pass_obj
def retry(shell: Shell, kind: str | None, ids: tuple[int, ...], everything: bool) -> None:
    """Have the next run try again; a run in progress does so at once."""
    _move(shell, "retry", kind, ids, everything)


@failures.command()
@common
@kind_option
@id_option
@all_option
@click.pass_obj
def ignore(shell: Shell, kind: str | None, ids: tuple[int, ...], everything: bool) -> None:
    """Leave these alone from now on."""
    _move(shell, "ignore", kind, ids, everything)


@failures.command()
@common
@kind_option
@id_option
@all_option
@click.pass_obj
def reopen(shell: Shell, kind: str | None, ids: tuple[int, ...], everything: bool) -> None:
    """Take back that these are ignored or known bad."""
    _move(shell, "reopen", kind, ids, everything)


def failure_fields(row: FailureRow) -> dict[str, Any]:
    """Return a failure as the contract names its parts."""
    return {
        "id": row.id,
        **path_fields(row.path),
        "kind": row.kind.value,
        "message": plain(row.message),
        "attempts": row.attempts,
        "standing": row.standing.value,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "next_retry": row.next_retry,
        "asset": row.asset,
        "provider": row.provider,
        "model": row.model,
        "cost_usd": row.cost_usd,
    }


async def _rows(
    library: Library, kind: str | None, standing: str | None, limit: int | None
) -> AsyncIterator[FailureRow]:
    from gemtag_tui.store import failures as store  # noqa: PLC0415
    from gemtag_tui.store.tracks import latest_track  # noqa: PLC0415

    track = await latest_track(library)
    after, left = 0, limit
    while left is None or left > 0:
        page = await store.page(
            library,
            track=track,
            standing=Standing(standing) if standing else None,
            kind=FailureKind(kind) if kind else None,
            after=after,
            limit=min(PAGE, left or PAGE),
        )
        for row in page:
            yield row
        if not page:
            return
        after = page[-1].id
        left = None if left is None else left - len(page)


def _print(row: FailureRow) -> None:
    again = f", again from {clock(row.next_retry)}" if row.next_retry else ""
    times = "" if row.kind in LOCAL_KINDS else f" (tried {row.attempts}×{again})"
    line(f"{row.id:>6}  {row.kind.value:<18} {row.standing.value:<9} {plain(row.path)}")
    line(f"{'':>6}  {plain(row.message, 300)}{times}")


def _groups(shell: Shell) -> None:
    from gemtag_tui.store import failures as store  # noqa: PLC0415
    from gemtag_tui.store.tracks import latest_track  # noqa: PLC0415

    async def read(library: Library) -> list[store.FailureGroup]:
        return await store.groups(library, await latest_track(library))

    groups = with_library(shell, read, readonly=True)
    for one in groups:
        fields = {"kind": one.kind.value, "standing": one.standing.value, "count": one.count}
        if shell.json:
            json_line(fields | {"message": plain(one.head), "cost_usd": one.cost_usd})
        else:
            spent = f", {money(one.cost_usd)}" if one.cost_usd else ""
            standing = f"{one.kind.value:<18} {one.standing.value:<9}"
            line(f"{one.count:>6,}  {standing} {plain(one.head)}{spent}")
    if not groups and not shell.json:
        say("There are no failures.")


def _move(
    shell: Shell, verb: str, kind: str | None, ids: tuple[int, ...], everything: bool
) -> None:
    if everything and (kind or ids):
        raise UsageError("Say --all alone, or --kind and --id without it.")
    from gemtag_tui.store import failures as store  # noqa: PLC0415
    from gemtag_tui.store.tracks import latest_track  # noqa: PLC0415

    act = {"retry": store.retry, "ignore": store.ignore, "reopen": store.reopen}[verb]

    async def move(library: Library) -> tuple[int, int]:
        track = None if ids else await latest_track(library)
        wanted = store.Selection(ids=ids, kind=FailureKind(kind) if kind else None, track=track)
        return await act(library, wanted), await store.awaiting_scan(library)

    moved, to_scan = with_library(shell, move)
    if shell.json:
        json_line({"command": verb, "changed": moved, "awaiting_scan": to_scan})
        return
    words = {"retry": "will be tried again", "ignore": "ignored", "reopen": "opened again"}
    say(
        f"{count(moved, 'failure')} {words[verb]}."
        if moved
        else "Nothing matched; nothing changed."
    )
    if to_scan:
        say(f"{count(to_scan, 'file')} will be looked at anew by the next `gemtag scan`.")
