"""An image paid call by call while its batch job landed."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import pytest
from store_kit import HandClock, image, result

from gemtag_tui.core.batch_job import TRANSITIONS, JobState
from gemtag_tui.store import batch_jobs, batches, commits, scans, tracks
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import Group


@pytest.fixture
async def lib(tmp_path):
    async with await Library.open(tmp_path / "library.db", HandClock()) as made:
        await scans.record(made, [image("a", 1), image("b", 2)])
        yield made


async def opened_job(lib):
    track = await tracks.ensure_track(lib, "google", "m", "p_1", "default", "{}")
    job = await batch_jobs.open_job(lib, track, echo=True, first=False, run=None)
    return track, job


async def test_the_jobs_result_stands_and_the_call_is_booked_as_double(lib):
    track, job = await opened_job(lib)
    async with lib.transaction() as db:
        await db.execute(
            "INSERT INTO asset_ai (asset, provider, model, profile, summary, tags, lane, job,"
            " served_model, tokens_prompt, tokens_image, tokens_output, cost_usd, tagged_at)"
            " VALUES (1, 'google', 'm', 'p_1', 'first', '{}', 'batch', ?, 'm', 1, 1, 1, 0.5, 1)",
            (job.id,),
        )
    both = [replace(result(track, n), cost_usd=0.25 / n) for n in (1, 2)]
    group = Group(results=both)
    await commits.commit(lib, group)
    assert group.beside == [1]
    rows = await lib.rows("SELECT asset, summary FROM asset_ai ORDER BY asset")
    assert rows[0] == (1, "first")
    assert len(rows) == 2
    found = await batches.by_id(lib, job.id)
    assert found.double_usd == 0.25
    (odd,) = await batches.odd_lines(lib, job.id)
    assert (odd.kind, odd.asset, odd.cost_usd) == ("beside", 1, 0.25)
    assert json.loads(odd.raw)["summary"] == both[0].tags.summary
    assert await batches.tallies(lib, job.id) == {"beside": 1}


async def test_the_library_makes_just_the_moves_of_the_table(lib):
    _, job = await opened_job(lib)
    for before, after in product(JobState, JobState):
        async with lib.transaction() as db:
            await db.execute("UPDATE batch_job SET state = ?, waiting = ''", (before.value,))
            await db.execute("DELETE FROM batch_event")
        moved = await batch_jobs.move(lib, job, after, "words", waiting="now")
        found = await batches.by_id(lib, job.id)
        told = [one.words for one in await batches.events(lib, job.id)]
        assert moved is (after in TRANSITIONS[before]), (before, after)
        assert found.place is (after if moved else before)
        assert (found.waiting, told) == (("now", ["words"]) if moved else ("", []))
