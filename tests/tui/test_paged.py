from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from gemtag_tui.tui.widgets.columns import Column, Marks, layout
from gemtag_tui.tui.widgets.listed import Listed
from gemtag_tui.tui.widgets.paged import PagedList
from gemtag_tui.tui.widgets.pages import KEPT_PAGES, PAGE

from .support import HOSTILE, settle, text_of

COLUMNS = [
    Column("row", 9, lambda row: (f"{row:,}", ""), right=True),
    Column("twice", 12, lambda row: (str(row * 2), "muted"), grow=1, rank=1),
]


class Million:
    """A long list that remembers what was asked of it."""

    def __init__(self, length=1_000_000):
        self.length = length
        self.asked = []

    async def count(self):
        return self.length

    async def page(self, start, limit):
        self.asked.append(start)
        return range(start, min(start + limit, self.length))


class Bare(App):
    CSS = "PagedList { height: 1fr; }"

    def __init__(self, paged):
        super().__init__()
        self.paged = paged
        self.seen = []

    def compose(self):
        yield self.paged

    def on_paged_list_opened(self, message):
        self.seen.append(("opened", message.row))

    def on_paged_list_marked(self):
        self.seen.append(("marked", self.paged.marks))


@pytest.fixture
async def million():
    paged = PagedList(COLUMNS, lambda row: row, id="rows")
    app, pages = Bare(paged), Million()
    async with app.run_test(size=(40, 12)) as pilot:
        await paged.load(pages)
        paged.focus()
        await settle(pilot)
        yield app, pilot, paged, pages


async def test_a_million_rows_are_read_a_page_at_a_time(million):
    app, pilot, paged, pages = million
    assert "▸         0" in text_of(app)
    await pilot.press("G")
    await settle(pilot)
    assert paged.row == 999_999
    assert "999,999" in text_of(app)
    assert len(pages.asked) <= 3


async def test_moving_about_keeps_a_few_pages_in_memory(million):
    _, pilot, paged, _ = million
    for position in range(0, 1_000_000, 9_973):
        paged.go(position)
        await settle(pilot)
        assert paged.row == position
    assert len(paged._cache._rows) <= KEPT_PAGES


async def test_keys_move_the_cursor(million):
    _, pilot, paged, _ = million
    for key, row in (
        ("j", 1),
        ("down", 2),
        ("k", 1),
        ("pagedown", 11),
        ("pageup", 1),
        ("g", 0),
        ("up", 0),
    ):
        await pilot.press(key)
        await settle(pilot)
        assert paged.row == row, key


async def test_the_cursor_stays_on_its_row_when_others_come_and_go(million):
    _, pilot, paged, _ = million
    rows = list(range(100, 200))
    await paged.load(Listed(rows), at=50)
    assert paged.row == 150
    rows[:0] = range(90)
    await paged.reload()
    await settle(pilot)
    assert (paged.row, paged.cursor) == (150, 140)
    del rows[120:]
    await paged.reload()
    assert paged.cursor == 119


async def test_a_followed_list_stays_at_its_top():
    paged = PagedList(COLUMNS, lambda row: row, follow=True)
    rows = [3, 2, 1]
    async with Bare(paged).run_test(size=(40, 8)):
        await paged.load(Listed(rows))
        rows[:0] = [5, 4]
        await paged.reload()
        assert (paged.row, paged.cursor) == (5, 0)


async def test_a_resize_keeps_the_row(million):
    _, pilot, paged, _ = million
    paged.go(765_432)
    await settle(pilot)
    await pilot.resize_terminal(70, 5)
    await settle(pilot)
    assert paged.row == 765_432
    assert "765,432" in text_of(pilot.app)


async def test_space_marks_a_row_and_star_marks_all(million):
    app, pilot, paged, _ = million
    await pilot.press("space")
    assert 0 in paged.marks
    assert 1 not in paged.marks
    assert paged.cursor == 1
    await pilot.press("asterisk", "asterisk")
    assert 77 in paged.marks
    await pilot.press("space")
    assert 1 not in paged.marks
    assert app.seen[0][0] == "marked"


async def test_enter_opens_the_row(million):
    app, pilot, _, _ = million
    await pilot.press("j", "enter")
    await settle(pilot)
    assert app.seen == [("opened", 1)]


async def test_an_empty_list_says_so():
    paged = PagedList(COLUMNS, lambda row: row, empty="No failures.")
    app = Bare(paged)
    async with app.run_test(size=(40, 8)) as pilot:
        await paged.load(Listed([]))
        await pilot.press("j", "G", "enter", "space")
        await settle(pilot)
        assert "No failures." in text_of(app)
        assert app.seen == []


async def test_hostile_names_are_drawn_harmlessly():
    columns = [Column("name", 20, lambda name: (os.fsdecode(name), ""), keep="tail", grow=1)]
    paged = PagedList(columns, lambda name: name)
    app = Bare(paged)
    async with app.run_test(size=(60, 12)) as pilot:
        await paged.load(Listed(HOSTILE))
        await settle(pilot)
        shown = text_of(app)
    assert "h [/b].jpg" in shown
    assert "[red]x[/red].jpg" in shown
    assert "\\xff\\xfe\\x80.jpg" in shown
    assert not any(char in shown for char in "\x1b\x07\r\u202e")


@given(st.integers(1, 200))
def test_columns_fit_the_width_and_the_first_to_go_has_the_highest_rank(width):
    columns = [
        Column("a", 10, lambda row: ("", "")),
        Column("b", 20, lambda row: ("", ""), grow=1, rank=1),
        Column("c", 15, lambda row: ("", ""), rank=2),
        Column("d", 12, lambda row: ("", ""), grow=2, rank=3),
    ]
    got = layout(columns, width)
    names = "".join(column.title for column, _ in got)
    assert "abcd".startswith(names)
    if width >= 10:
        assert sum(wide for _, wide in got) + 2 * (len(got) - 1) <= width


def test_marks():
    assert not Marks()
    assert "x" in Marks(every=True)
    assert "x" not in Marks(True, frozenset({"x"}))
    assert PAGE == 200
