"""How long a plan takes: `python benchmarks/plan_bench.py [--assets N] [--library FILE]`.

Makes a library of many images of all sizes (kept at FILE when given, and used again), then plans it
in processes of their own, cold, and changes the plan in one.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from itertools import product
from pathlib import Path

from rig import environment, gemtag, measured

from gemtag_tui.core.models import MODELS
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.config import Loaded
from gemtag_tui.engine.planning import Options, PlanBook, Selection, Wish, gather
from gemtag_tui.store import scans
from gemtag_tui.store.library import Library

SIDES = ((320, 240), (736, 1104), (1536, 1152), (4032, 3024), (6000, 4000))


def _seen(number: int, chance: random.Random) -> scans.Seen:
    width, height = chance.choice(SIDES)
    width, height = width + chance.randrange(90), height + chance.randrange(90)
    kind = chance.choices(("jpeg", "png", "webp", "gif"), (80, 10, 8, 2))[0]
    content = scans.Content(number.to_bytes(32, "big"), kind, width, height)
    size = width * height // chance.randrange(4, 12)
    return scans.Seen(b"/photos/%d" % (number // 500), b"%d" % number, size, number, content)


async def _fill(path: Path, assets: int) -> None:
    chance = random.Random(1)
    async with await Library.open(path, SystemClock()) as lib:
        began = time.perf_counter()
        for start in range(0, assets, 5000):
            some = range(start, min(assets, start + 5000))
            await scans.record(lib, [_seen(number, chance) for number in some])
        took = time.perf_counter() - began
    print(f"{assets:,} files recorded by a scan: {assets / took:,.0f} /s")


async def _inside(path: Path) -> None:
    loaded = Loaded()
    async with await Library.open(path, SystemClock(), readonly=True) as lib:
        began = time.perf_counter()
        facts = await gather(lib, loaded, path.parent / "config.toml", {})
        print(f"gather: {(time.perf_counter() - began) * 1e3:.1f} ms")
        began = time.perf_counter()
        folder = Selection(folder=b"/photos/1")
        await gather(lib, loaded, path.parent / "config.toml", {}, folder)
        print(f"gather, one folder of 500: {(time.perf_counter() - began) * 1e3:.1f} ms")
    book, took = PlanBook(facts), []
    wishes = (Wish(), Wish(prefer="soonest"), Wish(deadline=86_400.0), Wish(budget=50.0))
    for model, resolution, wish in product(MODELS, ("low", "high"), wishes):
        began = time.perf_counter()
        book.compute(wish, Options(model=model, resolution=resolution))
        took.append(time.perf_counter() - began)
    print(f"what-if, {len(took)} changes: median {statistics.median(took) * 1e3:.1f} ms, "
          f"most {max(took) * 1e3:.1f} ms")  # fmt: skip


def main() -> None:
    """Make the library where it is missing, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=int, default=1_000_000)
    parser.add_argument("--library", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.library or Path(folder) / "library.db"
        if not path.exists():
            asyncio.run(_fill(path, given.assets))
        for _ in range(3):
            output = Path(folder) / "plan.json"
            cost = measured(gemtag(path, "plan", "--json"), environment(), output)
            print(f"gemtag plan, cold process: {cost.wall:.2f} s ({cost.cpu:.2f} s CPU, "
                  f"{cost.peak_mb:.0f} MB)")  # fmt: skip
        asyncio.run(_inside(path))


if __name__ == "__main__":
    main()
