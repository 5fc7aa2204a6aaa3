"""What further batch jobs may cost: a job is paid once it runs, so its cost is committed before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.store import batches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gemtag_tui.engine.batch_build import Builder

COMMITTED = (
    "The budget is committed to batch jobs, at what they are expected to cost. Should they come to "
    "less, another run submits for the rest."
)
COMMITTED_NOW = (
    "The budget is committed to batch jobs, at what they are expected to cost; where they come to "
    "less, more is submitted as they land."
)
_CRUMBS = 50
"""A part of what a run has submitted, as 1 in so many, that is too little for one more job."""
_MEAN_OF = 20
"""Requests whose mean cost is worth more than an estimate by rule."""
_MARGIN = 1.05
"""The next answers may be somewhat longer than those so far, and a cap is a cap."""


async def no_budget() -> float | None:
    """Return that nothing caps what jobs may cost."""
    return None


class Purse:
    """Tells how many requests the budget still pays for.

    Args:
        builder: of the jobs; told what a request has cost so far.
        budget: gives the US dollars that may still be committed, `None` for no cap.
    """

    def __init__(self, builder: Builder, budget: Callable[[], Awaitable[float | None]]) -> None:
        self._builder = builder
        self._budget = budget
        self._submitted = 0
        self._told = False

    def news(self) -> str:
        """Return that more is built as jobs land, "" where that was said before."""
        told, self._told = self._told, True
        return "" if told else COMMITTED_NOW

    def submitted(self, requests: int) -> None:
        """Count what a job was built of."""
        self._submitted += requests

    async def requests(self) -> int | None:
        """Return how many requests may be built, 0 for too few; `None` when there is no cap."""
        builder = self._builder
        mean = await batches.mean_cost(builder.ground.lib, builder.track.id, _MEAN_OF)
        builder.each = None if mean is None else mean * _MARGIN
        left = await self._budget()
        if left is None:
            return None
        each = builder.each or builder.pricing.expected(*builder.form.estimate(1024, 768))
        if not each:
            return None
        count = int(max(0.0, left) / each)
        return count if count > self._submitted // _CRUMBS else 0
