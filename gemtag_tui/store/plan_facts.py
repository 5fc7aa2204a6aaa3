"""What the plan is reckoned from: kept sums and short looks, the same at any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.plan_shape import Shape

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library


async def shapes(lib: Library) -> list[Shape]:
    """Return the classes of all images that can be used."""
    return [Shape(*row) for row in await lib.rows("SELECT * FROM shape WHERE assets > 0")]
