from __future__ import annotations

import json

import pytest
from batch_rig import rigged, settings

from gemtag_tui.core.batch_job import ACTIVE, JobState
from gemtag_tui.engine import batch_account, batch_verbs
from gemtag_tui.engine.batch_sync import sync_once
from gemtag_tui.simulator import Batches, Rule, SimulatorConfig
from gemtag_tui.store import batches


async def jobs_of(rig):
    return (await batches.page(rig.lib))[::-1]


async def proofs(rig):
    """Every stored result with the content it was made from."""
    return await rig.lib.rows(
        "SELECT r.asset, hex(a.sha256), r.summary, r.lane, r.job FROM asset_ai r "
        "JOIN asset a ON a.id = r.asset ORDER BY r.asset"
    )


async def test_shuffled_doubled_failing_and_missing_results(tmp_path):
    shares = {"doubled": 0.05, "failing": 0.05, "missing": 0.03}
    async with rigged(tmp_path, 400, settings(max_requests=150), pause=0.002, **shares) as rig:
        await rig.run()
        jobs, counts = await jobs_of(rig), await rig.counts()
        assert [job.state for job in jobs] == ["ingested"] * 3
        tallies = [await batches.tallies(rig.lib, job.id) for job in jobs]
        total = {k: sum(t.get(k, 0) for t in tallies) for k in {k for t in tallies for k in t}}
        assert total["ok"] == counts.tagged
        assert total["batch_line_error"] + total["missing"] == counts.retry_later
        assert counts.tagged + counts.retry_later == counts.total == 400
        assert total["doubled"] > 0
        kinds = await rig.lib.rows("SELECT kind, count(*) FROM failure GROUP BY kind")
        assert dict(kinds) == {
            "batch_line_error": total["batch_line_error"],
            "missing_from_batch": total["missing"],
        }
        stats = rig.sim.stats()
        assert stats["paid_twice"] == 0
        assert sum(job.ingested for job in jobs) == 400
        assert sum(job.double_usd for job in jobs) == 0.0, "one request, one bill"
        (kept,) = await rig.lib.rows("SELECT sum(cost_usd) FROM asset_ai")
        assert sum(job.cost_usd for job in jobs) == pytest.approx(kept[0])
        odd = [one for job in jobs for one in await batches.odd_lines(rig.lib, job.id)]
        assert {one.kind for one in odd} == {"doubled"}
        assert all(json.loads(one.raw)["key"] == one.key for one in odd)


async def test_every_result_belongs_to_its_picture(tmp_path):
    """The same pictures asked one by one give the same words."""
    async with rigged(tmp_path, 40, doubled=0.1) as rig:
        await rig.run()
        first = await proofs(rig)
        assert len({row[2] for row in first}) > 1
    again = tmp_path / "again"
    again.mkdir()
    async with rigged(again, 40, settings(max_requests=1, max_jobs=100)) as rig:
        await rig.run()
        second = await proofs(rig)
    assert [row[:3] for row in first] == [row[:3] for row in second]


async def test_swapped_answers_condemn_the_job_and_nothing_is_stored(tmp_path):
    async with rigged(tmp_path, 30, swapped=0.3) as rig:
        await rig.run()
        (job,) = await jobs_of(rig)
        assert job.state == "quarantined"
        assert "other pictures' keys" in job.error
        counts = await rig.counts()
        assert (counts.tagged, counts.in_batches) == (0, 30)
        assert (await batches.tallies(rig.lib, job.id))["swapped"] > 1
        assert await batches.odd_lines(rig.lib, job.id, kind="swapped")
        assert rig.control.ending.exit_code == 1
        words = await batch_verbs.rescue(rig.lib, job)
        assert "30 images" in words
        assert (await rig.counts()).in_batches == 0


async def test_without_echo_swapped_answers_are_not_seen(tmp_path):
    async with rigged(tmp_path, 30, settings(echo=False), swapped=0.3) as rig:
        await rig.run()
        assert (await rig.counts()).tagged == 30


async def test_lost_replies_to_create_make_one_job_each(tmp_path):
    lost = Rule(fault="deadline", methods=("batchGenerateContent",), after=True, share=0.5)
    never = Rule(fault="deadline", methods=("batchGenerateContent",), share=0.5)
    config = SimulatorConfig(pixels=False, faults=(lost, never))
    async with rigged(tmp_path, 60, settings(max_requests=10), config=config) as rig:
        await rig.run()
        assert (await rig.counts()).tagged == 60
        stats = rig.sim.stats()
        assert stats["paid_twice"] == 0
        assert stats["paid_answers"] == 60


async def test_a_small_job_goes_first_and_bad_answers_stop_the_rest(tmp_path):
    own = settings(first_job=5, max_requests=50)
    async with rigged(tmp_path, 100, own) as rig:
        await rig.run()
        assert [job.requests for job in await jobs_of(rig)] == [5, 50, 45]
    other = tmp_path / "bad"
    other.mkdir()
    async with rigged(other, 100, own, failing=1.0) as rig:
        await rig.run()
        assert [job.requests for job in await jobs_of(rig)] == [5]
        assert "right shape" in rig.control.ending.why
        assert (await rig.counts()).remaining == 100


@pytest.mark.parametrize(("plan", "state"), [("fail", "failed"), ("expire", "expired")])
async def test_jobs_that_end_badly_give_their_images_back_and_nothing_is_sent_again(
    tmp_path, plan, state
):
    own = settings(max_requests=10)
    async with rigged(tmp_path, 30, own, outcomes=(plan,), expire_seconds=900.0) as rig:
        await rig.run()
        jobs = await jobs_of(rig)
        assert jobs[0].state == state
        if plan == "fail":
            assert jobs[0].error
        counts = await rig.counts()
        assert counts.in_batches == 0
        assert counts.tagged == sum(job.tagged for job in jobs)
        assert counts.remaining == 30 - counts.tagged >= 10
        assert rig.control.ending.exit_code == 1
        assert rig.sim.stats()["paid_twice"] == 0


async def test_a_rescued_job_is_not_waited_for_and_comes_second_when_it_lands(tmp_path):
    """Its images go into a new job, and the run ends with that one."""
    own = {"outcomes": ("stuck_running", "succeed"), "expire_seconds": 1e9}
    async with rigged(tmp_path, 10, settings(clean_up=False), **own) as rig:
        await rig.run(no_wait=True)
        (job,) = await jobs_of(rig)
        assert job.place in ACTIVE
        assert "10 images" in await batch_verbs.rescue(rig.lib, job)
        assert (await rig.counts()).in_batches == 0
        await rig.run()
        first, second = await jobs_of(rig)
        assert (first.place in ACTIVE, second.state) == (True, "ingested")
        assert any("Batch job 1 was rescued and is no longer waited for" in w for w in rig.warned)
        assert (await rig.counts()).tagged == 10
        world = rig.sim.world.jobs[first.name.removeprefix("batches/")]
        world.plan = "succeed"
        async with rig.ground() as ground:
            rig.clock.advance(50_000)
            await sync_once(ground)
        first, second = await jobs_of(rig)
        assert (first.state, second.state) == ("ingested", "ingested")
        landed = [await batches.item_states(rig.lib, job.id) for job in (first, second)]
        assert landed == [{"second": 10}, {"tagged": 10}]
        assert first.double_usd == pytest.approx(first.cost_usd)
        assert (second.double_usd, first.cost_usd > 0) == (0.0, True)
        assert rig.sim.stats()["paid_answers"] == 20


async def test_a_job_cancelled_gives_back_what_it_held(tmp_path):
    async with rigged(tmp_path, 10, running_seconds=20_000.0) as rig:
        await rig.run(no_wait=True)
        (job,) = await jobs_of(rig)
        async with rig.ground() as ground:
            await batch_verbs.cancel(ground, job)
            synced = await sync_once(ground)
        assert [one.state for one in synced.jobs] == ["cancelled"]
        counts = await rig.counts()
        assert (counts.remaining, counts.in_batches) == (10, 0)


async def test_jobs_wait_for_room_and_go_by_themselves(tmp_path):
    config = SimulatorConfig(pixels=False, batches=Batches(max_jobs=1, running_seconds=3000.0))
    async with rigged(tmp_path, 30, settings(max_requests=10), config=config) as rig:
        await rig.run()
        jobs = await jobs_of(rig)
        assert (await rig.counts()).tagged == 30
        assert len(jobs) == 3
        assert sum(job.sent for job in jobs) > 3, "some were refused at first"
        told = [one.words for job in jobs for one in await batches.events(rig.lib, job.id)]
        assert any("room on the server" in words for words in told)


async def test_a_job_over_the_limit_is_built_anew_in_halves(tmp_path):
    config = SimulatorConfig(pixels=False, batches=Batches(enqueued_tokens=9_000))
    async with rigged(tmp_path, 30, config=config) as rig:
        await rig.run()
        assert (await rig.counts()).tagged == 30
        states = [job.state for job in await jobs_of(rig)]
        assert states[0] == "cancelled"
        assert states.count("ingested") >= 2


async def test_unparsable_lines_and_late_results(tmp_path):
    async with rigged(tmp_path, 60, unparsable=0.2, output_delay_seconds=100.0) as rig:
        await rig.run()
        (job,) = await jobs_of(rig)
        tally = await batches.tallies(rig.lib, job.id)
        assert tally["unparsable"] == tally["missing"] > 0
        assert tally["ok"] + tally["missing"] == 60


async def test_what_fails_in_form_gets_a_better_try_at_once(tmp_path):
    rule = Rule(fault="truncated_json", by="image", share=0.3)
    config = SimulatorConfig(pixels=False, faults=(rule,))
    async with rigged(tmp_path, 40, config=config) as rig:
        await rig.run()
        counts = await rig.counts()
        jobs = await jobs_of(rig)
        assert len(jobs) == 2
        assert jobs[1].requests == 40 - jobs[0].tagged
        assert counts.known_bad == jobs[1].requests
        better = await rig.lib.row("SELECT min(better) FROM batch_item WHERE job = ?", (2,))
        assert better[0] == 1


async def test_the_account_is_left_in_order(tmp_path):
    async with rigged(tmp_path, 20, settings(max_requests=10)) as rig:
        async with rig.ground() as ground:
            assert await batch_account.list_account(ground) == []
        await rig.run()
        assert not rig.sim.world.jobs
        assert not rig.sim.world.files.listed()
        assert not list((tmp_path / "library-batches").iterdir())
        assert all(job.cleaned_at for job in await jobs_of(rig))


async def test_another_projects_key_is_told_from_a_job_that_is_gone(tmp_path):
    own = settings(max_requests=10)
    async with rigged(tmp_path, 20, own, running_seconds=20_000.0) as rig:
        await rig.run(no_wait=True)
        one, other = await jobs_of(rig)
        taken = rig.sim.world.jobs.pop(one.name.removeprefix("batches/"))
        async with rig.ground() as ground:
            await sync_once(ground)
            gone = await batches.by_id(rig.lib, one.id)
            assert (gone.state, gone.error[:10]) == ("failed", "It is gone")
            rig.sim.world.jobs.clear()
            await sync_once(ground)
            unseen = await batches.by_id(rig.lib, other.id)
            assert unseen.state in {"pending", "running"}
            assert "another project" in unseen.waiting
        assert taken is not None
        assert JobState(unseen.state)


async def test_a_limit_of_assets_holds(tmp_path):
    async with rigged(tmp_path, 30, settings(max_requests=10)) as rig:
        await rig.run(limit=15)
        assert (await rig.counts()).tagged == 15


async def test_pictures_that_cannot_be_sent_never_reach_a_file(tmp_path):
    async with rigged(tmp_path, 12) as rig:
        (tmp_path / "pics" / "p000003.jpg").write_bytes(b"changed since")
        (tmp_path / "pics" / "p000004.jpg").unlink()
        await rig.run()
        counts = await rig.counts()
        assert (counts.tagged, counts.remaining) == (10, 2)
        assert any("scan" in words for words in rig.warned)
