"""Another application's SQLite database, read by a query and never written to.

Opening a database in WAL mode makes files beside it even for a reader. So where no other program
has it open, it is read as an unchanging file; where a log without its index was left behind, a copy
of both is read.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.store.uri import uri

_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_BUSY_SECONDS = 15
_WAL_FORMAT = 2


def rows_of(path: Path, query: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one SELECT, each by its columns' names.

    Raises:
        UsageError: the file is no database that can be read, or the query is not a plain SELECT.
    """
    try:
        with _opened(path) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute("PRAGMA query_only = ON")
            db.text_factory = _text
            db.set_authorizer(_only_read)
            cursor = db.execute(query)
            if cursor.description is None:
                raise UsageError("The query gives no rows: write a SELECT.")
            names = [str(column[0]) for column in cursor.description]
            for row in cursor:
                yield dict(zip(names, row, strict=True))
    except (sqlite3.Error, sqlite3.Warning) as error:
        words = f"{plain(str(path))} cannot be asked that: {plain(str(error), 200)}."
        raise UsageError(words) from error
    except OSError as error:
        raise UsageError(f"{plain(str(path))} cannot be read: {error.strerror}.") from error


def _text(data: bytes) -> str | bytes:
    """Keep text that is no UTF-8 as its bytes: it may well be a path."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _only_read(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise UsageError(f"{plain(str(path))} is not an SQLite database.")
    log, index = Path(f"{path}-wal"), Path(f"{path}-shm")
    with contextlib.ExitStack() as stack:
        option = ""
        if _WAL_FORMAT in head[18:20]:
            if not log.exists() or not log.stat().st_size:
                option = "&immutable=1"
            elif not index.exists():
                path = stack.enter_context(_copied(path, log))
        db = sqlite3.connect(
            uri(path, "ro") + option, uri=True, timeout=_BUSY_SECONDS, isolation_level=None,
            check_same_thread=False,
        )  # fmt: skip
        stack.enter_context(contextlib.closing(db))
        yield db


@contextlib.contextmanager
def _copied(path: Path, log: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gemtag-") as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(path, copy)
        shutil.copyfile(log, f"{copy}-wal")
        yield copy
