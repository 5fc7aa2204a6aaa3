"""Turns: nobody waits for ever, nobody overtakes, and each turn of the loop takes only so many."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.engine.turns import Turns


async def _taken(count: int, each: int) -> list[tuple[int, int]]:
    """Let tasks ask for a turn at once; return for each the loop's turn it got, in order."""
    turns, taken, now = Turns(each), [], 0

    async def one(number: int) -> None:
        await turns.mine()
        taken.append((number, now))

    tasks = [asyncio.ensure_future(one(number)) for number in range(count)]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        now += 1
        assert now <= count + 2, "somebody waits for ever"
    return taken


@given(count=st.integers(1, 80), each=st.integers(1, 9))
def test_each_turn_takes_so_many_in_the_order_they_came(count: int, each: int) -> None:
    taken = asyncio.run(_taken(count, each))
    assert [number for number, _ in taken] == list(range(count))
    by_turn = [sum(1 for _, turn in taken if turn == one) for one in {turn for _, turn in taken}]
    assert max(by_turn) <= each
    assert len(by_turn) == -(-count // each)


async def test_one_cancelled_while_it_waits_takes_nobodys_place() -> None:
    turns = Turns(1)
    await turns.mine()
    first, waiting = (asyncio.ensure_future(turns.mine()) for _ in range(2))
    await asyncio.sleep(0)
    assert first.done()
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait_for(turns.mine(), 5)
    assert waiting.cancelled()
