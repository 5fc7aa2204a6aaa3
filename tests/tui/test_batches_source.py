"""What the batches screen asks of a real library: reading, and processes of its own."""

from __future__ import annotations

import time

import pytest

from gemtag_tui.core.errors import UsageError
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.store import batch_glance, batch_jobs, tracks
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import EngineLock
from gemtag_tui.tui.library_source import LibrarySource
from gemtag_tui.tui.source_batches import answer_in

JOBS = 600


@pytest.fixture
async def source(tmp_path):
    """A library with two jobs; nobody answers at its address."""
    environ = {
        "GEMINI_API_KEY": "any",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
        "GEMTAG_CONFIG": str(tmp_path / "config.toml"),
        "HOME": str(tmp_path),
        "PATH": "/usr/bin",
    }
    async with LibrarySource.open(tmp_path / "l.db", None, environ) as made:
        track = await tracks.ensure_track(made.lib, "google", "m", "p_1", "p", "{}")
        for _ in range(2):
            await batch_jobs.open_job(made.lib, track, echo=True, first=False, run=None)
        yield made


async def test_the_same_value_comes_while_nothing_was_written(source):
    view = await source.batch_view()
    assert [job.id for job in view.jobs] == [2, 1]
    assert view.stuck_hours == 12.0
    assert await source.batch_view() is view
    async with await Library.open(source.lib.path, SystemClock()) as other:
        await batch_jobs.note(other, view.jobs[0], "noted", "Something happened.")
    assert await source.batch_view() is not view
    assert (await source.batch_detail(2)).events[0].words == "Something happened."


async def test_jobs_under_way_stand_on_the_tab(source):
    assert await batch_glance.under_way(source.lib) == 2
    assert (await source.look()).tabs["batches"] == 2


async def test_hundreds_of_jobs_are_read_at_once(source):
    async with source.lib.transaction() as db:
        await db.executemany(
            "INSERT INTO batch_job (id, display_name, track, state, created_at) "
            "VALUES (?, ?, 1, 'ingested', ?)",
            [(n, f"job-{n}", time.time()) for n in range(3, JOBS + 1)],
        )
    view = await source.batch_view()
    assert len(view.jobs) == JOBS
    assert await batch_glance.under_way(source.lib) == 2


async def test_without_an_engine_a_process_does_it_and_its_words_come_back(source):
    with pytest.raises(UsageError, match="knows no batch job '9'"):
        await source.batch_order("rescue", "9")
    async with source.lib.transaction() as db:
        await db.execute("UPDATE batch_job SET state = 'built' WHERE id = 1")
    words = await source.batch_order("rescue", "1")
    assert words.startswith("Given up before it was submitted")
    assert (await source.batch_view()).jobs[1].state == "cancelled"


async def test_with_an_engine_it_is_told(source):
    sent = []

    async def command(verb, argument=""):
        sent.append((verb, argument))
        return "done"

    source.command = command
    with EngineLock(source.lib.path):
        assert await source.batch_order("cancel", "1") == "done"
        with pytest.raises(UsageError, match="looks after the jobs by itself"):
            await source.watch_batches()
    assert sent == [("batch_cancel", "1")]


@pytest.mark.parametrize(
    ("out", "said"),
    [
        (b'{"command":"x","message":"all is well"}\n', "all is well"),
        (b'{"state":"running"}\n{"state":"running"}\n{"state":"ingested"}\n',
         "looked at: 2 running, 1 ingested"),
        (b"no json\n[1]\n7\n", ""),
        (b'{"message":"\\u001b[2Jgone"}', "[2Jgone"),
    ],
)  # fmt: skip
def test_what_a_process_printed_becomes_words(out, said):
    assert said in answer_in(out)
    assert "\x1b" not in answer_in(out)
