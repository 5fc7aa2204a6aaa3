"""How fast a tree is scanned, against a bare walk: `python benchmarks/scan_bench.py [--files N]`.

Makes small pictures in a temporary folder, scans them, scans them again, and removes them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import statistics
import struct
import tempfile
import time
import zlib
from pathlib import Path

from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.scan import Scanner
from gemtag_tui.engine.scan_values import ScanCounts
from gemtag_tui.imaging.child import ImagingPool
from gemtag_tui.store.library import Library

_ROUNDS = 5


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(number: int) -> bytes:
    """A picture of 16 × 16 pixels like no other: some 800 bytes."""
    noise = random.Random(number).randbytes(16 * 48)
    rows = b"".join(b"\0" + noise[48 * y : 48 * y + 48] for y in range(16))
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    data = zlib.compress(rows, 0)
    ends = _chunk(b"IDAT", data) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + ends


def _make(root: Path, files: int, a_folder: int) -> None:
    for number in range(files):
        folder = root / f"{number // a_folder:05d}"
        if number % a_folder == 0:
            folder.mkdir(parents=True)
        (folder / f"picture-{number:07d}.png").write_bytes(_png(number))


def _bare(root: str) -> int:
    """What cannot be done without: list every folder, look at every file."""
    stack, count = [os.fsencode(root)], 0
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    count += 1
    return count


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _scan(lib: Library, pool: ImagingPool, root: Path) -> tuple[float, float, ScanCounts]:
    began, used = time.perf_counter(), time.process_time()
    counts = await Scanner(lib, pool, SystemClock()).run([os.fsencode(root)])
    return time.perf_counter() - began, time.process_time() - used, counts


def _say(what: str, files: int, seconds: float, cpu: float) -> None:
    print(f"{what:<36}{seconds:>8.2f} s  {files / seconds:>10,.0f} files/s  CPU {cpu:.2f} s")


async def measure(files: int, a_folder: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "pictures"
        _make(root, files, a_folder)
        pool = ImagingPool()
        async with await Library.open(Path(folder) / "library.db", SystemClock()) as lib:
            print(f"memory before the first scan {_memory():.0f} MB")
            seconds, cpu, counts = await _scan(lib, pool, root)
            assert (counts.added, counts.unreadable) == (files, 0), counts
            _say("first scan", files, seconds, cpu)
            await pool.aclose()
            print(f"peak memory {_memory():.0f} MB (children apart)")
            walls: list[tuple[float, float]] = []
            cpus: list[tuple[float, float]] = []
            for _ in range(_ROUNDS):
                began, used = time.perf_counter(), time.process_time()
                assert _bare(str(root)) == files
                bare = time.perf_counter() - began, time.process_time() - used
                seconds, cpu, counts = await _scan(lib, pool, root)
                assert counts.unchanged == files, counts
                walls.append((bare[0], seconds))
                cpus.append((bare[1], cpu))
    for what, place in (("scandir + stat", 0), ("rescan, nothing changed", 1)):
        wall = statistics.median(pair[place] for pair in walls)
        _say(what, files, wall, statistics.median(pair[place] for pair in cpus))
    ratio = statistics.median(b / a for a, b in walls), statistics.median(b / a for a, b in cpus)
    print(f"rescan / bare walk: {ratio[0]:.2f} by the clock, {ratio[1]:.2f} by CPU (goal: 2)")
    print(f"peak memory {_memory():.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folder", type=int, default=500, help="files in one folder")
    args = parser.parse_args()
    asyncio.run(measure(args.files, args.folder))


if __name__ == "__main__":
    main()
