"""Batch jobs as the library keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

_COLUMNS = """
    id, display_name, coalesce(name, ''), track, state, server_state, requests, succeeded, failed,
    pending, ingested, created_at, ended_at, expires_at, error, cost_usd
"""
_END = 2**62


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job. `name` is the server's (`batches/…`), "" until it has said it. Unix seconds."""

    id: int
    display_name: str
    name: str
    track: int
    state: str
    server_state: str
    requests: int
    succeeded: int
    failed: int
    pending: int
    ingested: int
    created_at: float
    ended_at: float | None
    expires_at: float | None
    error: str
    cost_usd: float


async def page(lib: Library, before: int | None = None, limit: int = 200) -> list[JobRow]:
    """Return jobs, the newest first; `before`: only those with a lower id."""
    rows = await lib.rows(
        f"SELECT {_COLUMNS} FROM batch_job WHERE id < ? ORDER BY id DESC LIMIT ?",
        (_END if before is None else before, limit),
    )
    return [JobRow(*row) for row in rows]


async def get(lib: Library, job: str) -> JobRow | None:
    """Return one job by its id, its display name or the server's name for it."""
    row = await lib.row(
        f"SELECT {_COLUMNS} FROM batch_job WHERE display_name = ?1 OR name = ?1 "
        "OR CAST(id AS TEXT) = ?1",
        (job,),
    )
    return None if row is None else JobRow(*row)
