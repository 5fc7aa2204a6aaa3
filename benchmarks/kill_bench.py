"""kill -9 of the engine at random instants: what is lost, what is paid for again.

Each round starts the engine and, at a random instant after its first answer, stops it (SIGSTOP),
asks the server what it has answered so far, and kills it (SIGKILL). What was answered by then and
is not in the library is lost, even where the answer was still on its way. Every fifth kill comes
without waiting for a first answer. The last round runs to the end.

Usage: ``python benchmarks/kill_bench.py [--kills 20] [--seed 1] [--rpm 4000]``; about two minutes.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rig
from pictures import make_pictures

LATENCY = {"latency": {"mean": 0.3, "jitter": 0.2}}
EARLY, LATE = (0.3, 1.5), (0.0, 3.0)
"""Seconds to the kill: from the start, and from the first answer."""


@dataclass(slots=True)
class Found:
    """What the kills did."""

    intact: int = 0
    vanished: int = 0
    """Results that were in the library before a round and not after it."""
    lost: list[int] = field(default_factory=list)
    """By kill: answered by then, and not in the library."""
    flying: list[int] = field(default_factory=list)
    """By kill: calls that the server was still working on."""
    tagged: set[str] = field(default_factory=set)
    ever_lost: set[str] = field(default_factory=set)
    """Paid for and not in the library, from this kill or an earlier one."""


def paid(stats: dict[str, Any]) -> set[str]:
    return {one.lower() for one in stats["paid_by_image"]}


def kill_once(library: Path, server: rig.Simulator, pace: dict[str, str], early: float,
              late: float) -> dict[str, Any]:  # fmt: skip
    """Start, stop, look at the server, kill; return what the server had counted.

    Args:
        early: seconds after the start; 0 waits for the first answer instead.
        late: seconds after the first answer.
    """
    before = server.stats()["paid_answers"]
    words, env = rig.gemtag(library, "run", "--json"), rig.environment(server.url, pace)
    with library.with_suffix(".lines").open("w") as out:
        engine = subprocess.Popen(words, env=env, stdout=out, cwd=rig.TREE)
    while not early and server.stats()["paid_answers"] == before and engine.poll() is None:
        time.sleep(0.02)
    time.sleep(early or late)
    engine.send_signal(signal.SIGSTOP)
    stats = server.stats(images=True)
    engine.kill()
    engine.wait()
    return stats


def held(library: Path) -> tuple[str, set[str]]:
    """What the file's own check says, and the hashes of all tagged pictures."""
    with sqlite3.connect(library) as db:
        words = str(db.execute("PRAGMA integrity_check").fetchone()[0])
        sql = "SELECT hex(sha256) FROM asset JOIN asset_ai ON asset_ai.asset = asset.id"
        return words, {str(one).lower() for (one,) in db.execute(sql)}


def rounds(library: Path, server: rig.Simulator, pace: dict[str, str], dice: random.Random,
           kills: int) -> Found:  # fmt: skip
    found = Found()
    for number in range(kills):
        early = dice.uniform(*EARLY) if number % 5 == 4 else 0.0
        stats = kill_once(library, server, pace, early, dice.uniform(*LATE))
        while server.stats()["in_flight"]:
            time.sleep(0.02)
        words, tagged = held(library)
        found.intact += words == "ok"
        found.vanished += len(found.tagged - tagged)
        known_lost = paid(stats) - tagged - found.ever_lost
        found.lost.append(len(known_lost))
        found.flying.append(int(stats["in_flight"]))
        found.ever_lost |= paid(server.stats(images=True)) - tagged
        found.tagged = tagged
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rpm", type=int, default=4000)
    wanted = parser.parse_args()
    pace = {**rig.UNLIMITED, "GEMTAG_LIMITS__RPM": str(wanted.rpm)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = folder / "library.db"
        count = wanted.kills * wanted.rpm // 20
        make_pictures(folder / "pictures", count)
        rig.scan(library, folder / "pictures")
        with rig.simulator(folder, LATENCY) as server:
            found = rounds(library, server, pace, random.Random(wanted.seed), wanted.kills)
            done = rig.run(library, server.url, rig.UNLIMITED)
            twice = server.stats()["paid_twice"]
    end = f"{done.end['tagged']}, exit code {done.cost.code}"
    beyond = twice - sum(found.flying)
    reached = f"{len(found.tagged)} of {count} tagged by then"
    rig.table(
        f"{wanted.kills} times kill -9 at {wanted.rpm} RPM; {reached}",
        [
            ("integrity of the file", "ok", f"ok {found.intact} of {wanted.kills} times"),
            ("results saved and gone again", "0", str(found.vanished)),
            ("tagged at the end", str(count), end),
            ("answered and not saved, by kill", "<= 1", f"{found.lost}, {sum(found.lost)} in all"),
            ("in flight, by kill", "-", f"{found.flying}, {sum(found.flying)} in all"),
            (
                "paid twice, less those in flight",
                "<= 1",
                f"{twice} - {sum(found.flying)} = {beyond}",
            ),
        ],
    )


if __name__ == "__main__":
    main()
