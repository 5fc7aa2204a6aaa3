"""The engine against a server that counts a minute in three ways at once: what it uses of it.

The simulator refuses a call that would break a sliding minute, a calendar minute or a refilling
bucket. A steady minute is a calendar minute that lies wholly in the run, without its first and
last.

`killed` ends the engine with SIGKILL twice a minute, and starts it again at once.

Usage: ``python benchmarks/strict_bench.py [rpm tpm quarter unnamed killed] [--minutes 5]``; the
phases run side by side (they sleep nearly all the time) and take as long as the longest.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import rig
from pictures import make_pictures

RPM = 600
EVERY = 30.0
"""Seconds between two kills."""
LATENCY = {"mean": 0.8, "jitter": 0.2}
Row = tuple[str, str, str]


def strict(**limits: Any) -> dict[str, Any]:
    return {"latency": LATENCY, "limits": {"mode": "all", **limits}}


def steady(counts: dict[str, int], first: int = 2) -> list[int]:
    """What each steady minute held, leaving out the first ``first`` and the last."""
    return [counts[minute] for minute in sorted(counts, key=int)][first:-1]


def least(values: list[int]) -> str:
    if not values:
        return "no steady minute; run longer"
    middle = statistics.median(values)
    return f"{min(values):,} at least, {middle:,.0f} in the median of {len(values)} minutes"


def refusals(stats: dict[str, Any]) -> int:
    return int(stats["statuses"].get("429", 0))


def one_run(
    folder: Path, name: str, config: dict[str, Any], env: dict[str, str], minutes: float
) -> tuple[dict[str, Any], rig.Run]:
    """Scan enough pictures for so many minutes, run, stop in time, and return what was counted."""
    place = folder / name
    library = place / "library.db"
    make_pictures(place / "pictures", int(RPM * (minutes + 1)))
    rig.scan(library, place / "pictures")
    with rig.simulator(place, config) as server:
        done = rig.run(library, server.url, {**rig.UNLIMITED, **env}, stop_after=minutes * 60)
        return server.stats(), done


def rpm(folder: Path, minutes: float) -> list[Row]:
    env = {"GEMTAG_LIMITS__RPM": str(RPM)}
    stats, _ = one_run(folder, "rpm", strict(rpm=RPM), env, minutes)
    return [
        (f"{RPM} RPM: 429s", "0", str(refusals(stats))),
        (f"{RPM} RPM: served", ">= 594", least(steady(stats["served_by_minute"]))),
    ]


def tokens_each(folder: Path) -> float:
    """Input tokens of one call as the server counts them, from a run of 40 without limits."""
    place = folder / "probe"
    make_pictures(place / "pictures", 40)
    rig.scan(place / "library.db", place / "pictures")
    with rig.simulator(place, {}) as server:
        rig.run(place / "library.db", server.url, rig.UNLIMITED)
        stats = server.stats()
    return float(stats["tokens_in"] / stats["paid_answers"])


def tpm(folder: Path, minutes: float) -> list[Row]:
    each = tokens_each(folder)
    limit = round(each * RPM)
    env = {"GEMTAG_LIMITS__TPM": str(limit)}
    stats, _ = one_run(folder, "tpm", strict(tpm=limit), env, minutes)
    used = [round(tokens * 100 / limit, 1) for tokens in steady(stats["tokens_by_minute"])]
    words = f"{min(used)} % at least" if used else "no steady minute"
    return [
        (f"{limit:,} TPM (about {RPM} calls): 429s", "0", str(refusals(stats))),
        ("TPM: served", ">= 594", least(steady(stats["served_by_minute"]))),
        ("TPM: input tokens of the limit let in", ">= 99 %", words),
    ]


def quarter(folder: Path, minutes: float, *, named: bool) -> list[Row]:
    limit = RPM // 4
    name = "named" if named else "unnamed"
    config = strict(rpm=limit, quota_failure=named)
    env = {"GEMTAG_LIMITS__RPM": str(RPM)}
    stats, done = one_run(folder, name, config, env, minutes)
    head = f"server at {limit} of {RPM} RPM, quota {name}"
    used = [round(served * 100 / limit, 1) for served in steady(stats["served_by_minute"], 4)]
    share = f"{statistics.mean(used):.1f} % in the mean, by minute {used}" if used else "none"
    failed = done.end["known_bad"] + done.end["retry_later"]
    return [
        (f"{head}: 429s in {minutes:g} min", "<= 10", str(refusals(stats))),
        (f"{head}: pictures failed", "0", str(failed)),
        (f"{head}: used of the real limit from the fifth minute on", ">= 95 %", share),
    ]


def killed(folder: Path, minutes: float) -> list[Row]:
    place = folder / "killed"
    library = place / "library.db"
    make_pictures(place / "pictures", int(RPM * (minutes + 1)))
    rig.scan(library, place / "pictures")
    words, deadline = rig.gemtag(library, "run", "--json"), time.monotonic() + minutes * 60
    with rig.simulator(place, strict(rpm=RPM)) as server:
        env = rig.environment(server.url, {**rig.UNLIMITED, "GEMTAG_LIMITS__RPM": str(RPM)})
        while (left := deadline - time.monotonic()) > 1:
            engine = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, cwd=rig.TREE)
            time.sleep(min(left, EVERY))
            engine.kill()
            engine.wait()
        stats = server.stats()
    return [
        (f"{RPM} RPM, killed every {EVERY:g} s: 429s", "-", str(refusals(stats))),
        ("... served", "-", least(steady(stats["served_by_minute"], 1))),
    ]


PHASES: dict[str, Callable[[Path, float], list[Row]]] = {
    "rpm": rpm,
    "tpm": tpm,
    "quarter": lambda folder, minutes: quarter(folder, minutes, named=True),
    "killed": killed,
    "unnamed": lambda folder, minutes: quarter(folder, minutes, named=False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("phases", nargs="*", default=list(PHASES), help=", ".join(PHASES))
    parser.add_argument("--minutes", type=float, default=5.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor() as pool:
        ways = [pool.submit(PHASES[one], Path(name), wanted.minutes) for one in wanted.phases]
        for phase, way in zip(wanted.phases, ways, strict=True):
            rig.table(f"{phase}, latency 0.8 s ± 0.2 s", way.result())


if __name__ == "__main__":
    main()
