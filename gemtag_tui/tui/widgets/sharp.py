"""Pictures by the terminal's own graphics, drawn by textual-image.

That library asks the terminal what it can while it is imported, and would take the answer from
Textual, which reads the same terminal. So what the terminal can is told from its name, the size of
a cell is asked of the system, and the import happens without a terminal in its sight.
"""

from __future__ import annotations

import io
import os
import struct
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.widget import Widget

_SIXEL_PROGRAMS = {"WezTerm", "iTerm.app", "mintty", "contour", "rio"}
_SIXEL_TERMS = ("foot", "mlterm", "contour", "yaft")
_USUAL_CELL = (10, 20)


def graphics(environ: Mapping[str, str]) -> str:
    """Return what a terminal draws with by its name: kitty, sixel, or "" for none.

    Within tmux or screen there is none: they pass no graphics on unasked.
    """
    if environ.get("TMUX") or environ.get("STY") or environ.get("ZELLIJ"):
        return ""
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if term in {"xterm-kitty", "xterm-ghostty"} or program == "ghostty":
        return "kitty"
    if program in _SIXEL_PROGRAMS or term.startswith(_SIXEL_TERMS):
        return "sixel"
    return ""


def cell_size() -> tuple[int, int]:
    """Return a cell's width and height in pixels, as the system knows them, else the usual."""
    try:
        import fcntl  # noqa: PLC0415 - not on every system
        import termios  # noqa: PLC0415

        answer = fcntl.ioctl(sys.__stderr__ or 2, termios.TIOCGWINSZ, bytes(8))
    except (ImportError, OSError, ValueError):
        return _USUAL_CELL
    rows, columns, width, height = struct.unpack("HHHH", answer)
    if not (rows and columns and width >= columns and height >= rows):
        return _USUAL_CELL
    return width // columns, height // rows


@lru_cache(maxsize=1)
def _library() -> Any:
    terminal, sys.__stdout__ = sys.__stdout__, io.StringIO()  # type: ignore[misc,assignment]
    try:
        from textual_image import _terminal, widget  # noqa: PLC0415 - heavy, and see above
    finally:
        sys.__stdout__ = terminal  # type: ignore[misc]
    _terminal.get_cell_size._result = _terminal.CellSize(*cell_size())  # type: ignore[attr-defined]
    return widget


def image_widget(kind: str, path: Path) -> Widget:
    """Return a widget that shows a picture file of our own making.

    Args:
        kind: kitty or sixel.
        path: a small JPEG.
    """
    found = _library()
    made: Widget = (found.TGPImage if kind == "kitty" else found.SixelImage)(os.fspath(path))
    made.styles.width = made.styles.height = "auto"
    return made
