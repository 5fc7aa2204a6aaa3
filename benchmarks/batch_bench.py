"""The batch lane's two hot paths: building a job's file, and taking its results in.

python benchmarks/batch_bench.py ingest [LINES]
python benchmarks/batch_bench.py mixed [ASSETS]
python benchmarks/batch_bench.py build [PICTURES] [KILOBYTES]
python benchmarks/batch_bench.py memory [REQUESTS]
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from unittest import mock

from batch_mixed import mixed
from pybase64 import b64encode

from gemtag_tui.core.batch_job import JobState
from gemtag_tui.core.batch_plan import Caps, key_of
from gemtag_tui.core.models import rules_for
from gemtag_tui.core.profile import ECHO_FIELD
from gemtag_tui.core.profile_text import parse_profile
from gemtag_tui.core.settings import Settings
from gemtag_tui.engine.batch_build import Builder
from gemtag_tui.engine.batch_ground import Ground
from gemtag_tui.engine.batch_ingest import ingest
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.preparer import Preparer
from gemtag_tui.engine.pricing import Pricing
from gemtag_tui.gemini.request import RequestForm
from gemtag_tui.imaging.child import ImagingPool
from gemtag_tui.imaging.values import PrepareRules
from gemtag_tui.store import batch_jobs, batches, indexer, scans, tracks, work
from gemtag_tui.store.library import Library
from gemtag_tui.store.scans import Content, Seen
from gemtag_tui.store.tracks import Track

MODEL = "gemini-3.5-flash-lite"
PROFILE = parse_profile(
    resources.files("gemtag_tui.core").joinpath("default_profile.toml").read_text("utf-8"),
    "default",
)
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffc0000b080008000801011100ffda0008010100003f00"
)


def ground(lib: Library) -> Ground:
    none: object = None
    return Ground(
        lib,
        lib.clock,
        random.Random(1),
        Settings(),
        none,
        none,
        "google",  # type: ignore[arg-type]
    )


async def library(folder: Path, pictures: list[tuple[bytes, int]]) -> tuple[Library, tracks.Track]:
    """A library of pictures (hash, size) in one folder."""
    lib = await Library.open(folder / "library.db", SystemClock())
    at = bytes(folder / "pics")
    there = (folder / "pics").is_dir()
    for start in range(0, len(pictures), 5000):
        part = enumerate(pictures[start : start + 5000], start)
        await scans.record(
            lib,
            [
                Seen(
                    at,
                    b"p%07d.jpg" % n,
                    size,
                    (folder / "pics" / f"p{n:07}.jpg").stat().st_mtime_ns if there else 1,
                    Content(sha, "jpeg", 1024, 768),
                )
                for n, (sha, size) in part
            ],
        )
    track = await tracks.ensure_track(lib, "google", MODEL, PROFILE.id, "default", PROFILE.body)
    return lib, track


def result_line(asset: int, nonce: str, words: list[str], rng: random.Random) -> bytes:
    key = key_of(asset, nonce)
    answer: dict[str, object] = {
        ECHO_FIELD: key,
        "summary": f"A red car stands before a white house with {asset} green trees and a dog.",
    }
    for bucket in PROFILE.buckets:
        answer[bucket.name] = rng.sample(list(bucket.vocabulary) or words, min(3, bucket.cap))
    usage = {
        "promptTokenCount": 680,
        "candidatesTokenCount": 120,
        "totalTokenCount": 800,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 400},
            {"modality": "IMAGE", "tokenCount": 280},
        ],
        "serviceTier": "batch",
    }
    part = {"text": json.dumps(answer)}
    candidate = {"content": {"parts": [part], "role": "model"}, "finishReason": "STOP", "index": 0}
    response = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL}
    return json.dumps({"key": key, "response": response}).encode() + b"\n"


async def bench_ingest(lines: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = [(hashlib.sha256(b"%d" % n).digest(), 1000) for n in range(lines)]
        lib, track = await library(folder, known)
        try:
            row, size = await ended_job(lib, track, lines)
            took = await _take_in(lib, row, size)
            assert (await work.counts(lib, track.id)).tagged == lines
            floor = await bare(lib, folder / "bare.db")
            print(
                f"floor: a bare executemany of the same rows {lines / floor:,.0f}/s; "
                f"taking in takes {took / floor:.1f} times as long"
            )
            begun = time.perf_counter()
            await indexer.catch_up(lib)
            took = time.perf_counter() - begun
            print(f"index afterwards: {lines / took:,.0f} results/s")
        finally:
            await lib.close()


async def ended_job(lib: Library, track: Track, lines: int) -> tuple[batches.JobRow, int]:
    """Make a job whose results are here and wait; returns it, and their bytes."""
    rng, words = random.Random(1), [f"word {n}" for n in range(3000)]
    job = await batch_jobs.open_job(lib, track, echo=True, first=False, run=None)
    taken, after = [], 0
    while page := await batch_jobs.take(lib, job.id, track, after, 5000):
        taken += page
        after = page[-1].candidate.asset
    path = ground(lib).folder / "results.jsonl"
    made = [result_line(one.candidate.asset, job.nonce, words, rng) for one in taken]
    rng.shuffle(made)
    path.write_bytes(b"".join(made))
    for state in ("built", "uploaded", "submitting", "pending", "ended"):
        await batch_jobs.move(lib, job, JobState(state), "")
    values = {"output_file": "files/x", "results": path.name, "server_state": "SUCCEEDED"}
    await batch_jobs.note(lib, job, requests=lines, **values)  # type: ignore[arg-type]
    row = await batches.by_id(lib, job.id)
    assert row is not None
    return row, path.stat().st_size


async def _take_in(lib: Library, row: batches.JobRow, size: int) -> float:
    """Take a job's results in without the index; returns the seconds."""

    async def later(_: Library) -> int:
        return 0

    begun, cpu = time.perf_counter(), time.process_time()
    with mock.patch.object(indexer, "catch_up", later):
        await ingest(ground(lib), row)
    took, spent = time.perf_counter() - begun, time.process_time() - cpu
    print(
        f"ingest: {row.requests:,} lines, {size / 1e6:.0f} MB in {took:.2f} s: "
        f"{row.requests / took:,.0f} lines/s; "
        f"{spent / row.requests * 1e6:.1f} µs of the engine's CPU a line"
    )
    return took


async def bare(lib: Library, path: Path) -> float:
    """Seconds that the same results take without index, rules, reading or judging."""
    columns = "asset, summary, tags, served_model, tokens_prompt, tokens_image, tokens_output"
    rows = [tuple(row) for row in await lib.rows(f"SELECT {columns}, cost_usd FROM asset_ai")]
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        db.execute(f"PRAGMA {pragma}")
    db.execute(f"CREATE TABLE result ({columns.replace('asset', 'asset INTEGER PRIMARY KEY')}, c)")
    begun = time.perf_counter()
    db.execute("BEGIN")
    db.executemany("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    db.execute("COMMIT")
    took = time.perf_counter() - begun
    db.close()
    return took


def write_pictures(folder: Path, count: int, kilobytes: int) -> list[tuple[bytes, int]]:
    filler = random.Random(1).randbytes(kilobytes * 1000)
    folder.mkdir()
    known = []
    for n in range(count):
        data = JPEG + b"%08d" % n + filler
        (folder / f"p{n:07}.jpg").write_bytes(data)
        known.append((hashlib.sha256(data).digest(), len(data)))
    return known


def rate(size: int, begun: tuple[float, float]) -> str:
    took, spent = time.perf_counter() - begun[0], time.process_time() - begun[1]
    return f"{size / took / 1e6:,.0f} MB/s by the clock, {size / spent / 1e6:,.0f} MB/s by CPU"


def started() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def plain_script(folder: Path, target: Path) -> str:
    """The least that makes the same file: read, encode, join, write, one fsync at the end."""
    begun, head = started(), b"x" * 2500
    with target.open("wb", buffering=0) as file:
        for path in sorted(folder.iterdir()):
            file.write(b"".join((head, b64encode(path.read_bytes()), b'"}]}]}}\n')))
        os.fsync(file)
        return rate(file.tell(), begun)


def bare_disk(target: Path, size: int) -> str:
    """The same amount from memory to the disk."""
    begun, block = started(), b"\xa5" * 4_000_000
    with target.open("wb", buffering=0) as file:
        for _ in range(max(1, size // len(block))):
            file.write(block)
        os.fsync(file)
        return rate(file.tell(), begun)


def peak_mb() -> float:
    """Most memory that this process has held, which the kernel can be told to count anew."""
    words = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    return int(words) / 1024


async def bench_build(pictures: int, kilobytes: int, *, floor: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = write_pictures(folder / "pics", pictures, kilobytes)
        os.sync()
        time.sleep(2.1)  # a file written just before it was recorded is hashed again
        lib, track = await library(folder, known)
        pool = ImagingPool(1)
        base = ground(lib)
        builder = Builder(
            base,
            track,
            RequestForm(PROFILE, rules_for(MODEL)),
            Preparer(pool, PrepareRules(), ThreadPoolExecutor(2)),
            Pricing(MODEL, "batch", SystemClock()),
        )
        del known
        gc.collect()
        if Path("/proc/self/clear_refs").exists():
            Path("/proc/self/clear_refs").write_text("5")
        begun = started()
        built = await builder.build(Caps(200_000, 8_000_000_000, 0), first=False)
        assert built.job is not None, built
        size = built.job.bytes
        print(
            f"build: {built.job.requests:,} requests, {size / 1e6:,.0f} MB in "
            f"{time.perf_counter() - begun[0]:.2f} s: {rate(size, begun)}; peak {peak_mb():.0f} MB"
        )
        (base.folder / built.job.file).unlink()
        if floor:
            print(f"a plain script, same pictures: {plain_script(folder / 'pics', folder / 'p')}")
            (folder / "p").unlink()
            print(f"the bare disk, same bytes: {bare_disk(folder / 'p', size)}")
        await pool.aclose()
        await lib.close()


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "ingest"
    numbers = [int(one) for one in sys.argv[2:]]
    if what == "ingest":
        asyncio.run(bench_ingest(*(numbers or [50_000])))
    elif what == "mixed":
        asyncio.run(mixed(*(numbers or [10_000]), library, ground, PROFILE))
    elif what == "build":
        asyncio.run(bench_build(*(numbers or [5_000, 100]), floor=True))
    else:
        asyncio.run(bench_build(*(numbers or [100_000]), 8, floor=False))
