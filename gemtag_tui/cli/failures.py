"""`gemtag failures`: what failed and why, and what is to be done about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.of_track import of_track, the_track
from gemtag_tui.cli.output import columns, json_line, line, path_fields, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import clock, count, money
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.failures import LOCAL_KINDS, FailureKind, Standing
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.core.remedies import Remedy
    from gemtag_tui.store.failures import FailureGroup, FailureRow, Selection
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

F = TypeVar("F", bound=Callable[..., object])

PAGE = 500

kind_option = click.option(
    "--kind",
    type=click.Choice([kind.value for kind in FailureKind]),
    metavar="KIND",
    help=f"One of: {', '.join(FailureKind)}.",
)
id_option = click.option("--id", "ids", type=int, multiple=True, metavar="N", help="This failure.")
all_option = click.option("--all", "everything", is_flag=True, help="All of them.")
cause_option = click.option("--cause", metavar="WORDS", help="With this cause.")
dry_option = click.option("--dry-run", "dry", is_flag=True, help="Only say what it would reach.")


@click.group(invoke_without_command=True)
@common
@of_track
@click.pass_context
def failures(ctx: click.Context, model: str, profile: str) -> None:
    """List what failed, try it again, leave it alone, or open it again."""
    if ctx.invoked_subcommand is None:
        _groups(ctx.obj, model, profile)


@failures.command("list")
@common
@kind_option
@click.option(
    "--standing", type=click.Choice([one.value for one in Standing]), help="How it stands."
)
@click.option("--limit", type=click.IntRange(min=1), help="Most failures.")
@of_track
@click.pass_obj
def list_all(  # noqa: PLR0917 (its options)
    shell: Shell,
    kind: str | None,
    standing: str | None,
    limit: int | None,
    model: str,
    profile: str,
) -> None:
    """Name every failure that is not resolved, the oldest first."""

    async def show(library: Library) -> int:
        shown = 0
        track = await the_track(library, model, profile)
        async for row in _rows(library, track, kind, standing, limit):
            json_line(failure_fields(row), flush=False) if shell.json else _print(row)
            shown += 1
        return shown

    shown = with_library(shell, show, readonly=True)
    if not shell.json:
        say(count(shown, "failure") + "." if shown else "There are no failures.")


@failures.command()
@common
@click.argument("number", metavar="ID", type=int)
@click.pass_obj
def show(shell: Shell, number: int) -> None:
    """Print everything known of one failure, its raw answer and its history too."""
    from gemtag_tui.store import browse  # noqa: PLC0415
    from gemtag_tui.store import failures as store  # noqa: PLC0415

    async def read(library: Library) -> dict[str, Any] | None:
        row = await store.get(library, number)
        if row is None:
            return None
        raw = await store.raw(library, number)
        log = [
            {"at": one.at, "kind": one.kind, "message": plain(one.message), "fate": one.fate}
            for one in await browse.log_of(library, row.asset)
        ]
        more = {"lane": row.lane, "job": row.job, "run": row.run, "profile_id": row.profile}
        words = raw.decode("utf-8", "replace") or None
        return failure_fields(row) | more | {"raw": words, "history": log}

    fields = with_library(shell, read, readonly=True)
    if fields is None:
        raise UsageError(f"There is no failure {number}; `gemtag failures list` names them.")
    if shell.json:
        json_line(fields)
        return
    columns((name, value) for name, value in fields.items() if name not in {"raw", "history"})
    for entry in fields["history"]:
        line(f"{clock(entry['at'])}  {entry['kind']}  {plain(entry['message'], 200)}")
    if fields["raw"]:
        line(plain(fields["raw"], 4000))


def selecting(command: F) -> F:
    """Give a command the options by which failures are chosen."""
    for option in (dry_option, all_option, cause_option, id_option, kind_option):
        command = option(command)
    return common(of_track(command))


@failures.command()
@selecting
@click.option(
    "--with",
    "wish",
    metavar="SETTING",
    help="With this one setting changed: more-output, output=N, resolution=low|medium|high|default,"
    " re-encode, or model=NAME.",
)
@click.pass_obj
def retry(shell: Shell, /, wish: str | None, **chosen: Any) -> None:
    """Have the next run try again; a run in progress does so at once.

    With a setting changed, each is sent once more so; what was refused so before is left out. With
    another model, they are kept as a list for `gemtag run`.
    """
    if wish is None:
        _move(shell, "retry", **chosen)
        return
    from gemtag_tui.cli.failures_with import retry_with  # noqa: PLC0415

    retry_with(shell, wish, **chosen)


@failures.command()
@selecting
@click.pass_obj
def ignore(shell: Shell, /, **chosen: Any) -> None:
    """Leave these alone from now on."""
    _move(shell, "ignore", **chosen)


@failures.command()
@selecting
@click.pass_obj
def reopen(shell: Shell, /, **chosen: Any) -> None:
    """Take back that these are ignored or known bad."""
    _move(shell, "reopen", **chosen)


@failures.command()
@selecting
@click.pass_obj
def rejudge(shell: Shell, /, **chosen: Any) -> None:
    """Judge stored answers again by the profile as it is today; nothing is sent or paid."""
    from gemtag_tui.engine.profiles import load_profile  # noqa: PLC0415
    from gemtag_tui.engine.rejudge import Rejudged  # noqa: PLC0415
    from gemtag_tui.engine.rejudge import rejudge as judge_again  # noqa: PLC0415
    from gemtag_tui.store.tracks import ensure_track  # noqa: PLC0415

    told = (chosen.pop("model"), chosen.pop("profile"))
    profile = load_profile(shell.load().settings.profile, shell.config)
    dry = bool(chosen.pop("dry"))

    async def act(library: Library) -> Rejudged:
        latest = await the_track(library, *told)
        if latest is None:
            return Rejudged(0, 0)
        owner = (latest.provider, latest.model, profile.id, profile.name, profile.body)
        track = latest if dry else await ensure_track(library, *owner)
        wanted = selection(latest if any(told) else None, **chosen)
        return await judge_again(library, track, profile, wanted, dry=dry)

    done = with_library(shell, act)
    if shell.json:
        fields = {"command": "rejudge", "looked": done.looked, "changed": done.tagged}
        json_line(fields | {"cost_usd": 0.0, "dry_run": dry})
        return
    verb = "would be" if dry else "are"
    say(f"{count(done.looked, 'stored answer')} judged again: {done.tagged:,} {verb} good now.")


@failures.command()
@common
@click.option("--id", "number", type=int, metavar="N", help="This change, not the newest.")
@click.pass_obj
def undo(shell: Shell, number: int | None) -> None:
    """Take the last retry, ignore or reopen back, as far as nothing was spent since."""
    from gemtag_tui.store import failures as store  # noqa: PLC0415

    async def act(library: Library) -> tuple[Any, int, int]:
        return await store.undo(library, number)

    change, back, stuck = with_library(shell, act)
    if shell.json:
        fields = {"command": "undo", "undone": change.verb, "id": change.id}
        json_line(fields | {"changed": back, "kept": stuck})
        return
    say(f"{count(back, 'failure')} as before {plain(change.words)}.")
    if stuck:
        say(f"{count(stuck, 'failure')} tried again or sent since: these stay as they are.")


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
        "made_with": row.made_with,
    }


async def _rows(
    library: Library,
    track: Track | None,
    kind: str | None,
    standing: str | None,
    limit: int | None,
) -> AsyncIterator[FailureRow]:
    from gemtag_tui.store import failures as store  # noqa: PLC0415

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


def _groups(shell: Shell, model: str, profile: str) -> None:
    from gemtag_tui.engine.remedying import basis_of, remedies_of  # noqa: PLC0415
    from gemtag_tui.store import failures as store  # noqa: PLC0415

    async def read(library: Library) -> list[tuple[store.FailureGroup, tuple[Remedy, ...]]]:
        track = await the_track(library, model, profile)
        groups = await store.groups(library, track)
        if track is None or not groups:
            return [(one, ()) for one in groups]
        basis = await basis_of(library, track, shell.config)
        return [(one, remedies_of(one, basis)) for one in groups]

    groups = with_library(shell, read, readonly=True)
    for one, ways in groups:
        if shell.json:
            json_line(group_fields(one, ways))
            continue
        spent = f", {money(one.cost_usd)}" if one.cost_usd else ""
        standing = f"{one.kind.value:<18} {one.standing.value:<9}"
        line(f"{one.count:>6,}  {one.share:>4.0%}  {standing} {plain(one.head)}{spent}")
        for way in ways:
            price = "price not known" if way.total_usd is None else money(way.total_usd)
            line(f"{'':>6}        {way.way.value:<12} {way.words}: {price}")
    if not groups and not shell.json:
        say("There are no failures.")


def group_fields(one: FailureGroup, ways: tuple[Remedy, ...]) -> dict[str, Any]:
    """Return a group's fields and what can be done about it."""
    return {
        "kind": one.kind.value,
        "standing": one.standing.value,
        "count": one.count,
        "message": plain(one.head),
        "cause": one.head,
        "cost_usd": one.cost_usd,
        "share": one.share,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "example": one.example,
        "stored_answers": one.raw,
        "remedies": [
            {
                "remedy": way.way.value,
                "words": way.words,
                "each_usd": way.each_usd,
                "total_usd": way.total_usd,
                "likely": way.likely,
                "model": way.model,
                "with": way.wish,
            }
            for way in ways
        ],
    }


def selection(
    track: Track | None,
    *,
    kind: str | None,
    ids: tuple[int, ...],
    cause: str | None,
    everything: bool,
) -> Selection:
    """Return the failures that options choose.

    Raises:
        UsageError: they contradict each other.
    """
    if everything and (kind or ids or cause is not None):
        raise UsageError("Say --all alone, or --kind, --cause and --id without it.")
    from gemtag_tui.store.failures import Selection  # noqa: PLC0415

    wanted = FailureKind(kind) if kind else None
    return Selection(ids=ids, kind=wanted, head=cause, track=None if ids else track)


def _move(shell: Shell, verb: str, model: str, profile: str, *, dry: bool, **chosen: Any) -> None:
    from gemtag_tui.store import failures as store  # noqa: PLC0415
    from gemtag_tui.store.failure_rows import renew_causes  # noqa: PLC0415

    selection(None, **chosen)
    act = {"retry": store.retry, "ignore": store.ignore, "reopen": store.reopen}[verb]

    async def move(library: Library) -> tuple[store.Preview, int, int]:
        await renew_causes(library)
        wanted = selection(await the_track(library, model, profile), **chosen)
        seen = await store.preview(library, wanted, verb)
        moved = 0 if dry else await act(library, wanted)
        return seen, moved, await store.awaiting_scan(library)

    seen, moved, to_scan = with_library(shell, move)
    if shell.json:
        fields = {"command": verb, "changed": moved, "awaiting_scan": to_scan}
        reach = {"reach": seen.count, "local": seen.local, "spent_usd": seen.spent_usd}
        json_line(fields | reach | {"dry_run": dry})
        return
    _say_moved(verb, seen.count if dry else moved, to_scan, dry=dry)


def _say_moved(verb: str, number: int, to_scan: int, *, dry: bool) -> None:
    words = {"retry": "tried again", "ignore": "ignored", "reopen": "opened again"}[verb]
    if not number:
        say("Nothing matched; nothing changed.")
    elif dry:
        say(f"{count(number, 'failure')} would be {words}. Nothing changed.")
    else:
        will = "will be " if verb == "retry" else ""
        say(f"{count(number, 'failure')} {will}{words}. `gemtag failures undo` takes it back.")
    if to_scan and not dry:
        say(f"{count(to_scan, 'file')} will be looked at anew by the next `gemtag scan`.")
