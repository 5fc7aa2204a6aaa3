"""How fast a large library is searched, narrowed, jumped through and triaged.

`python benchmarks/library_bench.py [--library PATH] [--assets N]` builds a library of N assets,
four fifths of them tagged and a tenth failed (kept and used again when a path is given), and prints
times. The goals are in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gemtag_tui.core.query import parse
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.store import browse, facets, failures, indexer, search, search_plan, tags, tracks
from gemtag_tui.store.failures import Selection
from gemtag_tui.store.library import Library
from gemtag_tui.store.search_outline import outline
from gemtag_tui.store.search_pages import find
from gemtag_tui.store.tracks import Track

_WORDS = [f"word{number}" for number in range(30_000)]
_WEIGHTS = list(itertools.accumulate(1 / rank for rank in range(1, len(_WORDS) + 1)))
"""As in natural language: how often a word occurs falls with its rank."""
_BUCKETS = ("subject", "setting", "style", "colours", "mood")
_COMMON = ("photo", "person", "outdoor", "light", "red")
_PROFILE = json.dumps({"buckets": [{"name": name} for name in _BUCKETS]})
_MESSAGES = (
    ("safety", "The answer was withheld (SAFETY): category %d"),
    ("overloaded", "503 UNAVAILABLE: the model is overloaded, request %d"),
    ("truncated", "The answer ended at the output limit."),
    ("malformed", "'colours' is not a list in answer %d"),
)
_START = 1.78e9
_AT_ONCE = 20_000
_DIFFERENT = 50_000
"""Answers that are made; they repeat."""

QUERIES = (
    "",
    "photo",
    "photo person light",
    "word0 word1 word2",
    "word7",
    "word29000",
    "tag:red",
    "tag:photo tag:word9",
    "colours:red",
    "colours:light -subject:word1",
    "-photo",
    '"photo person"',
    "photo -word8 tag:person",
    "even odd",
    '"photo person" even',
    '"even odd" word0',
    "word300 word400",
    "word3000 word4000",
    "wo*",
    "word2*",
    "word299*",
    "even od*",
    "word20000 wo*",
    "lane:batch model:m",
    "path:folder77",
    "path:pics photo",
    "after:2026-06-20 before:2026-06-21",
    "after:2026-06-20 photo",
    "edited",
    "untagged",
    "untagged path:folder1999",
    "failed",
    "-failed photo",
    "failed photo",
    "nowhere photo",
)


def _answers() -> list[tuple[str, str]]:
    """Answers like a model's: a sentence, and 15 tags in five buckets; rare words are rare."""
    chance, made = random.Random(1), []
    for number in range(_DIFFERENT):
        picked = chance.choices(_WORDS, cum_weights=_WEIGHTS, k=22)
        half = "even" if number % 2 else "odd"
        summary = f"{chance.choice(_COMMON)} {half} " + " ".join(picked[:12])
        listed = {
            bucket: [picked[12 + 2 * n], picked[13 + 2 * n], _COMMON[n]]
            for n, bucket in enumerate(_BUCKETS)
        }
        made.append((summary, json.dumps(listed)))
    return made


def _fill(path: Path, track: Track, assets: int) -> None:
    """Enter rows with the triggers away, and the sums that these keep."""
    tagged, failed = assets * 4 // 5, assets // 10
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    db.execute("BEGIN")
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    _enter_files(db, assets)
    _enter_results(db, tagged)
    _enter_failures(db, tagged, failed)
    _enter_places(db, track, assets, tagged, failed)
    for _, sql in triggers:
        db.execute(sql)
    db.execute("COMMIT")
    db.close()


def _enter_files(db: sqlite3.Connection, assets: int) -> None:
    db.executemany(
        "INSERT INTO folder (id, path) VALUES (?, ?)",
        ((n + 1, b"/pics/folder%d" % n) for n in range(2000)),
    )
    db.executemany(
        "INSERT INTO asset (id, sha256, type, width, height, bytes, files, file, added_at) "
        "VALUES (?1, ?2, 'jpeg', 4000, 3000, 100000, 1, ?1, 1.0)",
        ((n, n.to_bytes(32, "big")) for n in range(1, assets + 1)),
    )
    db.executemany(
        "INSERT INTO file (id, folder, name, asset, size, mtime_ns) VALUES (?1, ?2, ?3, ?1, 9, 9)",
        ((n, n * 2000 // (assets + 1) + 1, b"IMG_%07d.jpg" % n) for n in range(1, assets + 1)),
    )
    db.execute("UPDATE library_counter SET files = ?1, assets = ?1", (assets,))


def _enter_results(db: sqlite3.Connection, tagged: int) -> None:
    answers = _answers()
    db.executemany(
        "INSERT INTO asset_ai (asset, provider, model, profile, summary, tags, lane,"
        " served_model, tokens_prompt, cost_usd, tagged_at) "
        "VALUES (?, 'google', 'm', 'p_1', ?, ?, 'batch', 'm', 600, 1e-4, ?)",
        ((n, *answers[n % _DIFFERENT], _START + n) for n in range(1, tagged + 1)),
    )


def _enter_failures(db: sqlite3.Connection, tagged: int, failed: int) -> None:
    rows = (
        (n, *(kind, words % n if "%" in words else words, words.replace("%d", "#")))
        for n in range(tagged + 1, tagged + failed + 1)
        for kind, words in (_MESSAGES[n % len(_MESSAGES)],)
    )
    db.executemany(
        "INSERT INTO failure (asset, provider, model, profile, kind, message, head, first_seen,"
        " last_seen, standing, cost_usd, live) "
        "VALUES (?, 'google', 'm', 'p_1', ?, ?, ?, 1.0, 2.0, 'known_bad', 1e-4, 1)",
        rows,
    )


def _enter_places(
    db: sqlite3.Connection, track: Track, assets: int, tagged: int, failed: int
) -> None:
    db.execute(
        "INSERT INTO work SELECT ?, id, CASE WHEN id <= ? THEN 3 WHEN id <= ? THEN 4 ELSE 0 END,"
        " NULL FROM asset",
        (track.id, tagged, tagged + failed),
    )
    db.execute(
        "UPDATE counter SET tagged = ?, known_bad = ?, todo = ? WHERE track = ?",
        (tagged, failed, assets - tagged - failed, track.id),
    )


async def _build(lib: Library, assets: int) -> None:
    if not (await lib.rows("SELECT EXISTS (SELECT 1 FROM asset)"))[0][0]:
        track = await tracks.ensure_track(lib, "google", "m", "p_1", "default", _PROFILE)
        began = time.perf_counter()
        await asyncio.to_thread(_fill, lib.path, track, assets)
        print(f"{'rows entered':<64}{time.perf_counter() - began:>9.1f} s", flush=True)
    began = time.perf_counter()
    done = await indexer.catch_up(lib, _AT_ONCE)
    took = time.perf_counter() - began
    if done:
        print(f"{'results indexed':<64}{done / took:>9,.0f} /s ({took:.0f} s)", flush=True)


async def _time(what: str, run: Callable[[], Awaitable[Any]], times: int = 9) -> Any:
    took, given = [], None
    for _ in range(times):
        began = time.perf_counter()
        given = await run()
        took.append(time.perf_counter() - began)
    first = f"first {took[0] * 1e3:.1f}, worst {max(took) * 1e3:.1f}"
    print(f"{what:<64}{statistics.median(took) * 1e3:>9.2f} ms  ({first})", flush=True)
    return given


async def _searches(lib: Library, track: Track) -> None:
    for query in QUERIES:
        buckets = await search_plan.known_buckets(lib)
        asked = parse(query, buckets)

        async def page(asked: Any = asked) -> Any:
            found = await find(lib, asked, track=track)
            return found, await browse.on_page(lib, found, track)

        found, rows = await _time(f"first page: {query!r}", page)
        state = "" if found.complete else ", not to the end"
        print(f"{'':<6}{len(rows)} rows{state}")


async def _shapes(lib: Library, track: Track) -> None:
    for query in ("", "photo", "word7", "word29000", "tag:red -word1", "path:folder77", "untagged"):
        made = await search_plan.plan(lib, query, track)
        shape = await _time(f"outline: {query!r}", lambda m=made: outline(lib, m))
        print(f"{'':<6}{shape.total:,} rows, {'exact' if shape.exact else 'about'}")

        async def jump(made: Any = made, shape: Any = shape) -> Any:
            key = shape.key_at(random.random())
            return await browse.on_page(lib, await find(lib, made, key=key), track)

        await _time(f"jump anywhere: {query!r}", jump, 21)
        if not made.assets:
            await _time(f"facets: {query!r}", lambda m=made: facets.narrowed(lib, m), 5)
    total = (await lib.rows("SELECT count(*) FROM asset"))[0][0]

    async def anywhere() -> Any:
        return await browse.assets(lib, track, skip=random.randrange(total // 2))

    await _time("jump anywhere: the list of all assets", anywhere, 21)
    await _time("facets of the whole library", lambda: facets.whole(lib, track), 5)


async def _writes(lib: Library, track: Track) -> None:
    seen = await _time("failures in groups", lambda: failures.groups(lib, track), 3)
    print(f"{'':<6}{len(seen)} groups, {sum(one.count for one in seen):,} failures")
    everything = Selection(track=track)
    await _time("preview of a retry of all", lambda: failures.preview(lib, everything, "retry"), 3)
    for what, act in (
        ("bulk retry", lambda: failures.retry(lib, everything)),
        ("undo of it", lambda: failures.undo(lib)),
    ):
        print(f"{'':<6}{what}:", await _time(f"{what} of 100,000", act, 1))
    await _time("merge of a common tag", lambda: tags.rename(lib, ["colours:word1"], "word0"), 1)
    await _time("facets of the whole library, merged", lambda: facets.whole(lib, track), 5)
    await _time("first page: 'colours:word0', merged", lambda: search.search(lib, "colours:word0"))
    await _time("undo of the merge", lambda: tags.undo(lib), 1)


async def measure(path: Path, assets: int) -> None:
    async with await Library.open(path, SystemClock()) as lib:
        await _build(lib, assets)
    began = time.perf_counter()
    async with await Library.open(path, SystemClock()) as lib:
        print(f"{'opened':<64}{(time.perf_counter() - began) * 1e3:>9.1f} ms")
        print(f"{'size':<64}{path.stat().st_size / 1e6:>9,.0f} MB")
        track = await tracks.latest_track(lib)
        assert track is not None
        await _searches(lib, track)
        await _shapes(lib, track)
        await _writes(lib, track)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--assets", type=int, default=1_000_000)
    given = parser.parse_args()
    if given.library:
        asyncio.run(measure(given.library, given.assets))
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder) / "library.db", given.assets))


if __name__ == "__main__":
    main()
