"""Runs on a kept list of images alone, in both kinds of lane."""

from __future__ import annotations

import pytest
from batch_rig import rigged, settings
from engine_rig import a_shop

from gemtag_tui.core.batch_plan import Caps
from gemtag_tui.core.errors import UsageError
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.store import selections
from gemtag_tui.store.library import Library
from gemtag_tui.store.work import State


@pytest.fixture
async def shop(tmp_path, monkeypatch):
    async with a_shop(tmp_path, monkeypatch) as made:
        yield made


async def kept(shop, assets: list[int]) -> int:
    async with await Library.open(shop.library, SystemClock()) as lib:
        return (await selections.select_these(lib, assets)).id


async def test_a_run_on_a_selection_settles_these_alone(shop):
    await shop.add(20)
    chosen = await kept(shop, [3, 5, 8, 13, 999])
    assert await shop.run(selection=chosen) == 0
    assert (shop.end.goal, shop.end.done) == (4, 4)
    async with await Library.open(shop.library, SystemClock()) as lib:
        rows = await lib.rows("SELECT asset FROM work WHERE state = ?", (int(State.TAGGED),))
        assert [row[0] for row in rows] == [3, 5, 8, 13]
    assert await shop.run(selection=chosen, limit=2) == 0
    assert shop.calls() == 4


async def test_what_fails_in_a_selection_is_tried_again_in_it(shop):
    await shop.add(6)
    shop.configure(faults=[{"fault": "overloaded", "attempts": [[1, 1]]}])
    assert await shop.run(selection=await kept(shop, [2, 4])) == 0
    assert (shop.end.done, shop.calls()) == (2, 4)


async def test_a_selection_that_is_not_kept_is_said(shop):
    await shop.add(1)
    with pytest.raises(UsageError, match="not kept any more"):
        await shop.run(selection=7)


async def test_batch_jobs_are_built_of_a_selection_alone(tmp_path):
    async with rigged(tmp_path, 12, settings(max_requests=3)) as rig:
        chosen = await selections.select_these(rig.lib, [1, 2, 4, 7, 11])
        async with rig.ground() as ground:
            builder = rig.builder(ground)
            builder.selection = chosen.id
            built = await builder.build(Caps(3, 10**9, 0), first=False)
        rows = await rig.lib.rows("SELECT asset FROM batch_item WHERE job = ?", (built.job.id,))
        assert [row[0] for row in rows] == [1, 2, 4]
        assert (await rig.counts()).in_batches == 3
