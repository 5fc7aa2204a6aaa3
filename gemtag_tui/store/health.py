"""Whether a library is sound, looked at without changing it and without taking long."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gemtag_tui.store.schema import shipped
from gemtag_tui.store.trouble import explain
from gemtag_tui.store.uri import uri

_STEPS = 20_000
"""SQLite's own steps between two looks at the clock: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Health:
    """What was found.

    Attributes:
        version: the library's shape; `newest`: the one this gemtag makes.
        size: bytes of the file and of what has yet to be merged into it.
        problem: SQLite's first complaint, "" when there is none.
        whole: `False` when time ran out before everything was looked at.
    """

    version: int
    newest: int
    size: int
    problem: str
    whole: bool


def examine(
    path: Path, seconds: float = 5.0, monotonic: Callable[[], float] = time.monotonic
) -> Health:
    """Look for damage, at most for some seconds.

    Raises:
        LibraryError: it cannot be read at all.
    """
    until = monotonic() + seconds
    try:
        with contextlib.closing(sqlite3.connect(uri(path, "ro"), uri=True, timeout=5)) as db:
            ((version,),) = db.execute("PRAGMA user_version").fetchall()
            db.set_progress_handler(lambda: monotonic() > until, _STEPS)
            problem, whole = _check(db)
    except sqlite3.Error as error:
        raise explain(error, path) from error
    return Health(version, shipped()[-1].number, _size(path), problem, whole)


def _check(db: sqlite3.Connection) -> tuple[str, bool]:
    try:
        ((said,),) = db.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return "", False
        raise
    return ("" if said == "ok" else str(said)), True


def _size(path: Path) -> int:
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def sqlite_version() -> tuple[str, bool]:
    """Return SQLite's version, and whether a library can be used with it."""
    return sqlite3.sqlite_version, sqlite3.sqlite_version_info >= (3, 38, 0)
