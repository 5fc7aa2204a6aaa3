"""A budget over batch jobs: committed before, spent to the cap as jobs land for less."""

from __future__ import annotations

import pytest
from batch_rig import rigged, settings

from gemtag_tui.engine.batch_money import COMMITTED, COMMITTED_NOW
from gemtag_tui.store import batches


def capped(rig, cap: float):
    """A budget as runs have it: less what was spent, and what jobs on their way will cost."""

    async def left() -> float:
        spent = sum(job.cost_usd for job in await batches.page(rig.lib))
        return cap - spent - await batches.expected_usd(rig.lib, "simulator")

    return left


async def each_by_rule(rig) -> float:
    async with rig.ground() as ground:
        builder = rig.builder(ground)
        return builder.pricing.expected(*builder.form.estimate(1024, 768))


@pytest.mark.parametrize("factor", [0.4, 1.0, 1.7])
async def test_what_jobs_come_out_cheaper_pays_for_more(tmp_path, monkeypatch, factor):
    """The estimate by rule may be off in either direction; the cap holds, and is used."""
    async with rigged(tmp_path, 150, settings(max_requests=40)) as rig:
        await rig.run(limit=30)
        (job,) = await batches.page(rig.lib)
        real = job.cost_usd / 30
        async with rig.lib.transaction() as db:  # as if nothing was known yet
            await db.execute("UPDATE batch_job SET cost_usd = 0")
        rule = await each_by_rule(rig)
        monkeypatch.setattr(
            "gemtag_tui.engine.pricing.Pricing.expected",
            lambda *_: real * factor,
        )
        assert rule > 0
        cap = real * 80
        await rig.run(budget=capped(rig, cap))
        jobs = [one for one in await batches.page(rig.lib) if one.id != job.id]
        spent = sum(one.cost_usd for one in jobs)
        assert spent <= cap * max(1.0, 1.01 / factor)  # one job's estimate is all that is known
        assert spent >= 0.9 * cap
        assert len(jobs) <= 8
        assert rig.control.ending.exit_code == 3
        assert rig.control.ending.why == COMMITTED
        assert rig.warned.count(COMMITTED_NOW) <= 1


async def test_without_waiting_what_is_committed_ends_it(tmp_path):
    async with rigged(tmp_path, 30, settings(max_requests=10), pending_seconds=900.0) as rig:
        cap = await each_by_rule(rig) * 12
        await rig.run(no_wait=True, budget=capped(rig, cap))
        assert rig.control.ending.exit_code == 3
        assert sum(job.requests for job in await batches.page(rig.lib)) <= 14
        assert COMMITTED_NOW not in rig.warned


async def test_lines_without_an_answer_do_not_make_the_others_look_cheap(tmp_path):
    async with rigged(tmp_path, 40, settings(clean_up=False), missing=0.5) as rig:
        assert await batches.mean_cost(rig.lib, rig.track.id, 1) is None
        await rig.run(limit=40)
        (job,) = [one for one in await batches.page(rig.lib) if one.id == 1]
        assert job.tagged < 30
        mean = await batches.mean_cost(rig.lib, rig.track.id, 1)
        assert mean == pytest.approx(job.cost_usd / job.tagged, rel=0.2)
        assert await batches.mean_cost(rig.lib, rig.track.id, 1_000) is None
