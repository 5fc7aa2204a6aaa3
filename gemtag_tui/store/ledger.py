"""What was asked of the model and what it cost. Days are Pacific, as quotas are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library


class Call(NamedTuple):
    """A call in the ledger: when it was sent, its input tokens, its cost in US dollars."""

    at: float
    tokens_in: int
    cost_usd: float
    status: str


async def requests_today(lib: Library, provider: str, model: str, day: str) -> int:
    """Return the calls of a Pacific day that count, those refused with 429 left out."""
    return await _sum(lib, "requests", provider, model, day)


async def refused_today(lib: Library, provider: str, model: str, day: str) -> int:
    """Return the 429s of a Pacific day."""
    return await _sum(lib, "refused", provider, model, day)


async def _sum(lib: Library, column: str, provider: str, model: str, day: str) -> int:
    row = await lib.row(
        f"SELECT coalesce(sum({column}), 0) FROM ledger_day "
        "WHERE day = ? AND provider = ? AND model = ? AND lane <> 'batch'",
        (day, provider, model),
    )
    return 0 if row is None else int(row[0])


async def day_spend(lib: Library, day: str, provider: str = "google") -> float:
    """Return the US dollars spent on a Pacific day, all models and lanes."""
    return await _spend(lib, day, day, provider)


async def month_spend(lib: Library, month: str, provider: str = "google") -> float:
    """Return the US dollars spent in a month ("2026-11") by Pacific time."""
    return await _spend(lib, f"{month}-01", f"{month}-31", provider)


async def _spend(lib: Library, first: str, last: str, provider: str) -> float:
    row = await lib.row(
        "SELECT coalesce(sum(cost_usd), 0.0) FROM ledger_day "
        "WHERE day BETWEEN ? AND ? AND provider = ?",
        (first, last, provider),
    )
    return 0.0 if row is None else float(row[0])


async def recent(lib: Library, provider: str, model: str, since: float) -> list[Call]:
    """Return the calls sent at or after a time (Unix seconds), oldest first."""
    rows = await lib.rows(
        "SELECT at, tokens_in, cost_usd, status FROM request_ledger "
        "WHERE at >= ? AND provider = ? AND model = ? AND lane <> 'batch' ORDER BY at",
        (since, provider, model),
    )
    return [Call(*row) for row in rows]
