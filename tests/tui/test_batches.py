"""Batch jobs: none yet, said plainly; and rows when a library holds some."""

from __future__ import annotations

import pytest

from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.screens.batches_lines import NEXT, STATES

from .fakes import job
from .support import HOSTILE, NOW, FakeSource, settle, shown, text_of

SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
async def test_without_jobs_it_says_what_this_version_does(size):
    async with shown(FakeSource(), "batches", size) as (app, _):
        text = text_of(app)
    assert "this version does not run the batch lane" in text
    assert "gemtag batches list" in " ".join(text.split())


async def test_a_version_with_the_batch_lane_says_how_to_start_one():
    async with shown(FakeSource(batches_built=True), "batches") as (app, _):
        text = text_of(app)
    assert "a start in the batch lane makes them" in text
    assert "does not run" not in text


@pytest.mark.parametrize("size", SIZES)
async def test_server_and_local_state_stand_apart(size):
    ended = job(1, state="ended", server_state="JOB_STATE_SUCCEEDED", requests=60, succeeded=60,
                ingested=58, pending=0, failed=0, ended_at=NOW - 60)  # fmt: skip
    async with shown(FakeSource(jobs=[job(2), ended]), "batches", size) as (app, pilot):
        await pilot.press("j")
        await settle(pilot)
        text = text_of(app)
        assert "! ended" in text
        assert "SUCCEEDED" in text
        assert "58 of 60" in text
        assert "its results are not in the library yet" in text
        assert "● running" in text
        assert "0 of 12,000" in text
        await pilot.press("enter")
        await settle(pilot)
        assert "Google says" in text_of(app)
        assert "batches/abc1" in text_of(app)
    assert max(len(line) for line in text.splitlines()) <= size[0]


async def test_a_filter_narrows_by_state():
    jobs = [job(1), job(2, state="failed", error="quota")]
    async with shown(FakeSource(jobs=jobs), "batches") as (app, pilot):
        await pilot.press("/", *"quota", "enter")
        await settle(pilot)
        assert "gemtag-02" in text_of(app)
        assert "gemtag-01" not in text_of(app)


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_words_of_a_server_stay_words(name):
    words = name.decode("utf-8", "surrogateescape")
    rows = [job(1, display_name=words, error=words, server_state=words[:300])]
    async with shown(FakeSource(jobs=rows), "batches", (120, 40)) as (app, pilot):
        assert "\x1b" not in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "\x1b" not in text_of(app)
        assert "\u202e" not in text_of(app)


def test_every_state_has_a_sign_and_a_next_step():
    assert set(STATES) == set(NEXT)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_picture(snap_compare, size):
    app = GemtagApp(
        FakeSource(jobs=[job(2), job(1, state="ingested", ended_at=NOW)]),
        tick=3600,
        first_screen="batches",
    )
    assert snap_compare(app, terminal_size=size, run_before=settle)
