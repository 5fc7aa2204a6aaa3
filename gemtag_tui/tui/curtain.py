"""The frame's first lines, drawn at once while Textual is still being imported.

Importing Textual takes longer than looking at the library. Until the real frame is there, its two
top lines stand in plain text on the terminal's second screen, where it will draw over them.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TextIO

import msgspec

from gemtag_tui.core.errors import GemtagError, LibraryOlderError
from gemtag_tui.core.snapshot import Counts, RunSnapshot
from gemtag_tui.core.text import plain
from gemtag_tui.store.glance import Glance, glance
from gemtag_tui.tui.paint import Line, safe
from gemtag_tui.tui.state import LastRun, Look
from gemtag_tui.tui.widgets.frame import status_line, tab_line

_ENTER = "\x1b[?1049h\x1b[H\x1b[2J"
_LEAVE = "\x1b[?1049l"
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


_UPDATING: tuple[Line, ...] = (
    [],
    [("  This library was made by an older gemtag and is being brought up to date.", "")],
    [("  A copy of it is kept beside it. A large library takes some seconds.", "")],
)


def first_look(library: Path) -> tuple[Look, bool]:
    """Return what one quick look shows of a library, and whether it has an older shape."""
    older = False
    try:
        seen = glance(library)
    except GemtagError as error:  # the screens will say what is wrong with it
        seen = Glance(None, Counts(), None, engine_alive=False, track=None)
        older = isinstance(error, LibraryOlderError)
    run, snapshot = seen.run, seen.snapshot or RunSnapshot()
    counts = seen.counts
    last = None
    if run is not None:
        last = LastRun(
            id=run.id,
            state=run.state,
            lane=run.lane,
            started_at=run.started_at,
            ended_at=run.ended_at,
        )
    look = Look(
        now=time.time(),
        snapshot=msgspec.structs.replace(snapshot, counts=counts),
        engine=seen.engine_alive,
        run=last,
        tabs={"failures": counts.known_bad + counts.retry_later},
        title=plain(library.stem, 30),
    )
    return look, older


def draw(library: Path, terminal: TextIO | None = None, *, ascii_only: bool = False) -> None:
    """Draw the top of the frame on the terminal's second screen."""
    out = terminal or sys.__stderr__
    if out is None:
        return
    look, older = first_look(library)
    width = _width(out)
    rows = [tab_line("", look, width), status_line(look, width)]
    if older:
        rows += _UPDATING
    out.write(_ENTER + "\r\n".join(_text(row, width, ascii_only) for row in rows))
    out.flush()


def lift(terminal: TextIO | None = None) -> None:
    """Give the terminal's first screen back, for when no real frame came."""
    out = terminal or sys.__stderr__
    if out is not None:
        out.write(_LEAVE)
        out.flush()


def _width(out: TextIO) -> int:
    try:
        return os.get_terminal_size(out.fileno()).columns
    except (OSError, ValueError):
        return 80


def _text(row: Line, width: int, ascii_only: bool) -> str:
    out, room = [], width - 1
    for text, tone in row:
        shown = safe(text, ascii_only)[: max(0, room)]
        room -= len(shown)
        out.append(f"{_BOLD}{shown}{_PLAIN}" if tone in {"strong", "head"} else shown)
    return "".join(out)
