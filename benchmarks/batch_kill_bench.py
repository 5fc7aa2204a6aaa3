"""kill -9 of the batch lane at random instants, from the first byte built to the last line read.

Each round starts `gemtag run --lane batch` on the library as the last one left it, and kills it
(SIGKILL) after a random time; the server loses replies to `create` meanwhile, before and after it
has made the job. The last round runs to the end. What counts is the server's own book: jobs by
their display names, pictures answered, pictures paid twice.

Usage: ``python benchmarks/batch_kill_bench.py [--kills 20] [--seed 1] [--pictures 1500]``
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

import rig
from pictures import make_pictures

FAULTS = {
    "batches": {
        "pending_seconds": 0.6,
        "running_seconds": 1.2,
        "shuffle": True,
    },
    "faults": [
        {"fault": "deadline", "methods": ["batchGenerateContent"], "after": True, "share": 0.3},
        {"fault": "deadline", "methods": ["batchGenerateContent"], "share": 0.3},
    ],
}
SETTINGS = {
    **rig.UNLIMITED,
    "GEMTAG_LIMITS__TIER": "tier3",
    "GEMTAG_BATCH__POLL_SECONDS": "0.2",
    "GEMTAG_BATCH__LOOKUP_SECONDS": "1",
    "GEMTAG_BATCH__FIRST_JOB": "0",
    "GEMTAG_BATCH__CLEAN_UP": "false",
}
SHORT, LONG = 0.4, 5.0
"""Seconds to a kill: from within the start to within the taking in of what has come."""


def jobs_there(server: rig.Simulator) -> list[str]:
    """The display names of all jobs that the server was made to make."""
    call = urllib.request.Request(
        f"{server.url}/v1beta/batches?pageSize=1000", headers={"x-goog-api-key": rig.KEY}
    )
    with urllib.request.urlopen(call) as answer:
        listed = json.load(answer).get("operations", [])
    return [one["metadata"]["displayName"] for one in listed]


def states(library: Path) -> Counter[str]:
    with sqlite3.connect(library) as db:
        return Counter(dict(db.execute("SELECT state, count(*) FROM batch_job GROUP BY state")))


def tagged(library: Path) -> set[int]:
    with sqlite3.connect(library) as db:
        return {one for (one,) in db.execute("SELECT asset FROM asset_ai")}


def kill_once(library: Path, server: rig.Simulator, most: int, after: float) -> None:
    command = rig.gemtag(library, "run", "--json", "--lane", "batch")
    env = rig.environment(server.url, {**SETTINGS, "GEMTAG_BATCH__MAX_REQUESTS": str(most)})
    with library.with_suffix(".lines").open("w") as out:
        engine = subprocess.Popen(command, env=env, stdout=out, stderr=out, cwd=rig.TREE)
    time.sleep(after)
    engine.kill()
    engine.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pictures", type=int, default=1500)
    wanted = parser.parse_args()
    dice, most = random.Random(wanted.seed), max(1, wanted.pictures // 15)
    vanished, met = 0, Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = folder / "library.db"
        make_pictures(folder / "pictures", wanted.pictures)
        rig.scan(library, folder / "pictures")
        with rig.simulator(folder, FAULTS) as server:
            before: set[int] = set()
            for _ in range(wanted.kills):
                kill_once(library, server, most, dice.uniform(SHORT, LONG))
                now = tagged(library)
                vanished += len(before - now)
                before = now
                met.update(states(library).keys())
            own = {**SETTINGS, "GEMTAG_BATCH__MAX_REQUESTS": str(most)}
            done = rig.run(library, server.url, own, "--lane", "batch")
            stats, names = server.stats(), jobs_there(server)
        with sqlite3.connect(library) as db:
            intact = db.execute("PRAGMA integrity_check").fetchone()[0]
            rows = db.execute("SELECT count(*), count(name) FROM batch_job").fetchone()
            known = {row[0] for row in db.execute("SELECT display_name FROM batch_job")}
            booked = db.execute("SELECT sum(requests) FROM request_ledger").fetchone()[0]
    seen = ", ".join(f"{state} {count}" for state, count in sorted(met.items()))
    end = f"{done.end.get('tagged')}, exit code {done.cost.code}"
    rig.table(
        f"{wanted.kills} times kill -9 of the batch lane, {wanted.pictures:,} pictures in jobs of "
        f"{most}; rounds in which a job stood so: {seen}",
        [
            ("integrity of the file", "ok", str(intact)),
            ("tagged at the end", str(wanted.pictures), end),
            ("results saved and gone again", "0", str(vanished)),
            ("jobs on the server, distinct names", "equal", f"{len(names)}, {len(set(names))}"),
            ("jobs on the server that no intent stands for", "0", str(len(set(names) - known))),
            ("intents, those with a job", "equal", f"{rows[0]}, {rows[1]}"),
            ("answers paid for, paid twice", f"{wanted.pictures}, 0",
             f"{stats['paid_answers']}, {stats['paid_twice']}"),
            ("calls booked", str(wanted.pictures), str(booked)),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
