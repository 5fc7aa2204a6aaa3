"""The real clock."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """`gemtag_tui.core.clock.Clock` over the system's clocks and the running event loop."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(max(0.0, seconds))
