"""What is taken from the library, when, and how often."""

from __future__ import annotations

import asyncio

import pytest
from lane_rig import GOOD, World, failing

from gemtag_tui.core.calls import Trouble
from gemtag_tui.core.failures import Standing
from gemtag_tui.imaging.values import Changed, Refused


async def test_assets_added_while_it_runs_are_done_too():
    world = World(50)
    await world.go(1.2)
    world.library.todo |= set(range(1000, 1030))
    await world.finish()
    assert world.tally.done == 80
    assert world.goals[0] == 50
    assert world.goals[-1] == 80


async def test_assets_with_lower_numbers_that_come_back_are_found():
    world = World(0)
    world.library.todo = set(range(500, 560))
    await world.go(1.2)
    world.library.todo |= {1, 2, 3}
    await world.finish()
    assert world.tally.done == 63


async def test_what_comes_while_the_last_is_in_flight_is_still_done():
    world = World(1)
    world.sender.latency = 0.9
    await world.go(0.8)
    world.library.todo.add(2)
    await world.finish()
    assert world.tally.done == 2


async def test_a_limit_holds_for_what_is_added():
    world = World(10, limit=10)
    await world.go(0.7)
    world.library.todo |= set(range(100, 130))
    await world.finish()
    assert world.tally.settled == 10


@pytest.mark.parametrize("limit", [None, 20])
async def test_changed_and_vanished_files_are_left_out_and_others_take_their_place(limit):
    world = World(30, limit=limit)
    world.preparer.odd = {2: Changed(), 5: Changed(), 6: Changed()}
    await world.finish(seconds=60)
    assert world.tally.done == (limit or 27)
    assert world.shelf.passed_over == 3
    assert world.tally.bad == 0
    assert world.committer.failures == []
    assert world.goals[-1] == (limit or 27)
    assert any("scan" in words for words in world.tally.warnings)
    assert world.view.snapshot().eta_seconds == 0


async def test_a_picture_that_cannot_be_decoded_is_known_bad_without_a_call():
    world = World(10)
    world.preparer.odd = {3: Refused("unreadable", "broken")}
    await world.finish()
    (failure,) = world.committer.failures
    assert (failure.asset, failure.standing, failure.lane) == (3, Standing.KNOWN_BAD, "")
    assert world.sender.calls[3] == 0
    assert (world.tally.done, world.tally.bad) == (9, 1)


async def test_a_decoder_that_hangs_holds_up_nobody_else():
    world = World(40)
    gate = asyncio.Event()
    world.preparer.slow = {1: gate, 2: gate}
    await world.go(20)
    assert world.tally.done == 38
    gate.set()
    await world.finish()
    assert world.tally.done == 40


async def test_a_decoder_that_breaks_ends_the_run():
    world = World(40)

    async def decoded(attempt):
        raise OSError("no processes")

    world.preparer.slow = {5: asyncio.Event()}
    world.preparer.decoded = decoded
    with pytest.raises(OSError, match="no processes"):
        await world.finish(seconds=60)


async def test_failures_that_are_due_are_tried_again():
    world = World(5)
    world.library.due = {10, 11}
    world.library.later = {12}
    await world.finish()
    assert world.tally.done == 7
    assert world.sender.calls[12] == 0
    assert world.goals[-1] == 7


async def test_an_asset_retried_by_a_person_counts_once():
    world = World(400, cap=4)
    world.sender.script[1] = [failing(Trouble.IMAGE, "bad"), GOOD]
    await world.go(5)
    assert world.tally.bad == 1
    world.committer.disk()
    world.library.bad.discard(1)
    world.library.todo.add(1)
    await world.finish()
    assert (world.tally.done, world.tally.bad) == (400, 0)
    assert max(world.goals) <= 401  # for as long as it is to do again and not yet taken up
    assert world.goals[-1] == 400


async def test_an_asset_is_not_taken_up_again_before_its_end_is_on_disk():
    world = World(30)
    world.committer.disk = lambda: None  # the disk hangs
    await world.finish()
    assert set(world.sender.calls.values()) == {1}


async def test_the_library_is_read_in_pages_and_not_again_and_again():
    world = await World(1000).finish()
    assert world.library.reads < 40


async def test_one_picture_too_big_for_a_limit_is_left_out_and_not_blamed():
    world = World(20)
    need = world.sender.need

    def big(ready):
        if ready.attempt.asset == 4:
            world.sender.need_tokens = 10**9
        found = need(ready)
        world.sender.need_tokens = 100
        return found

    world.sender.need = big
    limits = {"tpm": 10**6}
    _set_limits(world, **limits)
    await world.finish()
    assert world.tally.done == 19
    assert world.committer.failures == []
    assert world.shelf.passed_over == 1


async def test_a_limit_below_every_picture_stops_the_run():
    world = World(20)
    _set_limits(world, tpm=10)
    await world.finish(seconds=20)
    assert world.code == 2
    assert world.sent == 0
    assert world.committer.failures == []


def _set_limits(world: World, **figures: float) -> None:
    from gemtag_tui.engine.admission import Limit, LimitFigures

    made = LimitFigures(**{name: Limit(value) for name, value in figures.items()})
    world.admission.set_limits(world.clock.monotonic(), made)
