"""What a bad server costs: a quarter of all calls failing, and an outage of two minutes.

The outage is measured against the same run without one, side by side, at 600 RPM.

Usage: ``python benchmarks/faults_bench.py [share outage] [--repeat 3]``; the outage takes five
minutes, the share some seconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import rig
from pictures import make_pictures

KINDS = ("overloaded", "internal", "deadline", "reset_before", "html_502", "bare_429")
SHARE = 0.25
OUTAGE = (30.0, 150.0)
PACED = {**rig.UNLIMITED, "GEMTAG_LIMITS__RPM": "600"}
CALLS = 1200
"""Two minutes of the outage's run."""
Row = tuple[str, str, str]


def quarter_failing() -> list[dict[str, Any]]:
    """Rules that together fail a quarter of the calls, every kind as often: the first fit wins."""
    each = SHARE / len(KINDS)
    return [
        {"fault": kind, "share": each / (1 - each * number)} for number, kind in enumerate(KINDS)
    ]


def prepare(folder: Path, name: str, count: int) -> Path:
    library = folder / name / "library.db"
    make_pictures(folder / name / "pictures", count)
    rig.scan(library, folder / name / "pictures")
    return library


def share(folder: Path, repeat: int) -> list[Row]:
    times, tagged, blamed, calls = [], [], [], []
    for number in range(repeat):
        library = prepare(folder, f"share-{number}", 200)
        config = {
            "seed": number,
            "latency": {"mean": 0.3, "jitter": 0.1},
            "faults": quarter_failing(),
        }
        with rig.simulator(library.parent, config) as server:
            done = rig.run(library, server.url, {})
            calls.append(server.stats()["paths"]["generateContent"])
        times.append(done.cost.wall)
        tagged.append(done.end["tagged"])
        blamed.append(done.end["known_bad"] + done.end["retry_later"])
    head = f"25 % of calls fail, 200 pictures, {repeat} runs"
    spread = f"{statistics.median(times):.1f} s (slowest {max(times):.1f} s)"
    return [
        (f"{head}: tagged at the run's end", "200", " ".join(map(str, tagged))),
        (f"{head}: whole process", "< 15 s", spread),
        (f"{head}: blamed", "0", " ".join(map(str, blamed))),
        (f"{head}: calls needed", "about 267", " ".join(map(str, calls))),
    ]


def outage_run(folder: Path, name: str, fault: str) -> tuple[rig.Run, dict[str, Any]]:
    library = prepare(folder, name, CALLS)
    config: dict[str, Any] = {"latency": {"mean": 0.8, "jitter": 0.2}}
    if fault:
        config["faults"] = [{"fault": fault, "window": OUTAGE}]
    with rig.simulator(library.parent, config) as server:
        return rig.run(library, server.url, PACED), server.stats()


def outage(folder: Path, repeat: int) -> list[Row]:  # noqa: ARG001 - one run is long enough
    ways = {"none": "", "503": "overloaded", "connection reset": "reset_before"}
    with ThreadPoolExecutor() as pool:
        futures = {name: pool.submit(outage_run, folder, name, ways[name]) for name in ways}
        done = {name: future.result() for name, future in futures.items()}
    calm = done.pop("none")[0]
    rows = [(f"{CALLS} pictures at 600 RPM without an outage", "120 s", f"{calm.cost.wall:.1f} s")]
    for name, (finished, stats) in done.items():
        end, head = finished.end, f"two minutes of {name}"
        extra = finished.cost.wall - calm.cost.wall
        struck = sum(stats["faults"].values())
        words = f"{end['tagged']} of {CALLS}, {end['known_bad'] + end['retry_later']} blamed"
        rows += [
            (f"{head}: time beyond the calm run", "about 120 s", f"{extra:.1f} s"),
            (f"{head}: calls that met it", "a few", str(struck)),
            (f"{head}: tagged", f"{CALLS}, 0 blamed", words),
            (f"{head}: engine CPU", f"{calm.cost.cpu:.1f} s (calm)", f"{finished.cost.cpu:.1f} s"),
        ]
    return rows


PHASES = {"share": share, "outage": outage}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("phases", nargs="*", default=list(PHASES), help=", ".join(PHASES))
    parser.add_argument("--repeat", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for phase in wanted.phases:
            rig.table(phase, PHASES[phase](Path(name), wanted.repeat))


if __name__ == "__main__":
    main()
