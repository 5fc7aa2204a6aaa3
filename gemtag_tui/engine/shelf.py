"""The library's assets that a run has to do, taken from it one page after the other."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from gemtag_tui.engine.attempts import Attempt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.store.work import Candidate

_PAGE = 200
_IDLE_SECONDS = 1.0


def _never_failed(_asset: int) -> bool:
    return False


class Shelf:
    """Knows what was taken, what has reached an end, and whether there is more.

    Args:
        page: gives the next assets to do after an id, at most so many (keyset).
        due: gives assets whose recorded failure has come due.
        reopen: told of each asset taken; says whether this run had settled it before.
        limit: most assets to settle in all; `None` for no end.

    Attributes:
        held: assets that were taken and have not reached an end, by id.
        exhausted: whether the last look found nothing more.
        passed_over: how many were left out.
    """

    def __init__(
        self,
        page: Callable[[int, int], Awaitable[list[Candidate]]],
        due: Callable[[int], Awaitable[list[Candidate]]],
        clock: Clock,
        *,
        reopen: Callable[[int], bool] = _never_failed,
        limit: int | None = None,
    ) -> None:
        self._page = page
        self._due = due
        self._clock = clock
        self._reopen = reopen
        self._left = limit
        self.held: dict[int, Attempt] = {}
        self.exhausted = False
        self._looked = False  # found nothing while nothing was held
        self._uncommitted: set[int] = set()
        self._due_taken: set[int] = set()
        self._passed_over: set[int] = set()
        self._fresh: deque[Candidate] = deque()
        self._cursor = 0
        self._pass_found = False
        self._next_look = float("-inf")

    @property
    def done(self) -> bool:
        """Whether everything has reached an end, and a look after the last one found no more."""
        return self.exhausted and self._looked and not self.held

    @property
    def passed_over(self) -> int:
        """Assets left out of this run."""
        return len(self._passed_over)

    @property
    def due_taken(self) -> int:
        """Assets taken because their failure was due, which the library still has as failed."""
        return len(self._due_taken)

    def settle(self, asset: int) -> None:
        """Let go of an asset whose end is on its way to the disk."""
        self._uncommitted.add(asset)
        self._release(asset)

    def pass_over(self, asset: int) -> None:
        """Let go of an asset that this run cannot settle; another may take its place."""
        self._passed_over.add(asset)
        if self._left is not None:
            self._left += 1
            self.exhausted = False
        self._release(asset)

    def committed(self, assets: Iterable[int]) -> None:
        """Hear that the ends of some assets are on disk: the library's own state holds again."""
        ended = list(assets)
        self._uncommitted.difference_update(ended)
        self._due_taken.difference_update(ended)

    def clear(self) -> None:
        """Let go of everything that has not reached an end: another lane has it now."""
        if self._left is not None:
            self._left += len(self.held)
        self.held.clear()
        self._fresh.clear()
        self._due_taken.clear()
        self.exhausted = self._looked = False
        self._cursor, self._pass_found = 0, False
        self._next_look = float("-inf")

    async def take(self, most: int) -> list[Attempt]:
        """Return up to `most` further assets; none when there are none just now."""
        taken: list[Attempt] = []
        while len(taken) < most and await self._look():
            candidate = self._fresh.popleft()
            if self._left is not None:
                self._left -= 1
            if self._reopen(candidate.asset) and self._left is not None:
                self._left += 1
            attempt = Attempt(candidate, bettered=bool(candidate.setting))
            self.held[candidate.asset] = attempt
            taken.append(attempt)
        return taken

    def _release(self, asset: int) -> None:
        self.held.pop(asset, None)
        if not self.held:
            self._looked = False
            self._next_look = float("-inf")

    async def _look(self) -> bool:
        """Make sure that an asset is at hand, reading a page when there is none."""
        if self._left is not None and self._left <= 0:
            self.exhausted = self._looked = True
            return False
        if self._fresh:
            return True
        now = self._clock.monotonic()
        if now < self._next_look:
            return False
        at_rest = not self.held
        self._fresh.extend(await self._read())
        self.exhausted = not self._fresh
        if self.exhausted:
            self._looked = at_rest
            self._next_look = now + _IDLE_SECONDS
        return bool(self._fresh)

    async def _read(self) -> list[Candidate]:
        """Read on after the last asset; at the end, start over once for what came back since."""
        while True:
            # What is in hand now may be on disk once the page is here, and the page still be older.
            known = self.held.keys() | self._uncommitted
            page = await self._page(self._cursor, _PAGE)
            if page:
                self._cursor = page[-1].asset
                fresh = self._unknown(page, known)
                self._pass_found = self._pass_found or bool(fresh)
                if fresh:
                    return fresh
                continue
            due = self._unknown(await self._due(_PAGE), known)
            if due:
                self._due_taken.update(c.asset for c in due)
                return due
            if self._cursor == 0 or not self._pass_found:
                self._cursor = 0
                return []
            self._cursor, self._pass_found = 0, False

    def _unknown(self, page: list[Candidate], known: set[int]) -> list[Candidate]:
        left_out = self._passed_over
        return [c for c in page if c.asset not in known and c.asset not in left_out]
