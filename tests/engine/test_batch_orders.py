"""Commands about batch jobs beside a run, and jobs that a restored library forgot."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest
from batch_rig import Rig, rigged, settings

from gemtag_tui.core.batch_job import ACTIVE, JobState
from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.errors import GemtagError, StoppedError, UsageError
from gemtag_tui.engine import batch_account, batch_orders
from gemtag_tui.engine.batch_orders import ADOPT, CANCEL, RESCUE, SYNC, BatchOrders
from gemtag_tui.engine.batch_watcher import Watcher
from gemtag_tui.gemini.batches import BatchApi
from gemtag_tui.store import batch_jobs, batches, commands, live

STUCK = {"outcomes": ("stuck_running",) * 9, "pending_seconds": 0.0, "expire_seconds": 1e9}
LONG = {"pending_seconds": 1_000.0}
KEPT = settings(clean_up=False)


async def first(rig: Rig):
    job = await batches.by_id(rig.lib, 1)
    assert job is not None
    return job


async def forget(rig: Rig) -> str:
    """Take a job's row and all that belongs to it away, as an older copy has it."""
    job = await first(rig)
    await batch_jobs.undo(rig.lib, job)
    async with rig.lib.transaction() as db:
        await db.execute("DELETE FROM batch_tally")
    return job.name


async def test_a_rescue_in_the_batch_lane_says_where_its_images_may_go(tmp_path):
    async with rigged(tmp_path, 3, **STUCK) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        words = await BatchOrders(ground, lambda: "batch").obey(RESCUE, "1")
        assert "3 images go to another lane" in words
        assert "gemtag lane interactive" in words
        counts = await rig.counts()
        assert (counts.in_batches, counts.remaining) == (0, 3)


async def test_a_job_of_another_provider_is_not_cancelled_here(tmp_path):
    async with rigged(tmp_path, 3, **STUCK) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        ground.provider = "google"
        with pytest.raises(UsageError, match="made with simulator"):
            await batch_orders.carry_out(ground, CANCEL, "1")
        assert (await first(rig)).place in ACTIVE


@pytest.mark.parametrize("status", [403, 404, 503])
async def test_a_job_that_cannot_be_cancelled_says_what_may_help(tmp_path, monkeypatch, status):
    """Another project's key is told the same as for a job that is not there."""

    async def refused(self, name):
        return CallError(Trouble.REQUEST, "Requested entity was not found.", status)

    monkeypatch.setattr(BatchApi, "cancel", refused)
    async with rigged(tmp_path, 3, **STUCK) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        with pytest.raises(StoppedError, match="entity was not found") as told:
            await batch_orders.carry_out(ground, CANCEL, "1")
        assert ("another project" in told.value.message) is (status != 503)
        assert (await first(rig)).place in ACTIVE


async def test_a_sync_waits_for_the_looks_but_not_for_ever(tmp_path):
    async with rigged(tmp_path, 3, **STUCK) as rig, rig.ground() as ground:
        assert await BatchOrders(ground, str).obey(SYNC, "") == "no batch job is under way"
        await rig.run(no_wait=True)
        begun = rig.clock.at
        words = await BatchOrders(ground, str).obey(SYNC, "")  # nobody looks after jobs here
        assert "1 not looked at yet" in words
        assert rig.clock.at - begun == pytest.approx(batch_orders.SYNC_SECONDS, abs=1.0)
        assert (await first(rig)).look_at == 0.0


async def test_a_row_from_a_copy_is_tied_to_its_job_and_not_sent_again(tmp_path):
    async with rigged(tmp_path, 3, **STUCK) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        name = (await first(rig)).name
        async with rig.lib.transaction() as db:
            await db.execute("UPDATE batch_job SET state = 'built', name = NULL, sent = 0")
        assert await batch_account.reconcile(ground) == 1
        job = await first(rig)
        assert (job.name, job.place) == (name, JobState.PENDING)
        assert len(await ground.jobs.list_jobs()) == 1


async def adopted(rig: Rig, ground) -> str:
    strangers = await batches.strangers(rig.lib)
    return await BatchOrders(ground, str).obey(ADOPT, strangers[0].name)


async def test_a_forgotten_job_is_adopted_and_taken_in(tmp_path):
    async with rigged(tmp_path, 20, KEPT, doubled=0.2, **LONG) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        name = await forget(rig)
        rig.clock.advance(5_000)
        await batch_account.reconcile(ground)
        assert [(s.name, s.ours) for s in await batches.strangers(rig.lib)] == [(name, True)]
        assert "20 of its 20 images are here, 20 of them wait" in await adopted(rig, ground)
        assert (await rig.counts()).in_batches == 20
        assert await batches.strangers(rig.lib) == []
        await rig.run()
        assert (await rig.counts()).tagged == 20
        assert (await first(rig)).place is JobState.INGESTED
        assert len(await ground.jobs.list_jobs()) == 1


async def test_images_that_came_after_the_job_are_not_its_own(tmp_path):
    async with rigged(tmp_path, 4, KEPT, **LONG) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        await forget(rig)
        rig.clock.advance(5_000)
        async with rig.lib.transaction() as db:
            await db.execute("UPDATE asset SET added_at = ? WHERE id > 2", (rig.clock.at,))
        await batch_account.reconcile(ground)
        assert "2 of its 4 images are here" in await adopted(rig, ground)


async def test_a_library_that_went_another_way_adopts_nothing(tmp_path):
    async with rigged(tmp_path, 4, KEPT, **LONG) as rig, rig.ground() as ground:
        await rig.run(no_wait=True, limit=2)
        await forget(rig)
        other = await batch_jobs.open_job(rig.lib, rig.track, echo=True, first=False, run=None)
        assert other.id == 1  # the account was not looked at before
        rig.clock.advance(5_000)
        await batch_account.reconcile(ground)
        with pytest.raises(UsageError, match="has made another batch job 1 since"):
            await adopted(rig, ground)


async def test_a_forgotten_job_that_still_runs_is_left_until_it_has_results(tmp_path):
    async with rigged(tmp_path, 4, **STUCK) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        await forget(rig)
        await batch_account.reconcile(ground)
        with pytest.raises(UsageError, match="once it has results"):
            await adopted(rig, ground)
        assert (await rig.counts()).in_batches == 0


async def test_a_job_that_is_not_there_cannot_be_adopted(tmp_path):
    async with rigged(tmp_path, 1) as rig, rig.ground() as ground:
        with pytest.raises(UsageError, match="shows this key no batch job"):
            await BatchOrders(ground, str).obey(ADOPT, "batches/none")


# -- looking after jobs without a run -------------------------------------------------------------


async def answers(rig: Rig, *orders: tuple[str, str]) -> list[str]:
    """Send commands to whoever looks after the jobs, one after another."""
    said = []
    for verb, argument in orders:
        number = await commands.send(rig.lib, verb, argument, "test")
        for _ in range(5_000):
            if (outcome := await commands.outcome(rig.lib, number)) is not None:
                break
            await asyncio.sleep(0.001)
        said.append(outcome or "")
    return said


async def test_who_looks_after_jobs_obeys_and_stops(tmp_path):
    made = rigged(tmp_path, 3, settings(max_requests=2), **STUCK)
    async with made as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        watcher = Watcher(ground, lambda _: None)
        work = asyncio.ensure_future(watcher.run(until_ended=True))
        while (state := await live.read(rig.lib)) is None or state.state != "running":
            await asyncio.sleep(0.001)
        said = await answers(
            rig, ("pause", ""), (SYNC, ""), (RESCUE, "9"), (RESCUE, "1"), ("stop", "")
        )
        assert await asyncio.wait_for(work, 30) is False
        assert said[0].startswith("refused: this process only looks after batch jobs")
        assert "all are looked at now" in said[1]
        assert said[2].startswith("refused: The library knows no batch job")
        assert "2 images go to another lane" in said[3]
        assert said[4].startswith("stopping")
        state = await live.read(rig.lib)
        assert state is not None
        assert state.state == "idle"
        assert state.message.startswith("Batch jobs were looked after: 2 ")


async def test_it_ends_by_itself_when_all_are_taken_in(tmp_path):
    async with rigged(tmp_path, 8, **LONG) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        rounds = []
        assert await asyncio.wait_for(Watcher(ground, rounds.append).run(until_ended=True), 60)
        assert (await rig.counts()).tagged == 8
        assert [job.id for one in rounds for job in one.landed] == [1]
        assert await commands.open_commands(rig.lib) == []


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_commands_leaves_the_counts_whole(tmp_path, seed):
    rng = random.Random(seed)
    own = settings(max_requests=4)
    async with rigged(tmp_path, 12, own, pending_seconds=20.0) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        orders = BatchOrders(ground, str)
        for _ in range(8):
            verb, number = rng.choice((CANCEL, RESCUE, SYNC)), str(rng.randint(1, 4))
            with contextlib.suppress(GemtagError):
                await orders.obey(verb, number)
            counts = await rig.counts()
            assert counts.total == counts.tagged + counts.remaining + counts.known_bad
            assert counts.in_batches <= counts.remaining
        await rig.run()
        counts = await rig.counts()
        assert counts.in_batches == 0
        held = await rig.lib.rows("SELECT asset FROM batch_item WHERE state = 1")
        assert len(held) == len(set(held)) <= counts.tagged
