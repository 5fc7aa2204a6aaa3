"""Failures by cause, their files, the raw answer, and what is decided about them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.store.failures import Selection
from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.screens.failures_words import STANDINGS, advice_of, cause_of, hope_of
from gemtag_tui.tui.wanted_failures import Reach

from .fakes import failure
from .fakes_triage import track_row
from .support import HOSTILE_AT_ONCE, FakeSource, settle, shown, text_of

SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
async def test_causes_come_first_with_count_words_hope_and_advice(size):
    async with shown(FakeSource(), "failures", size) as (app, pilot):
        text = text_of(app)
        assert "failures 5 in 2 causes · $0.0030 spent" in text
        assert "finishReason SAFETY" in text
        assert "✗ known bad" in text
        assert "withheld" in text
        assert "Ask gemini-3.8-flash instead" in text
        await pilot.press("j")
        await settle(pilot)
        text = text_of(app)
        assert "comes back" in text
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
        assert "40 s" in text
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


SAFETY = Selection(kind=FailureKind.SAFETY, head=failure(1).message, standing=Standing.KNOWN_BAD)
QUESTIONS = [
    ("R", "retry", "Retry 1,204 images, about $0.31? y/N"),
    ("I", "ignore", "Ignore 1,204 images for good ($0.61 was spent on them)? y/N"),
    ("O", "reopen", "Reopen 1,204 images, about $0.31? y/N"),
    ("J", "rejudge", "Judge 1,204 stored answers again, at no cost (nothing is sent)? y/N"),
    ("M", "model gemini-3.8-flash", "Ask gemini-3.8-flash about 1,204 images, about $0.31? y/N"),
    ("A", "more-output", "Retry 1,204 images with low resolution, about $0.31 (7 others refused"),
    ("D", "resolution", "Retry 1,204 images with low resolution, about $0.31 (7 others refused"),
    ("E", "re-encode", "Retry 1,204 images with low resolution, about $0.31 (7 others refused"),
]


@pytest.mark.parametrize(("key", "verb", "asked"), QUESTIONS)
async def test_decisions_are_previewed_and_asked_and_enter_means_no(key, verb, asked):
    source = FakeSource()
    async with shown(source, "failures") as (app, pilot):
        await pilot.press(key)
        await settle(pilot)
        assert asked in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert not source.decided
        await pilot.press(key)
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert f"{verb} done" in text_of(app)
        assert source.decided == [(verb, [SAFETY])]
        await pilot.press("u")
        await settle(pilot)
        assert f"Undone: {verb}" in text_of(app)
        await pilot.press("u")
        await settle(pilot)
        assert "Nothing to undo" in text_of(app)


@pytest.mark.parametrize("key", "RIOJMADE")
async def test_what_reaches_nothing_says_so_and_asks_nothing(key):
    source = FakeSource(reaches=Reach())
    async with shown(source, "failures") as (app, pilot):
        await pilot.press(key)
        await settle(pilot)
        assert "y/N" not in text_of(app)
        assert "of these" in text_of(app)
    assert not source.decided


async def answered(pilot, *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)
    await pilot.press("y")
    await settle(pilot)


async def test_marks_are_acted_on_instead_of_the_row_and_go_afterwards():
    source = FakeSource()
    async with shown(source, "failures") as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("space", "space")
        await settle(pilot)
        assert "2 marked" in text_of(app)
        await answered(pilot, "I")
        assert "marked" not in text_of(app)
        await answered(pilot, "asterisk", "R")
        await pilot.press("g", "asterisk", "space")
        await answered(pilot, "R")
    (first, ids), (_, every), (_, some) = source.decided
    assert (first, set(ids[0].ids)) == ("ignore", {1, 2})
    assert every == [SAFETY]
    assert some == [replace(SAFETY, but=(1,))]


async def test_a_range_is_marked_from_the_last_mark_to_the_cursor():
    many = [failure(i) for i in range(1, 1_501)]
    source = FakeSource(failed=many)
    async with shown(source, "failures") as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("j", "V", "G", "k", "V")
        await settle(pilot)
        assert "1,498 marked" in text_of(app)
        await pilot.press("g", "j", "j", "space")
        await settle(pilot)
        assert "1,497 marked" in text_of(app)
        await answered(pilot, "R")
    assert sorted(source.decided[0][1][0].ids) == [2, *range(4, 1_500)]


async def test_causes_can_be_settled_together_in_one_decision():
    source = FakeSource()
    async with shown(source, "failures") as (_app, pilot):
        await pilot.press("asterisk")
        await answered(pilot, "R")
    assert [(verb, len(chosen)) for verb, chosen in source.decided] == [("retry", 2)]


async def test_a_filtered_list_of_files_is_settled_as_it_is_shown():
    source = FakeSource()
    async with shown(source, "failures") as (_app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("/", *"0002", "enter")
        await settle(pilot)
        await pilot.press("asterisk")
        await answered(pilot, "R")
    assert source.decided == [("retry", [replace(SAFETY, text="0002")])]


@pytest.mark.parametrize("size", SIZES)
async def test_remedies_stand_with_their_price_and_their_setting(size):
    cut = [failure(i, kind=FailureKind.TRUNCATED, message="MAX_TOKENS") for i in range(1, 9)]
    async with shown(FakeSource(failed=cut), "failures", size) as (app, _):
        text = " ".join(text_of(app).split())
        assert "Judge the 8 stored answers again" in text
        assert "free" in text
        assert "J judge" in text
        assert "$0.0" in text
        if size[0] > 100:
            assert "room for 4,096 tokens" in text
            assert "one try each; all else as the profile says" in text
            assert "Ask gemini-3.8-flash instead" in text
            assert "seldom helps" in text
            assert "8 answers stored" in text


async def test_the_shown_track_is_named_and_another_can_be_chosen():
    tracks = [track_row(1, last=True, shown=True), track_row(2, "gemini-3.8-flash")]
    source = FakeSource(tracks=tracks)
    async with shown(source, "failures") as (app, pilot):
        assert "gemini-3.5-flash-lite · default" in text_of(app)
        await pilot.press("m")
        await settle(pilot)
        text = text_of(app)
        assert "●  the last run's" in text
        assert text.count("gemini-3.") >= 2
        await pilot.press("G", "enter")
        await settle(pilot)
        assert "Shown: gemini-3.8-flash." in text_of(app)
        assert "gemini-3.8-flash · default" in text_of(app)
        await pilot.press("m")
        await settle(pilot)
        assert "●  gemini-3.8-flash" in text_of(app)
        await pilot.press("g", "enter")
        await settle(pilot)
        assert "gemini-3.5-flash-lite · default" in text_of(app)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (FailureKind.TRUNCATED, ("A more room", "M other model")),
        (FailureKind.REJECTED_IMAGE, ("E made anew", "D resolution")),
    ],
)
async def test_the_footer_names_the_changed_settings_that_fit(kind, keys):
    source = FakeSource(failed=[failure(1, kind=kind)])
    async with shown(source, "failures", (120, 40)) as (app, pilot):
        last = text_of(app).splitlines()[-1]
        assert all(key in last for key in keys)
        await pilot.press("question_mark")
        await settle(pilot)
        assert "Try again in another media resolution" in " ".join(text_of(app).split())


async def test_the_footer_names_what_fits_the_row():
    ignored = [failure(9, standing=Standing.IGNORED)]
    async with shown(FakeSource(failed=ignored), "failures") as (app, _):
        keys = text_of(app).splitlines()[-1]
        assert "O reopen" in keys
        assert "R retry" not in keys
    async with shown(FakeSource(), "failures") as (app, _):
        keys = text_of(app).splitlines()[-1]
        assert "R retry" in keys
        assert "judge" not in keys


@pytest.mark.parametrize("name", HOSTILE_AT_ONCE)
async def test_hostile_words_of_a_cause_stay_words(name):
    words = name.decode("utf-8", "surrogateescape")
    source = FakeSource(failed=[failure(1, b"/p/" + name, message=words)])
    async with shown(source, "failures", (120, 40)) as (app, pilot):
        text = text_of(app)
        assert "1 image, 100 % of all" in text
        assert not {"\x1b", "\u202e", "\x07"} & set(text)
        await pilot.press("/", *"zz", "enter")
        await settle(pilot)
        assert "Nothing fits the filter" in text_of(app)


async def test_causes_are_renewed_once():
    source = FakeSource()
    async with shown(source, "failures") as (app, pilot):
        await app.screen.reread()
        await settle(pilot)
    assert source.renewed == 1


async def test_an_empty_inbox_says_what_would_stand_there():
    async with shown(FakeSource(failed=[]), "failures") as (app, _):
        text = " ".join(text_of(app).split())
        assert "every image that was tried has its tags" in text
        assert "well done" in text
        assert "what can be done about it" in text


@pytest.mark.parametrize("size", SIZES)
async def test_one_failure_shows_its_picture_beside_its_words(size):
    source = FakeSource()
    async with shown(source, "failures", size) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "▀" in text_of(app)
        assert "safety ✗ known bad" in text_of(app)
        await answered(pilot, "R")
        assert source.decided == [("retry", [Selection(ids=(1,))])]
        await pilot.press("i")
        await settle(pilot)
        assert "▀" not in text_of(app)
    assert {number for number, _ in source.pictured} == {1}


@pytest.mark.parametrize("name", HOSTILE_AT_ONCE)
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
