"""Taking in what a bad day brings: shuffled, doubled, failing, broken and missing lines.

Every good answer is derived from its picture's content, so that afterwards each stored result can
be proved to belong to its picture. Run by `python benchmarks/batch_bench.py mixed [ASSETS]`.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.batch_job import JobState
from gemtag_tui.core.batch_plan import key_of
from gemtag_tui.core.profile import ECHO_FIELD, Profile
from gemtag_tui.engine.batch_ingest import ingest
from gemtag_tui.store import batch_jobs, batches, work
from gemtag_tui.store.work import State

if TYPE_CHECKING:
    from gemtag_tui.engine.batch_ground import Ground
    from gemtag_tui.store.batches import JobRow

JOBS = 4
DOUBLED, FAILING, MISSING = 0.05, 0.05, 0.03
FAILURES = {
    "safety": State.KNOWN_BAD,
    "blocked": State.KNOWN_BAD,
    "cut": State.RETRY,
    "malformed": State.RETRY,
    "error": State.RETRY,
    "status": State.RETRY,
}
_USAGE = {"promptTokenCount": 680, "candidatesTokenCount": 120, "totalTokenCount": 800}


def proof(sha256: bytes) -> str:
    """What only the picture with this content is said to show."""
    return f"Proof {hashlib.sha256(sha256).hexdigest()[:24]} of this picture."


def said(key: str, sha256: bytes, profile: Profile) -> str:
    answer: dict[str, Any] = {ECHO_FIELD: key, "summary": proof(sha256)}
    word = f"mark {sha256.hex()[:12]}"
    answer |= {one.name: [one.vocabulary[0] if one.vocabulary else word] for one in profile.buckets}
    return json.dumps(answer)


def line(key: str, kind: str, text: str) -> bytes:
    """One line of results: a good answer, or a failing one of a kind."""
    if kind in {"error", "status"}:
        return json.dumps({"key": key, kind: {"code": 13, "message": "Internal error."}}).encode()
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}
    response: dict[str, Any] = {"candidates": [candidate], "usageMetadata": _USAGE}
    if kind == "safety":
        response["candidates"] = [{"finishReason": "SAFETY"}]
    elif kind == "blocked":
        response |= {"candidates": [], "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
    elif kind == "cut":
        candidate |= {"finishReason": "MAX_TOKENS", "content": {"parts": [{"text": text[:50]}]}}
    elif kind == "malformed":
        candidate["content"] = {"parts": [{"text": "Here is what I see."}]}
    return json.dumps({"key": key, "response": response}).encode()


@dataclass
class Fates:
    """What was put into the files: where every asset has to be, and lines by what they are."""

    wanted: dict[int, State] = field(default_factory=dict)
    lines: Counter[str] = field(default_factory=Counter)


def results(
    job: JobRow, pictures: dict[int, bytes], profile: Profile, rng: random.Random, fates: Fates
) -> bytes:
    """Return one job's lines, shuffled; the first line of an asset decides."""
    made: list[tuple[int, str]] = []
    for asset in pictures:
        draw = rng.random()
        kind = rng.choice(list(FAILURES)) if draw < FAILING else "good"
        if FAILING <= draw < FAILING + MISSING:
            fates.lines["missing"] += 1
        else:
            made += [(asset, kind)] * (2 if rng.random() < DOUBLED else 1)
    rng.shuffle(made)
    first = dict(reversed(made))
    fates.wanted |= {one: FAILURES.get(first.get(one, "error"), State.TAGGED) for one in pictures}
    fates.lines["doubled"] += len(made) - len(first)
    fates.lines["good"] += sum(kind == "good" for kind in first.values())
    lines = [
        line(
            key_of(asset, job.nonce),
            kind,
            said(key_of(asset, job.nonce), pictures[asset], profile),
        )
        for asset, kind in made
    ]
    for at in range(0, len(lines), 1000):
        lines.insert(at, b'{"key": "torn')
        fates.lines["unparsable"] += 1
    return b"\n".join(lines)


async def mixed(count: int, library: Any, ground: Any, profile: Profile) -> None:
    """Take in four jobs' results, the second twice, and check every asset and every cent."""
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as name:
        known = [(hashlib.sha256(b"%d" % n).digest(), 1000) for n in range(count)]
        lib, track = await library(Path(name), known)
        base: Ground = ground(lib)
        fates, took, lines = Fates(), 0.0, 0
        share = -(-count // JOBS)
        for at in range(0, count, share):
            job = await batch_jobs.open_job(lib, track, echo=True, first=False, run=None)
            part = await batch_jobs.take(lib, job.id, track, 0, min(share, count - at))
            pictures = {one.candidate.asset: one.candidate.sha256 for one in part}
            data = results(job, pictures, profile, rng, fates)
            lines += data.count(b"\n") + 1
            (base.folder / f"results-{job.id}.jsonl").write_bytes(data)
            row = await _ended(base, job, len(part))
            begun = time.perf_counter()
            await ingest(base, row)
            took += time.perf_counter() - begun
            again = await batches.by_id(lib, job.id)
            assert again is not None
            await ingest(base, again)  # as after a death just before its end was noted
        await check(base, track.id, fates)
        print(f"mixed: {lines:,} lines for {count:,} assets in {took:.2f} s, index included")
        await lib.close()


async def _ended(ground: Ground, job: JobRow, requests: int) -> JobRow:
    for state in ("built", "uploaded", "submitting", "pending", "ended"):
        await batch_jobs.move(ground.lib, job, JobState(state), "")
    values = {"output_file": "files/x", "server_state": "SUCCEEDED"}
    results = f"results-{job.id}.jsonl"
    await batch_jobs.note(ground.lib, job, requests=requests, results=results, **values)
    found = await batches.by_id(ground.lib, job.id)
    assert found is not None
    return found


async def check(ground: Ground, track: int, fates: Fates) -> None:
    """Compare all that the library holds with what the files said."""
    lib = ground.lib
    places = dict(map(tuple, await lib.rows("SELECT asset, state FROM work")))
    wrong = [asset for asset, state in fates.wanted.items() if places[asset] != state]
    rows = await lib.rows(
        "SELECT a.sha256, r.summary, r.tags FROM asset_ai r JOIN asset a ON a.id = r.asset"
    )
    alien = [one for one in rows if one[1] != proof(one[0]) or one[0].hex()[:12] not in one[2]]
    twice = await lib.row("SELECT count(*) - count(DISTINCT asset) FROM batch_item")
    booked = await lib.row("SELECT sum(requests) FROM request_ledger WHERE status = 'ok'")
    print(f"mixed: {len(places):,} assets, {len(wrong)} in a wrong state")
    print(f"mixed: {len(rows):,} results, {len(alien)} not proved to be their picture's")
    print(f"mixed: paid twice {twice[0]}; good answers booked {booked[0]:,}")
    await _check_tallies(ground, fates)
    kept = await work.counts(lib, track)
    real = Counter(places.values())
    assert (kept.tagged, kept.retry_later) == (real[State.TAGGED], real[State.RETRY])
    assert (kept.known_bad, kept.in_batches) == (real[State.KNOWN_BAD], 0)
    assert not wrong, wrong[:5]
    assert not alien, alien[:5]
    assert not twice[0]
    assert len(rows) == booked[0] == fates.lines["good"]


async def _check_tallies(ground: Ground, fates: Fates) -> None:
    tally: Counter[str] = Counter()
    for job in await batches.page(ground.lib):
        assert (job.state, job.ingested) == ("ingested", job.requests), job
        tally.update(await batches.tallies(ground.lib, job.id))
    print("mixed:", ", ".join(f"{kind} {n:,}" for kind, n in tally.most_common()))
    for kind in ("doubled", "missing", "unparsable"):
        assert tally[kind] == fates.lines[kind], (kind, fates.lines)
