"""Engine CPU per picture without limits, side by side with the script a user would write.

Both get the same pictures from the same simulator (0.2 s latency, no quota). "Whole" is a process's
whole CPU, start and children included, over its pictures; "marginal" is what each further picture
costs, from a short and a long run. CPU is the kernel's account, so that a busy machine disturbs it
little; every figure is a median.

Usage: ``python benchmarks/cpu_bench.py [--small 3000] [--large 1000] [--repeat 3]``; about four
minutes. Needs ``pip install aiolimiter`` and, for the default transport of the SDK, aiohttp.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import rig
from pictures import make_pictures

SHORT = 400
LATENCY = {"latency": {"mean": 0.2}}
Once = Callable[[int, str], rig.Cost]


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU ms a picture, whole and marginal; pictures per second; peak memory in MB."""

    whole: float
    marginal: float
    rate: float
    peak_mb: float


def spent(once: Once, count: int, repeat: int) -> Spent:
    """Medians over a long and a short run, ``repeat`` times each."""
    long = [once(count, f"long-{n}") for n in range(repeat)]
    short = [once(SHORT, f"short-{n}") for n in range(repeat)]
    cpu = statistics.median(cost.cpu for cost in long)
    start = statistics.median(cost.cpu for cost in short)
    return Spent(
        cpu * 1000 / count,
        (cpu - start) * 1000 / (count - SHORT),
        count / statistics.median(cost.wall for cost in long),
        statistics.median(cost.peak_mb for cost in long),
    )


def ours(place: Path, url: str) -> Once:
    """A fresh library for every run, scanned beforehand, which is not counted here."""

    def once(count: int, name: str) -> rig.Cost:
        library = place / f"ours-{name}" / "library.db"
        library.parent.mkdir()
        rig.scan(library, place / "pictures")
        done = rig.run(library, url, rig.UNLIMITED, "--limit", str(count))
        assert done.end["tagged"] == count, done.end
        return done.cost

    return once


def theirs(place: Path, url: str, transport: str) -> Once:
    """The script, with the semaphore at the number of calls that serves it best here."""

    def once(count: int, name: str) -> rig.Cost:
        script = str(rig.TREE / "benchmarks" / "user_script.py")
        database = place / f"{transport}-{name}.db"
        words = [sys.executable, script, str(place / "pictures"), str(database)]
        words += ["--transport", transport, "--calls", "100", "--most", str(count)]
        cost = rig.measured(words, rig.environment(url), database.with_suffix(".out"))
        assert cost.code == 0
        return cost

    return once


def compare(folder: Path, count: int, repeat: int, *, large: bool) -> None:
    place = folder / ("large" if large else "small")
    size = make_pictures(place / "pictures", count, large=large)
    with rig.simulator(place, LATENCY) as server:
        mine = spent(ours(place, server.url), count, repeat)
        others = {
            name: spent(theirs(place, server.url, name), count, repeat)
            for name in ("auto", "httpx2")
        }
    rows = [("ours", mine), ("script, SDK's own choice (aiohttp)", others["auto"]),
            ("script, pinned to httpx2", others["httpx2"])]  # fmt: skip
    print(f"\n{count} JPEGs of {size / 1000:.0f} kB passed through, {repeat} runs each\n")
    print("| | CPU ms a picture, whole | marginal | pictures/s | peak MB |\n|---|---|---|---|---|")
    for name, one in rows:
        print(f"| {name} | {one.whole:.2f} | {one.marginal:.2f} |", end="")
        print(f" {one.rate:.0f} | {one.peak_mb:.0f} |")
    goal = "<= 2 ms" if not large else "-"
    ratios = [(f"pictures per CPU second against: {name}", ">= 3x", _ratio(one, mine))
              for name, one in rows[1:]]  # fmt: skip
    cost = f"{mine.whole:.2f} ms whole, {mine.marginal:.2f} ms marginal"
    rig.table("Goals", [("engine CPU a picture", goal, cost), *ratios])


def _ratio(other: Spent, mine: Spent) -> str:
    return f"{other.whole / mine.whole:.1f}x whole, {other.marginal / mine.marginal:.1f}x marginal"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=3000, help="pictures of 10 to 20 kB")
    parser.add_argument("--large", type=int, default=1000, help="pictures of 100 kB; 0 for none")
    parser.add_argument("--repeat", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for count, large in ((wanted.small, False), (wanted.large, True)):
            if count > SHORT:
                compare(Path(name), count, wanted.repeat, large=large)


if __name__ == "__main__":
    main()
