"""`gemtag near`: groups of pictures that look the same, and taking them apart."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from gemtag_tui.cli.output import json_line, line, path_fields, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.cli.scan import Watching
    from gemtag_tui.engine.near import Found
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.near_groups import Member

_IDS = click.argument("assets", metavar="ID...", nargs=-1, type=click.IntRange(min=1))


@click.group()
@common
def near() -> None:
    """Look at groups of near-duplicates and take them apart; `gemtag scan --near` finds them."""


@near.command("list")
@common
@click.pass_obj
def list_all(shell: Shell) -> int:
    """Name every group: the picture that is paid for, and those that take over its tags."""
    return print_groups(shell, shell.load())


def print_groups(shell: Shell, loaded: Any) -> int:
    """Print all groups, a line for each picture; with `--json` lines of JSON."""
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.engine.planning import own_track  # noqa: PLC0415
    from gemtag_tui.store.near_groups import members  # noqa: PLC0415

    async def tell(library: Library) -> int:
        track = await own_track(library, loaded, shell.config, shell.environ)
        async with aclosing(members(library, track.id if track else None)) as rows:
            async for one in rows:
                _print(one, as_json=shell.json)
        return 0

    return with_library(shell, tell, readonly=True)


def _print(one: Member, *, as_json: bool) -> None:
    if as_json:
        fields = {
            "id": one.asset,
            **path_fields(one.path),
            "leader": one.leader,
            "distance": one.distance,
            "width": one.width,
            "height": one.height,
            "tagged": one.tagged,
            "inherited_from": one.inherited_from,
        }
        json_line(fields, flush=False)
        return
    what = "leads" if one.leads else f"  {one.distance} of 64 bits apart"
    if one.tagged:
        what += ", tagged" if one.inherited_from is None else f", tags of {one.inherited_from}"
    line(f"{one.asset:>8}  {plain(one.path)}  ({one.width}×{one.height}, {what.strip()})")


@near.command("break")
@common
@_IDS
@click.option("--all", "everything", is_flag=True, help="Every group; ends `scan --near`.")
@click.option("--retag", is_flag=True, help="Drop inherited tags, to have each picture tagged.")
@click.pass_obj
def break_up(shell: Shell, assets: tuple[int, ...], everything: bool, retag: bool) -> int:
    """Take groups apart for good: each picture is paid for by itself. ID: any picture of a group.

    Tags that were inherited are kept, unless --retag drops them.
    """
    if everything == bool(assets):
        raise UsageError("Name a picture of each group by its number, or say --all.")
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415

    async def work(library: Library) -> tuple[int, int]:
        if everything:
            return await _break_all(library, retag=retag)
        return len(assets), await _break_these(library, assets, retag=retag)

    groups, pictures = with_library(shell, work)
    words = f"{count(groups, 'group')} taken apart: {count(pictures, 'picture')} of their own now."
    say(words + (" What was inherited is gone." if retag else " What was inherited is kept."))
    return 0


async def _break_these(library: Library, assets: tuple[int, ...], *, retag: bool) -> int:
    from gemtag_tui.store import near_groups  # noqa: PLC0415

    pictures = 0
    for asset in assets:
        pictures += await near_groups.break_up(library, asset, retag=retag)
    return pictures


async def _break_all(library: Library, *, retag: bool) -> tuple[int, int]:
    """End the grouping; a setting that is on begins it again with the next scan."""
    from gemtag_tui.store import near_groups, near_work  # noqa: PLC0415

    groups, pictures = await near_groups.count(library)
    await near_work.end(library)
    if retag:
        await near_groups.retag_these(library, await near_groups.inheritors(library))
    return groups, pictures


@near.command()
@common
@_IDS
@click.pass_obj
def retag(shell: Shell, assets: tuple[int, ...]) -> int:
    """Drop inherited tags of pictures that are in no group, so that they are tagged themselves."""
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.store.near_groups import retag_these  # noqa: PLC0415

    if not assets:
        raise UsageError("Name the pictures by their numbers.")
    done = with_library(shell, lambda library: retag_these(library, assets))
    say(f"{count(done, 'inherited result')} dropped; `gemtag run` tags these pictures.")
    return 0


@near.command()
@common
@_IDS
@click.option("--all", "everything", is_flag=True, help="All that were taken apart.")
@click.pass_obj
def rejoin(shell: Shell, assets: tuple[int, ...], everything: bool) -> int:
    """Let pictures be grouped again that were taken apart, by the next scan."""
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.store import near_groups  # noqa: PLC0415

    if everything == bool(assets):
        raise UsageError("Name the pictures by their numbers, or say --all.")
    chosen = None if everything else assets
    done = with_library(shell, lambda library: near_groups.rejoin(library, chosen))
    say(f"{count(done, 'picture')} may be grouped again by the next `gemtag scan`.")
    return 0


async def look_for(shell: Shell, *, once: bool, watch: Watching) -> Found | None:
    """Find near-duplicates after a scan, where that is wanted; `None` when it is not."""
    from gemtag_tui.engine.clock import SystemClock  # noqa: PLC0415
    from gemtag_tui.engine.near import after_scan  # noqa: PLC0415
    from gemtag_tui.store.library import Library  # noqa: PLC0415

    settings = shell.load().settings
    async with await Library.open(shell.library, SystemClock(), create=False) as library:
        return await after_scan(library, settings, once=once, told=watch.line.show)


def look_alone(shell: Shell) -> int:
    """Find near-duplicates in what is in the library; what was done is kept when it is stopped."""
    from gemtag_tui.cli.scan import INTERRUPTED, Watching, stop_on_signals  # noqa: PLC0415

    watch = Watching()

    async def work() -> Found | None:
        looking = asyncio.ensure_future(look_for(shell, once=True, watch=watch))
        stop_on_signals(looking)
        try:
            return await looking
        except asyncio.CancelledError:
            return None

    found = asyncio.run(work())
    watch.line.clear()
    if found is None:
        say("Stopped; what was looked at is kept. The same command goes on from there.")
        return INTERRUPTED
    if shell.json:
        json_line(near_fields(found) | {"near_looked": found.looked})
    else:
        print_found(found)
    return 0


def near_fields(found: Found | None) -> dict[str, int]:
    """Return what `scan --json` says of near-duplicates: zeros when they are not looked for."""
    groups, more = (0, 0) if found is None else (found.groups, found.duplicates)
    return {"near_groups": groups, "near_duplicates": more}


def print_found(found: Found | None) -> None:
    """Say what there is, when it was looked for."""
    if found is not None:
        line(
            f"{count(found.duplicates, 'near-duplicate')} in {count(found.groups, 'group')}: "
            f"one of each group is paid for. {found.looked:,} pictures looked at now."
        )
