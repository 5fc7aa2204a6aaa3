"""What probing and preparing images costs, against the least it could.

Usage: ``python benchmarks/imaging_bench.py [--files 2000] [--repeat 5]``; takes under a minute.
Prints CPU milliseconds (medians) and ratios; ratios are what to compare between machines.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from PIL import Image

from gemtag_tui.imaging.child import ImagingPool
from gemtag_tui.imaging.fastpath import passthrough
from gemtag_tui.imaging.prepare import prepare
from gemtag_tui.imaging.probe import probe_many
from gemtag_tui.imaging.values import Limits, PrepareRules

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = 768


def cpu_ms(work: Callable[[], object], repeat: int) -> float:
    """Median CPU milliseconds of this process for one call."""
    times = []
    for _ in range(repeat):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def photo(width: int, height: int, **options: object) -> bytes:
    """A JPEG with the detail of a photograph: smooth shades under grain."""
    shades = Image.linear_gradient("L").resize((width, height))
    grain = Image.effect_noise((width // 2, height // 2), 40).resize((width, height))
    picture = Image.merge("RGB", (Image.blend(shades, grain, 0.3), grain, shades))
    out = io.BytesIO()
    picture.save(out, "JPEG", **options)
    return out.getvalue()


def small_files(folder: Path, count: int) -> list[bytes]:
    data = photo(320, 240, quality=60)
    paths = []
    for number in range(count):
        place = folder / f"{number}.jpg"
        place.write_bytes(data + random.Random(number).randbytes(8))
        paths.append(bytes(place))
    return paths


def read_and_hash(paths: list[bytes]) -> None:
    for path in paths:
        fd = os.open(path, os.O_RDONLY)
        hashlib.sha256(os.read(fd, os.fstat(fd).st_size)).digest()
        os.close(fd)


def open_each(paths: list[bytes]) -> None:
    for path in paths:
        with open(path, "rb") as file:  # noqa: PTH123 - the least a script would do
            data = file.read()
        hashlib.sha256(data).digest()
        with Image.open(io.BytesIO(data)) as picture:
            picture.getexif()


def bench_probe(folder: Path, count: int, repeat: int) -> None:
    paths = small_files(folder, count)
    size = Path(os.fsdecode(paths[0])).stat().st_size
    limits = Limits()
    least = cpu_ms(lambda: read_and_hash(paths), repeat)
    ours = cpu_ms(lambda: probe_many(paths, limits), repeat)
    pillow = cpu_ms(lambda: open_each(paths), repeat)
    print(f"probe, {size:,} byte JPEGs      files/s a core   against read + sha256")
    for words, spent in (("read + sha256", least), ("ours", ours), ("hash + Pillow", pillow)):
        print(f"  {words:24} {count / spent * 1000:12,.0f} {spent / least:14.2f}")


def bench_pass(folder: Path, repeat: int) -> None:
    data = photo(900, 700, quality=66)
    path = folder / "pass.jpg"
    path.write_bytes(data)
    digest, rules = hashlib.sha256(data).digest(), PrepareRules()

    def hundred() -> None:
        for _ in range(100):
            passthrough(bytes(path), digest, rules)

    spent = cpu_ms(hundred, repeat) / 100
    each = spent * 100_000 / len(data)
    print(f"pass through, {len(data):,} bytes: {spent:.3f} ms CPU; {each:.3f} ms for 100 kB")


def bench_decode(folder: Path, repeat: int) -> None:
    data = photo(4000, 3000, quality=90)
    path = folder / "photo.jpg"
    path.write_bytes(data)
    digest = hashlib.sha256(data).digest()
    rules = PrepareRules(max_side=SIDE, reencode_side=SIDE)

    def draft() -> None:
        with Image.open(path) as picture:
            picture.draft(None, (SIDE, SIDE * 3 // 4))
            small = picture.resize((SIDE, SIDE * 3 // 4), Image.Resampling.BILINEAR)
        small.save(io.BytesIO(), "JPEG", quality=87)

    least = cpu_ms(draft, repeat)
    ours = cpu_ms(lambda: prepare(bytes(path), digest, rules), repeat)
    print(
        f"12 MP JPEG ({len(data):,} bytes) to {SIDE} px: draft + bilinear {least:.1f} ms, ", end=""
    )
    print(f"ours with sha256 and base64 {ours:.1f} ms ({ours / least:.2f})")


async def bench_pool(folder: Path, count: int) -> None:
    paths = [bytes(p) for p in sorted(folder.glob("[0-9]*.jpg"))][:count]
    pool = ImagingPool()
    await pool.probe_many(paths[:128])
    began, used = time.perf_counter(), time.process_time()
    await pool.probe_many(paths)
    wall, here = time.perf_counter() - began, time.process_time() - used
    await pool.aclose()
    print(f"pool: {len(paths) / wall:,.0f} files/s; {here / len(paths) * 1e6:.0f} µs CPU each here")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench_probe(folder, wanted.files, wanted.repeat)
        bench_pass(folder, wanted.repeat)
        bench_decode(folder, wanted.repeat)
        anyio.run(bench_pool, folder, wanted.files)


if __name__ == "__main__":
    main()
