"""Limits that a 429 has taught."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.text import storable

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library


@dataclass(frozen=True, slots=True)
class Learned:
    """A learned limit: `name` is rpm, tpm, rpd or spend.

    `named` tells whether the server named the figure; else it was inferred from what got through.
    """

    name: str
    value: float
    learned_at: float
    words: str = ""
    named: bool = True


async def learned(lib: Library, provider: str, model: str) -> dict[str, Learned]:
    """Return what is known of a model's limits, by name."""
    rows = await lib.rows(
        "SELECT name, value, learned_at, words, named FROM learned_limit "
        "WHERE provider = ? AND model = ?",
        (provider, model),
    )
    return {row[0]: Learned(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows}


async def learn(  # noqa: PLR0917 (the parts of one key)
    lib: Library,
    provider: str,
    model: str,
    name: str,
    value: float,
    words: str = "",
    *,
    named: bool = True,
) -> None:
    """Keep what a 429 said of a limit, in place of what was known before."""
    row = (provider, model, name, value, lib.clock.now(), storable(words), named)
    async with lib.transaction() as db:
        await db.execute("INSERT OR REPLACE INTO learned_limit VALUES (?, ?, ?, ?, ?, ?, ?)", row)


async def forget(lib: Library, provider: str, model: str, name: str | None = None) -> None:
    """Forget one learned limit, or all of a model."""
    async with lib.transaction() as db:
        await db.execute(
            "DELETE FROM learned_limit "
            "WHERE provider = ? AND model = ? AND (? IS NULL OR name = ?)",
            (provider, model, name, name),
        )
