"""Runs in two parts: the first images one by one, the rest through batch jobs beside them."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from engine_rig import a_shop, until

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.settings import Batch, Plan, Settings
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.store import commands, selections
from gemtag_tui.store.library import Library

QUICK = Settings(batch=Batch(poll_seconds=0.1, first_job=0))


@pytest.fixture
async def shop(tmp_path, monkeypatch):
    jobs = {"pending_seconds": 0.05, "running_seconds": 0.2}
    async with a_shop(tmp_path, monkeypatch, batches=jobs) as made:
        yield made


async def lanes_of(shop) -> dict[int, str]:
    async with shop.opened() as lib:
        return dict(await lib.rows("SELECT asset, lane FROM asset_ai ORDER BY asset"))


async def test_both_parts_are_done_and_no_image_is_in_both(shop):
    await shop.add(20)
    assert await shop.run(settings=QUICK, split=8) == 0
    lanes = await lanes_of(shop)
    assert lanes == {n: "interactive" if n <= 8 else "batch" for n in range(1, 21)}
    assert shop.calls() == 8
    assert shop.simulator.stats()["paid_twice"] == 0
    assert (shop.end.done, shop.end.goal) == (20, 20)
    first = "In two parts: 8 one by one (interactive) now, 12 through batch jobs beside them."
    assert any(words.startswith(first) for words in shop.end.warnings)
    assert await shop.run(settings=QUICK) == 0  # both are done: nothing is begun again
    assert not any("two parts" in words for words in shop.end.warnings)


async def test_a_split_of_a_limit_and_of_a_selection(shop):
    await shop.add(20)
    async with await Library.open(shop.library, SystemClock()) as lib:
        chosen = (await selections.select_these(lib, list(range(2, 21, 2)))).id
    assert await shop.run(settings=QUICK, split=3, limit=7, selection=chosen) == 0
    lanes = await lanes_of(shop)
    assert lanes == {2: "interactive", 4: "interactive", 6: "interactive"} | dict.fromkeys(
        (8, 10, 12, 14), "batch"
    )


async def test_one_that_was_cut_off_goes_on_with_both_parts(shop):
    await shop.add(16)
    shop.configure(latency={"mean": 0.3}, batches={"running_seconds": 3.0})
    task = asyncio.ensure_future(shop.run(settings=QUICK, split=6))

    async def in_jobs() -> bool:
        async with shop.opened() as lib:
            rows = await lib.rows("SELECT count(*) FROM work WHERE state = 2")
            return bool(rows[0][0] == 10)

    await until(in_jobs)
    task.cancel()
    await asyncio.wait({task})
    assert len(await lanes_of(shop)) < 16
    for job in shop.simulator.world.jobs.values():
        job.created -= 3.0
    shop.configure(batches={"running_seconds": 0.1})
    async with shop.running(settings=QUICK):
        await asyncio.sleep(0)
    lanes = await lanes_of(shop)
    assert lanes == {n: "interactive" if n <= 6 else "batch" for n in range(1, 17)}
    assert shop.simulator.stats()["paid_twice"] <= 6  # calls that were cut off unanswered
    assert any("two parts" in words for words in shop.end.warnings)


async def test_another_lane_takes_both_parts_when_a_person_says_so(shop):
    await shop.add(14)
    shop.configure(latency={"mean": 0.3}, batches={"running_seconds": 60.0})
    small = msgspec.structs.replace(QUICK.batch, max_requests=1)
    slow = msgspec.structs.replace(QUICK, concurrency=1, batch=small)
    async with shop.running(settings=slow, split=5):
        await until(lambda: bool(shop.told))
        async with shop.opened() as lib:
            await commands.send(lib, "lane", "interactive", "test")
    counts, _, run = await shop.look()
    assert run.lane == "interactive"
    assert counts.tagged + counts.in_batches == 14  # jobs that were sent are not asked for twice
    assert counts.tagged >= 5
    for job in shop.simulator.world.jobs.values():
        job.created -= 60.0  # its minute is over
    shop.configure(batches={"running_seconds": 0.1})
    assert await shop.run(settings=QUICK, lane="batch") == 0
    assert not any("two parts" in words for words in shop.end.warnings)
    assert len(await lanes_of(shop)) == 14
    assert shop.simulator.stats()["paid_twice"] == 0


async def test_a_named_lane_overrules_what_was_begun(shop):
    await shop.add(10)
    assert await shop.run(settings=QUICK, split=2, max_cost=1e-9) == 3
    assert (
        await shop.run(settings=QUICK, lane="interactive", overrides={"lane": "interactive"}) == 0
    )
    assert set((await lanes_of(shop)).values()) == {"interactive"}


async def test_jobs_that_are_refused_leave_the_calls_alone(shop):
    await shop.add(10)
    refused = {"fault": "failed_precondition", "methods": ["batchGenerateContent"], "share": 1.0}
    shop.configure(faults=[refused])
    code = await shop.run(settings=QUICK, split=6)
    assert code != 0
    assert set(await lanes_of(shop)) == set(range(1, 7))
    assert (await shop.look())[0].remaining == 4


async def test_two_parts_need_a_lane_of_single_calls(shop):
    await shop.add(3)
    with pytest.raises(UsageError, match="interactive or flex"):
        await shop.run(settings=QUICK, split=2, lane="batch")


async def test_wishes_that_a_split_answers_start_both_parts(shop):
    await shop.add(12)
    settings = msgspec.structs.replace(QUICK, plan=Plan(prefer="soonest"))
    assert await shop.run(settings=settings, split=0) == 0
    assert (shop.end.done, shop.end.goal) == (12, 12)
