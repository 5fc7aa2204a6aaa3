"""Numbered migrations: each in one transaction with the row that records it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import LibraryError
from gemtag_tui.core.text import plain
from gemtag_tui.store.schema import Migration, refuse_newer, statements
from gemtag_tui.store.uri import uri

if TYPE_CHECKING:
    import aiosqlite


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
                if version and not backed_up and await _has_content(connection):
                    await asyncio.to_thread(back_up, path, version, now)
                    backed_up = True
                await _apply(connection, step, now)
            await connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                await connection.execute("ROLLBACK")
            raise


async def _has_content(connection: aiosqlite.Connection) -> bool:
    sql = "SELECT EXISTS (SELECT 1 FROM file) OR EXISTS (SELECT 1 FROM track)"
    ((found,),) = await connection.execute_fetchall(sql)
    return bool(found)


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
