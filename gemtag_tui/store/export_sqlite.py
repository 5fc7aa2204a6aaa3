"""Results as an SQLite file made for another application to attach or to copy from.

The same library gives the same bytes. The shape is a promise, told in docs/formats.md.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.exported import Exported, path_text
from gemtag_tui.core.text import plain
from gemtag_tui.store.uri import uri

APPLICATION_ID = 0x67656D78
"""Marks an SQLite file as such an export ("gemx")."""
SHAPE = 1

_SHAPE = f"""
PRAGMA page_size = 4096;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SHAPE};
CREATE TABLE asset_ai (
    id           INTEGER PRIMARY KEY,
    asset        INTEGER NOT NULL,
    path         TEXT NOT NULL,
    path_bytes   BLOB,
    sha256       TEXT,
    provider     TEXT NOT NULL,
    model        TEXT NOT NULL,
    profile      TEXT NOT NULL,
    profile_id   TEXT NOT NULL,
    summary      TEXT NOT NULL,
    tags         TEXT NOT NULL,
    lane         TEXT NOT NULL,
    served_model TEXT NOT NULL,
    cost_usd     REAL NOT NULL,
    tagged_at    REAL NOT NULL,
    missing      INTEGER NOT NULL,
    edited       INTEGER NOT NULL,
    inherited_from INTEGER,
    made_with    TEXT NOT NULL
);
CREATE TABLE asset_file (
    asset      INTEGER NOT NULL,
    path       TEXT NOT NULL,
    path_bytes BLOB,
    PRIMARY KEY (asset, path)
) WITHOUT ROWID;
CREATE VIEW asset_tag AS
SELECT r.asset, r.id AS result, b.key AS bucket, t.value AS name
FROM asset_ai r, json_each(r.tags) b, json_each(b.value) t;
"""
_INDEXES = """
CREATE INDEX asset_ai_path ON asset_ai(path);
CREATE INDEX asset_ai_sha256 ON asset_ai(sha256);
CREATE UNIQUE INDEX asset_ai_result ON asset_ai(asset, provider, model, profile_id);
CREATE INDEX asset_file_path ON asset_file(path);
"""
_RESULT = f"INSERT INTO asset_ai VALUES ({', '.join('?' * 19)})"
_FILE = "INSERT OR IGNORE INTO asset_file VALUES (?, ?, ?)"


class SqliteExport:
    """Fills a new SQLite file. Close it; the file is complete and on its way to disk then.

    Args:
        path: where no file is yet.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(
            uri(path, "rwc"), uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            self._db.executescript(_SHAPE)
            self._db.execute("BEGIN")
        except sqlite3.Error:
            self._db.close()
            raise

    def write(self, rows: Sequence[Exported], places: dict[int, list[bytes]]) -> None:
        """Add results, and all places where their pictures lie."""
        self._db.executemany(_RESULT, map(_result, rows))
        self._db.executemany(
            _FILE, [(asset, *_path(path)) for asset, paths in places.items() for path in paths]
        )

    def finish(self) -> None:
        """Complete the file."""
        self._db.execute("COMMIT")
        self._db.executescript(_INDEXES)

    def close(self) -> None:
        """Close the file, complete or not."""
        self._db.close()


def _path(path: bytes) -> tuple[str, bytes | None]:
    text, odd = path_text(path)
    return text, None if odd is None else path


def _result(row: Exported) -> tuple[Any, ...]:
    who = (row.provider, row.model, row.profile_name, row.profile)
    sha256 = None if row.sha256 is None else row.sha256.hex()
    spent = (row.lane, row.served_model, row.cost_usd, row.tagged_at, int(bool(row.missing)))
    return (
        row.result,
        row.asset,
        *_path(row.path),
        sha256,
        *who,
        row.summary,
        row.tags,
        *spent,
        int(row.edited),
        row.inherited_from,
        row.made_with,
    )


def refuse_strangers(dest: Path) -> None:
    """Refuse to replace anything but an earlier export of this kind.

    Raises:
        UsageError: there is another file.
    """
    if not dest.exists() or (dest.is_file() and dest.stat().st_size == 0):
        return
    mark = 0
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(uri(dest, "ro") + "&immutable=1", uri=True)) as db,
    ):
        mark = db.execute("PRAGMA application_id").fetchone()[0]
    if mark != APPLICATION_ID:
        words = f"{plain(str(dest))} is there already and was not written by this command. Name a "
        words += "new file, or write into one of its tables with --into."
        raise UsageError(words)
