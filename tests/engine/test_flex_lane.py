"""The flex lane: calls that are turned away come back later, and nobody is blamed."""

from __future__ import annotations

import dataclasses
import random
import time

import pytest
from lane_rig import GOOD, NOON, World

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.settings import Flex
from gemtag_tui.engine.control import LIMITED

FULL = CallError(Trouble.OVERLOADED, "The model is overloaded. Please try again later.", 503)
BARE = CallError(Trouble.CAPACITY, "Resource has been exhausted (e.g. check quota).", 429)
FLEX = dataclasses.replace(GOOD, service_tier="flex")
STANDARD = dataclasses.replace(GOOD, service_tier="standard")


@pytest.mark.parametrize("away", [FULL, BARE])
async def test_hours_without_room_are_no_outage_and_no_storm(away):
    world = World(120, lane="flex")
    world.sender.rule = lambda asset, at: away if at < 3600 else FLEX
    await world.finish(seconds=3600 + 1500)
    assert world.tally.done == 120
    assert world.code is None
    assert world.committer.failures == []
    assert world.lessons == []
    assert world.concurrency.single_worker_times == 0
    turned = [row for row in world.committer.ledger if row.status == "turned_away"]
    assert len(turned) == world.tally.turned_away < 40
    assert {row.cost_usd for row in turned} == {0.0}
    assert {row.lane for row in world.committer.results} == {"flex"}


async def test_the_words_say_when_flex_is_tried_again():
    world = World(50, lane="flex")
    world.sender.rule = lambda asset, at: FULL
    await world.go(900)
    shown = world.view.snapshot()
    gate = world.settling.service
    again = NOON + world.clock.at + gate.wait(world.clock.monotonic())
    at = time.strftime("%H:%M", time.localtime(again))
    assert shown.waiting_for == f"flex is full, trying again at {at}"
    assert shown.state == "running"
    assert world.committer.errors[-1].fate.startswith("not blamed: flex is full")
    assert len(world.committer.errors) <= 12


async def test_some_turned_away_at_random_cost_time_and_nothing_else():
    chance = random.Random(5)
    world = World(300, lane="flex", cap=30)
    world.sender.latency = 20.0
    world.sender.rule = lambda asset, at: FULL if chance.random() < 0.2 else FLEX
    await world.finish(seconds=3 * 3600)
    assert world.tally.done == 300
    assert world.committer.failures == []
    assert world.sender.most_in_flight > 5


async def test_calls_of_many_minutes_are_no_stall():
    world = World(6, lane="flex", cap=6)
    world.concurrency.expect(960.0)
    world.sender.latency = 600.0
    world.sender.rule = lambda asset, at: FLEX
    await world.finish()
    assert world.tally.done == 6
    assert world.concurrency.single_worker_times == 0


async def test_what_was_really_served_is_what_is_recorded():
    world = World(40, lane="flex")
    world.sender.rule = lambda asset, at: STANDARD if asset % 2 else FLEX
    await world.finish()
    lanes = {row.asset: row.lane for row in world.committer.results}
    assert lanes == {asset: "interactive" if asset % 2 else "flex" for asset in range(1, 41)}
    assert {row.asset: row.lane for row in world.committer.ledger} == lanes
    assert world.tally.warnings == [
        "20 answers to flex calls came from the interactive service, and are priced as such."
    ]


async def test_what_is_shed_goes_interactive_after_the_set_time_and_back():
    world = World(2000, lane="flex", cap=1, flex=Flex(hand_over_minutes=10))
    asked = []

    def rule(asset, at):
        lane = asked_lane[asset]
        asked.append((at, lane))
        if lane == "interactive":
            return STANDARD
        return FULL if at < 1000 else FLEX

    asked_lane = {}
    real = world.sender.send

    async def send(ready):
        asked_lane[ready.attempt.asset] = ready.attempt.lane
        return await real(ready)

    world.sender.send = send
    world.sender.rule = rule
    await world.finish()
    assert world.tally.done == 2000
    interactive = [at for at, lane in asked if lane == "interactive"]
    assert 600 <= min(interactive) < 640
    assert max(interactive) < 1000 + 900 * 1.25 + 10
    assert {lane for at, lane in asked if at > 2200} <= {"flex"}
    assert len(world.committer.results) == 2000


async def test_full_for_too_long_ends_the_run_with_everything_kept():
    world = World(50, lane="flex", flex=Flex(give_up_hours=2.0))
    world.sender.rule = lambda asset, at: FULL
    await world.finish(seconds=3 * 3600)
    assert world.code == LIMITED
    assert "flex was full for 2" in world.control.ending.why
    assert world.committer.failures == []


async def test_time_paused_is_not_time_full():
    world = World(50, lane="flex", flex=Flex(give_up_hours=1.0))
    world.sender.rule = lambda asset, at: FULL if at < 8000 else FLEX
    await world.go(1800)
    world.control.pause()
    await world.go(6000)
    world.control.resume()
    await world.finish(seconds=3000)
    assert world.tally.done == 50


@pytest.mark.parametrize(("room", "latency"), [(3, 60.0), (25, 30.0), (10, 5.0)])
async def test_room_for_few_is_used_and_not_stormed(room, latency):
    world = World(room * 12, lane="flex", cap=40)
    world.concurrency.expect(960.0)
    serving = [0]

    async def send(ready):
        ready.attempt.calls += 1
        if serving[0] >= room:
            await world.clock.sleep(0.3)
            return FULL
        serving[0] += 1
        await world.clock.sleep(latency)
        serving[0] -= 1
        return FLEX

    world.sender.send = send
    await world.finish(seconds=1e6)
    assert world.tally.done == room * 12
    assert world.clock.at <= 1.5 * 12 * latency + 60
    assert world.tally.turned_away <= 1.5 * world.tally.done + 20
