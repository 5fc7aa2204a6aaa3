"""Groups: nothing that was handed in is ever dropped, and nothing is written twice."""

from __future__ import annotations

import asyncio

import pytest
from lane_rig import NOON, TurnClock

from gemtag_tui.core.errors import LibraryError
from gemtag_tui.core.snapshot import Counts, RunSnapshot
from gemtag_tui.engine import committer as module
from gemtag_tui.engine.committer import MOST_UNWRITTEN, PATIENCE_SECONDS, Committer


class Row:
    """Stands for any row."""

    def __init__(self, asset: int) -> None:
        self.asset = asset


class Disk:
    """Where groups go."""

    def __init__(self, monkeypatch) -> None:
        self.groups: list = []
        self.broken = False
        self.seconds = 0.0
        self.clock = TurnClock(NOON)
        self.told: list[int] = []
        self.committer = Committer(None, 1, self.clock, RunSnapshot, self.written)
        monkeypatch.setattr(module.commits, "commit", self.commit)

    async def commit(self, lib, group):
        await self.clock.sleep(self.seconds)
        if self.broken:
            raise LibraryError("the disk is full.")
        self.groups.append(group)
        return Counts() if group.snapshot else None

    def written(self, assets, counts, beside) -> None:
        self.told += assets

    @property
    def results(self) -> list[int]:
        return [row.asset for group in self.groups for row in group.results]


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


async def test_what_arrives_during_a_write_is_the_next_group(disk):
    disk.seconds = 0.1
    keeping = asyncio.ensure_future(disk.committer.keep())
    for asset in range(50):
        disk.committer.result(Row(asset))
        await disk.clock.run(lambda: False, 0.02)
    disk.committer.close()
    await disk.clock.run(keeping)
    await disk.committer.flush()
    assert disk.results == list(range(50)) == disk.told
    assert 5 < len(disk.groups) < 20
    assert disk.committer.unwritten == 0


async def test_a_heartbeat_comes_every_second_and_no_more_than_four(disk):
    keeping = asyncio.ensure_future(disk.committer.keep())
    await disk.clock.run(lambda: False, 10.5)
    assert len(disk.groups) == 10
    assert all(group.snapshot for group in disk.groups)
    for asset in range(100):
        disk.committer.call(Row(asset))
        await disk.clock.run(lambda: False, 0.05)
    shots = sum(group.snapshot is not None for group in disk.groups[10:])
    assert 17 <= shots <= 21
    keeping.cancel()


async def test_a_failing_write_is_tried_again_in_order(disk):
    disk.broken = True
    keeping = asyncio.ensure_future(disk.committer.keep())
    for asset in range(5):
        disk.committer.result(Row(asset))
        disk.committer.call(Row(asset))
        disk.committer.error(Row(asset))
        disk.committer.failure(Row(100 + asset))
        await disk.clock.run(lambda: False, 2)
    assert "disk is full" in disk.committer.held()
    assert disk.committer.unwritten == 10
    disk.broken = False
    await disk.clock.run(lambda: False, 2)
    assert disk.committer.held() == ""
    (group,) = [g for g in disk.groups if g.results]
    for rows in (group.results, group.ledger, group.errors):
        assert [row.asset for row in rows] == list(range(5))
    assert disk.told == [0, 1, 2, 3, 4, 100, 101, 102, 103, 104]
    keeping.cancel()


async def test_a_write_that_goes_on_failing_ends_it_with_all_rows_still_there(disk):
    disk.broken = True
    disk.committer.result(Row(1))
    keeping = asyncio.ensure_future(disk.committer.keep())
    await disk.clock.run(keeping, 1000)
    assert PATIENCE_SECONDS <= disk.clock.at <= PATIENCE_SECONDS + 3
    with pytest.raises(LibraryError):
        keeping.result()
    assert disk.committer.unwritten == 1
    disk.broken = False
    await disk.committer.flush()
    assert disk.results == [1]


async def test_a_slow_disk_holds_back_what_is_sent(disk):
    disk.seconds = 30.0
    keeping = asyncio.ensure_future(disk.committer.keep())
    for asset in range(MOST_UNWRITTEN - 1):
        disk.committer.result(Row(asset))
    await disk.clock.run(lambda: False, 1)
    assert disk.committer.held() == ""
    disk.committer.failure(Row(999))
    assert "wait for the disk" in disk.committer.held()
    disk.committer.close()
    await disk.clock.run(keeping)
    await disk.clock.run(asyncio.ensure_future(disk.committer.flush()))
    assert len(disk.told) == MOST_UNWRITTEN
    assert disk.committer.held() == ""
