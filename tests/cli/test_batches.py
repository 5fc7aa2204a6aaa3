"""`gemtag batches` and the batch lane from the shell, against a simulator of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from cli_kit import environment

from gemtag_tui.cli import demo_parts
from gemtag_tui.cli.batches_words import job_fields, job_lines, stranger_fields
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.simulator.drawing import draw_pictures
from gemtag_tui.store import commands
from gemtag_tui.store.batches import JobRow, Stranger
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import EngineLock

NOW = 1_795_349_000.0
CONTRACT = (
    "job", "display_name", "state", "requests", "succeeded", "failed", "pending", "ingested",
    "created_at", "ended_at", "expires_at", "error", "cost_usd",
)  # fmt: skip
SETTINGS = "[batch]\npoll_seconds = 0.05\nmax_requests = 4\nlookup_seconds = 0.2\n"


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A simulator whose jobs take a second; the third of them never ends."""
    batches = {"pending_seconds": 0.2, "running_seconds": 0.4}
    with _simulator(tmp_path_factory.mktemp("quick"), batches) as address:
        yield address


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A simulator whose jobs never end."""
    batches = {"pending_seconds": 0.0, "outcomes": ["stuck_running"] * 100}
    with _simulator(tmp_path_factory.mktemp("slow"), batches) as address:
        yield address


@contextmanager
def _simulator(folder, batches):
    faults = folder / "faults.json"
    faults.write_text(json.dumps({"batches": batches}), "utf-8")
    with demo_parts.simulator(faults) as address:
        yield address


@pytest.fixture
def scanned(gemtag, tmp_path, monkeypatch):
    """Run commands on a library of ten pictures, with a key."""
    monkeypatch.setenv("GEMINI_API_KEY", "any-key-will-do")
    (tmp_path / "config.toml").write_text(SETTINGS)
    draw_pictures(tmp_path / "pictures", 10)
    assert gemtag("scan", tmp_path / "pictures").code == 0
    return gemtag


@pytest.fixture
def fast(scanned, quick, monkeypatch):
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", quick)
    return scanned


@pytest.fixture
def stuck(scanned, slow, monkeypatch):
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", slow)
    return scanned


def row(**changes) -> JobRow:
    made = JobRow(7, "gemtag-1-7-ab", "batches/x", 1, "running", "BATCH_STATE_RUNNING", 40, 10, 2,
                  28, 0, NOW - 3600, None, NOW + 160_000, "", 0.0, moved_at=NOW)  # fmt: skip
    return replace(made, **changes)


# -- words and fields -----------------------------------------------------------------------------


def test_lines_carry_the_fields_of_the_contract_first_and_in_order():
    assert tuple(job_fields(row(), NOW, 12.0))[: len(CONTRACT)] == CONTRACT
    other = Stranger("batches/y", "x", "m", "BATCH_STATE_RUNNING", 9, None, ours=False, seen_at=NOW)
    assert set(CONTRACT) <= set(stranger_fields(other))
    assert stranger_fields(other)["state"] == "not_ours"
    assert stranger_fields(replace(other, ours=True))["state"] == "adoptable"


def test_a_stuck_job_is_marked_and_a_rescued_one_is_not_called_so():
    quiet = row(moved_at=NOW - 13 * 3600)
    assert job_fields(quiet, NOW, 12.0)["stuck"]
    assert "(stuck)" in job_lines(quiet, NOW, 12.0)[0]
    assert "(rescued)" in job_lines(replace(quiet, rescued_at=NOW), NOW, 12.0)[0]
    assert not job_fields(replace(quiet, state="ingested"), NOW, 12.0)["stuck"]


def test_words_of_the_server_are_shown_as_words():
    said = "\x1b[2J\u202egone\n"
    text = "\n".join(job_lines(row(error=said, display_name=said, server_state=said), NOW, 12.0))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.splitlines()) == 2


# -- nothing there --------------------------------------------------------------------------------


def test_without_a_library_everything_says_how_to_make_one(gemtag):
    for words in (["list"], ["sync"], ["cancel", "1"], ["rescue", "1"], ["adopt", "x"]):
        said = gemtag("batches", *words)
        assert said.code == 2, words
        assert "gemtag scan" in said.err


def test_without_jobs_it_says_how_to_make_some(fast):
    assert fast("batches", "list", "--json").out == ""
    assert "gemtag run --lane batch" in fast("batches", "list").err
    assert fast("batches", "sync").code == 0
    for verb in ("show", "cancel", "rescue"):
        said = fast("batches", verb, "7")
        assert said.code == 2
        assert "no batch job '7'" in said.err


def test_the_free_tier_is_refused_before_anything_is_sent(scanned, monkeypatch):
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")  # nobody is there
    monkeypatch.setenv("GEMTAG_LIMITS__TIER", "free")
    said = scanned("run", "--lane", "batch")
    assert said.code == 2
    assert "free tier has no batch jobs" in said.err
    lanes = {one["lane"]: one for one in scanned("plan", "--json").json["lanes"]}
    assert not lanes["batch"]["available"]
    assert "free tier" in lanes["batch"]["notes"][0]


def test_syncing_needs_a_key(stuck, monkeypatch):
    monkeypatch.delenv("GEMINI_API_KEY")
    said = stuck("batches", "sync")
    assert said.code == 2
    assert "key" in said.err


# -- the way of a library -------------------------------------------------------------------------


def test_a_run_in_the_batch_lane_tags_all_and_says_how_it_goes(fast):
    said = fast("run", "--lane", "batch", "--json")
    assert said.code == 0, said.err
    lines = said.lines
    assert [line["event"] for line in lines][-1] == "end"
    assert all(
        line["total"] == line["tagged"] + line["remaining"] + line["known_bad"] + line["ignored"]
        and line["in_batches"] <= line["remaining"]
        for line in lines
    )
    assert lines[-1]["tagged"] == 10
    assert lines[-1]["in_batches"] == 0
    jobs = fast("batches", "list", "--json").lines
    own = [job for job in jobs if job["known"]]
    assert [job["state"] for job in own] == ["ingested"] * 3
    assert sum(job["ingested"] for job in own) == 10
    assert sum(job["cost_usd"] for job in own) == pytest.approx(lines[-1]["cost_usd"])


def test_not_waiting_ends_once_all_is_submitted_and_sync_brings_it_in(fast):
    said = fast("run", "--lane", "batch", "--no-wait", "--json")
    assert said.code == 0, said.err
    end = said.lines[-1]
    assert end["tagged"] == 0
    assert end["in_batches"] == 10
    assert fast("status", "--json").json["in_batches"] == 10
    assert "10 in batch jobs" in fast("status").out
    watched = fast("batches", "sync", "--watch", "--json")
    assert watched.code == 0, watched.err
    last = {line["job"]: line["state"] for line in watched.lines}
    assert list(last.values()) == ["ingested"] * 3
    assert fast("status", "--json").json["tagged"] == 10
    found = fast("search", "--json").lines
    assert {one["lane"] for one in found} == {"batch"}


def test_a_job_is_shown_by_number_display_name_and_server_name(fast):
    fast("run", "--lane", "batch", "--limit", "2", "--json")
    job = fast("batches", "list", "--json").lines[0]
    bare = job["job"].removeprefix("batches/")
    for name in (str(job["number"]), job["display_name"], job["job"], bare):
        shown = fast("batches", "show", name, "--json").json
        assert shown["job"] == job["job"]
    assert shown["lines"] == {"ok": 2}
    assert shown["images"] == {"tagged": 2}
    assert any("Taken in: 2 tagged of 2." in event["words"] for event in shown["events"])
    text = fast("batches", "show", job["job"]).out
    assert "Taken in: 2 tagged of 2." in text
    assert "2 answered, 0 failed" in text


def test_cancelling_gives_the_images_back(stuck):
    stuck("run", "--lane", "batch", "--no-wait", "--limit", "3")
    said = stuck("batches", "cancel", "1", "--json")
    assert said.code == 0, said.err
    assert said.json["taken"] is True
    job = next(one for one in stuck("batches", "list", "--json").lines if one["known"])
    assert job["state"] == "cancelled"
    status = stuck("status", "--json").json
    assert (status["in_batches"], status["remaining"]) == (0, 10)
    assert stuck("batches", "cancel", "1").code == 2


def test_rescued_images_are_tagged_in_another_lane_without_key_or_server(stuck, monkeypatch):
    stuck("run", "--lane", "batch", "--no-wait", "--limit", "3")
    monkeypatch.delenv("GEMINI_API_KEY")
    said = stuck("batches", "rescue", "1")
    assert said.code == 0, said.err
    assert "3 images go to another lane" in said.err
    assert "gemtag run --lane interactive" in said.err
    monkeypatch.setenv("GEMINI_API_KEY", "any-key-will-do")
    run = stuck("run", "--lane", "interactive", "--json")
    assert run.code == 0
    assert run.lines[-1]["tagged"] == 10


def test_jobs_of_others_on_the_account_are_listed_as_such(fast, tmp_path):
    fast("run", "--lane", "batch", "--no-wait", "--limit", "2")
    other = ("--library", tmp_path / "other.db")
    fast("scan", tmp_path / "pictures", *other)
    fast("batches", "sync", *other)
    lines = fast("batches", "list", "--json", *other).lines
    assert lines
    assert {line["state"] for line in lines} == {"not_ours"}
    said = fast("batches", "adopt", lines[0]["job"], *other)
    assert said.code == 2
    assert "not made by this library" in said.err


def test_a_library_restored_from_a_copy_adopts_what_it_forgot(fast, tmp_path):
    fast("run", "--limit", "1")
    kept = tmp_path / "kept.db"
    shutil.copyfile(tmp_path / "library.db", kept)
    assert fast("run", "--lane", "batch", "--no-wait", "--json").code == 0
    time.sleep(1.0)  # the simulator's jobs end
    for path in tmp_path.glob("library.db*"):
        path.unlink()
    shutil.copyfile(kept, tmp_path / "library.db")
    assert "gemtag batches adopt" in fast("batches", "sync").err
    ours = [j for j in fast("batches", "list", "--json").lines if j["state"] == "adoptable"]
    assert len(ours) == 3
    for job in ours:
        said = fast("batches", "adopt", job["job"])
        assert said.code == 0, said.err
    status = fast("status", "--json").json
    assert (status["tagged"], status["in_batches"]) == (10, 0)
    jobs = [job for job in fast("batches", "list", "--json").lines if job["known"]]
    assert [job["state"] for job in jobs] == ["ingested"] * 3


# -- while an engine runs -------------------------------------------------------------------------


@pytest.fixture
def watching(stuck, tmp_path, slow):
    """A process that looks after a job that never ends."""
    stuck("run", "--lane", "batch", "--no-wait", "--limit", "3")
    surroundings = environment(
        tmp_path,
        GEMTAG_LIBRARY=str(tmp_path / "library.db"),
        GEMTAG_CONFIG=str(tmp_path / "config.toml"),
        GEMINI_API_KEY="any-key-will-do",
        GOOGLE_GEMINI_BASE_URL=slow,
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "gemtag_tui", "batches", "sync", "--watch", "--json"],
        env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert json.loads(child.stdout.readline())["state"] in {"pending", "running"}
    yield child
    child.kill()
    child.communicate()


def test_who_looks_after_jobs_stops_when_told(stuck, watching):
    assert stuck("stop").code == 0
    assert watching.wait(30) == 130
    assert stuck("status", "--json").json["state"] == "idle"


def test_who_looks_after_jobs_says_so_and_takes_commands(stuck, watching):
    status = stuck("status", "--json").json
    assert status["state"] == "running"
    assert "looks after batch jobs" in status["waiting_for"]
    assert stuck("pause").code == 2
    assert "1 " in stuck("batches", "sync").err
    refused = stuck("batches", "rescue", "9", "--json")
    assert refused.code == 2
    assert refused.json["taken"] is False
    assert "3 images go to another lane" in stuck("batches", "rescue", "1").err
    assert stuck("status", "--json").json["in_batches"] == 0
    assert watching.wait(30) == 0  # nobody waits for a job that was given up
    assert stuck("status", "--json").json["state"] == "idle"


def test_a_killed_watcher_leaves_everything_in_its_place(stuck, watching):
    watching.kill()
    watching.wait(30)
    assert stuck("status", "--json").json["in_batches"] == 3
    assert stuck("batches", "sync").code == 0
    job = next(one for one in stuck("batches", "list", "--json").lines if one["known"])
    assert job["state"] in {"pending", "running"}


def test_an_engine_that_does_not_answer_is_said_so(stuck, tmp_path, monkeypatch):
    monkeypatch.setattr("gemtag_tui.cli.batches_do.ANSWER_SECONDS", 0.05)

    async def open_commands():
        async with await Library.open(tmp_path / "library.db", SystemClock()) as lib:
            return await commands.open_commands(lib)

    with EngineLock(tmp_path / "library.db"):
        said = stuck("batches", "rescue", "1")
    assert said.code == 0
    assert "has not answered yet" in said.err
    (left,) = asyncio.run(open_commands())
    assert (left.verb, left.argument) == ("batch_rescue", "1")
    assert str(os.getpid()) in left.who
