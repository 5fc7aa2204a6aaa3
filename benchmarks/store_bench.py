"""How fast the library keeps and finds: `python benchmarks/store_bench.py [--assets N]`.

Prints rates and times; the goals are in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.store import commits, glance, indexer, parts, scans, search, tracks, work
from gemtag_tui.store.library import Library
from gemtag_tui.store.parts import Part
from gemtag_tui.store.rows import Group, LedgerRow, NewResult
from gemtag_tui.store.tracks import Track

_GROUP = 1000
_WORDS = [f"word{number}" for number in range(3000)]
_WEIGHTS = list(itertools.accumulate(1 / rank for rank in range(1, len(_WORDS) + 1)))
"""As in natural language: how often a word occurs falls with its rank."""
_BUCKETS = ("subject", "setting", "style", "colours", "mood")
_QUERIES = (
    "",
    "photo",
    "photo person light",
    "word7",
    "word2900",
    "tag:red",
    "tag:red tag:word9",
    "tag:word2900",
    "-photo",
    '"photo person"',
    "photo -word8 tag:person",
    "nowhere photo",
)
_COMMON = ("photo", "person", "outdoor", "light", "red")


def _result(track: Track, asset: int, chance: random.Random) -> NewResult:
    """A result like a model's: a sentence, and 15 tags in five buckets; rare words are rare."""
    picked = iter(chance.choices(_WORDS, cum_weights=_WEIGHTS, k=22))
    summary = " ".join([chance.choice(_COMMON), *(next(picked) for _ in range(12))])
    buckets = {
        bucket: (next(picked), next(picked), common)
        for bucket, common in zip(_BUCKETS, _COMMON, strict=True)
    }
    return NewResult(
        asset, track, Tags(summary, buckets), "batch", 1.79e9 + asset, Usage(400, 258, 80), 1e-4
    )


def _groups(track: Track, first: int, last: int, index: int) -> list[Group]:
    chance = random.Random(first)
    found = []
    for start in range(first, last, _GROUP):
        assets = range(start, min(last, start + _GROUP))
        calls = [
            LedgerRow(1.79e9 + a, "google", "m", "batch", "ok", a, 400, 80, 1e-4) for a in assets
        ]
        results = [_result(track, asset, chance) for asset in assets]
        found.append(Group(results=results, ledger=calls, index=index))
    return found


async def enter_files(lib: Library, assets: int) -> None:
    began = time.perf_counter()
    for start in range(0, assets, 5000):
        batch = [
            scans.Seen(
                b"/photos/%d" % (number // 500),
                b"%d.jpg" % number,
                100_000,
                number,
                scans.Content(number.to_bytes(32, "big"), "jpeg", 4000, 3000),
            )
            for number in range(start, min(assets, start + 5000))
        ]
        await scans.record(lib, batch)
    _rate("files recorded by a scan", assets, time.perf_counter() - began)


def _rate(what: str, number: int, seconds: float) -> None:
    print(f"{what:<58}{number / seconds:>12,.0f} /s")


async def _time(what: str, run: Callable[[], Awaitable[Any]], times: int = 21) -> None:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await run()
        took.append(time.perf_counter() - began)
    print(f"{what:<58}{statistics.median(took) * 1e3:>9.2f} ms  (worst {max(took) * 1e3:.1f})")


async def enter_results(lib: Library, track: Track, assets: int) -> None:
    third = assets // 3
    for what, first, last, index in (
        ("results committed in groups of 1,000, indexed", 1, third, _GROUP),
        ("the same, index left for later", third, 2 * third, 0),
    ):
        groups = _groups(track, first, last, index)
        began = time.perf_counter()
        for group in groups:
            await commits.commit(lib, group)
        _rate(what, last - first, time.perf_counter() - began)
    began = time.perf_counter()
    done = await indexer.catch_up(lib)
    _rate("results indexed afterwards", done, time.perf_counter() - began)
    groups = [
        Group(results=[r]) for g in _groups(track, 2 * third, 2 * third + 300, 0) for r in g.results
    ]
    began = time.perf_counter()
    for one in groups:
        await commits.commit(lib, one)
    _rate("results committed one by one, indexed", len(groups), time.perf_counter() - began)


async def _reads(lib: Library, track: Track, assets: int) -> None:
    await _time("counts", lambda: work.counts(lib, track.id))
    await _time(
        "next 200 to do", lambda: parts.todo_page(lib, track.id, Part(), assets * 2 // 3, 200)
    )
    await _time("due", lambda: parts.due_page(lib, track.id, Part(), 1.8e9, 200))
    for query in _QUERIES:
        await _time(f"first page of a search: {query!r}", lambda q=query: search.search(lib, q))
    await _time(
        "the same within a track: 'photo'", lambda: search.search(lib, "photo", track=track)
    )
    began = time.perf_counter()
    glance.glance(lib.path)
    print(f"{'glance':<58}{(time.perf_counter() - began) * 1e3:>9.2f} ms")


async def measure(assets: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with await Library.open(Path(folder) / "library.db", SystemClock()) as lib:
            track = await tracks.ensure_track(lib, "google", "m", "p_1", "default", "{}")
            await enter_files(lib, assets)
            await enter_results(lib, track, assets)
            began = time.perf_counter()
            await tracks.ensure_track(lib, "google", "m2", "p_1", "default", "{}")
            _rate("assets placed in a new track", assets, time.perf_counter() - began)
            await _reads(lib, track, assets)
            size = lib.path.stat().st_size / assets
    print(f"{'library, bytes an asset':<58}{size:>12,.0f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory (the rows made up here included)':<58}{peak:>9.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=int, default=90_000)
    asyncio.run(measure(parser.parse_args().assets))


if __name__ == "__main__":
    main()
