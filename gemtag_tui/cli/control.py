"""`pause`, `resume`, `stop` and `lane`: rows that the running engine reads and answers."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

import click

from gemtag_tui.cli.output import json_line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

WAIT_SECONDS = 3.0
LOOK_SECONDS = 0.05
WRONG = 2
REFUSED = "refused:"
"""How the engine begins an answer to what it cannot do."""

LANES = ("auto", "interactive", "flex", "batch")


@click.command()
@common
@click.pass_obj
def pause(shell: Shell) -> int:
    """Let the running engine send nothing new until `gemtag resume`."""
    return order(shell, "pause")


@click.command()
@common
@click.pass_obj
def resume(shell: Shell) -> int:
    """Let the paused engine go on."""
    return order(shell, "resume")


@click.command()
@common
@click.pass_obj
def stop(shell: Shell) -> int:
    """End the running engine: what is in flight is finished and kept."""
    return order(shell, "stop")


@click.command()
@common
@click.argument("name", metavar="LANE", type=click.Choice(LANES))
@click.pass_obj
def lane(shell: Shell, name: str) -> int:
    """Let the running engine use another lane: auto, interactive, flex or batch."""
    return order(shell, "lane", name)


def order(shell: Shell, verb: str, argument: str = "", *, wait: float = WAIT_SECONDS) -> int:
    """Send one command to the engine, wait some seconds for its answer, print it."""
    from gemtag_tui.store.lock import is_held_by_someone  # noqa: PLC0415

    if not is_held_by_someone(shell.library):
        return _nothing_runs(shell, verb)
    outcome = asyncio.run(_send(shell, verb, argument, wait))
    words = outcome or "Sent; the engine has not answered yet. `gemtag status` shows what it does."
    refused = words.startswith(REFUSED)
    _answer(shell, verb, words, taken=outcome is not None and not refused)
    return WRONG if refused else 0


async def _send(shell: Shell, verb: str, argument: str, wait: float) -> str | None:
    from gemtag_tui.engine.clock import SystemClock  # noqa: PLC0415
    from gemtag_tui.store import commands  # noqa: PLC0415
    from gemtag_tui.store.library import Library  # noqa: PLC0415

    library = await Library.open(shell.library, SystemClock(), create=False)
    try:
        number = await commands.send(library, verb, argument, f"shell {os.getpid()}")
        return await _outcome(library, number, time.monotonic() + wait)
    finally:
        await library.close()


async def _outcome(library: Library, number: int, until: float) -> str | None:
    from gemtag_tui.store import commands  # noqa: PLC0415

    outcome = await commands.outcome(library, number)
    while outcome is None and time.monotonic() < until:
        await asyncio.sleep(LOOK_SECONDS)
        outcome = await commands.outcome(library, number)
    return outcome


def _nothing_runs(shell: Shell, verb: str) -> int:
    words = "Nothing is running."
    if verb != "stop":
        words += " `gemtag run` starts a run."
    _answer(shell, verb, words, taken=False)
    return 0 if verb == "stop" else WRONG


def _answer(shell: Shell, verb: str, words: str, *, taken: bool) -> None:
    if shell.json:
        json_line({"command": verb, "taken": taken, "message": plain(words)})
    else:
        say(plain(words))
