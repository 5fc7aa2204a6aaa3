from __future__ import annotations

import asyncio

import pytest

from gemtag_tui.cli.shell import Shell
from gemtag_tui.cli.status import STALE_SECONDS, read_state
from gemtag_tui.core.snapshot import Counts, RunSnapshot
from gemtag_tui.store import runs, tracks
from gemtag_tui.store.commits import commit
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import EngineLock
from gemtag_tui.store.rows import Group

NOW = 1_795_000_000.0
PROMISED = """state lane provider model profile total tagged remaining in_flight in_batches
known_bad retry_later ignored duplicates rate_per_min eta_seconds cost_usd tokens_in
tokens_out requests_today rpd_limit concurrency binding_limit parked_until message""".split()  # noqa: SIM905


class Still:
    """A clock that stands."""

    def now(self):
        return NOW

    def monotonic(self):
        return 0.0

    async def sleep(self, seconds):
        return None


def a_run(path, *, ended: bool, at: float = NOW, state: str = "running"):
    """Leave the traces of a run in a library."""

    async def write():
        async with await Library.open(path, Still()) as lib:
            track = await tracks.ensure_track(lib, "simulator", "m", "p_1", "default", "{}")
            run = await runs.begin(lib, track, "interactive", {}, 1)
            snapshot = RunSnapshot(
                run=run,
                state="idle" if ended else state,
                lane="interactive",
                at=at,
                requests_today=7,
                rate_per_min=60.0,
                in_flight=3,
                eta_seconds=5.0,
                counts=Counts(total=99),
                cost_usd=1.5,
            )
            await commit(lib, Group(snapshot=snapshot, run=run))
            if ended:
                await runs.finish(lib, run, "done", 0, "Done: 5 tagged.")

    asyncio.run(write())


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path / "l.db", tmp_path / "config.toml", environ={})


def test_before_there_is_a_library_everything_is_nought(gemtag, tmp_path):
    said = gemtag("status", "--json")
    assert said.code == 0
    assert set(PROMISED) <= set(said.json)
    assert (said.json["state"], said.json["total"], said.json["eta_seconds"]) == ("idle", 0, None)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_ended_leaves_its_sums_and_its_words(shell):
    a_run(shell.library, ended=True)
    state = read_state(shell, NOW)
    assert (state.state, state.message) == ("idle", "Done: 5 tagged.")
    assert (state.cost_usd, state.requests_today) == (1.5, 7)
    assert (state.rate_per_min, state.in_flight, state.eta_seconds) == (0.0, 0, None)
    assert state.counts.total == 0


def test_the_day_s_requests_are_nought_on_another_day(shell):
    a_run(shell.library, ended=True)
    assert read_state(shell, NOW + 86_400).requests_today == 0


def test_a_run_that_died_is_idle_and_says_how_to_go_on(shell):
    a_run(shell.library, ended=False)
    state = read_state(shell, NOW)
    assert state.state == "idle"
    assert "died" in state.message
    assert "gemtag run" in state.message
    assert (state.provider, state.model, state.profile) == ("simulator", "m", "default")


@pytest.mark.parametrize("state", ["running", "paused", "parked", "stopping"])
def test_while_the_lock_is_held_the_engine_s_word_holds(shell, state):
    a_run(shell.library, ended=False, state=state)
    with EngineLock(shell.library):
        seen = read_state(shell, NOW + 2)
    assert (seen.state, seen.in_flight, seen.message) == (state, 3, "")


def test_an_engine_that_is_silent_for_long_may_hang(shell):
    a_run(shell.library, ended=False)
    with EngineLock(shell.library):
        assert "hang" in read_state(shell, NOW + STALE_SECONDS + 1).message


def test_an_engine_that_has_just_begun_is_running(shell):
    a_run(shell.library, ended=True)
    with EngineLock(shell.library):
        seen = read_state(shell, NOW)
    assert (seen.state, seen.in_flight, seen.message) == ("running", 0, "The engine is starting.")


def test_what_is_no_library_ends_with_2(gemtag, tmp_path):
    (tmp_path / "library.db").write_text("something else")
    said = gemtag("status", "--json")
    assert (said.code, said.out) == (2, "")
