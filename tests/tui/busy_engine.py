"""Stands in for an engine at work: holds the lock and writes four states a second.

python busy_engine.py LIBRARY
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from pathlib import Path

import msgspec

from gemtag_tui.core.snapshot import Counts, LastResult
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.store import runs, tracks
from gemtag_tui.store.commits import commit
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import EngineLock
from gemtag_tui.store.rows import Group, LoggedError
from tests.tui.support import snapshot


def state(run: int, n: int):
    """The n-th state: every figure of the screen moves."""
    now = time.time()
    moved = [
        msgspec.structs.replace(gauge, used=gauge.used + (n * 7) % 50)
        for gauge in snapshot().gauges
    ]
    last = [
        LastResult(
            asset=n,
            path=f"/pictures/set{n % 7}/{n:06}.jpg".encode(),
            summary=f"Picture {n} of a galley kitchen with {n % 12} oak fronts and brass taps.",
            tags={"subject": [f"kitchen {n % 9}", "tap"], "colours": [f"shade {n % 31}", "oak"]},
            at=now,
        )
    ] * 3
    return snapshot(
        run=run,
        pid=os.getpid(),
        at=now,
        started_at=now - n / 4,
        counts=Counts(total=100_000, tagged=5 * n, remaining=100_000 - 5 * n),
        goal=100_000,
        done=5 * n,
        bad=0,
        tries=6 * n,
        in_flight=8 + n % 5,
        rate_per_min=1200 + n % 37,
        rate_history=[float((n // 20 + i) % 23) for i in range(60)],
        eta_seconds=5000.0 - n,
        cost_usd=n * 0.0021,
        last=last,
        gauges=moved,
        errors=n // 8,
    )


async def write(lib: Library, text: str) -> None:
    """Write the state as it is; the library's own counts would stand still."""
    async with lib.transaction() as db:
        await db.execute("INSERT OR REPLACE INTO live VALUES (1, ?)", (text,))


async def work(path: Path) -> None:
    async with await Library.open(path, SystemClock()) as lib:
        track = await tracks.ensure_track(
            lib, "google", "gemini-3.5-flash-lite", "p_1", "default", "{}"
        )
        run = await runs.begin(lib, track, "interactive", {}, os.getpid())
        for n in itertools.count(1):
            words = f"503 for the {n}th time"
            errors = [LoggedError(time.time(), "overloaded", words, "again at once")]
            await commit(lib, Group(run=run, errors=errors if n % 8 == 0 else []))
            await write(lib, msgspec.json.encode(state(run, n)).decode())
            await asyncio.sleep(0.25)


if __name__ == "__main__":
    with EngineLock(Path(sys.argv[1])):
        asyncio.run(work(Path(sys.argv[1])))
