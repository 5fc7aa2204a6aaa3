"""How long the engine's event loop is held up with 200 calls in flight, and its memory at 100,000.

Lag: the engine runs in this process, with no limits and 1 s latency, beside a task that sleeps 5 ms
and notes by how much it woke late and how much CPU the loop's thread used meanwhile (lateness
without CPU is the machine's doing, not ours). A second process does nothing but the same sleep at
the same time: what it sees is the machine's.

Memory: a run of 3,000 pictures in a library of 100,000, by the kernel's account of the process.

Usage: ``python benchmarks/smooth_bench.py [lag memory] [--pictures 6000] [--assets 100000]``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rig
from pictures import make_pictures

from gemtag_tui.core.snapshot import RunSnapshot
from gemtag_tui.engine.config import load_settings
from gemtag_tui.engine.request import RunRequest
from gemtag_tui.engine.run import run_engine

STEP = 0.005
FULL = 150
"""Calls in flight from which samples count."""
ALONE = """
import sys, time
worst = late = 0.0
while True:
    began = time.perf_counter(); time.sleep(0.005)
    late = time.perf_counter() - began - 0.005
    if late > worst: worst = late; print(worst * 1000, flush=True)
"""


async def probe(seen: list[tuple[float, float]], flights: list[int]) -> None:
    """Note lateness and the loop's CPU between two wakings, in ms, while many calls are out."""
    while True:
        began, used = time.perf_counter(), time.thread_time()
        await asyncio.sleep(STEP)
        late = time.perf_counter() - began - STEP
        if flights and flights[-1] >= FULL:
            seen.append((late * 1000, (time.thread_time() - used) * 1000))


async def probed(request: RunRequest) -> tuple[list[tuple[float, float]], list[int]]:
    seen: list[tuple[float, float]] = []
    flights: list[int] = []

    def emit(_event: str, snapshot: RunSnapshot) -> None:
        flights.append(snapshot.in_flight)

    task = asyncio.create_task(probe(seen, flights))
    try:
        await run_engine(request, emit, alone=True)
    finally:
        task.cancel()
    return seen, flights


def lag(folder: Path, pictures: int) -> None:
    place = folder / "lag"
    library = place / "library.db"
    make_pictures(place / "pictures", pictures)
    rig.scan(library, place / "pictures")
    simulated = {"latency": {"mean": 1.0, "jitter": 0.2}}
    with rig.simulator(place, simulated, aside=True) as server:
        os.environ |= rig.environment(server.url, {**rig.UNLIMITED, "GEMTAG_CONCURRENCY": "200"})
        loaded = load_settings(rig.empty_config(place), os.environ, {})
        origins = {name: str(origin) for name, origin in loaded.origins.items()}
        request = RunRequest(library, loaded.settings, origins, limit=pictures)
        alone = subprocess.Popen([sys.executable, "-c", ALONE], stdout=subprocess.PIPE, text=True)
        seen, flights = asyncio.run(probed(request))
        alone.kill()
        noise = float((alone.communicate()[0] or "0").split()[-1])
    late, used = sorted(one for one, _ in seen), sorted(two for _, two in seen)
    near = f"{late[int(len(late) * 0.99)]:.1f} ms at 99 %, {late[len(late) // 2]:.1f} ms median"
    rig.table(
        f"Loop lag, {len(seen)} samples at full flight",
        [
            ("most calls in flight", "200", str(max(flights))),
            ("worst lateness of the loop", "< 50 ms", f"{late[-1]:.1f} ms ({near})"),
            ("most CPU of the loop's thread at one go", "< 50 ms", f"{used[-1]:.1f} ms"),
            ("worst lateness of a process that only sleeps", "-", f"{noise:.1f} ms"),
        ],
    )


def memory(folder: Path, assets: int) -> None:
    place = folder / "memory"
    library = place / "library.db"
    make_pictures(place / "pictures", assets)
    scanned = rig.scan(library, place / "pictures")
    with rig.simulator(place, {"latency": {"mean": 0.2}}) as server:
        done = rig.run(library, server.url, rig.UNLIMITED, "--limit", "3000")
    head = f"library of {assets:,}"
    rig.table(
        "Memory",
        [
            (f"{head}: peak of a run", "<= 150 MB", f"{done.cost.peak_mb:.0f} MB"),
            (f"{head}: peak of its scan", "-", f"{scanned.peak_mb:.0f} MB"),
            (f"{head}: CPU a picture of that run", "-", f"{done.cost.cpu / 3:.2f} ms"),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("phases", nargs="*", default=["lag", "memory"])
    parser.add_argument("--pictures", type=int, default=6000)
    parser.add_argument("--assets", type=int, default=100_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if "lag" in wanted.phases:
            lag(Path(name), wanted.pictures)
        if "memory" in wanted.phases:
            memory(Path(name), wanted.assets)


if __name__ == "__main__":
    main()
