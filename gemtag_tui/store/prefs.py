"""Small strings that the library remembers: what a screen showed last, and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.text import storable

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

_PREFIX = "pref:"


async def get(lib: Library, name: str, default: str = "") -> str:
    """Return what was put under a name."""
    row = await lib.row("SELECT value FROM setting WHERE name = ?", (_PREFIX + name,))
    return default if row is None else str(row[0])


async def put(lib: Library, name: str, value: str) -> None:
    """Remember a string under a name."""
    async with lib.transaction() as db:
        await db.execute(
            "INSERT OR REPLACE INTO setting VALUES (?, ?)", (_PREFIX + name, storable(value))
        )
