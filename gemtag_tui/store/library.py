"""The library file: one writing connection, one that only reads."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiosqlite

from gemtag_tui.core.clock import Clock
from gemtag_tui.core.errors import LibraryError, LibraryOlderError
from gemtag_tui.core.text import plain
from gemtag_tui.store.direct import Work, whole
from gemtag_tui.store.migrate import migrate, version_of
from gemtag_tui.store.schema import APPLICATION_ID, Migration, refuse_newer, shipped
from gemtag_tui.store.trouble import explain, is_trouble
from gemtag_tui.store.uri import uri

T = TypeVar("T")

BUSY_MS = 15_000
_OLDEST_SQLITE = (3, 38, 0)
"""STRICT tables, RETURNING and upserts are all there from this version on."""

READER_PRAGMAS = (f"PRAGMA busy_timeout = {BUSY_MS}", "PRAGMA query_only = ON")
_WRITER = (
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",  # in WAL mode: an fsync for every commit
    "PRAGMA wal_autocheckpoint = 4000",  # pages of 4 KiB: fewer, larger checkpoints
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -16384",
)


class Library:
    """An open library. Use `open`, and `close` it in any case: its threads outlive the loop.

    Attributes:
        path: the file, absolute.
        clock: gives the times that are stored.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path.absolute()
        self.clock = clock
        self._writer: aiosqlite.Connection | None = None
        self._reader: aiosqlite.Connection | None = None
        self._direct: sqlite3.Connection | None = None
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="gemtag-write")
        self._turn = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        path: str | Path,
        clock: Clock,
        *,
        create: bool = True,
        readonly: bool = False,
        steps: list[Migration] | None = None,
    ) -> Self:
        """Open a library, make it when it is not there, and bring it up to date.

        Args:
            path: the file.
            clock: gives the times that are stored.
            create: make the file when there is none (its folder has to exist).
            readonly: never write, not even to bring it up to date.
            steps: the migrations, when not the package's own.

        Raises:
            LibraryNewerError: when a newer gemtag wrote it.
            LibraryError: when it cannot be used, in words that say what to do.
        """
        lib = cls(Path(path), clock)
        known = shipped() if steps is None else steps
        _check_place(lib.path, create=create and not readonly)
        try:
            await lib._open(known, readonly=readonly)
        except BaseException as error:
            await lib.close()
            if isinstance(error, sqlite3.Error):
                raise explain(error, lib.path) from error
            raise
        return lib

    async def _open(self, steps: list[Migration], *, readonly: bool) -> None:
        if not readonly:
            await self._check_ours(steps, "rwc")
            self._writer = await _connect(uri(self.path, "rwc"), _WRITER)
            await _use_wal(self._writer)
            await migrate(self._writer, self.path, self.clock.now(), steps)
        else:
            version = await self._check_ours(steps, "ro")
            if version < steps[-1].number:
                raise LibraryOlderError(plain(str(self.path)))
        self._reader = await _connect(uri(self.path, "ro"), READER_PRAGMAS)

    async def _check_ours(self, steps: list[Migration], mode: str) -> int:
        """Look before anything is written: another program's file is left as it is."""
        if mode != "ro" and not self.path.exists():
            return 0
        connection = await _connect(uri(self.path, "ro"), READER_PRAGMAS)
        try:
            (mark,) = await connection.execute_fetchall("PRAGMA application_id")
            (tables,) = await connection.execute_fetchall("SELECT count(*) FROM sqlite_master")
            version = await version_of(connection)
        finally:
            await connection.close()
        empty = tables[0] == 0 and version == 0 and mark[0] == 0
        if mark[0] != APPLICATION_ID and not (empty and mode != "ro"):
            words = "is not a gemtag library; name another file with --library"
            raise LibraryError(f"{plain(str(self.path))} {words}.")
        refuse_newer(version, steps[-1].number, self.path)
        return version

    @property
    def reader(self) -> aiosqlite.Connection:
        """The connection that only reads."""
        if self._reader is None:
            raise LibraryError(f"{plain(str(self.path))} is closed.")
        return self._reader

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Give the writing connection for one transaction: all of it is kept, or nothing.

        One at a time in this process; other processes are waited for, up to 15 seconds.

        Raises:
            LibraryError: when the library cannot be written; nothing of this was kept.
        """
        if self._writer is None:
            raise LibraryError(f"{plain(str(self.path))} was opened for reading only.")
        async with self._turn:
            try:
                await _finish(self._writer, "BEGIN IMMEDIATE")
                yield self._writer
                await _finish(self._writer, "COMMIT")
            except BaseException as error:
                if self._writer.in_transaction:
                    await _finish(self._writer, "ROLLBACK")
                if isinstance(error, sqlite3.Error) and is_trouble(error):
                    raise explain(error, self.path) from error
                raise

    async def at_once(self, work: Work[T]) -> T:
        """Run one transaction in one hop to a thread: for the groups that the engine commits.

        It is finished also when this task is cancelled meanwhile.

        Args:
            work: gets the connection and awaits nothing else.

        Raises:
            LibraryError: when the library cannot be written; nothing of this was kept.
        """
        if self._writer is None:
            raise LibraryError(f"{plain(str(self.path))} was opened for reading only.")
        async with self._turn:
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(self._hand, self._whole, work)
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                await asyncio.wait([done])
                raise

    def _whole(self, work: Work[T]) -> T:
        try:
            if self._direct is None:
                self._direct = _connect_direct(uri(self.path, "rw"), _WRITER)
            return whole(self._direct, work)
        except sqlite3.Error as error:
            if is_trouble(error):
                raise explain(error, self.path) from error
            raise

    async def rows(self, sql: str, values: Iterable[Any] = ()) -> list[Any]:
        """Read all rows of a query.

        Raises:
            LibraryError: when the library cannot be read.
        """
        try:
            return list(await self.reader.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            if is_trouble(error):
                raise explain(error, self.path) from error
            raise

    async def row(self, sql: str, values: Iterable[Any] = ()) -> Any | None:
        """Read the first row of a query, `None` when there is none."""
        found = await self.rows(sql, values)
        return found[0] if found else None

    async def data_version(self) -> int:
        """Return a number that moves when any other connection has written."""
        (row,) = await self.rows("PRAGMA data_version")
        return int(row[0])

    async def close(self) -> None:
        """Close both connections; does nothing when that was done before."""
        reader, self._reader = self._reader, None
        writer, self._writer = self._writer, None
        direct, self._direct = self._direct, None
        self._hand.shutdown()
        try:
            if direct is not None:
                direct.close()
            if reader is not None:
                await reader.close()
        finally:
            if writer is not None:
                await writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _check_place(path: Path, *, create: bool) -> None:
    shown = plain(str(path))
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        words = f"Python here has SQLite {sqlite3.sqlite_version}, and gemtag needs 3.38 or newer"
        raise LibraryError(f"{words}: use a newer Python.")
    if path.is_dir():
        raise LibraryError(f"{shown} is a folder; name a file with --library.")
    if not path.parent.is_dir():
        raise LibraryError(f"The folder of {shown} does not exist; make it, or name another file.")
    if not create and not path.exists():
        raise LibraryError(f"There is no library at {shown}; `gemtag scan` makes one.")


async def _connect(address: str, pragmas: Iterable[str]) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(address, uri=True, isolation_level=None)
    try:
        for pragma in pragmas:
            await connection.execute_fetchall(pragma)
    except BaseException:
        await connection.close()
        raise
    return connection


def _connect_direct(address: str, pragmas: Iterable[str]) -> sqlite3.Connection:
    """Open a connection for the writing thread; it is closed by whoever closes the library."""
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        for pragma in pragmas:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


async def _use_wal(connection: aiosqlite.Connection) -> None:
    """Switch to WAL; SQLite does not wait by itself when another process does the same just now."""
    for _ in range(200):
        try:
            (row,) = await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            await asyncio.sleep(0.02)
            continue
        if row[0] != "wal":
            raise LibraryError("The library's disk cannot share memory between programs (WAL).")
        return
    raise sqlite3.OperationalError("database is locked")


async def _finish(connection: aiosqlite.Connection, word: str) -> None:
    """Begin, commit or roll back to the end, also when this task is cancelled meanwhile.

    Otherwise a transaction could begin, or end, after the task had gone on without knowing.
    """
    task = asyncio.ensure_future(connection.execute_fetchall(word))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise
