"""The run's state, and what people may ask of it."""

from __future__ import annotations

import asyncio

import pytest
from engine_rig import until

from gemtag_tui.core.concurrency import Concurrency
from gemtag_tui.core.errors import LibraryError, UsageError
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.control import Control, InterruptedRunError
from gemtag_tui.engine.orders import TOO_LATE, Orders
from gemtag_tui.store import commands
from gemtag_tui.store.library import Library


def test_states_in_the_contracts_words():
    control = Control()
    assert control.state == "running"
    control.park(100.0, "why")
    assert (control.state, control.parked_until) == ("parked", 100.0)
    control.pause()
    assert control.state == "paused"
    control.resume()
    assert control.state == "parked"
    control.unpark()
    assert control.state == "running"
    control.end(3, "limit")
    assert control.state == "stopping"


def test_the_first_reason_stands_and_the_second_stop_hurries():
    control = Control()
    control.end(3, "limit", patient=True)
    control.signal()
    assert (control.ending.exit_code, control.ending.why, control.hurried) == (3, "limit", False)
    control.signal()
    assert control.hurried
    other = Control()
    other.signal()
    assert (other.ending.exit_code, other.hurried) == (130, False)


async def test_every_change_wakes_who_waits():
    control = Control()
    for change in (control.pause, control.resume, control.unpark, control.signal):
        waiting = asyncio.ensure_future(control.changed.wait())
        await asyncio.sleep(0)
        change()
        await asyncio.wait_for(waiting, 1)
        assert waiting.done()


async def test_a_stop_cuts_short_what_comes_before_the_work():
    control = Control()
    cut = []

    async def slow():
        try:
            await asyncio.Event().wait()
        finally:
            cut.append(True)

    async def quick():
        await asyncio.sleep(0)
        return 7

    assert await control.unless_stopped(quick()) == 7
    asyncio.get_running_loop().call_soon(control.pause)  # no reason to stop
    asyncio.get_running_loop().call_later(0.02, control.signal)
    with pytest.raises(InterruptedRunError) as caught:
        await control.unless_stopped(slow())
    assert caught.value.exit_code == 130
    assert cut == [True]


class Desk:
    """Orders over a real library."""

    def __init__(self, lib: Library) -> None:
        self.lib = lib
        self.control = Control()
        self.concurrency = Concurrency()
        self.nudged = 0
        self.lanes: list[str] = []
        self.orders = Orders(
            lib,
            self.control,
            self.concurrency,
            SystemClock(),
            reload=self.reload,
            change_lane=self.lane,
            nudge=self.nudge,
        )

    def nudge(self) -> None:
        self.nudged += 1

    async def reload(self) -> str:
        raise UsageError("The settings cannot be read.")

    async def lane(self, lane: str) -> str:
        self.lanes.append(lane)
        return f"lane {lane}"

    async def ask(self, verb: str, argument: str = "") -> str:
        number = await commands.send(self.lib, verb, argument, "test")
        await self.orders._look()
        return await commands.outcome(self.lib, number)


@pytest.fixture
async def desk(tmp_path):
    async with await Library.open(tmp_path / "library.db", SystemClock()) as lib:
        yield Desk(lib)


async def test_orders_are_obeyed_and_answered(desk):
    assert "paused" in await desk.ask("pause")
    assert desk.control.paused
    assert await desk.ask("resume") == "running"
    assert not desk.control.paused
    assert await desk.ask("lane", "flex") == "lane flex"
    assert await desk.ask("concurrency", "12") == "at most 12 at once"
    assert (desk.concurrency.cap, desk.nudged) == (12, 1)
    assert "useful" in await desk.ask("concurrency", "0")
    assert await desk.ask("reload") == "refused: The settings cannot be read."
    assert (await desk.ask("stop")).startswith("stopping: ")
    assert "ending already" in await desk.ask("pause")
    assert (await desk.ask("stop")).startswith("stopping at once")


@pytest.mark.parametrize("argument", ["", "-1", "1001", "1.5", "many", "²"])
async def test_a_cap_that_is_none_is_refused(desk, argument):
    assert (await desk.ask("concurrency", argument)).startswith("refused: ")
    assert desk.concurrency.cap == 0


async def test_a_stop_is_obeyed_once_however_often_its_answer_fails(desk, monkeypatch):
    real, failed = commands.answer, []

    async def answer(lib, number, outcome):
        if not failed:
            failed.append(number)
            raise LibraryError("is locked.")
        await real(lib, number, outcome)

    monkeypatch.setattr("gemtag_tui.engine.orders.commands.answer", answer)
    monkeypatch.setattr("gemtag_tui.engine.orders._LOOK_SECONDS", 0.01)
    number = await commands.send(desk.lib, "stop", "", "test")
    following = asyncio.ensure_future(desk.orders.follow())
    await until(lambda: _answered(desk.lib, number))
    following.cancel()
    assert desk.control.stops == 1
    assert failed == [number]


async def _answered(lib, number):
    return await commands.outcome(lib, number)


async def test_what_comes_too_late_is_told_so(desk):
    number = await commands.send(desk.lib, "pause", "", "test")
    await desk.orders.finish()
    assert await commands.outcome(desk.lib, number) == TOO_LATE
