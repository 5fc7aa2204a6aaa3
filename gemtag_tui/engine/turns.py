"""Keeping the event loop smooth: small turns, a collector with little to walk, quick handovers."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import Final

EACH: Final = 8
"""How many pieces of work of up to a millisecond one turn of the loop takes."""

_HANDOVER_SECONDS: Final = 0.001
"""The writer's thread holds the interpreter no longer while the loop waits for it."""

_COLLECT: Final = (1_000, 10, 500)
"""Young objects often, since each such collection takes under a millisecond; all of them seldom."""


def be_smooth() -> None:
    """Prepare this process for many calls at once; for the start of an engine, after its imports.

    What is loaded by then stays for good: a full collection that walked it would hold up all calls
    for tens of milliseconds. What a run makes leaves next to no cycles, so that full collections
    can be rare.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    sys.setswitchinterval(_HANDOVER_SECONDS)


class Turns:
    """Lets only so many go on in one turn of the loop; the others follow in the next ones.

    A hundred answers that arrive together would otherwise be judged in one go, and nothing else
    (a timer, a new call, a person's key) would get a word in meanwhile.
    """

    def __init__(self, each: int = EACH) -> None:
        self._each = each
        self._left = each

    async def mine(self) -> None:
        """Return in a turn that has a place left."""
        while not self._left:  # noqa: ASYNC110 - no event says that a turn of the loop is over
            await asyncio.sleep(0)
        if self._left == self._each:
            asyncio.get_running_loop().call_soon(self._again)
        self._left -= 1

    def _again(self) -> None:
        self._left = self._each
