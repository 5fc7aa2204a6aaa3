from __future__ import annotations

import json

from store_kit import a_track, add, image, opened, result

from gemtag_tui.store import batch_jobs, batch_land, batches, commits, work
from gemtag_tui.store.batch_rows import Landing, Sum
from gemtag_tui.store.commits import Group


def row(asset):
    return (asset, f"Picture {asset}.", '{"subject":["car"]}', "m-1", 700, 300, 100, 0.5)


def landing(lib, job, track, assets):
    count = len(assets)
    return Landing(
        job.id,
        track,
        None,
        lib.clock.now(),
        taken_bytes=10,
        tagged=[row(asset) for asset in assets],
        tally={"ok": count},
        sums={"ok": Sum(count, 700 * count, 100 * count, 0.5 * count)},
    )


async def held(lib, count):
    await add(lib, *(image(f"{n}.jpg") for n in range(count)))
    track = await a_track(lib)
    job = await batch_jobs.open_job(lib, track, echo=True, first=False, run=None)
    taken = await batch_jobs.take(lib, job.id, track, 0, 1000)
    return track, job, [one.candidate.asset for one in taken]


async def test_a_group_of_any_size_lands_whole(tmp_path):
    async with await opened(tmp_path) as lib:
        track, job, assets = await held(lib, 251)
        await batch_land.land(lib, landing(lib, job, track, assets[::-1]))
        stored = await lib.rows("SELECT asset, summary, job, lane FROM asset_ai ORDER BY asset")
        assert [tuple(one) for one in stored] == [
            (asset, f"Picture {asset}.", job.id, "batch") for asset in sorted(assets)
        ]
        counts = await work.counts(lib, track.id)
        assert (counts.tagged, counts.in_batches) == (251, 0)
        after = await batches.by_id(lib, job.id)
        assert (after.tagged, after.ingested, after.taken_bytes) == (251, 251, 10)


async def test_what_was_tagged_since_it_was_looked_up_stays_and_is_booked_as_second(tmp_path):
    async with await opened(tmp_path) as lib:
        track, job, assets = await held(lib, 5)
        await commits.commit(lib, Group(results=[result(track, assets[1], "the first")]))
        new = landing(lib, job, track, assets)
        await batch_land.land(lib, new)
        stored = dict(map(tuple, await lib.rows("SELECT asset, summary FROM asset_ai")))
        assert stored[assets[1]] == "the first"
        assert len(stored) == 5
        assert await batches.tallies(lib, job.id) == {"ok": 4, "second": 1}
        assert await batches.item_states(lib, job.id) == {"tagged": 4, "second": 1}
        (odd,) = await batches.odd_lines(lib, job.id, kind="second")
        assert odd.key == f"{assets[1]}-{job.nonce}"
        assert json.loads(odd.raw) == {
            "summary": f"Picture {assets[1]}.",
            "tags": {"subject": ["car"]},
        }
        after = await batches.by_id(lib, job.id)
        assert (after.tagged, after.ingested, after.double_usd) == (4, 5, 0.5)
        assert after.cost_usd == 2.5
        spent = await lib.rows("SELECT status, requests, cost_usd FROM request_ledger")
        assert {tuple(one) for one in spent} >= {("ok", 4, 2.0), ("second", 1, 0.5)}
        assert len(new.tagged) == 4


async def test_landing_twice_changes_nothing(tmp_path):
    async with await opened(tmp_path) as lib:
        track, job, assets = await held(lib, 120)
        await batch_land.land(lib, landing(lib, job, track, assets))
        before = await lib.rows("SELECT * FROM asset_ai ORDER BY id")
        await batch_land.land(lib, landing(lib, job, track, assets))
        assert list(map(tuple, await lib.rows("SELECT * FROM asset_ai ORDER BY id"))) == list(
            map(tuple, before)
        )
        assert await batches.item_states(lib, job.id) == {"tagged": 120}
