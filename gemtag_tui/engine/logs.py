"""The log: rotating files that hold no secret and that a terminal can show without harm."""

from __future__ import annotations

import logging
import logging.handlers
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from gemtag_tui.engine.paths import make_private
from gemtag_tui.gemini.key import Secret, redact

FILE_BYTES = 4_000_000
FILES = 5
QUIET = ("aiohttp", "asyncio", "google_genai", "httpx", "httpx2", "httpcore", "PIL", "aiosqlite")
"""Loggers of libraries: only their warnings are worth a line."""

_CONTROLS = {
    code: f"\\x{code:02x}" for code in [*range(32), *range(0x7F, 0xA0)] if code not in {9, 10}
}


class LineFormatter(logging.Formatter):
    """One entry: ISO time, level, process, logger, words. Its further lines are indented.

    Redacting here, not in a filter, covers tracebacks too: formatting makes their text.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
        self._secrets = tuple(secrets)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002
        """Return the time in UTC, ISO 8601 with milliseconds."""
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return f"{whole}.{int(record.msecs):03d}Z"

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry with secrets hidden and control characters made visible."""
        text = redact(super().format(record), *self._secrets)
        return text.translate(_CONTROLS).replace("\n", "\n    ")


class PrivateRotatingHandler(logging.handlers.RotatingFileHandler):
    """A rotating file that only its user may read."""

    def _open(self) -> IO[str]:  # type: ignore[override]
        return open(  # a mode needs an opener
            self.baseFilename,
            self.mode,
            encoding="utf-8",
            errors="backslashreplace",
            opener=lambda path, flags: os.open(path, flags, 0o600),
        )


def log_path(folder: Path, role: str) -> Path:
    """Return the log of a role ("engine" or "shell"): one each, so that rotations do not meet."""
    return folder / f"{role}.log"


def start_logging(
    folder: Path, role: str, secrets: Iterable[Secret] = (), level: int = logging.INFO
) -> Path | None:
    """Send everything that is logged, and every warning, to a file and nowhere else.

    Args:
        folder: made when it is not there.
        role: "engine" or "shell".
        secrets: values to hide wherever they appear.
        level: lowest level of gemtag's own entries.

    Returns:
        The file, or `None` when it cannot be written: gemtag then works without a log.
    """
    logging.raiseExceptions = False  # a full disk must not print into the terminal
    path = log_path(folder, role)
    handler: logging.Handler
    try:
        make_private(folder)
        handler = PrivateRotatingHandler(
            path, maxBytes=FILE_BYTES, backupCount=FILES - 1, delay=True
        )
        writable = folder.is_dir() and os.access(path if path.exists() else folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        handler = logging.NullHandler()
    handler.setFormatter(LineFormatter(secrets))
    _install(handler, level)
    return path if writable else None


def stop_logging() -> None:
    """Close the log; what is logged afterwards goes nowhere."""
    _install(logging.NullHandler(), logging.WARNING)
    logging.captureWarnings(False)


def _install(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.WARNING)
    logging.captureWarnings(True)
