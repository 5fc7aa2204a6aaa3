from __future__ import annotations

import asyncio
import subprocess
import sys
import urllib.request

import pytest

from gemtag_tui.simulator import Simulator
from gemtag_tui.simulator.__main__ import main


def test_it_loads_nothing_else_of_the_package():
    code = (
        "import sys, gemtag_tui.simulator\n"
        "bad = [m for m in sys.modules if m.startswith('gemtag_tui.')"
        " and not m.startswith('gemtag_tui.simulator')]\n"
        "bad += [m for m in ('textual', 'google.genai', 'aiosqlite') if m in sys.modules]\n"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_it_is_started_by_itself_and_announces_its_address(tmp_path):
    faults = tmp_path / "faults.toml"
    faults.write_text("[limits]\nrpm = 7\n")
    command = [sys.executable, "-m", "gemtag_tui.simulator", "--faults", str(faults)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(f"{address}/_sim/config", timeout=10) as answer:
                assert b'"rpm":7' in answer.read()
        finally:
            process.terminate()


def test_a_bad_faults_file_ends_with_words_and_2(tmp_path, capsys):
    faults = tmp_path / "faults.json"
    faults.write_text('{"limits": {"rpm": "many"}}')
    assert main(["--faults", str(faults)]) == 2
    assert "$.limits.rpm" in capsys.readouterr().err


def test_every_fault_can_be_listed(capsys):
    assert main(["--list-faults"]) == 0
    assert "high_demand" in capsys.readouterr().out


async def test_a_port_in_use_is_an_error_and_stopping_frees_it():
    async with Simulator() as first:
        with pytest.raises(OSError):
            await Simulator(port=first.port).__aenter__()
    async with Simulator(port=first.port) as again:
        assert again.port == first.port


async def test_stopping_does_not_wait_for_calls_that_hang():
    from simulator_tools import calling

    from gemtag_tui.simulator import Rule

    async with calling(faults=(Rule(fault="hang"),)) as api:
        call = asyncio.create_task(api.ask())
        while not api.simulator.stats()["in_flight"]:
            await asyncio.sleep(0.01)
    with pytest.raises(Exception, match=r"Server disconnected|closed|Session"):
        await call
