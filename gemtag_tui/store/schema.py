"""The library's shape, as numbered .sql files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from gemtag_tui.core.errors import LibraryNewerError
from gemtag_tui.core.text import plain

APPLICATION_ID = 0x67656D61
"""Marks an SQLite file as a gemtag library ("gema")."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: `0001_library.sql` is number 1, name `library`."""

    number: int
    name: str
    sql: str


def shipped() -> list[Migration]:
    """Return the package's migrations in their order."""
    folder = resources.files("gemtag_tui.store") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [_read(file.name, file.read_text("utf-8")) for file in files]


def _read(file_name: str, sql: str) -> Migration:
    number, _, name = file_name.removesuffix(".sql").partition("_")
    return Migration(int(number), name, sql)


def statements(sql: str) -> Iterator[str]:
    """Split a script into statements; the inside of a trigger is not split."""
    pending = ""
    for piece in sql.splitlines(keepends=True):
        pending += piece
        if ";" in piece and sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending


def refuse_newer(version: int, newest: int, path: Path) -> None:
    """Refuse a library that this gemtag does not know.

    Raises:
        LibraryNewerError: when `version` is beyond `newest`.
    """
    if version > newest:
        words = f"{plain(str(path))} was written by a newer gemtag (library version {version}, "
        words += f"this one knows {newest}). Upgrade gemtag, or name another file with --library."
        raise LibraryNewerError(words)
