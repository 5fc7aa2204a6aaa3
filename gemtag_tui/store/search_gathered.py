"""What a search finds where that is too little to be estimated: looked for step by step.

A library of a million is not gone through at once for what is seldom. So what has been found so far
can be shown, with words that it is not all, and the rest comes step by step.
"""

from __future__ import annotations

import asyncio
from array import array
from typing import TYPE_CHECKING

from gemtag_tui.store import search_pages

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.search_plan import Plan

STEP = 0.1
"""Seconds of one step."""
_MOST = 5_000
"""Rows of one step."""
_SWIFT = 0.4
"""Seconds: what took no longer is looked for anew whenever something was written."""
_REST = 20
"""What took longer is looked for anew when so many times as long has passed."""


class Gathered:
    """The rows of a query as far as they were looked for, newest first.

    Attributes:
        keys: result ids, or asset ids, as `Plan.assets` says; falling.
        through: that is all.
    """

    def __init__(self, lib: Library, plan: Plan) -> None:
        self._lib, self._plan = lib, plan
        self.keys = array("q")
        self.through = False
        self._next: int | None = None
        self._top = self._low = 0
        self._took, self._began = 0.0, lib.clock.monotonic()
        self._one = asyncio.Lock()

    @property
    def share(self) -> float:
        """How much of the library was gone through, from 0 to 1."""
        if self.through or self._next is None:
            return float(self.through)
        return min(1.0, max(0.0, (self._top - self._next) / max(1, self._top - self._low)))

    @property
    def is_swift(self) -> bool:
        """Whether all was gone through in a moment."""
        return self.through and self._took <= _SWIFT

    @property
    def is_stale(self) -> bool:
        """Whether it is worth the time to go through all anew, after something was written."""
        rested = self._lib.clock.monotonic() - self._began > _REST * self._took
        return self.is_swift or (self.through and rested)

    async def begin(self) -> None:
        """Look for as long as a moment takes."""
        self._top = await search_pages.highest(self._lib, self._plan)
        self._low = self._plan.low
        while not self.through and self._took < _SWIFT and not (self.keys and self._took > STEP):
            await self.go_on()

    async def go_on(self) -> None:
        """Look on for a step, while it is not through."""
        now = self._lib.clock.monotonic
        async with self._one:
            began = now()
            if self.through:
                return
            page = await search_pages.find(
                self._lib, self._plan, key=self._next, limit=_MOST, seconds=STEP
            )
            self.keys.extend(page.keys)
            self._next, self.through = page.older, page.older is None
            self._took += now() - began

    async def all(self) -> None:
        """Look for all, however long it takes."""
        await self.begin()
        while not self.through:
            await self.go_on()

    async def newer(self) -> None:
        """Look for what has come on top since."""
        async with self._one:
            top = await search_pages.highest(self._lib, self._plan)
            while self._top < top:
                page = await search_pages.find(
                    self._lib, self._plan, key=self._top, newer=True, limit=_MOST, seconds=STEP
                )
                self.keys = array("q", page.keys) + self.keys
                self._top = top if page.newer is None else page.newer
