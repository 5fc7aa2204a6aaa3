"""How jobs end without having brought what was asked, and who has their images then."""

from __future__ import annotations

import pytest
from batch_rig import rigged, settings
from engine_rig import a_shop

from gemtag_tui.core.batch_job import JobState
from gemtag_tui.core.settings import Batch, Limits, Settings
from gemtag_tui.engine import batch_verbs
from gemtag_tui.gemini.batches import BatchApi
from gemtag_tui.simulator import Batches, SimulatorConfig
from gemtag_tui.store import batches, commits

SOON = Batch(poll_seconds=0.2, lookup_seconds=1.0, first_job=0)
PAID = Limits(tier="tier2")


@pytest.fixture
async def shop(tmp_path, monkeypatch):
    async with a_shop(tmp_path, monkeypatch) as made:
        yield made


async def jobs_of(shop):
    async with shop.opened() as lib:
        return (await batches.page(lib))[::-1]


def batch_run(shop, **more):
    own = Settings(batch=SOON)
    return shop.run(lane="batch", settings=own, limits=PAID, **more)


async def test_a_job_cancelled_elsewhere_ends_the_run_and_is_not_made_again(tmp_path):
    async with rigged(tmp_path, 30, settings(max_requests=10)) as rig:
        world = rig.sim.world

        async def cancels(self, *args):
            made = await create(self, *args)
            world.jobs[made.name.removeprefix("batches/")].cancelled = rig.clock.now()
            return made

        create = BatchApi.create
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BatchApi, "create", cancels)
            await rig.run()
        jobs = await batches.page(rig.lib)
        assert {job.state for job in jobs} == {"cancelled"}
        assert sum(bool(job.name) for job in jobs) <= 3, "one job for each part, none twice"
        counts = await rig.counts()
        assert (counts.tagged, counts.remaining, counts.in_batches) == (0, 30, 0)
        assert rig.control.ending.exit_code == 1
        assert "was cancelled" in rig.control.ending.why
        assert "gemtag run" in rig.control.ending.why


async def test_a_job_of_an_earlier_run_that_ends_badly_stops_the_building(tmp_path):
    own = settings(max_requests=10)
    async with rigged(tmp_path, 10, own, running_seconds=90_000.0, outcomes=("fail",)) as rig:
        await rig.run(no_wait=True)
        rig.clock.advance(90_100.0)
        await rig.run()
        (job,) = await batches.page(rig.lib)
        assert job.state == "failed"
        assert rig.control.ending.exit_code == 1
        assert (await rig.counts()).in_batches == 0


async def test_what_a_person_cancels_before_it_is_sent_is_not_built_again(tmp_path):
    config = SimulatorConfig(pixels=False, batches=Batches(max_jobs=1, running_seconds=3000.0))
    async with rigged(tmp_path, 20, settings(max_requests=10), config=config) as rig:

        async def cancel(self, *args):
            async with rig.ground() as ground:
                found = await batches.by_id(rig.lib, 2)
                if found is not None and found.place is JobState.UPLOADED:
                    await batch_verbs.cancel(ground, found)
            return await get(self, *args)

        get = BatchApi.get
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BatchApi, "get", cancel)
            await rig.run()
        jobs = (await batches.page(rig.lib))[::-1]
        assert [job.state for job in jobs] == ["ingested", "cancelled"], "watched to its end"
        counts = await rig.counts()
        assert (counts.tagged, counts.remaining, counts.in_batches) == (10, 10, 0)
        assert rig.control.ending.exit_code == 1


@pytest.mark.parametrize("trouble", ["bad_key", "free_tier"])
async def test_a_refusal_frees_the_images_for_the_interactive_lane_at_once(shop, trouble):
    await shop.add(6)
    if trouble == "bad_key":
        where = {"methods": ["batchGenerateContent"]}
        shop.configure(pixels=False, faults=[{"fault": "bad_key", **where}])
    else:
        shop.configure(pixels=False, limits={"tier": "free"}, batches={"on_free_tier": "400"})
    assert await batch_run(shop) == 2
    counts, _, _ = await shop.look()
    assert (counts.remaining, counts.in_batches) == (6, 0)
    assert [job.state for job in await jobs_of(shop)] == ["failed"]
    shop.configure(pixels=False)
    assert await shop.run(lane="interactive") == 0
    counts, _, _ = await shop.look()
    assert (counts.tagged, counts.in_batches) == (6, 0)


async def test_another_lane_takes_what_was_never_asked_for_and_leaves_what_was(shop):
    await shop.add(6)
    shop.configure(pixels=False, batches={"max_jobs": 1, "running_seconds": 60.0})
    own = Settings(batch=Batch(poll_seconds=0.2, lookup_seconds=1.0, first_job=0, max_requests=3))
    assert await shop.run(lane="batch", settings=own, limits=PAID, no_wait=True) == 0
    assert shop.end.message.startswith("3 images submitted in 1 batch job; 3 images waiting")
    assert shop.end.counts.in_batches == 6
    assert await shop.run(lane="interactive") == 0
    counts, _, _ = await shop.look()
    assert (counts.tagged, counts.in_batches) == (3, 3)
    assert "3 images on the way in 1 batch job" in shop.end.message
    assert shop.simulator.stats()["paid_twice"] == 0


async def test_what_money_holds_up_is_kept_for_the_next_run_and_free_for_another_lane(shop):
    await shop.add(4)
    where = {"methods": ["batchGenerateContent"]}
    shop.configure(pixels=False, faults=[{"fault": "prepay_depleted", **where}])
    assert await batch_run(shop) == 3
    assert [job.state for job in await jobs_of(shop)] == ["uploaded"]
    shop.configure(pixels=False)
    assert await shop.run(lane="interactive") == 0
    counts, _, _ = await shop.look()
    assert counts.tagged == 4


async def test_a_quarantined_job_is_named_until_it_is_rescued(shop):
    await shop.add(12)
    quick = {"pending_seconds": 0.1, "running_seconds": 0.2}
    shop.configure(pixels=False, batches={"swapped": 0.5, **quick})
    assert await batch_run(shop) == 1
    for lane in ("batch", "interactive"):
        run = batch_run(shop) if lane == "batch" else shop.run(lane=lane)
        assert await run == 1
        assert "12 images are held by batch job 1" in shop.end.message
        assert "`gemtag batches rescue 1`" in shop.end.message
        assert shop.end.counts.in_batches == 12
    async with shop.opened() as lib:
        await batch_verbs.rescue(lib, await batch_verbs.find(lib, "1"))
    assert await shop.run(lane="interactive") == 0
    counts, _, _ = await shop.look()
    assert (counts.tagged, counts.in_batches) == (12, 0)


async def test_a_better_try_in_the_same_run_is_the_same_image(shop):
    await shop.add(20)
    rule = {"fault": "truncated_json", "by": "image", "share": 0.4}
    quick = {"pending_seconds": 0.1, "running_seconds": 0.2}
    shop.configure(pixels=False, faults=[rule], batches=quick)
    assert await batch_run(shop) == 1
    counts, _, _ = await shop.look()
    assert len(await jobs_of(shop)) == 2, "there was a better try"
    assert counts.known_bad > 0
    end = shop.end
    assert (end.done, end.bad) == (counts.tagged, counts.known_bad)
    assert f"{counts.tagged} tagged by this run, {counts.known_bad} failed" in end.message


async def test_a_create_that_hangs_is_given_up_as_the_setting_says(tmp_path):
    seen = []

    class Remote:
        def url(self, path):
            return path

        async def exchange(self, *_, timeout=60.0, **__):
            seen.append(timeout)
            raise TimeoutError

    for setting in (4.0, 90.0, 400.0):
        with pytest.raises(TimeoutError):
            await BatchApi(Remote(), setting).create("m", "name", "files/x")
    assert seen == [30.0, 90.0, 400.0]


async def test_what_a_landing_job_overtook_is_not_counted_as_tagged_again(shop, monkeypatch):
    """Single calls are on their way while a rescued job brings the same images."""
    await shop.add(4)
    commit, landed = commits.commit, []

    async def overtaken(lib, group):
        for new in [] if landed else group.results[:1]:
            async with lib.transaction() as db:
                await db.execute(
                    "INSERT INTO batch_job (id, display_name, track, state, created_at) "
                    "VALUES (1, 'gemtag-x-1', ?, 'ingested', 1)",
                    (new.track.id,),
                )
                await db.execute(
                    "INSERT INTO asset_ai (asset, provider, model, profile, summary, tags, lane,"
                    " job, served_model, tokens_prompt, tokens_image, tokens_output, cost_usd,"
                    " tagged_at) VALUES (?, ?, ?, ?, '', '{}', 'batch', 1, 'm', 1, 1, 1, 0, 1)",
                    (new.asset, new.track.provider, new.track.model, new.track.profile),
                )
            landed.append(new.asset)
        return await commit(lib, group)

    monkeypatch.setattr(commits, "commit", overtaken)
    assert await shop.run(lane="interactive") == 0
    (job,) = await jobs_of(shop)
    assert job.double_usd > 0
    assert (shop.end.counts.tagged, shop.end.done) == (4, 3)
    assert "3 tagged by this run" in shop.end.message
