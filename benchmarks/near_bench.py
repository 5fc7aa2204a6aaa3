"""Near-duplicates: `python benchmarks/near_bench.py group|look|library [--number N]`.

`group` groups made-up hashes, a third of them some bits from another; `look` looks at pictures in
child processes; `library` writes groups into a library and brings a track in line with them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pictures import photo

from gemtag_tui.core.near import BITS, Follow, Grouper, Kind, Look, Seen
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.imaging.near_pool import LookPool
from gemtag_tui.imaging.values import Sought
from gemtag_tui.store import near_groups, near_work, scans, tracks
from gemtag_tui.store.library import Library
from gemtag_tui.store.near_looks import Force

KINSHIP = 0.3


def _hash(chance: random.Random) -> int:
    """Make a hash whose rows are alike, as those of pictures are."""
    row = chance.getrandbits(8)
    bits = 0
    for at in range(8):
        for column in range(8):
            if row >> column & 1:
                bits |= 1 << (at * 8 + column) * 27 % BITS
        row ^= chance.getrandbits(8) & chance.getrandbits(8)
    return bits


def _hashes(number: int) -> Iterator[int]:
    chance = random.Random(1)
    made: list[int] = []
    for _ in range(number):
        if made and chance.random() < KINSHIP:
            bits = chance.choice(made)
            for _ in range(chance.randrange(5)):
                bits ^= 1 << chance.randrange(BITS)
        else:
            bits = _hash(chance)
        made.append(bits)
        yield bits


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def group(number: int) -> None:
    """Group made-up hashes."""
    hashes = list(_hashes(number))
    before = _memory()
    grouper, followers = Grouper(4), 0
    began, spent = time.perf_counter(), time.process_time()
    for asset, bits in enumerate(hashes):
        look = Look(Kind.TELLING, bits, 0x808080)
        followers += grouper.place(Seen(asset, look, 100)) is not None
    took, cpu = time.perf_counter() - began, time.process_time() - spent
    print(f"{number:,} hashes, {followers:,} follow another: {took:.1f} s, {cpu:.1f} s of CPU,")
    print(f"{_memory() - before:,} MiB beyond the hashes themselves")


async def look(number: int) -> None:
    """Look at 12 MP photographs and at small ones."""
    with tempfile.TemporaryDirectory() as folder:
        for name, size in (("12 MP", (4000, 3000)), ("0.5 MP", (800, 600))):
            path = Path(folder) / f"{size[0]}.jpg"
            path.write_bytes(photo(*size, 1))
            status = path.stat()
            one = Sought(os.fsencode(path), status.st_size, status.st_mtime_ns)
            pool = LookPool(1)
            await pool.look_many([one])
            began = time.perf_counter()
            await pool.look_many([one] * number)
            took = time.perf_counter() - began
            await pool.aclose()
            megabytes = status.st_size / 1e6
            print(f"{name} JPEG of {megabytes:.2f} MB: {number / took:.0f} /s, one child")


async def library(number: int) -> None:
    """Write groups and bring a track in line with them."""
    with tempfile.TemporaryDirectory() as folder:
        async with await Library.open(Path(folder) / "library.db", SystemClock()) as lib:
            for start in range(0, number, 5000):
                some = range(start, min(number, start + 5000))
                await scans.record(lib, [_seen(one) for one in some])
            track = await tracks.ensure_track(lib, "google", "m", "p", "p", "{}")
            follows = [
                (one, Follow(one - one % 3, 2)) for one in range(6, number - 6) if one % 9 in {1, 2}
            ]
            rows = near_groups.rows_of([(a, f) for a, f in follows if f.leader != a])
            force = Force(4, by_setting=True, version=1)
            began = time.perf_counter()
            await near_groups.replace(lib, rows, force)
            written = time.perf_counter()
            await near_work.apply(lib, track.id, force)
            applied = time.perf_counter()
            print(f"{number:,} images, {len(rows):,} grouped: written in {written - began:.1f} s,")
            print(f"the track brought in line in {applied - written:.1f} s")


def _seen(number: int) -> scans.Seen:
    content = scans.Content(number.to_bytes(32, "big"), "jpeg", 640, 480)
    return scans.Seen(b"/p/%d" % (number // 500), b"%d" % number, 1000, number, content)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("group", "look", "library"))
    parser.add_argument("--number", type=int, default=0)
    given = parser.parse_args()
    if given.what == "group":
        group(given.number or 1_000_000)
    elif given.what == "look":
        asyncio.run(look(given.number or 128))
    else:
        asyncio.run(library(given.number or 1_000_000))


if __name__ == "__main__":
    main()
