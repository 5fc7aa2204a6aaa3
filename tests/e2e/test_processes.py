"""The engine as a process of its own: signals, detaching, dying, and being watched."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from engine_rig import Shop, a_shop, until

from gemtag_tui.store.lock import is_held_by_someone

pytestmark = pytest.mark.slow
TREE = Path(__file__).parents[2]
PACE = {
    "GEMTAG_LIMITS__RPM": "100000",
    "GEMTAG_LIMITS__TPM": "1000000000",
    "GEMTAG_LIMITS__SPEND_PER_10MIN": "10000",
}


@pytest.fixture
async def shop(tmp_path, monkeypatch):
    async with a_shop(tmp_path, monkeypatch) as made:
        (tmp_path / "config.toml").touch()
        for name, value in PACE.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PYTHONPATH", str(TREE))
        yield made


def words(shop: Shop, *options: str) -> list[str]:
    place = ["--library", str(shop.library), "--config", str(shop.home / "config.toml")]
    return [sys.executable, "-m", "gemtag_tui", *place, *options]


async def gemtag(shop: Shop, *options: str) -> tuple[int, str, str]:
    """Run one command to its end."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words(shop, *options), stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(process.communicate(), 40)
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def engine(shop: Shop, *options: str):
    """A run in the background; killed if the test leaves it alive."""
    out = (shop.home / "out").open("w")
    process = await asyncio.create_subprocess_exec(
        *words(shop, "run", "--json", *options), stdout=out, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        out.close()


async def over(process) -> int:
    return await asyncio.wait_for(process.wait(), 20)


def end_of(shop: Shop) -> dict:
    last = json.loads((shop.home / "out").read_text().splitlines()[-1])
    assert last["event"] == "end"
    return last


async def status(shop: Shop) -> dict:
    code, out, err = await gemtag(shop, "status", "--json")
    assert code == 0, err
    found = json.loads(out)
    parts = ("tagged", "remaining", "known_bad", "ignored")
    assert found["total"] == sum(found[name] for name in parts)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_drains_and_keeps_what_was_in_flight(shop, number):
    await shop.add(200)
    shop.configure(pixels=False, latency={"mean": 0.5})
    async with engine(shop) as process:
        await until(lambda: shop.calls() > 10, 20)
        process.send_signal(number)
        assert await over(process) == 130
    end = end_of(shop)
    assert end["state"] == "idle"
    assert end["tagged"] == shop.calls()
    assert shop.simulator.stats()["abandoned"] == 0
    _, _, run = await shop.look()
    assert (run.state, run.exit_code) == ("stopped", 130)


async def test_a_second_signal_does_not_wait_for_calls_that_hang(shop):
    await shop.add(20)
    shop.configure(pixels=False, faults=[{"fault": "hang"}])
    async with engine(shop) as process:
        await until(lambda: shop.calls() >= 2, 20)
        process.send_signal(signal.SIGINT)
        await until(lambda: '"stopping"' in (shop.home / "out").read_text(), 5)
        process.send_signal(signal.SIGINT)
        assert await over(process) == 130
    assert end_of(shop)["tagged"] == 0
    counts, rows, _ = await shop.look()
    assert (counts.remaining, rows) == (20, [])


async def test_a_detached_run_is_watched_commanded_and_stopped(shop):
    await shop.add(300)
    shop.configure(pixels=False, latency={"mean": 0.2})
    code, out, _ = await gemtag(shop, "run", "--detach", "--concurrency", "2")
    assert code == 0
    pid = int(out)
    try:
        assert os.getsid(pid) == pid  # no terminal can take it down
        await until(lambda: shop.calls() > 3, 20)
        found = await status(shop)
        assert (found["state"], found["provider"]) == ("running", "simulator")
        assert (await gemtag(shop, "pause"))[0] == 0
        await until(lambda: paused(shop), 10)
        calls = shop.calls()
        code, _, err = await gemtag(shop, "run")
        assert code == 2
        assert "already" in err
        assert shop.calls() == calls
        assert (await gemtag(shop, "resume"))[0] == 0
        await until(lambda: shop.calls() > calls, 10)
        assert (await gemtag(shop, "stop"))[0] == 0
        await until(lambda: not is_held_by_someone(shop.library), 15)
    finally:
        if is_held_by_someone(shop.library):
            os.kill(pid, signal.SIGKILL)
    found = await status(shop)
    assert found["state"] == "idle"
    assert found["tagged"] == shop.calls()
    assert (await gemtag(shop, "pause"))[0] == 2


async def paused(shop: Shop) -> bool:
    found = await status(shop)
    return found["state"] == "paused" and not found["in_flight"]


async def test_a_run_that_died_is_noticed_and_resumed_without_ceremony(shop):
    await shop.add(60)
    shop.configure(pixels=False, latency={"mean": 0.2})
    async with engine(shop, "--concurrency", "4") as process:
        await until(lambda: shop.simulator.stats()["paid_answers"] > 8, 20)
        process.send_signal(signal.SIGSTOP)
        stats = shop.simulator.stats()
        process.kill()
        await over(process)
    assert not is_held_by_someone(shop.library)
    with sqlite3.connect(shop.library) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (kept,) = db.execute("SELECT count(*) FROM asset_ai").fetchone()
    db.close()
    # Four calls were in flight; where each of them was is for the kernel to know.
    assert stats["paid_answers"] - kept <= 5
    assert (await status(shop))["state"] == "idle"
    async with engine(shop) as process:
        assert await over(process) == 0
    assert end_of(shop)["tagged"] == 60
    assert sum(shop.paid().values()) - 60 <= 5
    async with shop.opened() as lib:
        states = await lib.rows("SELECT state FROM run ORDER BY id")
    assert [row[0] for row in states] == ["died", "done"]


async def test_a_stop_before_anything_was_sent_is_obeyed(shop):
    await shop.add(5)
    shop.configure(pixels=False, faults=[{"fault": "hang", "methods": ["models"]}])
    async with engine(shop) as process:
        await until(lambda: shop.simulator.stats()["paths"].get("models"), 20)
        process.send_signal(signal.SIGTERM)
        assert await over(process) == 130
    assert shop.calls() == 0
    assert not is_held_by_someone(shop.library)


async def test_nohup_is_respected(shop):
    await shop.add(40)
    shop.configure(pixels=False, latency={"mean": 0.1})
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        async with engine(shop, "--concurrency", "2") as process:
            await until(lambda: shop.calls() > 2, 20)
            process.send_signal(signal.SIGHUP)
            assert await over(process) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert end_of(shop)["tagged"] == 40
