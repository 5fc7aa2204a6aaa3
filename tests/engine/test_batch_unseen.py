"""A job that the server does not show: too new, gone, or another key's."""

from __future__ import annotations

import pytest
from batch_rig import rigged, settings

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.engine.batch_watch import look
from gemtag_tui.gemini.batches import BatchApi
from gemtag_tui.store import batch_jobs, batches

KEPT = settings(clean_up=False, max_requests=3)
LONG = {"pending_seconds": 1_000_000.0, "expire_seconds": 1e9}


def hide(monkeypatch, name, looks=10**9, status=404):
    """Have the server show a job neither by its name nor in the list, for some looks."""
    get, list_jobs = BatchApi.get, BatchApi.list_jobs
    left = [looks]

    async def hidden(self, asked):
        if asked != name or left[0] <= 0:
            return await get(self, asked)
        return CallError(Trouble.MODEL, "Requested entity was not found.", status)

    async def listed(self):
        found, left[0] = await list_jobs(self), left[0] - 1  # looked for here after every 404
        return [one for one in found if one.name != name or left[0] < 0]

    monkeypatch.setattr(BatchApi, "get", hidden)
    monkeypatch.setattr(BatchApi, "list_jobs", listed)


async def looked(rig, ground, job):
    """Look at a job once and return it as it then stands."""
    await look(ground, await batches.by_id(rig.lib, job))
    return await batches.by_id(rig.lib, job)


async def test_a_job_just_made_that_is_not_shown_yet_is_not_given_up(tmp_path, monkeypatch):
    async with rigged(tmp_path, 6, KEPT, **LONG) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        new = await batches.by_id(rig.lib, 2)
        await batch_jobs.note(rig.lib, new, looked_at=None, submitted_at=rig.clock.now())
        hide(monkeypatch, new.name, looks=2)
        for _ in range(2):
            job = await looked(rig, ground, 2)
            assert (job.state, job.waiting) == (
                "pending",
                "The server has made it and does not show it yet.",
            )
        job = await looked(rig, ground, 2)
        assert (job.state, job.waiting) == ("pending", "")


@pytest.mark.parametrize("seen", [True, False])
async def test_a_job_that_was_shown_or_had_its_time_is_gone(tmp_path, monkeypatch, seen):
    async with rigged(tmp_path, 6, KEPT, **LONG) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        now = rig.clock.now()
        asked = now - (0.0 if seen else KEPT.batch.lookup_seconds)
        new = await batches.by_id(rig.lib, 2)
        await batch_jobs.note(rig.lib, new, looked_at=now if seen else None, submitted_at=asked)
        hide(monkeypatch, new.name)
        job = await looked(rig, ground, 2)
        assert job.state == "failed"
        assert "gone from the server" in job.error
        assert (await rig.counts()).in_batches == 3


async def test_a_job_of_another_key_waits_for_that_key(tmp_path, monkeypatch):
    async with rigged(tmp_path, 6, KEPT, **LONG) as rig, rig.ground() as ground:
        await rig.run(no_wait=True)
        new = await batches.by_id(rig.lib, 2)
        hide(monkeypatch, new.name, status=403)
        job = await looked(rig, ground, 2)
        assert job.state == "pending"
        assert "made with the key of another project" in job.waiting
