"""How many batch jobs are under way: for whoever only counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.batch_job import OPEN

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

_UNDER_WAY = f"""
    SELECT count(*) FROM batch_job
    WHERE state IN ({", ".join(f"'{state}'" for state in sorted(OPEN))})
"""


async def under_way(lib: Library) -> int:
    """Return the jobs that something is still to be done about."""
    row = await lib.row(_UNDER_WAY)
    return 0 if row is None else int(row[0])
