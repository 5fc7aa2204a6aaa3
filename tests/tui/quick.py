"""What makes a test of screens cost what it does and no more.

A pilot finds out whether an app is at rest by watching the CPU clock of the process for 20 ms and
more, a few times for each key; `at_rest` asks the event loop itself, which is exact on a busy
machine, too. And every app parses the same stylesheets: `SharedRules` keeps what they came to.
"""

from __future__ import annotations

import asyncio
import math
from functools import wraps

from textual.css.stylesheet import Stylesheet

NEAR = 0.02
"""Seconds: what is to happen so soon (a frame, an answer to a key) is still waited for."""


async def at_rest(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Wait until nobody has anything to do now or within a moment."""
    loop = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    while loop.time() < end:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()),
                  default=math.inf)  # fmt: skip
        if due > loop.time() + NEAR:
            return
        await asyncio.sleep(due - loop.time())


class SharedRules:
    """The rules of each stylesheet, parsed once for all apps of this process."""

    def __init__(self) -> None:
        self._rules: dict = {}

    def wrapped(self, parse):
        """Return a `Stylesheet._parse_rules` that remembers."""

        @wraps(parse)
        def remembered(sheet: Stylesheet, css: str, *where, **how):
            names = tuple(sorted(sheet._variables.items()))
            key = (names, css, where, tuple(sorted(how.items())))
            if key not in self._rules:
                self._rules[key] = parse(sheet, css, *where, **how)
            return self._rules[key]

        return remembered
