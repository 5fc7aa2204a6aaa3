"""The library's ways: narrowing, correcting, renaming, comparing, exporting, pictures."""

from __future__ import annotations

import pytest

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.query import QueryError, parse
from gemtag_tui.imaging.pixels import Pixels, pack, unpack
from gemtag_tui.store.facets import Facet, Value
from gemtag_tui.tui.screens import library as screens
from gemtag_tui.tui.screens import library_pictures
from gemtag_tui.tui.screens.library_compare import pairs
from gemtag_tui.tui.screens.library_facets import facet_rows
from gemtag_tui.tui.screens.library_typed import (
    chosen_in,
    mistake_line,
    read_place,
    read_rename,
    read_tags,
    toggled,
)
from gemtag_tui.tui.wanted_library import Order
from gemtag_tui.tui.widgets.blocks import block_lines, fitted
from gemtag_tui.tui.widgets.sharp import graphics

from .fakes import asset
from .fakes_library import picture, said
from .support import HOSTILE_AT_ONCE, FakeSource, settle, shown, text_of

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(screens, "DEBOUNCE", 0)
    monkeypatch.setattr(library_pictures, "PAUSE", 0)


async def typed(pilot, keys: str) -> None:
    named = {" ": "space", ":": "colon", ",": "comma", "-": "minus", ">": "greater_than_sign",
             "/": "slash", ".": "full_stop", "%": "percent_sign"}  # fmt: skip
    await pilot.press(*(named.get(key, key) for key in keys))
    await pilot.press("enter")
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_a_tag_of_the_facets_narrows_and_lets_go_again(size):
    source = FakeSource()
    async with shown(source, "library", size) as (app, pilot):
        await pilot.press("F")
        await settle(pilot)
        assert "kitchen" in text_of(app)
        assert "1,204" in text_of(app)
        await pilot.press("j", "enter")
        await settle(pilot)
        assert source.asked[-1][1] == "colours:oak"
        assert "✓ oak" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert source.asked[-1][1] == ""
        await pilot.press("escape", "F")
        await settle(pilot)
        assert "1,204" not in text_of(app)


async def test_a_mistake_is_said_where_it_is_and_the_list_stays():
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        asked = len(source.asked)
        await pilot.press("/", "quotation_mark")
        await settle(pilot)
        text = text_of(app)
        assert "A quotation mark is not closed" in text
        assert text.count("IMG_") >= 14
        assert len(source.asked) == asked
        await pilot.press("escape")
        await settle(pilot)
        assert "everything 100" in text_of(app)


async def test_tags_are_added_to_the_marked_images_after_a_question():
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        await pilot.press("space", "space", "T")
        await settle(pilot)
        await pilot.press("ctrl+u")
        await typed(pilot, "subject: red, dark blue")
        assert "Add subject: red, dark blue to 2 images? y/N" in text_of(app)
        assert source.corrected == []
        await pilot.press("y")
        await settle(pilot)
        assert source.corrected == [("add", [1, 2], "subject", ["red", "dark blue"])]
        assert "2 images corrected; u takes it back." in text_of(app)
        await pilot.press("u")
        await settle(pilot)
        assert "Undone: add." in text_of(app)


async def test_one_image_is_corrected_without_a_question_and_a_wrong_bucket_is_said():
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        await pilot.press("D")
        await settle(pilot)
        await pilot.press("ctrl+u")
        await typed(pilot, "sbject: tap")
        assert "There is no bucket sbject" in text_of(app)
        await pilot.press("ctrl+u")
        await typed(pilot, "subject: tap")
        assert source.corrected == [("remove", [1], "subject", ["tap"])]


async def test_everything_marked_but_some_is_counted_out():
    source = FakeSource()
    async with shown(source, "library") as (_, pilot):
        await pilot.press("*", "space", "T")
        await settle(pilot)
        await pilot.press("ctrl+u")
        await typed(pilot, "subject: x")
        await pilot.press("y")
        await settle(pilot)
    assert source.corrected[0][1] == list(range(2, 101))


async def test_a_summary_is_corrected():
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        await pilot.press("e")
        await settle(pilot)
        assert "A narrow galley" in text_of(app)
        await pilot.press("ctrl+u")
        await typed(pilot, "better")
        assert source.corrected == [("summary", 1, "better")]


async def test_a_rename_says_how_many_and_asks():
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        await pilot.press("M")
        await typed(pilot, "subject:kitchen -> cuisine")
        assert "Rename subject:kitchen to cuisine: 1,204 results? y/N" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert source.corrected == []
        await pilot.press("M")
        await typed(pilot, "subject:kitchen -> cuisine")
        await pilot.press("y")
        await settle(pilot)
        assert source.corrected == [("rename", ["subject:kitchen"], "cuisine")]
        assert "Renamed to cuisine" in text_of(app)


async def test_an_export_asks_for_its_file_and_says_where(tmp_path):
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        await pilot.press("space", "x")
        await settle(pilot)
        await pilot.press("ctrl+u")
        await typed(pilot, "/tmp/a.txt")
        assert "End the name with" in text_of(app)
        await pilot.press("ctrl+u")
        await typed(pilot, "/nowhere/a.csv")
        assert source.corrected == [("export", "/nowhere/a.csv", "", [1])]
        assert "3 results written to /nowhere/a.csv." in text_of(app)


async def test_a_place_is_gone_to():
    async with shown(FakeSource(), "library") as (app, pilot):
        await pilot.press("%")
        await typed(pilot, "50%")
        assert app.screen.keep()["row"] == 50


async def test_orders_follow_each_other():
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        await pilot.press("o", "o")
        await settle(pilot)
        assert source.orders[-1] is Order.NAME
        assert "by name" in text_of(app)


@pytest.mark.parametrize("size", SIZES)
async def test_two_models_stand_side_by_side_and_one_is_accepted(size):
    other = said("gemini-3.8-flash", summary="A kitchen.", tags={"subject": ["sink"]})
    source = FakeSource(told_by=[said(), other])
    async with shown(source, "library", size) as (app, pilot):
        await pilot.press("c")
        await settle(pilot)
        text = text_of(app)
        assert "gemini-3.8-flash" in text
        assert "kitchen, tap" in text
        assert "sink" in text
        await pilot.press("right", "j", "enter")
        await settle(pilot)
        assert source.corrected == [("accept", 1, "gemini-3.8-flash", "subject")]
        await pilot.press("left", "a")
        await settle(pilot)
        assert source.corrected[-1] == ("accept", 1, "gemini-3.5-flash-lite", "")


def test_pairs_hold_every_bucket_of_either_side():
    rows = pairs(said(), said(tags={"mood": ["calm"]}), "now", {"style": ["plain"]})
    assert [row.bucket for row in rows] == ["", "subject", "setting", "mood", "style"]
    assert [row.same for row in rows] == [True, False, False, False, True]


@pytest.mark.parametrize("size", SIZES)
async def test_the_grid_shows_pictures_and_keeps_the_image(size):
    source = FakeSource()
    async with shown(source, "library", size) as (app, pilot):
        await pilot.press("j", "j", "t")
        await settle(pilot)
        text = text_of(app)
        assert "▀▀" in text
        assert "▸✓ IMG_0003.jpg" in text
        assert {3, 4} <= {number for number, _ in source.pictured}
        await pilot.press("right", "t")
        await settle(pilot)
        assert app.screen.keep()["row"] == 3


async def test_no_picture_is_made_where_they_are_off():
    source = FakeSource(pictures_mode="off")
    async with shown(source, "library", (120, 40)) as (app, pilot):
        await pilot.press("j", "enter")
        await settle(pilot)
        assert source.pictured == []
        await pilot.press("i")
        await settle(pilot)
        assert source.pictured != []
        assert "▀" in text_of(app)


async def test_the_expanded_image_steps_through_the_list():
    source = FakeSource()
    async with shown(source, "library") as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("n")
        await settle(pilot)
        assert "IMG_0002.jpg" in text_of(app)
        await pilot.press("b", "b")
        await settle(pilot)
        assert "This is the first image." in text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.keep()["row"] == 0


@pytest.mark.parametrize("name", HOSTILE_AT_ONCE)
async def test_hostile_words_stay_words_everywhere(name):
    words = name.decode("utf-8", "surrogateescape")
    source = FakeSource(
        rows=[asset(1, b"/p/" + name, summary=words, tags={"subject": [words[:80]]})],
        facet_list=[Facet("subject", (Value(words[:80], 1),), more=False)],
        told_by=[said(words[:60], summary=words, tags={"subject": [words[:80]]})],
        shown_picture=type(picture())(why=words[:200]),
    )
    async with shown(source, "library", (120, 40)) as (app, pilot):
        for keys in (
            ("F", "j", "enter"),
            ("enter", "escape", "t"),
            ("t", "c"),
            ("escape", "enter"),
        ):
            await pilot.press(*keys)
            await settle(pilot)
            text = text_of(app)
            assert "\x1b" not in text
            assert "\u202e" not in text


# What is typed


def test_typed_tags_and_renames_are_read():
    assert read_tags("Subject: red, dark blue ,") == ("subject", ["red", "dark blue"])
    assert read_rename("subject:a, b → c") == (["subject:a", "b"], "c")
    for wrong in ("red", "subject:", ": red"):
        with pytest.raises(UsageError):
            read_tags(wrong)
    for wrong in ("a", "a ->", "-> b", "a -> b -> c"):
        with pytest.raises(UsageError):
            read_rename(wrong)


@pytest.mark.parametrize(
    ("given", "position"), [("37%", 370), ("0 %", 0), ("100%", 999), ("1", 0), ("1,000", 999)]
)
def test_places_are_read(given, position):
    assert read_place(given, 1000) == position


@pytest.mark.parametrize("wrong", ["", "x", "-3", "٣"])
def test_what_is_no_place_is_refused(wrong):
    with pytest.raises(UsageError):
        read_place(wrong, 1000)


@pytest.mark.parametrize("name", ["oak", "dark blue", 'a "quoted" one', "-minus", "tag:x"])
def test_a_tag_is_put_into_a_search_and_taken_out(name):
    for typed, kept in (("kitchen ", "kitchen"), ("kitchen", "kitchen*")):
        text = toggled(typed, "colours", name)
        assert len(parse(text).terms) == 2
        assert len(chosen_in(text)) == 1
        assert toggled(text, "colours", name) == kept


def test_a_mistake_shows_its_place():
    with pytest.raises(QueryError) as caught:
        parse("oak tag:", [])
    assert mistake_line("oak tag:", caught.value)[2] == ("tag:", "bad")


def test_tags_narrowed_to_are_shown_first_and_buckets_open():
    values = tuple(Value(f"t{i}", 100 - i) for i in range(30))
    facets = [Facet("subject", values, more=True)]
    rows = facet_rows(facets, frozenset({("subject", "t29")}), frozenset())
    assert (rows[0].more, rows[1].name, rows[1].chosen, len(rows)) == (18, "t29", True, 13)
    assert len(facet_rows(facets, frozenset(), frozenset({"subject"}))) == 31


# Pictures


def test_pixels_come_back_and_nothing_else_does():
    rgb = bytes(range(48))
    assert unpack(pack(4, 4, rgb)) == Pixels(4, 4, rgb)
    for wrong in (b"", b"GTP1", pack(4, 4, rgb[:-1]), pack(4, 4, rgb + b"x"), pack(4, 4, rgb)[:-9],
                  b"XXXX" + pack(4, 4, rgb)[4:], pack(513, 1, bytes(1539))):  # fmt: skip
        assert unpack(wrong) is None


def test_blocks_fill_their_cells_and_keep_the_shape():
    wide = Pixels(64, 32, bytes(64 * 32 * 3))
    assert fitted(wide, 40, 20) == (40, 10)
    assert fitted(Pixels(1, 300, bytes(900)), 40, 20) == (1, 20)
    lines = block_lines(wide, 7, 3)
    assert [sum(part.cell_length for part in line) for line in lines] == [7, 7, 7]


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, ""),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "sixel"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-256color"}, ""),
        ({}, ""),
    ],
)
def test_a_terminal_s_graphics_are_told_by_its_name(environ, kind):
    assert graphics(environ) == kind
