"""What the run screen costs the terminal and the machine.

Bytes to a pseudo-terminal and CPU per second: with nothing going on, and beside a run of 600 a
minute in a library of many images, each after ten seconds of settling.

Usage: ``python benchmarks/screen_bench.py [--assets 100000] [--seconds 30]``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import rig
from pictures import make_pictures
from terminal import SIZES, shown

BUDGET = {(80, 24): 2.0, (120, 40): 4.0}
"""kB/s to the terminal beside a run."""
Row = tuple[str, str, str]


def look(library: Path, size: tuple[int, int], url: str, seconds: float) -> tuple[float, ...]:
    with shown(library, size, url) as screen:
        screen.painted()
        screen.read(6)
        os.write(screen.fd, b"2")
        screen.read(4)
        return (*screen.watch(seconds), screen.memory())


def screens(folder: Path, library: Path, seconds: float) -> list[Row]:
    rows = []
    for size in SIZES:
        sent, share, _ = look(library, size, "", seconds)
        name = f"run screen, nothing going on, {size[0]}x{size[1]}"
        rows.append((name, "0 B/s, <= 1 % CPU", f"{sent:.0f} B/s, {share:.1f} %"))
    limits = {**rig.UNLIMITED, "GEMTAG_LIMITS__RPM": "600"}
    with rig.simulator(folder, {"latency": {"mean": 0.8, "jitter": 0.2}}) as server:
        env = rig.environment(server.url, limits)
        with (folder / "run.out").open("w") as out:
            words = rig.gemtag(library, "run", "--json")
            engine = subprocess.Popen(words, env=env, stdout=out, cwd=rig.TREE)
        time.sleep(10)
        for size in SIZES:
            sent, share, peak = look(library, size, server.url, seconds)
            goal = f"<= {BUDGET[size]:g} kB/s, <= 3 % CPU"
            words_seen = f"{sent / 1000:.2f} kB/s, {share:.1f} %, {peak:.0f} MB peak"
            rows.append((f"run screen beside a run, {size[0]}x{size[1]}", goal, words_seen))
        assert engine.poll() is None, "the run ended too soon: more assets are needed"
        engine.kill()
        engine.wait()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = folder / "library.db"
        make_pictures(folder / "pictures", wanted.assets)
        rig.scan(library, folder / "pictures")
        rig.table("On the terminal", screens(folder, library, wanted.seconds))


if __name__ == "__main__":
    main()
