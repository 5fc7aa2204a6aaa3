"""How fast gemtag is there, in a library of many images.

``status`` against a bare interpreter and one that imports what it cannot do without; the full
screen on a pseudo-terminal, from the start of the process to the first frame with the tab line;
with ``library``, from the key of the Library screen to its first rows.

Usage: ``python benchmarks/start_bench.py [status paint] [--assets 100000]``;
``python benchmarks/start_bench.py library --library PATH`` with a library of ``library_bench.py``.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
from pathlib import Path

import rig
from pictures import make_pictures
from terminal import SIZES, shown

REPEAT = 10
SETTLED = 3.0
"""Seconds in which a screen has loaded what it loads behind its first picture."""
RESULTS = re.compile(rb"IMG_\d+")
"""What rows of such a library show."""
Row = tuple[str, str, str]


def middle(words: list[str], folder: Path) -> tuple[float, float]:
    """Median wall and CPU seconds of a command, after one that is not counted."""
    env = rig.environment()
    costs = [rig.measured(words, env, folder / "out") for _ in range(REPEAT + 1)][1:]
    return statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs)


def status(folder: Path, library: Path) -> list[Row]:
    ways = {
        "python -c pass": ("-", [sys.executable, "-c", "pass"]),
        "python with click, msgspec, sqlite3": (
            "-",
            [sys.executable, "-c", "import click, msgspec, sqlite3"],
        ),
        "gemtag status --json": ("<= 0.3 s", rig.gemtag(library, "status", "--json")),
    }
    rows = []
    for name, (goal, words) in ways.items():
        wall, cpu = middle(words, folder)
        rows.append((name, goal, f"{wall:.3f} s ({cpu:.3f} s CPU)"))
    return rows


def paint(folder: Path, library: Path, assets: int) -> list[Row]:
    wall, cpu = middle([sys.executable, "-c", "import textual.app"], folder)
    rows = [("python with textual alone", "-", f"{wall:.3f} s ({cpu:.3f} s CPU)")]
    for size in SIZES:
        times, used = [], []
        for _ in range(REPEAT):
            with shown(library, size) as screen:
                times.append(screen.painted())
                used.append(screen.cpu())
        words = f"{statistics.median(times):.3f} s, fastest {min(times):.3f} s"
        words += f" ({statistics.median(used):.2f} s CPU)"
        rows.append((f"first paint, {size[0]}x{size[1]}, {assets:,} images", "<= 0.6 s", words))
    return rows


def opened(library: Path) -> list[Row]:
    """From the key of the Library screen to its first rows, in a process that has settled."""
    rows = []
    for size in SIZES:
        times, used, peak = [], [], 0.0
        for _ in range(REPEAT):
            with shown(library, size) as screen:
                screen.painted()
                screen.read(SETTLED)
                before = screen.cpu()
                times.append(screen.answered(b"5", RESULTS))
                used.append(screen.cpu() - before)
                screen.read(1.0)
                peak = max(peak, screen.memory())
        words = f"{statistics.median(times):.3f} s, fastest {min(times):.3f} s"
        words += f" ({statistics.median(used):.2f} s CPU; peak {peak:.0f} MB)"
        rows.append((f"key to the Library's first rows, {size[0]}x{size[1]}", "<= 0.5 s", words))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("phases", nargs="*", default=["status", "paint"])
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--library", type=Path, help="use this one; for the phase library")
    wanted = parser.parse_args()
    if wanted.library:
        rig.table("The Library screen", opened(wanted.library))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = folder / "library.db"
        make_pictures(folder / "pictures", wanted.assets)
        rig.scan(library, folder / "pictures")
        if "status" in wanted.phases:
            rig.table("gemtag status", status(folder, library))
        if "paint" in wanted.phases:
            rig.table("First paint", paint(folder, library, wanted.assets))


if __name__ == "__main__":
    main()
