"""Whole flex runs against the simulator: what was served is what is booked, and caps hold."""

from __future__ import annotations

import pytest
from engine_rig import a_shop

from gemtag_tui.core.pilot import Picked
from gemtag_tui.core.settings import Budget, Settings
from gemtag_tui.gemini.request import RequestForm
from gemtag_tui.store import pilots, runs


@pytest.fixture
async def shop(tmp_path, monkeypatch):
    async with a_shop(tmp_path, monkeypatch) as made:
        yield made


async def booked(shop):
    """What the ledger says, by lane: calls answered, tokens from the cache, US dollars."""
    async with shop.opened() as lib:
        rows = await lib.rows(
            "SELECT lane, sum(requests), sum(tokens_cached), sum(cost_usd) FROM ledger_day "
            "GROUP BY lane"
        )
        results = dict(await lib.rows("SELECT lane, count(*) FROM asset_ai GROUP BY lane"))
    return {row[0]: row[1:] for row in rows}, results


@pytest.mark.parametrize("told", ["both", "header", "usage"])
async def test_flex_costs_half_and_a_downgrade_what_it_was(shop, told):
    await shop.add(40)
    shop.configure(pixels=False, tiers={"flex_downgraded": 0.4, "told": told})
    assert await shop.run(lane="flex") == 0
    books, results = await booked(shop)
    assert set(results) == {"flex", "interactive"}
    assert sum(results.values()) == 40
    assert {lane: row[0] for lane, row in books.items()} == results
    paid = shop.simulator.stats()["cost_usd"]
    assert sum(row[2] for row in books.values()) == pytest.approx(paid, rel=1e-6)
    assert shop.end.cost_usd == pytest.approx(paid, rel=1e-6)
    assert "interactive service" in " ".join(shop.end.warnings)


async def test_an_answer_that_names_no_tier_counts_as_asked(shop):
    await shop.add(10)
    shop.configure(pixels=False, tiers={"told": "neither"})
    assert await shop.run(lane="flex") == 0
    _, results = await booked(shop)
    assert results == {"flex": 10}


@pytest.mark.parametrize("status", [503, 429])
async def test_flex_with_little_room_gets_through_without_a_storm(shop, monkeypatch, status):
    monkeypatch.setattr("gemtag_tui.core.flex.FIRST_PAUSE", 0.05)
    await shop.add(60)
    shop.configure(
        pixels=False,
        latency={"mean": 0.05},
        tiers={"flex_room": 3, "flex_status": status},
    )
    assert await shop.run(lane="flex") == 0
    counts, rows, _ = await shop.look()
    assert (counts.tagged, rows) == (60, [])
    assert shop.end.turned_away > 0
    assert shop.calls() == 60 + shop.end.turned_away < 180
    assert set(shop.paid().values()) == {1}
    books, _ = await booked(shop)
    paid = shop.simulator.stats()["cost_usd"]
    assert books["flex"][2] == pytest.approx(paid, rel=1e-6)


async def test_what_the_cache_gave_is_counted_and_priced(shop):
    await shop.add(30)
    shop.configure(pixels=False, cache={"min_tokens": 10})
    assert await shop.run() == 0
    books, _ = await booked(shop)
    assert books["interactive"][1] == shop.end.tokens_cached > 0
    assert shop.end.tokens_cached < shop.end.tokens_in
    paid = shop.simulator.stats()["cost_usd"]
    assert shop.end.cost_usd == pytest.approx(paid, rel=1e-6)


@pytest.mark.parametrize("lane", ["interactive", "flex"])
async def test_requests_of_a_run_share_all_that_comes_before_the_picture(shop, monkeypatch, lane):
    await shop.add(12)
    bodies = []
    real = RequestForm.body

    def body(self, *args, **more):
        bodies.append(real(self, *args, **more))
        return bodies[-1]

    monkeypatch.setattr(RequestForm, "body", body)
    assert await shop.run(lane=lane) == 0
    assert len(set(bodies)) == 12
    heads = {one.partition(b'"data":"')[0] for one in bodies}
    assert len(heads) == 1
    (head,) = heads
    assert b"systemInstruction" in head
    assert b"responseSchema" in head
    tail = bodies[0].rpartition(b'"}},')[2]
    assert len(head) > 5 * len(tail)


@pytest.mark.parametrize("lane", ["interactive", "flex"])
@pytest.mark.parametrize("cap", ["run", "day", "month"])
async def test_each_cap_ends_a_run_and_says_which(shop, lane, cap):
    await shop.add(60)
    shop.configure(
        pixels=False,
        latency={"mean": 0.02},
        faults=[{"fault": "not_json", "share": 0.2}],
        tiers={"flex_downgraded": 0.5},
    )
    settings = Settings(concurrency=4, budget=Budget(**{cap: 0.005}))
    assert await shop.run(lane=lane, settings=settings) == 3
    end = shop.end
    paid = shop.simulator.stats()["cost_usd"]
    call = paid / end.tries
    assert end.cost_usd == pytest.approx(paid, rel=1e-6)
    assert paid <= 0.005 + 4 * 2 * call
    assert f"the budget of this {cap}" in end.message
    assert f"budget.{cap}" in end.message
    counts, _, run = await shop.look()
    assert (run.exit_code, counts.remaining > 0) == (3, True)
    again = await shop.run(lane=lane, settings=settings, limit=1)
    assert again == (0 if cap == "run" else 3)  # what was spent in the day is known again


@pytest.mark.parametrize(("longer", "warned"), [(False, False), (True, True)])
async def test_a_run_that_leaves_its_samples_intervals_says_so(shop, longer, warned):
    await shop.add(130)
    picked = [Picked(asset, "s") for asset in range(1, 51)]
    async with shop.opened() as lib:
        chosen = await pilots.keep_list(lib, picked)
    assert await shop.run(selection=chosen, lane="interactive") == 0
    async with shop.opened() as lib:
        run = await runs.last(lib)
        row = pilots.PilotRow(0, run.track, run.id, "interactive", 1, run.started_at, 1.0)
        await pilots.keep(lib, row, picked)
    if longer:
        shop.configure(pixels=False, faults=[{"fault": "not_json", "attempts": [[1, 1]]}])
    assert await shop.run(lane="interactive") == 0
    told = [words for words in shop.end.warnings if "not as its sample" in words]
    assert bool(told) is warned
    if warned:
        assert "for a thousand images" in told[0]
