"""Failures by cause, their files, the raw answer, and what is decided about them."""

from __future__ import annotations

import pytest

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.store.failures import Selection
from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.screens.failures_words import STANDINGS, advice_of, cause_of, hope_of

from .fakes import failing, failure
from .support import HOSTILE, FakeSource, settle, shown, text_of

SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
async def test_causes_come_first_with_count_words_hope_and_advice(size):
    async with shown(FakeSource(), "failures", size) as (app, pilot):
        text = text_of(app)
        assert "failures 5 in 2 causes · $0.0030 spent" in text
        assert "finishReason SAFETY" in text
        assert "✗ known bad" in text
        assert "withheld" in text
        assert "Lower a threshold" in text
        await pilot.press("j")
        await settle(pilot)
        text = text_of(app)
        assert "comes back" in text
        assert "yes" in text
    assert max(len(line) for line in text.splitlines()) <= size[0]


async def test_fourteen_rows_stand_on_the_smallest_terminal():
    many = [failure(i, message=f"cause {chr(64 + i)}") for i in range(1, 27)]
    async with shown(FakeSource(failed=many), "failures") as (app, _):
        assert (
            sum("cause " in line and "✗ known bad" in line for line in text_of(app).splitlines())
            >= 14
        )


@pytest.mark.parametrize("size", SIZES)
async def test_enter_opens_the_files_and_again_the_raw_answer(size):
    async with shown(FakeSource(), "failures", size) as (app, pilot):
        await pilot.press("j", "enter")
        await settle(pilot)
        text = text_of(app)
        assert "overloaded · 2 files" in text
        assert "IMG_0004.jpg" in text
        assert "try 2 " in text
        assert "in 40 s" in text
        await pilot.press("enter")
        await settle(pilot)
        assert "Raw answer" in text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.PLACE == "failures"


async def test_no_failures_only_when_there_are_none():
    async with shown(FakeSource(failed=[]), "failures") as (app, _):
        assert "No failures" in text_of(app)
    async with shown(FakeSource(), "failures") as (app, pilot):
        await pilot.press("/", *"zebra", "enter")
        await settle(pilot)
        assert "No failures" not in text_of(app)
        assert "Nothing fits the filter" in text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "5 in 2 causes" in text_of(app)


@pytest.mark.parametrize(("key", "verb"), [("r", "retry"), ("i", "ignore"), ("u", "reopen")])
async def test_small_letters_act_on_the_row_at_once(key, verb):
    source = FakeSource()
    async with shown(source, "failures") as (app, pilot):
        await pilot.press(key)
        await settle(pilot)
        assert f"{verb} done" in text_of(app)
    selection = Selection(
        kind=FailureKind.SAFETY, head=failure(1).message, standing=Standing.KNOWN_BAD
    )
    assert source.decided == [(verb, [selection])]


async def test_marks_are_acted_on_instead_of_the_row():
    source = FakeSource()
    async with shown(source, "failures") as (_app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("space", "space", "i")
        await settle(pilot)
        await pilot.press("asterisk", "asterisk", "r")
        await settle(pilot)
    assert source.decided[0] == ("ignore", [Selection(ids=(1, 2))]) or set(
        source.decided[0][1][0].ids
    ) == {1, 2}
    assert source.decided[1][1] == [
        Selection(
            kind=FailureKind.SAFETY, head=failure(1).message[:80], standing=Standing.KNOWN_BAD
        )
    ]


async def test_retrying_all_asks_with_count_and_cost_and_leaves_ignored_ones():
    ignored = [failure(9, message="left alone", standing=Standing.IGNORED)]
    source = FakeSource(failed=failing() + ignored)
    async with shown(source, "failures") as (app, pilot):
        await pilot.press("R")
        await settle(pilot)
        assert "Retry 5 images, about $0.0025? y/N" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert not source.decided
        await pilot.press("R")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
    assert [len(chosen) for _, chosen in source.decided] == [2]


async def test_a_filtered_list_of_files_retries_what_is_shown_alone():
    source = FakeSource()
    async with shown(source, "failures") as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("/", *"0002", "enter")
        await settle(pilot)
        await pilot.press("R")
        await settle(pilot)
        assert "Retry 1 image," in text_of(app)
        await pilot.press("y")
        await settle(pilot)
    assert source.decided == [("retry", [Selection(ids=(2,))])]


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_and_messages_stay_words(name):
    words = name.decode("utf-8", "surrogateescape")
    rows = [failure(1, b"/p/" + name, message=words)]
    async with shown(FakeSource(failed=rows), "failures") as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert "\x1b" not in text_of(app)
        assert "\u202e" not in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert ("\x1b" not in text_of(app) and "Raw answer" in text_of(app)) or len(name) > 500


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_has_words(kind):
    assert cause_of(kind)
    assert hope_of(kind)[0] in {"yes", "perhaps", "no"}
    for standing in Standing:
        assert advice_of(kind, standing).endswith(".")
        assert STANDINGS[standing]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_picture(snap_compare, size):
    app = GemtagApp(FakeSource(), tick=3600, first_screen="failures")
    assert snap_compare(app, terminal_size=size, run_before=settle)
