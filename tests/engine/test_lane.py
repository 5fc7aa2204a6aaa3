"""The lane from its first call to its end, with hours of waiting in no time."""

from __future__ import annotations

import asyncio
import random

import pytest
from lane_rig import GOOD, LATE, World, failing

from gemtag_tui.core.calls import Trouble
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.pacific import next_midnight
from gemtag_tui.engine.admission import Budgets, Limit, LimitFigures
from gemtag_tui.engine.control import CONFIGURATION, INTERRUPTED, LIMITED
from gemtag_tui.engine.turns import EACH

OVERLOADED = failing(Trouble.OVERLOADED)


async def test_everything_is_tagged_once_and_paid_once():
    world = await World(300).finish()
    assert world.tally.done == 300
    assert set(world.sender.calls.values()) == {1}
    assert world.code is None
    assert set(world.goals) == {300}
    assert not world.lane.in_flight


async def test_nothing_to_do_ends_at_once():
    world = await World(0).finish(1.0)
    assert world.sent == 0
    assert world.code is None


@pytest.mark.parametrize("limit", [1, 7, 40])
async def test_a_limit_is_kept_exactly(limit):
    world = await World(40, limit=limit).finish()
    assert world.tally.settled == limit
    assert world.sent == limit
    assert set(world.goals) == {limit}


async def test_retries_settle_once_and_the_goal_stands_still():
    rng = random.Random(3)
    world = World(200)
    world.sender.rule = lambda asset, at: OVERLOADED if rng.random() < 0.25 else GOOD
    await world.finish()
    assert world.tally.done == 200
    assert world.committer.failures == []
    assert set(world.goals) == {200}
    assert world.tally.tries == world.sent > 220


async def test_the_time_left_is_never_less_than_the_wait_for_the_next_try():
    world = World(40)
    slow = failing(Trouble.CAPACITY, retry_after=60.0)
    world.sender.rule = lambda asset, at: slow if asset == 3 and at < 60 else GOOD
    await world.go(5)
    shown = world.view.snapshot()
    assert (shown.done, "next in" in shown.waiting_for) == (39, True)
    assert shown.eta_seconds is not None
    assert shown.eta_seconds > 50
    await world.finish()


async def test_an_asset_that_always_fails_among_good_ones_is_put_off_after_its_tries():
    world = World(2000, cap=8)
    world.sender.script[3] = [OVERLOADED]
    await world.finish()
    (failure,) = world.committer.failures
    assert (failure.asset, failure.standing, failure.attempts) == (3, Standing.OPEN, 8)
    assert failure.next_retry == pytest.approx(failure.at + 3600)
    assert world.tally.done == 1999


async def test_the_last_ones_that_never_succeed_do_not_hold_the_run_up_for_half_an_hour():
    world = World(60)
    for asset in range(5, 15):
        world.sender.script[asset] = [OVERLOADED]
    await world.finish(seconds=120)
    assert world.tally.done == 50
    assert {f.asset for f in world.committer.failures} == set(range(5, 15))
    assert {f.standing for f in world.committer.failures} == {Standing.OPEN}
    assert world.code is None  # the run came to its end: exit code 1 follows from the counts
    assert set(world.goals) == {60}


@pytest.mark.parametrize("begins", [1.0, 4.0, 8.0])
async def test_an_outage_of_two_minutes_blames_nobody(begins):
    world = World(200, cap=10)
    ends = begins + 120
    world.sender.rule = lambda asset, at: OVERLOADED if begins <= at < ends else GOOD
    await world.finish(seconds=ends + 40)
    assert world.tally.done == 200
    assert world.committer.failures == []
    assert sum(1 for row in world.committer.ledger if row.status == "overloaded") < 45


async def test_an_outage_without_end_ends_the_run_with_everything_kept():
    world = World(50)
    world.sender.rule = lambda asset, at: OVERLOADED
    await world.finish(seconds=2000)
    assert world.code == LIMITED
    assert "no answer for 30 minutes" in world.control.ending.why
    assert world.committer.failures == []
    assert world.clock.at >= 1800


async def test_time_paused_is_no_outage():
    world = World(50)
    world.sender.rule = lambda asset, at: OVERLOADED if at < 3000 else GOOD
    await world.go(100)
    world.control.pause()
    await world.go(2000)
    sent = world.sent
    world.control.resume()
    await world.go(200)
    assert world.control.ending is None
    assert sent < world.sent < sent + 40
    await world.finish()
    assert world.tally.done == 50


async def test_pause_lets_nothing_new_out_and_keeps_what_was_in_flight():
    world = World(500)
    await world.go(3.2)
    world.control.pause()
    await world.clock.settle()
    sent = world.sent
    await world.go(60)
    assert world.sent == sent == world.tally.done
    shown = world.view.snapshot()
    assert (shown.state, shown.waiting_for, shown.in_flight) == ("paused", "paused by you", 0)
    assert (shown.eta_seconds, shown.rate_per_min) == (None, 0)
    before = shown.rate_overall
    assert before == pytest.approx(world.tally.done * 60 / 3.2, rel=0.15)
    world.control.resume()
    await world.finish()
    assert world.tally.done == 500
    assert world.view.snapshot().waiting_for == ""


async def test_a_stop_keeps_answers_that_arrive_while_draining():
    world = World(500)
    await world.go(3.2)
    in_flight = world.lane.in_flight
    assert in_flight > 0
    done = world.tally.done
    world.control.stop("Stopped.")
    assert world.view.snapshot().state == "stopping"
    await world.finish(seconds=10)
    assert world.code == INTERRUPTED
    assert world.tally.done == done + in_flight
    assert world.sent == world.tally.done


async def test_calls_that_hang_are_given_up_after_ten_seconds_and_stay_in_the_ledger():
    world = World(20)
    world.sender.script = {1: [None], 2: [None]}
    await world.go(2)
    world.control.stop("Stopped.")
    began = world.clock.at
    await world.finish()
    assert 9.9 <= world.clock.at - began <= 10.2
    lost = [row for row in world.committer.ledger if row.status == "abandoned"]
    assert {row.asset for row in lost} == {1, 2}
    assert all(row.cost_usd > 0 for row in lost)
    assert world.committer.failures == []


async def test_answers_that_are_here_are_kept_although_their_turn_has_not_come():
    world = World(5000)
    here = asyncio.Event()
    here.set()
    send = world.sender.send

    async def together(ready):
        outcome = await send(ready)
        await here.wait()
        return outcome

    world.sender.send = together
    await world.go(20)
    here.clear()
    await world.go(2)
    in_flight = world.lane.in_flight
    assert in_flight > 2 * EACH
    done = world.tally.done
    here.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert world.tally.done < done + in_flight
    for task in asyncio.all_tasks():
        if task.get_coro().__qualname__ == "InteractiveLane._call":
            task.cancel()
    world.control.stop("Stopped.")
    world.control.stop("Stopped.")
    await world.finish()
    assert world.tally.done >= done + in_flight
    assert [row for row in world.committer.ledger if row.status == "abandoned"] == []


async def test_a_second_stop_does_not_wait():
    world = World(20)
    world.sender.script = {1: [None]}
    await world.go(2)
    world.control.stop("Stopped.")
    await world.go(1)
    world.control.stop("Stopped.")
    began = world.clock.at
    await world.finish()
    assert world.clock.at - began < 0.3
    assert world.code == INTERRUPTED


@pytest.mark.parametrize("state", ["paused", "parked", "stalled", "admission", "held", "retries"])
async def test_a_stop_is_heard_in_every_state(state):
    world = World(400, rpd=20 if state == "parked" else 0, rpm=1 if state == "admission" else 0)
    if state == "stalled":
        world.sender.rule = lambda asset, at: OVERLOADED
    if state == "held":
        world.held_words = "the library cannot be written"
    if state == "retries":
        world.library.todo = {1}
        slow = failing(Trouble.CAPACITY, retry_after=60.0)
        world.sender.rule = lambda asset, at: slow
    await world.go(30)
    if state == "paused":
        world.control.pause()
    await world.go(30)
    shown = world.view.snapshot()
    assert shown.state == (state if state in {"paused", "parked"} else "running")
    assert shown.waiting_for
    world.control.stop("Stopped.")
    began = world.clock.at
    await world.finish(seconds=11)
    assert world.code == INTERRUPTED
    assert world.clock.at - began < 1.5
    assert world.committer.failures == []


async def test_a_spent_day_parks_until_midnight_pacific_and_goes_on_by_itself():
    world = World(50, rpd=20, unix=LATE)
    await world.go(60)
    shown = world.view.snapshot()
    midnight = next_midnight(LATE)
    assert shown.state == "parked"
    assert midnight <= shown.parked_until <= midnight + 60
    assert "20 requests" in shown.waiting_for
    assert world.sent == 20
    world.admission.set_limits(world.clock.monotonic(), LimitFigures(rpd=Limit(40)))
    await world.finish(seconds=700)
    assert world.tally.done == 50
    assert world.view.snapshot().parked_until == 0
    assert world.clock.at > 600
    assert world.tally.meter.overall(world.clock.monotonic()) > 50


async def test_a_refusal_for_the_day_parks_too_whatever_delay_it_names():
    world = World(30, unix=LATE)
    refusal = failing(Trouble.DAY_REQUESTS, quota_value=40)
    world.sender.rule = lambda asset, at: refusal if at < 600 else GOOD
    await world.go(30)
    assert world.view.snapshot().state == "parked"
    sent = world.sent
    assert sent <= 6
    await world.go(500)
    assert world.sent == sent
    await world.finish(seconds=200)
    assert world.tally.done == 30
    assert world.committer.failures == []


async def test_a_spent_day_ends_the_run_that_is_not_to_wait():
    world = await World(50, rpd=20, no_wait=True).finish(seconds=60)
    assert world.code == LIMITED
    assert world.tally.done == 20


async def test_a_pause_while_parked_outlasts_midnight():
    world = World(50, rpd=20, unix=LATE)
    await world.go(60)
    world.control.pause()
    await world.go(1200)
    assert world.sent == 20
    assert world.view.snapshot().state == "paused"
    world.control.resume()
    await world.go(60)
    assert world.sent == 40


async def test_a_raised_limit_wakes_a_parked_run():
    world = World(50, rpd=20)
    await world.go(60)
    world.admission.set_limits(world.clock.monotonic(), LimitFigures(rpd=Limit(1000)))
    world.control.unpark()
    await world.finish(seconds=30)
    assert world.tally.done == 50


async def test_a_budget_ends_the_run_after_what_was_sent_came_home():
    world = World(500, budgets=Budgets(run=0.0205))
    world.sender.latency = 30.0  # longer than a stop would wait
    await world.finish(seconds=500)
    assert world.code == LIMITED
    assert "budget" in world.control.ending.why
    assert world.tally.done == world.sent == 20
    assert world.tally.cost_usd <= 0.0205


async def test_a_stop_shortens_the_wait_of_a_run_that_is_ending_by_itself():
    world = World(500)
    world.sender.script = {1: [None], 3: [failing(Trouble.CREDIT)]}
    await world.go(100)
    assert world.view.snapshot().state == "stopping"
    world.control.stop("Stopped.")
    await world.finish(seconds=10.2)
    assert world.code == LIMITED


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Trouble.KEY, CONFIGURATION),
        (Trouble.MODEL, CONFIGURATION),
        (Trouble.NO_QUOTA, CONFIGURATION),
        (Trouble.BILLING, CONFIGURATION),
        (Trouble.CREDIT, LIMITED),
        (Trouble.SPEND_CAP, LIMITED),
    ],
)
async def test_what_would_hit_every_asset_stops_the_run_and_blames_none(trouble, code):
    world = World(100)
    world.sender.rule = lambda asset, at: failing(trouble)
    await world.finish(seconds=5)
    assert world.code == code
    assert world.sent <= 4
    assert world.committer.failures == []
    assert len(world.committer.errors) == 1
    assert world.tally.bad == 0


@pytest.mark.parametrize("trouble", [Trouble.IMAGE_MAYBE, Trouble.REQUEST])
async def test_a_request_refused_for_every_picture_alike_blames_none(trouble):
    world = World(100)
    world.sender.rule = lambda asset, at: failing(trouble, "Invalid argument.")
    await world.finish(seconds=20)
    assert world.code == CONFIGURATION
    assert world.sent <= 12
    assert world.committer.failures == []


async def test_one_picture_refused_among_good_ones_is_known_bad_after_its_better_try():
    world = World(30)
    world.sender.script[4] = [failing(Trouble.IMAGE_MAYBE, "Invalid argument.")]
    await world.finish()
    (failure,) = world.committer.failures
    assert (failure.asset, failure.kind) == (4, FailureKind.REJECTED_IMAGE)
    assert failure.standing is Standing.KNOWN_BAD
    assert world.sender.calls[4] <= 3
    assert world.code is None


async def test_quota_refusals_blame_nobody_and_teach():
    world = World(60, rpm=6000)
    taken: list[float] = []

    def rule(asset, at):
        recent = [t for t in taken if t > at - 60]
        if len(recent) >= 20:
            return failing(Trouble.RATE_REQUESTS, quota_value=20, retry_after=5.0)
        taken.append(at)
        return GOOD

    world.sender.rule = rule
    await world.finish(seconds=600)
    assert world.tally.done == 60
    assert world.committer.failures == []
    assert world.lessons[-1].new == 20
    assert world.tally.warnings == ["The server allows 20 requests a minute: keeping to that."]
    assert sum(row.refused for row in world.committer.ledger) <= 25


async def test_nothing_is_sent_while_answers_cannot_be_written():
    world = World(1000)
    await world.go(2.2)
    world.held_words = "the library cannot be written, trying again: disk full"
    await world.go(1.0)
    sent = world.sent
    await world.go(30)
    assert world.sent == sent
    assert "cannot be written" in world.view.snapshot().waiting_for
    world.held_words = ""
    await world.finish()
    assert world.tally.done == 1000


async def test_an_error_of_ours_ends_the_run_instead_of_hanging_it():
    world = World(50)

    def rule(asset, at):
        if asset == 9:
            raise ZeroDivisionError
        return GOOD

    world.sender.rule = rule
    with pytest.raises(ZeroDivisionError):
        await world.finish(seconds=30)
    assert world.code == CONFIGURATION


async def test_a_library_that_cannot_be_read_ends_the_run():
    from gemtag_tui.core.errors import LibraryError

    world = World(300)

    async def page(after, most):
        raise LibraryError("cannot be read.")

    await world.go(1.0)
    world.shelf._page = page
    with pytest.raises(LibraryError):
        await world.finish(seconds=60)
    assert world.tally.done == world.sent
