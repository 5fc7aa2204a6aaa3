"""Children that look at pictures to find near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from gemtag_tui.core.near import NO_LOOK, Look
from gemtag_tui.imaging.child import BATCH, ChildFailedError, ImagingPool
from gemtag_tui.imaging.values import Refused, Sought

_SECONDS_PER_FILE = 1.0


class LookPool(ImagingPool):
    """Looks at pictures; what cannot be looked at has no look, and that is all."""

    look_task = "gemtag_tui.imaging.near:look_many"

    async def look_many(self, files: Sequence[Sought]) -> list[Look | None]:
        """Look at files, in batches spread over the children; one outcome for each, in order.

        Raises:
            ImagingUnavailableError: when no child can be run.
        """
        starts = range(0, len(files), BATCH)
        found: dict[int, list[Look | None]] = {}

        async def one(start: int) -> None:
            found[start] = await self._batch(files[start : start + BATCH])

        async with anyio.create_task_group() as group:
            for start in starts:
                group.start_soon(one, start)
        return [look for start in starts for look in found[start]]

    async def _batch(self, files: Sequence[Sought]) -> list[Look | None]:
        """Look in one child; if that ends badly, at each file alone, so that one is to blame."""
        seconds = self._deadline + len(files) * _SECONDS_PER_FILE
        try:
            looks: list[Look | None] = await self._run(
                self.look_task, (list(files), self._limits), seconds
            )
        except ChildFailedError:
            return [await self._single(one) for one in files]
        return looks

    async def _single(self, file: Sought) -> Look | None:
        outcome = await self._alone(self.look_task, ([file], self._limits))
        if isinstance(outcome, Refused):
            return NO_LOOK
        look: Look | None = outcome[0]
        return look
