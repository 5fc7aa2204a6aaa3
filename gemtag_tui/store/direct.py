"""A whole transaction in one hop to the writer's thread.

aiosqlite sends every statement to its thread and back. A group commit has a dozen of them: most of
its cost, and of the time in which a paid answer is not yet on disk, would go into these hops. Here
the same code runs in the thread itself, on a plain connection with aiosqlite's verbs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    import aiosqlite

T = TypeVar("T")
Work = Callable[["aiosqlite.Connection"], Coroutine[Any, Any, T]]


class Direct:
    """aiosqlite's verbs on a plain connection; awaiting them never waits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(sql, cast("Sequence[Any]", values))

    async def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        """Run one statement for many rows."""
        return self._connection.executemany(sql, rows)

    async def execute_fetchall(self, sql: str, values: Iterable[Any] = ()) -> list[Any]:
        """Run one statement and return its rows."""
        return self._connection.execute(sql, cast("Sequence[Any]", values)).fetchall()


def through(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing but `Direct`.

    Raises:
        RuntimeError: it waited for something else.
    """
    try:
        work.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    work.close()
    raise RuntimeError("a transaction waited for something that is not its connection")


def whole(connection: sqlite3.Connection, work: Work[T]) -> T:
    """Run one transaction from its beginning to its end: all of it is kept, or nothing.

    Raises:
        sqlite3.Error: nothing of it was kept.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = through(work(cast("aiosqlite.Connection", Direct(connection))))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result
