"""`gemtag simulate`: the stand-in server alone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import click

from gemtag_tui.cli.output import json_line, line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.core.errors import UsageError


@click.command()
@common
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 chooses a free one.")
@click.option(
    "--faults",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML or JSON file of limits, latency and faults.",
)
@click.option("--list-faults", is_flag=True, help="Name every fault and end.")
@click.option("--until-eof", is_flag=True, hidden=True, help="End when stdin is closed.")
@click.pass_obj
def simulate(
    shell: Shell, port: int, faults: Path | None, list_faults: bool, until_eof: bool
) -> int:
    """Run a stand-in for the Gemini API on loopback, until interrupted.

    Nothing leaves this machine, nothing costs money; results are marked provider "simulator".
    """
    if list_faults:
        _list_faults(shell)
        return 0
    from gemtag_tui.simulator.config import ConfigError  # noqa: PLC0415
    from gemtag_tui.simulator.server import serve  # noqa: PLC0415 - it brings aiohttp along

    if until_eof:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        serve(port, faults, lambda address: _announce(shell, address))
    except ConfigError as error:
        raise UsageError(f"The faults file cannot be used: {error}") from error
    except OSError as error:
        raise UsageError(f"Port {port} cannot be used: {error.strerror}. Try --port 0.") from error
    return 0


def _announce(shell: Shell, address: str) -> None:
    if shell.json:
        json_line({"url": address, "port": int(address.rpartition(":")[2])})
        return
    line(address)
    sys.stdout.flush()
    say("The simulator listens. In another terminal, point gemtag at it:")
    say(f"  GOOGLE_GEMINI_BASE_URL={address} GEMINI_API_KEY=anything gemtag run")
    say("Ctrl+C ends it.")


def _list_faults(shell: Shell) -> None:
    from gemtag_tui.simulator.catalogue import FAULTS  # noqa: PLC0415

    for name, words in FAULTS.items():
        if shell.json:
            json_line({"fault": name, "does": words})
        else:
            line(f"{name:20}  {words}")


def _end_with_stdin() -> None:
    """End with whoever started this, however that one ends: the system closes the pipe."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)
