"""Many places of `work` moved at once: the counts are made anew once, not moved once a row."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import aiosqlite

MANY = 5_000
"""Rows from which on counting everything once is less work than counting each."""

_TRIGGER = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'work_moved'"
_COUNTS = """
    UPDATE counter SET (todo, retry_later, in_batches, tagged, known_bad, ignored, near) = (
        SELECT coalesce(sum(n) FILTER (WHERE state = 0), 0),
            coalesce(sum(n) FILTER (WHERE state = 1), 0),
            coalesce(sum(n) FILTER (WHERE state = 2), 0),
            coalesce(sum(n) FILTER (WHERE state = 3), 0),
            coalesce(sum(n) FILTER (WHERE state = 4), 0),
            coalesce(sum(n) FILTER (WHERE state = 5), 0),
            coalesce(sum(n) FILTER (WHERE state = 6), 0)
        FROM (SELECT state, count(*) AS n FROM work WHERE track = counter.track GROUP BY state))
"""


@contextlib.asynccontextmanager
async def counted_once(db: aiosqlite.Connection, rows: int) -> AsyncIterator[None]:
    """Move places within; many of them with their trigger away and the counts made afterwards.

    Inside a transaction, which has to fail as a whole when this fails.

    Args:
        db: the connection.
        rows: how many are going to move, about.
    """
    if rows < MANY:
        yield
        return
    found: Any = list(await db.execute_fetchall(_TRIGGER))
    await db.execute("DROP TRIGGER work_moved")
    yield
    await db.execute(found[0][0])
    await db.execute(_COUNTS)
