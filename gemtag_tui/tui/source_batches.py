"""Batch jobs as the library keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.store import batches

if TYPE_CHECKING:
    from gemtag_tui.store.batches import JobRow
    from gemtag_tui.store.library import Library

MOST = 1_000


class BatchSource:
    """The part of the source that is about batch jobs."""

    lib: Library

    async def batch_jobs(self) -> list[JobRow]:
        """The newest jobs first."""
        return await batches.page(self.lib, limit=MOST)

    def runs_batches(self) -> bool:
        """Whether this version runs the batch lane."""
        from gemtag_tui.engine.preflight import BUILT_LANES  # noqa: PLC0415 - heavy

        return "batch" in BUILT_LANES
