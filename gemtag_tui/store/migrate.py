"""Numbered migrations: each in one transaction with the row that records it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import LibraryError, LibraryNewerError
from gemtag_tui.core.text import plain
from gemtag_tui.store.uri import uri

if TYPE_CHECKING:
    import aiosqlite

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
        if piece.rstrip().endswith(";") and sqlite3.complete_statement(pending):
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


async def migrate(
    connection: aiosqlite.Connection, path: Path, now: float, steps: list[Migration]
) -> None:
    """Bring a library to the newest shape; several processes may try at once.

    A library with content is copied to `<name>.backup-<version>-<date>` first.

    Raises:
        LibraryNewerError: when it is newer than the last of `steps`.
        LibraryError: when the backup cannot be made; nothing was changed then.
    """
    backed_up = False
    for step in steps:
        await connection.execute("BEGIN IMMEDIATE")
        try:
            version = await version_of(connection)
            refuse_newer(version, steps[-1].number, path)
            if step.number > version:
                if version and not backed_up:
                    await asyncio.to_thread(back_up, path, version, now)
                    backed_up = True
                await _apply(connection, step, now)
            await connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                await connection.execute("ROLLBACK")
            raise


async def _apply(connection: aiosqlite.Connection, step: Migration, now: float) -> None:
    for statement in statements(step.sql):
        await connection.execute(statement)
    row = (step.number, step.name, now)
    await connection.execute("INSERT INTO migration VALUES (?, ?, ?)", row)
    await connection.execute(f"PRAGMA user_version = {step.number:d}")


async def version_of(connection: aiosqlite.Connection) -> int:
    """Return the number of the last migration applied, 0 for an empty file."""
    (row,) = await connection.execute_fetchall("PRAGMA user_version")
    return int(row[0])


def back_up(path: Path, version: int, now: float) -> Path:
    """Copy a library with SQLite's own backup and fsync it; it appears whole or not at all.

    Raises:
        LibraryError: when there is no room, or the folder cannot be written.
    """
    day = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")
    target = path.with_name(f"{path.name}.backup-{version}-{day}")
    part = path.with_name(f"{target.name}.part{os.getpid()}")
    try:
        _copy(path, part)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        words = "The library has to be brought up to date, and no backup of it could be made at "
        words += f"{plain(str(target))} ({error}). Free some space there; nothing was changed."
        raise LibraryError(words) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return target


def _copy(path: Path, part: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(uri(path, "ro"), uri=True)) as source,
        contextlib.closing(sqlite3.connect(uri(part, "rwc"), uri=True)) as copy,
    ):
        source.backup(copy)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
