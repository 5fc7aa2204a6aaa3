"""A library restored from a copy, projects without batch quota, runs that do not wait."""

from __future__ import annotations

import shutil

import pytest
from batch_rig import rigged, settings

from gemtag_tui.core.batch_job import ACTIVE, JobState
from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.errors import UsageError
from gemtag_tui.engine import batch_account, batch_verbs
from gemtag_tui.engine.batch_desk import recover
from gemtag_tui.engine.batch_lanes import take_back
from gemtag_tui.engine.batch_orders import ADOPT, CANCEL, RESCUE, BatchOrders
from gemtag_tui.engine.batch_sync import watch
from gemtag_tui.engine.batch_watcher import Watcher
from gemtag_tui.gemini.batches import BatchApi
from gemtag_tui.store import batch_jobs, batches

STUCK = {"outcomes": ("stuck_running",) * 9, "pending_seconds": 0.0, "expire_seconds": 1e9}
HELP_ONLY = CallError(
    Trouble.CAPACITY, "You exceeded your current quota, please check your plan.", 429
)


@pytest.fixture
def creates(monkeypatch):
    """The display names of all that was asked for."""
    seen = []
    create = BatchApi.create

    async def noted(self, model, display_name, input_file):
        seen.append(display_name)
        return await create(self, model, display_name, input_file)

    monkeypatch.setattr(BatchApi, "create", noted)
    return seen


@pytest.mark.parametrize("state", ["building", "built", "uploaded", "submitting"])
async def test_a_restored_copy_asks_for_nothing_that_is_there(tmp_path, creates, state):
    """The copy was made before the job was: its row stands at an earlier step."""
    async with rigged(tmp_path, 6, settings(clean_up=False), pending_seconds=900.0) as rig:
        await rig.run(no_wait=True)
        async with rig.lib.transaction() as db:
            await db.execute(
                "UPDATE batch_job SET state = ?, name = NULL, sent = 0, look_at = 0", (state,)
            )
        shutil.rmtree(tmp_path / "library-batches")
        await rig.run()
        (job,) = await batches.page(rig.lib)
        assert (job.state, job.tagged) == ("ingested", 6)
        assert len(creates) == 1
        assert rig.sim.stats()["paid_twice"] == 0


async def test_another_lane_takes_nothing_of_a_copy_that_is_on_the_server(tmp_path, creates):
    async with rigged(tmp_path, 6, settings(clean_up=False), **STUCK) as rig:
        await rig.run(no_wait=True)
        async with rig.lib.transaction() as db:
            await db.execute("UPDATE batch_job SET state = 'uploaded', name = NULL, sent = 0")
        async with rig.ground() as ground:
            await take_back(ground, rig.track)
        (job,) = await batches.page(rig.lib)
        assert job.place in ACTIVE
        assert (await rig.counts()).in_batches == 6


async def test_nothing_is_undone_while_the_server_cannot_be_asked(tmp_path, monkeypatch):
    async with rigged(tmp_path, 6, settings(clean_up=False), **STUCK) as rig:
        await rig.run(no_wait=True)
        async with rig.lib.transaction() as db:
            await db.execute("UPDATE batch_job SET state = 'building', name = NULL, sent = 0")
        async with rig.ground() as ground:
            with monkeypatch.context() as patch:

                async def lost(self):
                    return CallError(Trouble.NETWORK, "No route.")

                patch.setattr(BatchApi, "list_jobs", lost)
                await recover(ground)
                (job,) = await batches.page(rig.lib)
                assert job.place is JobState.BUILDING
            rig.clock.advance(1)
            await recover(ground)
            (job,) = await batches.page(rig.lib)
            assert job.place is JobState.PENDING


async def test_what_a_dead_engine_left_half_built_is_undone_though_asked_late(
    tmp_path, monkeypatch
):
    async with rigged(tmp_path, 6) as rig:
        job = await batch_jobs.open_job(rig.lib, rig.track, echo=True, first=False, run=None)
        await batch_jobs.take(rig.lib, job.id, rig.track, 0, 4)
        lists, real = [], BatchApi.list_jobs

        async def lost_at_first(self):
            lists.append(1)
            if len(lists) < 4:
                return CallError(Trouble.OVERLOADED, "busy", 503)
            return await real(self)

        monkeypatch.setattr(BatchApi, "list_jobs", lost_at_first)
        await rig.run()
        counts = await rig.counts()
        assert (counts.tagged, counts.in_batches) == (6, 0)


# -- a copy from before its jobs were made --------------------------------------------------------


async def forget(rig) -> str:
    """Take the only job's row away, as a copy from before it has it; returns the server's name."""
    (job,) = await batches.page(rig.lib)
    await batch_jobs.undo(rig.lib, job)
    return job.name


async def test_a_copy_from_before_a_job_submits_nothing_until_that_is_settled(tmp_path, creates):
    async with rigged(tmp_path, 6, settings(clean_up=False), pending_seconds=900.0) as rig:
        await rig.run(no_wait=True)
        name = await forget(rig)
        await rig.run()
        assert rig.control.ending.exit_code == 2
        assert rig.control.ending.why.startswith("This library is an older copy")
        assert "`gemtag batches list` names it" in rig.control.ending.why
        assert len(creates) == 1
        counts = await rig.counts()
        assert (counts.remaining, counts.in_batches) == (6, 0)
        rig.clock.advance(2_000)
        async with rig.ground() as ground:
            assert "6 of them wait" in await BatchOrders(ground, str).obey(ADOPT, name)
        await rig.run()
        assert rig.control.ending is None
        assert (await rig.counts()).tagged == 6
        assert rig.sim.stats()["paid_twice"] == 0


async def test_a_forgotten_job_that_is_cancelled_frees_its_images(tmp_path, creates):
    async with rigged(tmp_path, 6, settings(clean_up=False), pending_seconds=900.0) as rig:
        await rig.run(no_wait=True)
        name = await forget(rig)
        async with rig.ground() as ground:
            await batch_account.reconcile(ground)
            words = await BatchOrders(ground, str).obey(CANCEL, name)
            assert "may still be paid" in words
        rig.clock.advance(60)
        await rig.run()
        assert (await rig.counts()).tagged == 6
        assert len(creates) == 2
        assert rig.sim.stats()["paid_twice"] == 0


async def test_a_forgotten_job_that_is_given_up_is_passed_and_can_still_be_adopted(tmp_path):
    async with rigged(tmp_path, 6, settings(clean_up=False), pending_seconds=900.0) as rig:
        await rig.run(no_wait=True)
        name = await forget(rig)
        async with rig.ground() as ground:
            await batch_account.reconcile(ground)
            assert "paid for anew" in await BatchOrders(ground, str).obey(RESCUE, name)
            await batch_account.reconcile(ground)
            (lost,) = await batches.strangers(rig.lib)
            assert (lost.given_up, lost.forgotten) == (True, False)
            await rig.run(limit=4)
            (job,) = await batches.page(rig.lib)
            assert (job.id, job.state) == (2, "ingested")  # 1 is the other's
            assert "2 of them wait" in await BatchOrders(ground, str).obey(ADOPT, name)
        await rig.run()
        assert (await rig.counts()).tagged == 6
        (late,) = [one for one in await batches.page(rig.lib) if one.id == 1]
        assert late.tagged == 2
        assert late.double_usd > 0


async def test_somebody_elses_job_is_neither_cancelled_nor_in_the_way(tmp_path):
    async with rigged(tmp_path, 2, settings(clean_up=False), pending_seconds=900.0) as rig:
        await rig.run(no_wait=True)
        name = await forget(rig)
        async with rig.lib.transaction() as db:
            await db.execute("UPDATE setting SET value = '00000000' WHERE name = 'library_id'")
        async with rig.ground() as ground:
            await batch_account.reconcile(ground)
            for verb in (CANCEL, RESCUE):
                with pytest.raises(UsageError, match="not made by this library"):
                    await BatchOrders(ground, str).obey(verb, name)
        await rig.run()
        assert (await rig.counts()).tagged == 2


async def test_nothing_is_built_before_the_account_could_be_listed(tmp_path, monkeypatch, creates):
    lists, real = [], BatchApi.list_jobs

    async def lost_at_first(self):
        lists.append(len(creates))
        if len(lists) < 4:
            return CallError(Trouble.OVERLOADED, "busy", 503)
        return await real(self)

    monkeypatch.setattr(BatchApi, "list_jobs", lost_at_first)
    said = []
    async with rigged(tmp_path, 6) as rig:
        await rig.run(say=said.append)
        assert (await rig.counts()).tagged == 6
    assert lists[:4] == [0, 0, 0, 0]
    assert "the batch jobs cannot be listed: busy" in said


async def test_a_key_that_may_never_list_jobs_is_not_held_up(tmp_path, monkeypatch):
    async def forbidden(self):
        return CallError(Trouble.KEY, "Not for this key.", 403)

    monkeypatch.setattr(BatchApi, "list_jobs", forbidden)
    async with rigged(tmp_path, 3) as rig:
        await rig.run()
        assert (await rig.counts()).tagged == 3


# -- a project without batch quota ----------------------------------------------------------------


async def test_a_project_that_never_gets_a_job_stops_and_frees_its_images(tmp_path, monkeypatch):
    calls = []

    async def refused(self, model, display_name, input_file):
        calls.append(display_name)
        return HELP_ONLY

    monkeypatch.setattr(BatchApi, "create", refused)
    async with rigged(tmp_path, 12) as rig:
        begun = rig.clock.at
        await rig.run()
        assert len(calls) <= 10
        assert rig.clock.at - begun < 3 * 3600
        assert rig.control.ending.exit_code == 2
        assert "seems to have no batch quota" in rig.control.ending.why
        assert "--lane interactive" in rig.control.ending.why
        counts = await rig.counts()
        assert (counts.remaining, counts.in_batches) == (12, 0)


async def test_a_project_that_once_had_a_job_waits_for_room_as_ever(tmp_path, monkeypatch):
    calls, create = [], BatchApi.create

    async def late(self, *args):
        calls.append(args[1])
        if 1 < len(calls) <= 14:
            return HELP_ONLY
        return await create(self, *args)

    monkeypatch.setattr(BatchApi, "create", late)
    async with rigged(tmp_path, 4, settings(max_requests=1, max_jobs=1)) as rig:
        await rig.run()
        assert rig.control.ending is None
        assert (await rig.counts()).tagged == 4


# -- runs that do not wait ------------------------------------------------------------------------


async def test_a_run_that_does_not_wait_tells_what_it_left_unsubmitted(tmp_path):
    own = settings(first_job=2, max_requests=50)
    async with rigged(tmp_path, 60, own, pending_seconds=5_000.0) as rig:
        await rig.run(no_wait=True)
        assert rig.control.ending.exit_code == 3
        why = rig.control.ending.why
        assert why.startswith("2 images were submitted in a first small job, and 58 remain unsub")
        assert "batches sync --watch" in why
        rig.clock.advance(20_000)
        await rig.run(no_wait=True)
        assert rig.control.ending is None
        counts = await rig.counts()
        assert (counts.tagged, counts.in_batches) == (2, 58)


async def test_a_limit_that_the_small_job_fills_leaves_nothing_unsubmitted(tmp_path):
    own = settings(first_job=2, max_requests=50)
    async with rigged(tmp_path, 60, own, pending_seconds=5_000.0) as rig:
        await rig.run(no_wait=True, limit=2)
        assert rig.control.ending is None


async def test_watching_ends_when_only_rescued_jobs_are_left(tmp_path):
    async with rigged(tmp_path, 3, **STUCK) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        (job,) = await batches.page(rig.lib)
        await batch_verbs.rescue(rig.lib, job)
        begun, rounds = rig.clock.at, []
        await watch(ground, rounds.append)
        assert rig.clock.at - begun < 60
        assert [one.troubles for one in rounds] == [[]]
        assert "gemtag batches sync" in rounds[-1].notes[0]
        assert await Watcher(ground, rounds.append).run(until_ended=True)
