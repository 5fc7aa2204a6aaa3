"""Does the pilot keep its word? Seeded rounds: a pilot, then the whole run, against its intervals.

Each round is a library of its own (sizes, formats and folders drawn by the round's seed), a
simulator in this process with seeded faults (turned-away calls, blocked pictures, answers cut off
and asked for again), a pilot through the engine's own code, and then a run over all the rest. What
that really cost and how long it really took are held against the pilot's 95 % intervals.

Engine and simulator share a clock that goes faster than life, so that a run of a minute takes
seconds. Everything lies in a temporary folder and is gone afterwards.

    python benchmarks/pilot_bench.py [--rounds 100] [--images 220] [--pilot 40] [--speed 20]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from gemtag_tui.core.settings import Calls, Limits, Settings
from gemtag_tui.engine.config import Loaded
from gemtag_tui.engine.piloting import Outcome, choose_sample, conclude
from gemtag_tui.engine.planning import Selection
from gemtag_tui.engine.request import RunRequest
from gemtag_tui.engine.run import run_engine
from gemtag_tui.imaging.probe import probe
from gemtag_tui.imaging.values import Limits as ImageLimits
from gemtag_tui.imaging.values import Probed
from gemtag_tui.simulator import Simulator
from gemtag_tui.simulator.config import SimulatorConfig, parse_config
from gemtag_tui.store import pilots, runs, scan_rows, scans
from gemtag_tui.store.library import Library
from gemtag_tui.store.scan_rows import Content, Seen

SIDES = ((160, 120), (640, 480), (1200, 900), (2000, 1400))
FORMATS = (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"))
FOLDERS, POOL, RPM = 12, 480, 120.0
NOON = 1_790_000_000.0


class FastClock:
    """The machine's clock, so many times faster than life."""

    def __init__(self, speed: float) -> None:
        self.speed, self._begun = speed, time.monotonic()

    def now(self) -> float:
        """Unix seconds."""
        return NOON + self.monotonic()

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return (time.monotonic() - self._begun) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait for so many of this clock's seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)


@dataclass(frozen=True, slots=True)
class Told:
    """What a pilot foretold, and what came of the rest."""

    pilot: Outcome
    images: int
    cost: float
    seconds: float


def make_pool(home: Path) -> list[Seen]:
    """Write pictures of all sizes and formats once, and look into them as a scan does."""
    seen = []
    for number in range(POOL):
        dice = random.Random(number)
        kind, ending = dice.choices(FORMATS, (7, 2, 1))[0]
        folder = home / f"{dice.randrange(FOLDERS):02d}"
        folder.mkdir(exist_ok=True)
        path = folder / f"{number:04d}.{ending}"
        colour = (dice.randrange(256), number % 256, number // 256)
        Image.new("RGB", dice.choices(SIDES, (2, 4, 3, 1))[0], colour).save(path, kind)
        found = probe(os.fsencode(path), ImageLimits())
        assert isinstance(found, Probed)
        content = Content(found.sha256, found.format, found.width, found.height)
        place = (os.fsencode(folder), os.fsencode(path.name))
        seen.append(scan_rows.Seen(*place, found.size, found.mtime_ns, content))
    return seen


def simulated(seed: int, speed: float) -> SimulatorConfig:
    """Return a server with faults, more or fewer of them by the round's seed."""
    dice = random.Random(seed)

    def rule(fault: str, most: float, **more: object) -> dict[str, object]:
        return {"fault": fault, "share": dice.uniform(0, most), "seed": seed, **more}

    faults = [
        rule("finish", 0.06, by="image"),
        rule("truncated_json", 0.10, by="image", attempts=[[1, 1]]),
        rule("overloaded", 0.06, by="call"),
    ]
    latency = {"mean": 2.0, "jitter": 1.0, "tail_share": 0.02, "tail": 4.0}
    values = {"pixels": False, "seed": seed, "clock_speed": speed, "latency": latency}
    return parse_config({**values, "faults": faults})


async def round_of(home: Path, pool: Sequence[Seen], seed: int, given: argparse.Namespace) -> Told:
    """Run one pilot and the rest after it."""
    clock = FastClock(given.speed)
    library, config = home / "library.db", home / "config.toml"
    limits = Limits(rpm=RPM, tpm=10**9, rpd=10**9, spend_per_10min=10**6)
    settings = Settings(limits=limits, calls=Calls(timeout=60.0), lane="interactive")
    loaded = Loaded(settings, {})
    dice = random.Random(seed)
    async with await Library.open(library, clock) as lib:
        await scans.record(lib, dice.sample(list(pool), given.images))
    async with Simulator(simulated(seed, given.speed)) as simulator:
        os.environ["GOOGLE_GEMINI_BASE_URL"] = simulator.base_url

        async def run(**more: object) -> None:
            request = RunRequest(library, settings, config=config, lane="interactive", **more)  # type: ignore[arg-type]
            await run_engine(request, lambda _e, _s: None, clock=clock, rng=random.Random(seed))

        async with await Library.open(library, clock) as lib:
            sample = await choose_sample(
                lib, loaded, config, os.environ, Selection(),
                size=given.pilot, seed=seed, max_cost=None,
            )  # fmt: skip
            chosen = await pilots.keep_list(lib, sample.picked)
        await run(limit=len(sample.picked), selection=chosen, no_wait=True)
        async with await Library.open(library, clock) as lib:
            told = await conclude(lib, loaded, config, os.environ, sample=sample, seed=seed)
        assert told is not None
        await run()
        async with await Library.open(library, clock) as lib:
            row = await runs.last(lib)
            assert row is not None
            assert row.ended_at is not None
            return Told(told, row.done + row.bad, row.cost_usd, row.ended_at - row.started_at)


def report(seed: int, told: Told) -> tuple[bool, bool]:
    """Print a round; returns whether cost and time lay within their intervals."""
    cost, seconds = told.pilot.cost, told.pilot.seconds
    hits = told.cost in cost, told.seconds in seconds
    print(
        f"{seed:4d}  {told.images:4d} images  "
        f"${told.cost:.5f} of {cost.low:.5f} {cost.likely:.5f} {cost.high:.5f} {_mark(hits[0])}  "
        f"{told.seconds:6.1f} s of {seconds.low:.1f} {seconds.likely:.1f} {seconds.high:.1f} "
        f"{_mark(hits[1])}  calls {told.pilot.found.calls.likely:.2f}",
        flush=True,
    )
    return hits


def _mark(hit: bool) -> str:
    return "  " if hit else "✗ "


async def main(given: argparse.Namespace) -> None:
    """Run all rounds and print how many kept their word."""
    hits: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="gemtag-pilot-") as name:
        home = Path(name)
        pool = make_pool(home)
        for seed in range(given.first, given.first + given.rounds):
            place = home / f"round-{seed}"
            place.mkdir()
            inside = report(seed, await round_of(place, pool, seed, given))
            hits.update(one for one, hit in zip(("cost", "time"), inside, strict=True) if hit)
    print(
        f"of {given.rounds} runs: real cost within the pilot's 95 % interval {hits['cost']}, "
        f"real time {hits['time']}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="seed of the first round")
    parser.add_argument("--images", type=int, default=220)
    parser.add_argument("--pilot", type=int, default=40)
    parser.add_argument("--speed", type=float, default=20.0)
    for unwanted in [
        one for one in os.environ if one.startswith(("GEMTAG_", "GEMINI_", "GOOGLE_"))
    ]:
        del os.environ[unwanted]
    os.environ["GEMINI_API_KEY"] = "benchmark-key-0123456789"
    asyncio.run(main(parser.parse_args()))
    sys.exit(0)
