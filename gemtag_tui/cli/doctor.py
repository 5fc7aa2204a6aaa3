"""`gemtag doctor`: everything a run needs, and what to do where something is amiss."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import click

from gemtag_tui.cli.output import json_line, line
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.engine.doctor import Terminal

WRONG = 2
SIGNS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


@click.command()
@common
@click.pass_obj
def doctor(shell: Shell) -> int:
    """Check key, model, limits, library, disk and terminal; ends with 2 when something failed."""
    from gemtag_tui.engine.clock import SystemClock  # noqa: PLC0415
    from gemtag_tui.engine.doctor import Patient, examine_all, is_ok  # noqa: PLC0415

    patient = Patient(
        library=shell.library,
        config=shell.config,
        config_named=shell.config_named,
        environ=shell.environ,
        terminal=see_terminal(),
        logs=shell.logs,
        clock=SystemClock(),
    )
    checks = asyncio.run(examine_all(patient))
    ok = is_ok(checks)
    if shell.json:
        rows = [
            {"name": one.name, "status": one.status, "message": one.message, "fix": one.fix}
            for one in checks
        ]
        json_line({"checks": rows, "ok": ok})
        return 0 if ok else WRONG
    for one in checks:
        line(f"{SIGNS[one.status]}  {one.name:<9} {plain(one.message, 1000)}")
        if one.fix:
            line(f"{'':17}→ {plain(one.fix)}")
    return 0 if ok else WRONG


def see_terminal() -> Terminal:
    """Return what is known of the terminal on stdout."""
    from gemtag_tui.engine.doctor import Terminal  # noqa: PLC0415

    if not sys.stdout.isatty():
        return Terminal(present=False)
    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    return Terminal(
        present=True,
        columns=columns,
        lines=lines,
        term=os.environ.get("TERM", ""),
        encoding=sys.stdout.encoding or "",
        no_color=bool(os.environ.get("NO_COLOR")),
    )
