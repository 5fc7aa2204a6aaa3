"""Whole runs in this process against the simulator."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from engine_rig import Limits, a_shop, jpeg, scan, until

from gemtag_tui.core.calls import Answer
from gemtag_tui.core.errors import KeyMissingError, LibraryBusyError, LibraryError, UsageError
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.settings import Calls, Settings
from gemtag_tui.engine import committer as committer_module
from gemtag_tui.gemini.client import GeminiClient
from gemtag_tui.store import commands, commits, failures, tracks
from gemtag_tui.store.failures import Selection
from gemtag_tui.store.lock import EngineLock


@pytest.fixture
async def shop(tmp_path, monkeypatch):
    async with a_shop(tmp_path, monkeypatch) as made:
        yield made


async def test_everything_is_tagged_and_paid_once(shop):
    await shop.add(60)
    assert await shop.run() == 0
    counts, rows, run = await shop.look()
    assert (counts.total, counts.tagged, counts.remaining) == (60, 60, 0)
    assert set(shop.paid().values()) == {1}
    assert rows == []
    assert (run.state, run.exit_code, run.done) == ("done", 0, 60)
    end = shop.end
    assert (end.state, end.goal, end.done, end.in_flight) == ("idle", 60, 60, 0)
    assert end.provider == "simulator"
    assert end.cost_usd > 0
    assert end.waiting_for == ""
    assert all(told.goal == 60 for _, told in shop.told)


async def test_a_second_run_has_nothing_to_do_and_pays_nothing(shop):
    await shop.add(20)
    await shop.run()
    calls = shop.calls()
    assert await shop.run() == 0
    assert shop.calls() == calls
    assert shop.end.message.startswith("Nothing to do: 20 of 20")


async def test_known_bad_is_not_paid_again_nor_is_its_copy(shop):
    await shop.add(30)
    shop.configure(pixels=False, poison=[{"share": 0.3, "fault": "finish"}])
    assert await shop.run() == 1
    counts, rows, _ = await shop.look()
    assert counts.known_bad == len(rows) > 3
    assert {row.kind for row in rows} == {FailureKind.SAFETY}
    calls = shop.calls()
    await shop.add(30, folder="copies")
    assert await shop.run() == 1
    assert shop.calls() == calls
    again, _, _ = await shop.look()
    assert (again.known_bad, again.duplicates) == (counts.known_bad, 30)


async def test_changed_content_and_another_model_are_tried_again(shop):
    await shop.add(3)
    shop.configure(pixels=False, poison=[{"share": 1.0, "fault": "finish"}])
    assert await shop.run() == 1
    shop.configure(pixels=False)
    (shop.pictures / "00001.jpg").write_bytes(jpeg(1001))
    async with shop.opened() as lib:
        await scan(lib, shop.pictures)
    assert await shop.run() == 1
    counts, _, _ = await shop.look()
    assert (counts.tagged, counts.known_bad) == (1, 2)
    other = Settings(model="gemini-3.1-flash-lite")
    assert await shop.run(settings=other) == 0
    counts, _, _ = await shop.look()
    assert (counts.total, counts.tagged) == (3, 3)


@pytest.mark.parametrize(
    ("fault", "code", "most"),
    [("bad_key", 2, 4), ("retired_model", 2, 4), ("prepay_depleted", 3, 4), ("monthly_cap", 3, 4)],
)
async def test_what_hits_everything_ends_the_run_at_once(shop, fault, code, most):
    await shop.add(40)
    shop.configure(pixels=False, faults=[{"fault": fault}])
    assert await shop.run() == code
    counts, rows, run = await shop.look()
    assert counts.remaining == counts.total == 40
    assert rows == []
    assert shop.calls() <= most
    assert run.exit_code == code
    assert len(run.message) > 20


async def test_answers_of_another_provider_are_never_stored(shop, monkeypatch):
    await shop.add(10)
    real = GeminiClient.generate

    async def from_elsewhere(self, *args):
        answer = await real(self, *args)
        assert isinstance(answer, Answer)
        import dataclasses

        return dataclasses.replace(answer, provider="google")

    monkeypatch.setattr(GeminiClient, "generate", from_elsewhere)
    assert await shop.run() == 2
    counts, rows, run = await shop.look()
    assert (counts.tagged, counts.remaining, rows) == (0, 10, [])
    assert "google" in run.message
    async with shop.opened() as lib:
        ledger = await lib.rows("SELECT DISTINCT provider, status FROM request_ledger")
    assert [tuple(row) for row in ledger] == [("google", "foreign")]


async def test_no_key_and_a_library_in_use_are_told_before_anything(shop, monkeypatch):
    await shop.add(1)
    with EngineLock(shop.library), pytest.raises(LibraryBusyError):
        await shop.run()
    monkeypatch.delenv("GEMINI_API_KEY")
    with pytest.raises(KeyMissingError):
        await shop.run()
    assert shop.calls() == 0


async def test_a_budget_without_a_price_is_refused(shop):
    await shop.add(1)
    with pytest.raises(UsageError, match="No price"):
        await shop.run(settings=Settings(model="gemini-9-nothing"), max_cost=1.0)
    assert shop.calls() == 0


async def test_max_cost_stops_the_run_in_time(shop):
    await shop.add(80)
    cost = 0.004
    assert await shop.run(max_cost=cost) == 3
    end = shop.end
    assert 0 < end.done < 80
    assert end.cost_usd <= cost * 1.25
    assert "budget" in end.message
    assert await shop.run() == 0


async def test_a_limit_settles_exactly_so_many(shop):
    await shop.add(30)
    assert await shop.run(limit=7) == 0
    counts, _, _ = await shop.look()
    assert counts.tagged == 7
    assert shop.calls() == 7
    assert {told.goal for _, told in shop.told} == {7}


async def test_the_days_quota_ends_a_run_that_is_not_to_wait(shop):
    await shop.add(30)
    limits = Limits(rpm=100_000, tpm=10**9, rpd=12, spend_per_10min=1000.0)
    assert await shop.run(limits=limits, no_wait=True) == 3
    assert shop.end.done == 12
    assert await shop.run(limits=limits, no_wait=True) == 3
    assert shop.end.done == 0
    counts, _, _ = await shop.look()
    assert (counts.tagged, counts.remaining) == (12, 18)


async def test_files_gone_or_changed_since_the_scan_are_left_out(shop):
    await shop.add(10)
    (shop.pictures / "00003.jpg").unlink()
    (shop.pictures / "00004.jpg").write_bytes(jpeg(4004))
    assert await shop.run() == 1
    counts, rows, run = await shop.look()
    assert (counts.tagged, counts.remaining, rows) == (8, 2, [])
    assert "2 left out" in run.message


async def test_pictures_added_and_failures_retried_while_it_runs_are_done(shop):
    await shop.add(12)
    shop.configure(pixels=False, poison=[{"share": 1.0, "fault": "finish"}])
    await shop.run()
    await shop.add(30, first=100)
    shop.configure(pixels=False, latency={"mean": 0.3})
    async with shop.running(settings=Settings(concurrency=4)):
        await until(lambda: shop.calls() > 14)
        await shop.add(5, first=500, folder="more")
        async with shop.opened() as lib:
            assert await failures.retry(lib, Selection()) == 12
    counts, _, _ = await shop.look()
    assert (counts.total, counts.tagged) == (47, 47)


async def order(shop, verb, argument=""):
    async with shop.opened() as lib:
        number = await commands.send(lib, verb, argument, "test")
        await until(lambda: answered(lib, number))
        return await commands.outcome(lib, number)


async def answered(lib, number):
    return await commands.outcome(lib, number) is not None


async def test_commands_are_obeyed_while_it_runs(shop):
    await shop.add(40)
    shop.configure(pixels=False, latency={"mean": 0.1})
    async with shop.running(settings=Settings(concurrency=1)):
        await until(lambda: shop.calls() > 2)
        assert "paused" in await order(shop, "pause")
        await until(lambda: shop.last.state == "paused" and not shop.last.in_flight)
        calls = shop.calls()
        assert "at most 3" in await order(shop, "concurrency", "3")
        assert "refused" in await order(shop, "concurrency", "many")
        assert "flex" in await order(shop, "lane", "flex")
        assert "refused" in await order(shop, "lane", "sideways")
        assert "in force" in await order(shop, "reload")
        assert "refused" in await order(shop, "dance")
        assert shop.calls() == calls
        assert "running" in await order(shop, "resume")
        await until(lambda: shop.calls() > calls + 3)
        assert "stopping" in await order(shop, "stop")
    assert shop.end.lane == "flex"
    counts, _, run = await shop.look()
    assert (run.state, run.exit_code, run.lane) == ("stopped", 130, "flex")
    assert counts.tagged == shop.end.done == shop.calls()  # nothing in flight was lost
    async with shop.opened() as lib:
        lanes = dict(await lib.rows("SELECT lane, count(*) FROM request_ledger GROUP BY lane"))
    assert lanes["interactive"] >= 3 <= lanes["flex"]


async def test_a_command_that_comes_with_the_end_is_answered(shop):
    await shop.add(2)
    async with shop.opened() as lib:
        number = await commands.send(lib, "pause", "", "test")
        await shop.run()
        assert await commands.outcome(lib, number) == commands.STALE
        shop.configure(pixels=False, latency={"mean": 0.4})
        await shop.add(2, first=50)
        async with shop.running():
            await until(lambda: shop.calls() >= 3)
            number = await commands.send(lib, "resume", "", "test")
        assert await commands.outcome(lib, number)


async def test_a_changed_cap_and_limit_hold_at_once(shop):
    await shop.add(30)
    shop.configure(pixels=False, latency={"mean": 0.05})
    config = shop.home / "config.toml"
    config.write_text("[limits]\nrpd = 5\nrpm = 100000\n")
    limits = Limits(rpd=5, rpm=100_000, tpm=10**9, spend_per_10min=1000.0)
    async with shop.running(limits=limits):
        await until(lambda: shop.told and shop.last.state == "parked")
        assert shop.calls() == 5
        config.write_text("[limits]\nrpd = 100\nrpm = 100000\n")
        assert "in force" in await order(shop, "reload")
    assert shop.end.done == 30


async def test_a_disk_that_is_full_for_a_while_loses_nothing(shop, monkeypatch):
    await shop.add(30)
    real, failed = commits.commit, []

    async def commit(lib, group):
        if group.results and len(failed) < 3:
            failed.append(len(group.results))
            raise LibraryError("the disk is full.")
        return await real(lib, group)

    monkeypatch.setattr(committer_module.commits, "commit", commit)
    monkeypatch.setattr(committer_module, "_AGAIN_SECONDS", 0.05)
    assert await shop.run() == 0
    assert len(failed) == 3
    counts, _, _ = await shop.look()
    assert counts.tagged == 30
    assert set(shop.paid().values()) == {1}


async def test_a_library_that_can_no_longer_be_written_ends_the_run_in_clear_words(
    shop, monkeypatch
):
    await shop.add(30)
    real = commits.commit

    async def commit(lib, group):
        if group.results:
            raise LibraryError("library.db cannot be written: check the permissions.")
        return await real(lib, group)

    async def no_time(self, seconds):
        await asyncio.sleep(min(seconds, 0.02))

    monkeypatch.setattr(committer_module.commits, "commit", commit)
    monkeypatch.setattr(committer_module, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr("gemtag_tui.engine.clock.SystemClock.sleep", no_time)
    with pytest.raises(LibraryError, match="answers could not be written"):
        await shop.run()
    assert shop.end.state == "idle"
    assert shop.calls() < 30  # it stopped sending


async def test_what_fails_transiently_comes_back_and_is_no_ones_end(shop):
    await shop.add(40)
    shop.configure(pixels=False, faults=[{"fault": "overloaded", "share": 0.25}])
    assert await shop.run(calls=Calls(timeout=5.0)) == 0
    assert shop.end.done == 40
    assert shop.end.tries == shop.calls() > 40
    async with shop.opened() as lib:
        track = await tracks.latest_track(lib)
        assert await failures.page(lib, track=track, standing=Standing.OPEN) == []


async def test_the_library_is_whole_after_a_run(shop):
    await shop.add(20)
    await shop.run()
    with sqlite3.connect(shop.library) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT sum(requests) FROM ledger_day").fetchone() == (20,)
        assert db.execute("SELECT count(*) FROM request_ledger").fetchone() == (20,)
    db.close()
