"""Data goes to stdout, words for people to stderr; both survive whatever a name is made of."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TextIO

import msgspec

from gemtag_tui.core.text import plain

PLAIN_SECONDS = 10.0
"""Off a terminal, one line of progress in this time."""


def prepare_streams() -> None:
    """Make stdout and stderr take any text: what they cannot show is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(words: str = "") -> None:
    """Print words for a person to stderr; a reader who has gone away does not matter."""
    with suppress(OSError, ValueError):
        print(words, file=sys.stderr, flush=True)


def line(words: str = "") -> None:
    """Print one line of data to stdout."""
    sys.stdout.write(words + "\n")


def json_line(value: object, *, flush: bool = True) -> None:
    """Print one JSON object as a line on stdout, at once unless many follow."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    if flush:
        sys.stdout.flush()


def path_fields(path: bytes) -> dict[str, str]:
    """Return `path` as text, with `path_bytes` in hex when the name is not UTF-8."""
    try:
        return {"path": path.decode()}
    except UnicodeDecodeError:
        return {"path": path.decode(errors="backslashreplace"), "path_bytes": path.hex()}


def columns(rows: Iterable[Mapping[str, object] | tuple[str, object]]) -> None:
    """Print names and values in two columns, outside text made harmless."""
    pairs = [row if isinstance(row, tuple) else next(iter(row.items())) for row in rows]
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        line(f"{name:<{width}}  {plain(str(value))}")


class ProgressLine:
    """Progress on stderr: one live line on a terminal, else one plain line every ten seconds.

    Args:
        stream: where it goes.
        monotonic: seconds, for pacing.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        interval: float = PLAIN_SECONDS,
    ) -> None:
        self._stream = stream or sys.stderr
        self._monotonic = monotonic
        self._interval = interval
        self._live = is_terminal(self._stream)
        self._last = monotonic()
        self._shown = False

    def show(self, words: str) -> None:
        """Show these words in place of the last, as often as the stream is good for."""
        now = self._monotonic()
        if not self._live and now - self._last < self._interval:
            return
        self._last = now
        if self._live:
            self._write("\r" + fit(words, width_of(self._stream) - 1) + "\x1b[K")
            self._shown = True
        else:
            self._write(words + "\n")

    def clear(self) -> None:
        """Take the live line away, so that other words can be printed."""
        if self._live and self._shown:
            self._write("\r\x1b[K")
            self._shown = False

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def is_terminal(stream: Any) -> bool:
    """Say whether a stream is a terminal that knows more than plain lines."""
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):
        return False


def width_of(stream: Any) -> int:
    """Return the columns of the terminal behind a stream, 80 when it does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return 80


def fit(words: str, width: int) -> str:
    """Cut words to a number of columns."""
    return words if len(words) <= width else words[: max(0, width - 1)] + "…"
