from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from batch_model import answer
from batch_rig import MODEL, PROFILE, TestClock, settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gemtag_tui.core.batch_job import JobState
from gemtag_tui.core.batch_plan import key_of
from gemtag_tui.core.price_own import OwnPrice
from gemtag_tui.engine import batch_ingest_fold, batch_ingest_read
from gemtag_tui.engine.batch_ground import Ground
from gemtag_tui.engine.batch_ingest import ingest
from gemtag_tui.engine.batch_reading import scan_block
from gemtag_tui.store import batch_jobs, batch_land, batches, scans, tracks
from gemtag_tui.store.library import Library
from gemtag_tui.store.scans import Content, Seen
from gemtag_tui.store.work import State

GOOD, SAFETY, CUT, ERROR = "good", "safety", "cut", "error"
PLACES = ("todo", "retry_later", "in_batches", "tagged", "known_bad", "ignored")


def line(key: str, kind: str, echo: str | None = None) -> bytes:
    if kind == ERROR:
        return json.dumps({"key": key, "error": {"code": 13, "message": "Internal."}}).encode()
    response = answer(echo or key)
    if kind == SAFETY:
        response["candidates"] = [{"finishReason": "SAFETY"}]
    elif kind == CUT:
        response["candidates"][0]["finishReason"] = "MAX_TOKENS"
        response["candidates"][0]["content"]["parts"][0]["text"] = '{"summary": "A'
    return json.dumps({"key": key, "response": response}).encode()


class Desk:
    """A library with one ended job, and a file of results that a test writes."""

    def __init__(self, lib, track, job, assets):
        self.lib, self.track, self.job, self.assets = lib, track, job, assets
        self.told = []
        self.ground = Ground(
            lib, lib.clock, random.Random(1), settings(), None, None, "google", told=self.hear
        )

    def hear(self, landed) -> None:
        self.told.append(landed)

    @classmethod
    async def begun(cls, folder: Path, count: int) -> Desk:
        lib = await Library.open(folder / "library.db", TestClock())
        content = [Content(b"%032d" % n, "jpeg", 8, 8) for n in range(count)]
        seen = [Seen(b"/pics", b"%d.jpg" % n, 9, 1, one) for n, one in enumerate(content)]
        await scans.record(lib, seen)
        body = (PROFILE.id, PROFILE.name, PROFILE.body)
        track = await tracks.ensure_track(lib, "google", MODEL, *body)
        job = await batch_jobs.open_job(lib, track, echo=True, first=False, run=None)
        taken = await batch_jobs.take(lib, job.id, track, 0, count)
        return cls(lib, track, job, [one.candidate.asset for one in taken])

    def key(self, asset: int) -> str:
        return key_of(asset, self.job.nonce)

    async def take_in(self, lines: list[bytes]) -> None:
        path = self.ground.folder / "results.jsonl"
        path.write_bytes(b"".join(one + b"\n" for one in lines))
        for state in ("built", "uploaded", "submitting", "pending", "ended"):
            await batch_jobs.move(self.lib, self.job, JobState(state), "")
        values = {"output_file": "files/x", "results": path.name, "server_state": "SUCCEEDED"}
        await batch_jobs.note(self.lib, self.job, requests=len(self.assets), **values)
        await ingest(self.ground, await self.row())

    async def row(self):
        return await batches.by_id(self.lib, self.job.id)

    async def places(self) -> dict[int, int]:
        rows = await self.lib.rows("SELECT asset, state FROM work")
        return dict(map(tuple, rows))

    async def counters(self) -> tuple[int, ...]:
        names = ", ".join(PLACES)
        return tuple(await self.lib.row(f"SELECT {names} FROM counter"))


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(batch_ingest_fold, "_LEAST", 3)
    monkeypatch.setattr(batch_ingest_read, "BLOCK", 900)
    monkeypatch.setattr(batch_land, "_MANY", 2)


FATE = {GOOD: State.TAGGED, SAFETY: State.KNOWN_BAD, CUT: State.RETRY, ERROR: State.RETRY}
plans = st.lists(
    st.lists(st.sampled_from([GOOD, GOOD, SAFETY, CUT, ERROR]), max_size=3), min_size=1, max_size=14
)


@hypothesis_settings(max_examples=25, deadline=None)
@given(plans, st.integers(0, 3), st.randoms(use_true_random=False))
async def test_every_asset_comes_where_its_first_line_says_or_a_good_one_after(plan, broken, rng):
    with tempfile.TemporaryDirectory() as name:
        desk = await Desk.begun(Path(name), len(plan))
        async with desk.lib:
            order = [
                (asset, kind)
                for asset, kinds in zip(desk.assets, plan, strict=True)
                for kind in kinds
            ]
            rng.shuffle(order)
            lines = [line(desk.key(asset), kind) for asset, kind in order]
            for _ in range(broken):
                lines.insert(rng.randint(0, len(lines)), b'{"key": "9')
                lines.insert(rng.randint(0, len(lines)), b"")
            await desk.take_in(lines)
            first = dict(reversed(order))
            mended = [one for one in first if first[one] != GOOD and (one, GOOD) in order]
            first |= dict.fromkeys(mended, GOOD)
            places = await desk.places()
            for asset in desk.assets:
                assert places[asset] == FATE.get(first.get(asset), State.RETRY)
            standing = Counter(places.values())
            assert await desk.counters() == tuple(standing[state] for state in range(6))
            stored = await desk.lib.rows("SELECT asset, summary FROM asset_ai")
            said = {row[0]: row[1] for row in stored}
            good = {asset for asset, kind in first.items() if kind == GOOD}
            assert said == {one: f"A picture called {desk.key(one)}." for one in good}
            tally = await batches.tallies(desk.lib, desk.job.id)
            assert tally.get("doubled", 0) == len(order) - len(first) - len(mended)
            assert tally.get("missing", 0) == len(plan) - len(first)
            assert tally.get("unparsable", 0) == broken
            job = await desk.row()
            assert (job.state, job.ingested) == ("ingested", len(plan))
            lines_booked = await desk.lib.row("SELECT sum(requests) FROM request_ledger")
            assert (lines_booked[0] or 0) == len(first) + len(mended) + broken
            assert job.double_usd == 0.0, "a request is billed once"
            assert [one.cost_usd for one in await batches.odd_lines(desk.lib, desk.job.id)] == [
                0.0
            ] * (len(order) - len(first) - len(mended) + broken)


async def test_what_swapped_answers_have_cost_is_in_the_books_once(tmp_path):
    desk = await Desk.begun(tmp_path, 6)
    async with desk.lib:
        keys = [desk.key(one) for one in desk.assets]
        lines = [line(key, GOOD) for key in keys[2:]]
        lines += [line(keys[0], GOOD, echo=keys[1]), line(keys[1], GOOD, echo=keys[0])]
        await desk.take_in(lines)
        job = await desk.row()
        assert job.state == "quarantined"
        assert not await desk.lib.rows("SELECT * FROM asset_ai")
        ((status, requests, tokens_in, cost),) = await desk.lib.rows(
            "SELECT status, requests, tokens_in, cost_usd FROM request_ledger"
        )
        assert (status, requests, tokens_in) == ("quarantined", 6, 6 * 700)
        assert cost > 0
        day = await desk.lib.row("SELECT requests, cost_usd FROM ledger_day")
        assert tuple(day) == (6, cost)
        assert (job.cost_usd, job.tokens_in) == (cost, 6 * 700)
        assert sum(one.cost_usd for one in desk.told) == pytest.approx(cost)
        assert await batches.tallies(desk.lib, job.id) == {"swapped": 2}


async def test_the_users_own_prices_are_what_results_are_booked_by(tmp_path):
    desk = await Desk.begun(tmp_path, 4)
    async with desk.lib:
        own = OwnPrice(MODEL, "batch", date.min, input=1000.0, output=0.0, cached=1000.0)
        desk.ground = replace(desk.ground, own=(own,))
        await desk.take_in([line(desk.key(one), GOOD) for one in desk.assets])
        assert (await desk.row()).cost_usd == pytest.approx(4 * 700 * 1000 / 1_000_000)


async def test_a_death_before_the_quarantine_is_noted_books_nothing_twice(tmp_path, monkeypatch):
    desk = await Desk.begun(tmp_path, 2)
    async with desk.lib:
        one, two = map(desk.key, desk.assets)
        move = batch_jobs.move

        async def dies(lib, job, after, *args, **more):
            if after is JobState.QUARANTINED:
                raise OSError("gone")
            return await move(lib, job, after, *args, **more)

        with monkeypatch.context() as patch:
            patch.setattr(batch_jobs, "move", dies)
            with pytest.raises(OSError, match="gone"):
                await desk.take_in([line(one, GOOD, echo=two), line(two, GOOD, echo=one)])
        assert (await desk.row()).state == "ended"
        await ingest(desk.ground, await desk.row())
        assert (await desk.row()).state == "quarantined"
        booked = await desk.lib.row("SELECT sum(requests), count(*) FROM request_ledger")
        assert tuple(booked) == (2, 1)
        assert len(await batches.odd_lines(desk.lib, desk.job.id)) == 2


async def test_children_judge_what_threads_would(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_ingest_read, "CHILDREN_FROM", 1)
    desk = await Desk.begun(tmp_path, 40)
    async with desk.lib:
        await desk.take_in([line(desk.key(asset), GOOD) for asset in desk.assets])
        assert (await desk.counters())[State.TAGGED] == 40


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)), max_size=6), st.booleans())
def test_a_swapped_answer_is_found_among_any_others(pairs, spaced):
    nonce = "ab7c"
    lines = [line(key_of(key, nonce), GOOD, echo=key_of(echo or key, nonce)) for key, echo in pairs]
    if spaced:
        lines = [one.replace(b'\\": \\"', b'\\" :  \\"') for one in lines]
    found = scan_block(b"\n".join(lines), nonce)
    wrong = [key_of(key, nonce) for key, echo in pairs if echo not in {0, key}]
    assert [one.key for one in found] == wrong


async def test_what_the_server_left_out_of_its_statistics_is_told_by_the_lines(tmp_path):
    desk = await Desk.begun(tmp_path, 5)
    async with desk.lib:
        keys = [desk.key(one) for one in desk.assets]
        await desk.take_in([line(key, GOOD) for key in keys[:3]] + [line(keys[3], ERROR)])
        job = await desk.row()
        assert (job.succeeded, job.failed, job.pending, job.ingested) == (3, 2, 0, 5)
