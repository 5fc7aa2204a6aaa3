"""Results put into a table of another application's SQLite file, in one transaction.

Only the columns that were named are written, and only rows whose key is a picture of ours; nothing
is created, altered or removed. The application's own triggers do what they always do.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.exported import Exported, path_text
from gemtag_tui.core.text import plain
from gemtag_tui.store.uri import uri

FIELDS = ("path", "name", "sha256", "id", "summary", "tags", "tags_json", "model", "provider",
          "profile", "lane", "tagged_at", "cost_usd")  # fmt: skip
"""What can be written. `tags`: the words, each once, with a comma in between."""
KEYS = ("path", "sha256", "id")
_BUSY_SECONDS = 15

_tags = msgspec.json.Decoder(dict[str, list[str]]).decode


@dataclass(frozen=True, slots=True)
class Into:
    """Where results go.

    Attributes:
        table: of the other application.
        key: one of `KEYS`, by which rows are found.
        columns: the table's column for each of our fields, the key's among them.
        insert: add rows for pictures that are not there.
    """

    table: str
    key: str
    columns: Mapping[str, str]
    insert: bool = False


class ForeignTable:
    """Another application's table, opened for one transaction.

    Args:
        path: its SQLite file.
        into: the table and its columns.

    Raises:
        UsageError: the file, the table or a column is not there, or it cannot be written.
    """

    def __init__(self, path: Path, into: Into) -> None:
        self._path, self._into = path, into
        self._fields = [into.key, *(f for f in into.columns if f != into.key)]
        with self._words():
            self._db = sqlite3.connect(
                uri(path, "rw"), uri=True, isolation_level=None, timeout=_BUSY_SECONDS,
                check_same_thread=False,
            )  # fmt: skip
        try:
            with self._words():
                self._begin()
        except BaseException:
            self._db.close()
            raise

    def _begin(self) -> None:
        self._db.execute("PRAGMA trusted_schema = OFF")
        self._check()
        names = ", ".join(_quoted(field) for field in self._fields[1:])
        self._db.execute("PRAGMA temp_store = FILE")
        self._db.execute("BEGIN IMMEDIATE")
        comma = ", " if names else ""
        self._db.execute(
            f"CREATE TEMP TABLE gemtag_new ({_quoted(self._into.key)} PRIMARY KEY{comma}{names})"
        )

    def _check(self) -> None:
        table = self._into.table
        kinds = self._db.execute("SELECT type FROM main.sqlite_master WHERE name = ?", (table,))
        if [row[0] for row in kinds] != ["table"]:
            raise UsageError(f"{self._shown} has no table {plain(table, 80)!r}.")
        rows = self._db.execute("SELECT name, hidden FROM pragma_table_xinfo(?, 'main')", (table,))
        there = {name.casefold() for name, hidden in rows.fetchall() if not hidden}
        for column in self._into.columns.values():
            if column.casefold() not in there:
                words = f"The table {plain(table, 80)!r} has no column {plain(column, 80)!r}"
                raise UsageError(f"{words} that can be written.")

    @property
    def _shown(self) -> str:
        return plain(str(self._path))

    def write(self, rows: Sequence[Exported], places: dict[int, list[bytes]]) -> None:
        """Take results; of several for one key the first one given holds."""
        marks = ", ".join("?" * len(self._fields))
        values = [
            [_value(field, row, path) for field in self._fields]
            for row in rows
            for path in (places[row.asset] if self._into.key == "path" else [row.path])
        ]
        with self._words():
            self._db.executemany(f"INSERT OR IGNORE INTO gemtag_new VALUES ({marks})", values)

    def finish(self) -> tuple[int, int]:
        """Write all that was taken; returns the rows updated and the rows added."""
        with self._words():
            updated = self._update() if len(self._fields) > 1 else 0
            added = self._insert() if self._into.insert else 0
            self._db.execute("DROP TABLE temp.gemtag_new")
            self._db.execute("COMMIT")
        return updated, added

    def _update(self) -> int:
        sets = ", ".join(
            f"{_quoted(self._into.columns[f])} = n.{_quoted(f)}" for f in self._fields[1:]
        )
        differ = " OR ".join(
            f"t.{_quoted(self._into.columns[f])} IS NOT n.{_quoted(f)}" for f in self._fields[1:]
        )
        done = self._db.execute(
            f"UPDATE main.{_quoted(self._into.table)} AS t SET {sets} FROM temp.gemtag_new n "
            f"WHERE n.{_quoted(self._into.key)} = t.{self._key} AND ({differ})"
        )
        return done.rowcount

    def _insert(self) -> int:
        columns = ", ".join(_quoted(self._into.columns[f]) for f in self._fields)
        values = ", ".join(f"n.{_quoted(f)}" for f in self._fields)
        table, key = _quoted(self._into.table), _quoted(self._into.key)
        done = self._db.execute(
            f"INSERT INTO main.{table} ({columns}) SELECT {values} FROM temp.gemtag_new n "
            f"WHERE n.{key} IS NOT NULL AND NOT EXISTS "
            f"(SELECT 1 FROM main.{table} t WHERE t.{self._key} = n.{key}) ORDER BY n.rowid"
        )
        return done.rowcount

    @property
    def _key(self) -> str:
        return _quoted(self._into.columns[self._into.key])

    def close(self) -> None:
        """Close the file; what was not finished is undone."""
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        self._db.close()

    @contextlib.contextmanager
    def _words(self) -> Any:
        try:
            yield
        except sqlite3.Error as error:
            words = f"{self._shown} cannot be written: {plain(str(error), 200)}. Nothing in it was "
            raise UsageError(words + "changed.") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\0", "") + '"'


def _value(field: str, row: Exported, path: bytes) -> Any:
    if field in {"path", "name"}:
        whole = path if field == "path" else path.rpartition(b"/")[2]
        text, odd = path_text(whole)
        return text if odd is None else whole
    if field == "tags":
        return ", ".join(dict.fromkeys(t for names in _tags(row.tags).values() for t in names))
    plainly = {"id": row.asset, "tags_json": row.tags, "profile": row.profile_name}
    if field == "sha256":
        return None if row.sha256 is None else row.sha256.hex()
    return plainly[field] if field in plainly else getattr(row, field)
