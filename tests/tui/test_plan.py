"""The plan: an answer for every choice, Start with its reason, five tried, folders added."""

from __future__ import annotations

import pytest

from gemtag_tui.core.errors import ProfileError
from gemtag_tui.engine.checks import Check
from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.screens.plan import PlanScreen
from gemtag_tui.tui.screens.plan_choices import parse_cap, parse_limit
from gemtag_tui.tui.state import LastRun
from gemtag_tui.tui.wanted import ScanState, Trial

from .fakes import asset, plan_view
from .support import HOSTILE, NOW, FakeSource, beat, look, settle, shown, text_of

SIZES = [(80, 24), (120, 40)]


def idle(**changes: object) -> FakeSource:
    done = LastRun(id=7, state="done", lane="interactive", started_at=NOW - 900, ended_at=NOW - 9)
    return FakeSource(state=look(engine=False, run=done), **changes)


@pytest.mark.parametrize("size", SIZES)
async def test_the_answer_stands_beside_the_choices(size):
    async with shown(idle(), "plan", size) as (app, _):
        text = text_of(app)
    for words in ("13,204 to tag of 15,000", "gemini-3.5-flash-lite", "$6.60", "5.00–9.20",
                  "not available", "411 duplicates", "bad", "3 missing",
                  "low, by the profile", "✓ ready",
                  "prompt 410", "image 280 (low)", "answer 118", "by the model's rule",
                  "S start · 13,204 images · interactive · about $6.60"):  # fmt: skip
        assert words in text, words
    assert max(len(line) for line in text.splitlines()) <= size[0]


async def test_the_doctors_worst_finding_comes_first_with_its_fix():
    checks = [Check.fail("key", "No API key was found.", "Get one at aistudio.google.com/apikey"),
              Check.warn("disk", "Little room.", "Free some space.")]  # fmt: skip
    async with shown(idle(view=plan_view(key="", checks=checks)), "plan") as (app, pilot):
        await pilot.press("escape")
        await settle(pilot)
        lines = text_of(app).splitlines()
    assert "✗ key: No API key was found." in lines[2]
    assert "1 more" in lines[2]
    assert "→ Get one at aistudio.google.com/apikey" in lines[3]


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (plan_view(key=""), "no key: set GEMINI_API_KEY"),
        (plan_view(total=0), "the library is empty: a adds a folder"),
        (plan_view(left=0), "nothing to do: 14,904 of 15,000 were tagged"),
        (plan_view(engine=True), "a run goes on already"),
        (plan_view(lane="batch"), "This version does not run the batch lane"),
    ],
)
async def test_start_is_always_there_with_the_reason_when_it_cannot_be(view, why):
    source = idle(view=view)
    async with shown(source, "plan", (120, 40)) as (app, pilot):
        if app.screen.PLACE != "plan":
            await pilot.press("escape")
            await settle(pilot)
        assert f"S start can't: {why}" in text_of(app)
        await pilot.press("S")
        await settle(pilot)
        assert f"Can't start: {why}" in text_of(app)
    assert not [one for one in source.told if one[0] == "start"]


async def test_start_asks_with_count_and_cost_and_enter_means_no():
    source = idle()
    async with shown(source, "plan") as (app, pilot):
        await pilot.press("S")
        await settle(pilot)
        assert "Start on 13,204 images (interactive), about $6.60? y/N" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert not source.told
        await pilot.press("S")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert app.screen.PLACE == "run"
    assert source.told == [("start", "--lane", "interactive")]


async def test_limit_and_cap_hold_for_the_start_and_esc_loses_nothing():
    source = idle()
    async with shown(source, "plan") as (app, pilot):
        for title, typed in (("limit", "1,000"), ("cap", "$2.5")):
            app.screen.change(title)
            await pilot.press(*typed, "enter")
            await settle(pilot)
        app.screen.change("limit")
        await pilot.press("9", "9", "escape")
        await settle(pilot)
        assert "1,000" in text_of(app)
        assert "$2.50" in text_of(app)
        assert app.screen.keep()["limit"] == 1000
        await pilot.press("S")
        await settle(pilot)
        assert (
            "Start on 1,000 of 13,204 images (interactive), about $0.50, at most $2.50?"
            in text_of(app)
        )
        await pilot.press("y")
        await settle(pilot)
    expected = ("start", "--lane", "interactive", "--limit", "1000", "--max-cost", "2.5")
    assert source.told == [expected]


async def test_what_is_typed_wrongly_is_said_and_can_be_mended():
    async with shown(idle(), "plan") as (app, pilot):
        app.screen.change("limit")
        await pilot.press("x", "enter")
        await settle(pilot)
        assert "Write a whole number" in text_of(app)
        await pilot.press("backspace", "7", "enter")
        await settle(pilot)
        assert app.screen.own.limit == 7


async def test_each_choice_opens_with_enter():
    source = idle()
    async with shown(source, "plan") as (app, pilot):
        await pilot.press("j", "j", "j", "enter")
        await settle(pilot)
        assert ("set", "lane", "interactive") in source.told
        await pilot.press("g", "enter")
        await settle(pilot)
        assert "Esc leaves all as it was" in text_of(app)


@pytest.mark.parametrize("size", SIZES)
async def test_models_show_cost_and_what_is_to_be_known(size):
    source = idle()
    async with shown(source, "plan", size) as (app, pilot):
        await pilot.press("m")
        await settle(pilot)
        text = text_of(app)
        assert "gemini-3.8-flash" in text
        assert "price changes soon" in text
        assert "$13.00" in text
        await pilot.press("escape")
        await settle(pilot)
        assert not source.told
        await pilot.press("m")
        await settle(pilot)
        await pilot.press("G", "enter")
        await settle(pilot)
        assert "was shut down" in text_of(app)
        assert not source.told
        await pilot.press("k", "enter")
        await settle(pilot)
        assert app.screen.PLACE == "plan"
    assert source.told == [("set", "model", "gemini-3.8-flash")]


async def test_five_are_tried_with_their_real_tags_and_measured_cost():
    source = idle()
    async with shown(source, "plan") as (app, pilot):
        await pilot.press("t")
        await settle(pilot)
        assert "Try 5 of 13,204 images (interactive), about $0.0025? y/N" in text_of(app)
        await pilot.press("y")
        await settle(pilot)
        assert source.told == [("start", "--lane", "interactive", "--limit", "5")]
        results = [asset(i, run) for i, run in enumerate((b"/p/a.jpg", *[b"/p/b.jpg"] * 3), 1)]
        source.tried = Trial(run=8, results=results, failed=1, cost_usd=0.003, ended=True)
        await beat(
            pilot, source, run=LastRun(id=8, state="done", lane="interactive", started_at=NOW)
        )
        text = text_of(app)
        assert "4 tagged, 1 failed · $0.0006 each, measured → 13,204 ≈ $7.92" in text
        assert "a.jpg" in text
        assert "kitchen" in text
        await pilot.press("v")
        await settle(pilot)
        assert "subject: kitchen, tap" in text_of(app)
        assert PlanScreen.keep(app.screen_stack[0])["tried"] == 8


async def test_a_folder_is_added_with_progress_and_the_plan_is_reckoned_again():
    states = [
        ScanState(path="/pics", running=True, files=900, added=300),
        ScanState(path="/pics", running=False, files=1000, added=400, words="400 found, 400 added"),
    ]
    source = idle(views=[plan_view(total=600, left=600)], scans=states)
    async with shown(source, "plan") as (app, pilot):
        await pilot.press("a", *"pics", "enter")
        await settle(pilot)
        assert "There is nothing at pics." in text_of(app)
        await pilot.press("home", "/", "enter")
        await settle(pilot)
        text = text_of(app)
    assert ("scan", "/pics") in source.told
    assert "✓ scanned /pics: 400 found, 400 added" in text
    assert "13,204 to tag" in text


async def test_a_scan_under_way_shows_what_is_new_and_can_be_stopped():
    source = idle()
    async with shown(source, "plan") as (app, pilot):
        app.screen.scanning = ScanState(path="/pics", running=True, files=900, added=300)
        app.screen.draw()
        await settle(pilot)
        assert "scanning /pics · 300 new · 900 files in all · X stops" in text_of(app)
        await pilot.press("X")
        await settle(pilot)
        assert "Stop the scan?" in text_of(app)
        await pilot.press("y")
        await settle(pilot)
    assert ("stop scan",) in source.told


async def test_a_plan_that_cannot_be_made_says_why_and_the_screen_lives_on():
    source = idle()

    async def broken():
        raise ProfileError("There is no profile 'x'.")

    source.plan = broken
    async with shown(source, "plan") as (app, pilot):
        assert "✗ Profile: There is no profile 'x'." in text_of(app)
        await pilot.press("S")
        await settle(pilot)
        assert "Can't start before the plan can be made" in text_of(app)


async def test_choices_come_back_after_a_restart():
    kept = '{"screen": "plan", "screens": {"plan": {"limit": 250, "cap": 1.5, "tried": 0}}}'
    async with shown(idle(prefs={"tui": kept}), "plan") as (app, _):
        text = text_of(app)
    assert "250" in text
    assert "$1.50" in text


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_stay_words(name):
    rows = [asset(1, b"/p/" + name, summary=name.decode("utf-8", "surrogateescape"))]
    source = idle(view=plan_view(profile=name.decode("utf-8", "surrogateescape")[:60]))
    source.tried = Trial(run=7, results=rows, cost_usd=0.1, ended=True)
    async with shown(source, "plan") as (app, pilot):
        app.screen.tried = 7
        await beat(pilot, source)
        app.screen.on_look(app.look)
        await settle(pilot)
        text = text_of(app)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "1 tagged" in text


def test_limits_and_caps_are_read_as_people_write_them():
    assert [parse_limit(t) for t in ("", "all", "0", "1,000", "5 000")] == [0, 0, 0, 1000, 5000]
    assert [parse_cap(t) for t in ("", "none", "$5", "0.50")] == [0.0, 0.0, 5.0, 0.5]
    for bad in ("-1", "x", "1.5"):
        with pytest.raises(ValueError):
            parse_limit(bad)
    for bad in ("-1", "inf", "nan", "x"):
        with pytest.raises(ValueError):
            parse_cap(bad)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_picture(snap_compare, size):
    app = GemtagApp(idle(), tick=3600, first_screen="plan")
    assert snap_compare(app, terminal_size=size, run_before=settle)
