"""The library: a list of any length, its search, and one image in full; and pages by position."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gemtag_tui.store.work import State
from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.positions import Keyed
from gemtag_tui.tui.screens.library_lines import paragraphs
from gemtag_tui.tui.wanted_library import AssetView

from .fakes import asset
from .fakes_triage import track_row
from .support import HOSTILE_AT_ONCE, NOW, FakeSource, settle, shown, text_of

SIZES = [(80, 24), (120, 40)]


async def seen(pilot, words):
    """Let the screen go on until it says something; work that waits is left alone."""
    while words not in text_of(pilot.app):
        await pilot.pause(0.01)


@pytest.mark.parametrize("size", SIZES)
async def test_name_summary_and_tags_stand_side_by_side(size):
    async with shown(FakeSource(), "library", size) as (app, _):
        text = text_of(app)
    assert "everything 100" in text
    assert text.count("IMG_") >= 14
    assert "A narrow galley" in text
    assert "kitchen, tap" in text
    assert "/p/boards/kitchen/IMG_0001.jpg" in text
    assert max(len(line) for line in text.splitlines()) <= size[0]


async def test_what_is_not_tagged_says_why():
    bare = {"result": 0, "summary": "", "tags": {}}
    rows = [
        asset(1, state=State.TODO, **bare),
        asset(2, state=State.KNOWN_BAD, kind="safety", **bare),
    ]
    async with shown(FakeSource(rows=rows), "library") as (app, _):
        text = text_of(app)
    assert "to be tagged" in text
    assert "known bad: safety" in text


async def test_a_search_runs_as_it_is_typed_and_esc_clears_it():
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        await pilot.press("/", *"oak")
        await settle(pilot)
        assert source.asked[-1] == (AssetView.ALL, "oak")
        assert (AssetView.ALL, "oa") not in source.asked  # one search for keys in quick succession
        assert "search oak · 100 found" in text_of(app)
        await pilot.press("enter", "escape")
        await settle(pilot)
        assert source.asked[-1] == (AssetView.ALL, "")


@pytest.mark.parametrize(("words", "found"), [("oak", "100 found so far"), ("nosuch", "0 found")])
async def test_a_search_that_is_not_through_says_so(words, found):
    source, turn = FakeSource(), asyncio.Event()
    async with shown(source, "library") as (app, pilot):
        source.looked, source.turn = 0.25, turn
        app.screen.set_filter(words)
        assert "looking …" in str(app.screen._title())
        await seen(pilot, "still looking, 25% looked through")
        assert found in text_of(app)
        assert ("Nothing found so far" in text_of(app)) == (words == "nosuch")
        turn.set()
        await seen(pilot, "75%")
        turn.set()
        await settle(pilot)
        assert "looking" not in text_of(app)
        assert "looked" not in text_of(app)
        assert ("Nothing tagged fits" in text_of(app)) == (words == "nosuch")


async def test_the_views_follow_each_other_and_come_back_with_the_row():
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        await pilot.press("v", "v")
        await settle(pilot)
        assert source.asked[-1][0] is AssetView.WAITING
        await pilot.press("j", "j", "j")
        kept = app.screen.keep()
    assert (kept["row"], kept["view"], kept["list"]) == (3, "not tagged yet", False)


@pytest.mark.parametrize("size", SIZES)
async def test_enter_shows_all_that_is_known(size):
    rows = [asset(1, files=2), asset(2)]
    async with shown(FakeSource(rows=rows), "library", size) as (app, pilot):
        await settle(pilot)
        if size[0] >= 100:
            assert "also at" in text_of(app)
            assert "/p/copy.jpg" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        text = text_of(app)
    for words in ("1600 × 1200", "2 files, one content, paid once", "/p/copy.jpg",
                  "gemini-3.5-flash-lite-001", "interactive lane, $0.0005",
                  "subject: kitchen"):  # fmt: skip
        assert words in text, words


async def test_the_setting_of_a_changed_try_is_told():
    detail = await FakeSource(rows=[asset(1)]).asset(1)
    assert "tried with" not in str(paragraphs(detail, {}, NOW))
    made = [replace(detail.results[0], made_with="output=4096")]
    ((_, words), *_) = paragraphs(replace(detail, results=made), {}, NOW)
    assert words.endswith("tried with room for 4,096 tokens, else as the profile says")


@pytest.mark.parametrize("name", HOSTILE_AT_ONCE)
async def test_hostile_names_and_summaries_stay_words(name):
    words = name.decode("utf-8", "surrogateescape")
    rows = [asset(1, b"/p/" + name, summary=words, tags={"subject": [words[:80]]})]
    async with shown(FakeSource(rows=rows), "library", (120, 40)) as (app, pilot):
        assert "\x1b" not in text_of(app)
        assert "\u202e" not in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "\x1b" not in text_of(app)
        assert "\u202e" not in text_of(app)


async def test_any_position_is_reached_from_the_nearest_end():
    ids = list(range(10, 3010, 3))
    skips: list[int] = []

    async def size() -> int:
        return len(ids)

    async def read(key: int | None, skip: int, limit: int, backwards: bool):
        skips.append(skip)
        found = ids[::-1] if backwards else ids
        if key is not None:
            found = [i for i in found if (i < key if backwards else i > key)]
        return found[skip : skip + limit]

    pages = Keyed(size, read, lambda row: row)
    await pages.count()
    for start in (0, 200, 800, 900, 999, 400, 600, 0, 950):
        assert list(await pages.page(start, 200)) == ids[start : start + 200], start
    assert max(skips) <= 200


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_picture(snap_compare, size):
    app = GemtagApp(FakeSource(), tick=3600, first_screen="library")
    assert snap_compare(app, terminal_size=size, run_before=settle)


async def test_chosen_images_are_tagged_again_with_another_profile():
    source = FakeSource(rows=[asset(1), asset(2), asset(3)])
    async with shown(source, "library") as (app, pilot):
        await pilot.press("space", "space", "space", "R")
        await settle(pilot)
        assert "tag 3 images with profile (close) [model]" in text_of(app)
        await pilot.press("ctrl+u", *"close gemini-3.8-flash", "enter")
        await settle(pilot)
        text = " ".join(text_of(app).split())
        assert "Tag 2 images with Close · gemini-3.8-flash, about $0.0020 (1 have such" in text
        await pilot.press("enter")
        await settle(pilot)
        assert not source.tagged_again
        await pilot.press("R")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert source.tagged_again == [([1, 2, 3], "default", "gemini-3.5-flash-lite")]
        assert "gemini-3.5-flash-lite is asked." in text_of(app)


async def test_the_library_names_its_track_and_shows_another():
    tracks = [track_row(1, last=True, shown=True), track_row(2, "gemini-3.8-flash")]
    source = FakeSource(rows=[asset(1)], tracks=tracks)
    async with shown(source, "library") as (app, pilot):
        assert "gemini-3.5-flash-lite · default" in text_of(app)
        await pilot.press("m")
        await settle(pilot)
        await pilot.press("G", "enter")
        await settle(pilot)
        assert "gemini-3.8-flash · default" in text_of(app)
