"""The plan: every figure follows a choice at once, Start with its reason, numbers with lists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gemtag_tui.core.errors import ProfileError
from gemtag_tui.core.plan_values import Figure
from gemtag_tui.core.settings import Budget, Tier
from gemtag_tui.engine.checks import Check
from gemtag_tui.store.plan_lists import Listed as ListedImage
from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.screens.plan_typed import parse_cap, parse_length, parse_limit, parse_moment
from gemtag_tui.tui.state import LastRun
from gemtag_tui.tui.wanted import ScanState
from gemtag_tui.tui.wanted_library import AssetView

from .fakes_plan import outcome, plan_base
from .support import HOSTILE, HOSTILE_AT_ONCE, NOW, FakeSource, beat, look, settle, shown, text_of

SIZES = [(80, 24), (120, 40)]


def idle(**changes: object) -> FakeSource:
    done = LastRun(id=7, state="done", lane="interactive", started_at=NOW - 900, ended_at=NOW - 9)
    return FakeSource(state=look(engine=False, run=done), **changes)


async def press(pilot, *keys: str) -> str:
    await pilot.press(*keys)
    await settle(pilot)
    return text_of(pilot.app)


@pytest.mark.parametrize("size", SIZES)
async def test_everything_stands_on_one_screen(size):
    async with shown(idle(), "plan", size) as (app, _):
        text = text_of(app)
    for words in ("lanes for 13,204 images", "▸◆ interactive $6.63", "4.33–9.29", "(3.4–9)",
                  "$ per 10 min", "24 h target", "may be shed", "none",
                  "◆ interactive: It is the quickest", "gemini-3.5-flash-lite",
                  "auto → interactive", "all that remain", "total        ", "15,000", "tagged",
                  "duplicates", "411", "known bad", "96", "unreadable", "12", "too large",
                  "in 410 text + 280 image", "out 118", "basis: rule", "aching", "caps: none",
                  "✓ ready", "S start · 13,204 images · interactive · about $6.63",
                  "P pilot", "M models"):  # fmt: skip
        assert words in text, words
    assert max(len(line) for line in text.splitlines()) <= size[0]


@pytest.mark.parametrize("size", SIZES)
async def test_model_detail_lane_and_images_change_every_figure_and_can_be_put_back(size):
    source = idle()
    async with shown(source, "plan", size) as (app, pilot):
        first = text_of(app)
        detail = await press(pilot, "r")
        assert "r•detail   medium" in detail
        assert "$6.63" not in detail
        lane = await press(pilot, "l", "l")
        assert "flex is your choice; the plan would take interactive." in lane
        assert "▸  flex" in lane
        model = await press(pilot, "m")
        assert "m•model" in model
        assert await press(pilot, "z") != model
        back = await press(pilot, "escape")
        assert back.splitlines()[2:20] == first.splitlines()[2:20]
    assert len(source.orders) == 1  # what-ifs ask nobody
    assert not [one for one in source.told if one[0] != "asked"]


async def test_the_row_under_the_cursor_is_put_back_by_itself():
    async with shown(idle(), "plan") as (_, pilot):
        await press(pilot, "r", "l")
        text = await press(pilot, "j", "0")
        assert "r detail   low" in text
        assert "l•lane     interactive" in text


async def test_a_part_of_the_images_is_chosen_from_a_menu():
    source = idle()
    async with shown(source, "plan") as (app, pilot):
        assert "a random sample of so many" in await press(pilot, "s")
        await press(pilot, "j", "enter")
        assert "Write a whole number" in await press(pilot, "x", "enter")
        text = await press(pilot, "backspace", *"1,000", "enter")
        assert "lanes for 1,000 images · the first 1,000" in text
        assert "s•images   first 1,000" in text
        assert "Start on 1,000 of 13,204 images (interactive), about $0.50? y/N" in await press(
            pilot, "S"
        )
        await press(pilot, "y")
        assert app.screen.PLACE == "run"
    assert source.told[-1] == ("start", "--lane", "interactive", "--limit", "1000")


async def test_a_folder_is_looked_up_and_a_run_takes_what_is_chosen():
    source = idle()
    async with shown(source, "plan") as (app, pilot):
        await press(pilot, "s", "j", "j", "j", "enter")
        assert "There is nothing at pics." in await press(pilot, *"pics", "enter")
        text = await press(pilot, "home", "/", "enter")
        assert source.orders[-1].selection.folder == b"/pics"
        assert "lanes for 1,320 images · in /pics" in text
        assert "Start on 1,320 of 13,204 images" in await press(pilot, "S")
        assert app.screen.keep()["folder"] == "/pics"
        await press(pilot, "y")
        assert source.told[-1] == ("start", "--lane", "interactive", "in=/pics")


async def test_wishes_change_the_recommendation():
    async with shown(idle(), "plan", (120, 40)) as (_, pilot):
        text = await press(pilot, "w", "j", "enter")
        assert "▸◆ flex" in text or "▸◆ batch" in text
        assert "It is the cheapest" in text
        assert "w•wish     cheapest" in text
        await press(pilot, "w", "j", "j", "j", "enter")
        assert "Write a time, like 36h" in await press(pilot, *"soon", "enter")
        text = await press(pilot, *["backspace"] * 4, *"2h", "enter")
        assert "cheapest, 2 h 00 min" in text
        assert "It is the cheapest that" in text
        await press(pilot, "w", "G", "k", "enter")
        text = await press(pilot, *"$0.01", "enter")
        assert "≤$0.01" in text
        text = await press(pilot, "w", "enter")
        assert "w•wish     none" in text


async def test_models_are_compared_and_one_is_taken():
    source = idle()
    async with shown(source, "plan", (120, 40)) as (app, pilot):
        text = await press(pilot, "M")
        for words in ("models on the same 13,204 images", "gemini-3.8-flash", "one by one",
                      "price changes"):  # fmt: skip
            assert words in text, words
        await press(pilot, "slash", *"3.8", "enter")
        text = await press(pilot, "enter")
        assert app.screen.PLACE == "plan"
        assert "m•model    gemini-3.8-flash" in text
        assert "The price of gemini-3.8-flash changes on" in text
        await press(pilot, "S", "y")
    assert source.told[-1] == ("start", "--lane", "interactive", "--model", "gemini-3.8-flash")


async def test_detail_travels_with_the_start_and_the_cap_is_named():
    source = idle()
    async with shown(source, "plan") as (_, pilot):
        await press(pilot, "r", "b", *"$2.5", "enter")
        assert ", at most $2.50?" in await press(pilot, "S")
        await press(pilot, "y")
    words = ("start", "--lane", "interactive", "--max-cost", "2.5", "detail=medium")
    assert source.told[-1] == words


async def test_a_split_starts_both_its_parts():
    base = plan_base(total=400_000, left=300_000)
    own = base.facts.models[base.model]
    slow = replace(own, limits={**own.limits, "rpm": Figure(100.0, "you")})
    facts = replace(base.facts, models={**base.facts.models, base.model: slow})
    source = idle(base=replace(base, facts=facts))
    async with shown(source, "plan") as (app, pilot):
        app.screen.own.wished, app.screen.own.deadline = True, 49 * 3600.0
        app.screen.reckon()
        parts = app.screen.view.plan.advice.parts
        assert len(parts) == 2, app.screen.view.plan.advice
        text = await press(pilot, "S")
        both = f"{parts[0].images:,} interactive now + {parts[1].images:,} batch"
        assert f"Start {both}, about ${sum(part.cost for part in parts):,.2f}? y/N" in text
        await press(pilot, "y")
    words = ("start", "--lane", parts[0].lane, "--split", str(parts[0].images))
    assert source.told[-1] == words


async def test_a_pilot_asks_with_its_budget_runs_and_tells_what_it_found():
    source = idle(told_by_pilot=outcome())
    async with shown(source, "plan") as (_, pilot):
        text = await press(pilot, "P")
        assert "Pilot of 50 images (interactive), about $0.03, at most $0.06? y/N" in text
        await press(pilot, "enter")
        assert not [one for one in source.told if one[0] == "pilot"]
        await press(pilot, "P")
        text = await press(pilot, "y")
        assert ("pilot", "50", "interactive", "0.06") in source.told
        for words in ("Pilot of 50 images through interactive", "48 tagged", "safety: 4% (",
                      "tokens in", "All that remains", "narrow galley"):  # fmt: skip
            assert words in text, words
        assert "pilot of 50: 48 tagged" in await press(pilot, "escape")
        assert "Pilot of 5 images" in await press(pilot, "t")


async def test_counting_is_free_and_asks_nothing():
    source = idle()
    async with shown(source, "plan") as (_, pilot):
        text = await press(pilot, "n")
        assert ("count", "8", "") in source.told
        assert "Counted" in text
        source.count_wrong = "This server does not count tokens."
        assert "does not count tokens." in await press(pilot, "n")


async def test_a_pilot_that_went_wrong_says_why():
    source = idle(pilot_wrong="The key was refused.")
    async with shown(source, "plan") as (_, pilot):
        assert "The key was refused." in await press(pilot, "P", "y")


async def test_numbers_open_what_is_behind_them():
    images = [ListedImage(7, b"/p/" + HOSTILE[0]), ListedImage(8, b"/p/two.jpg")]
    source = idle(images=images)
    async with shown(source, "plan") as (app, pilot):
        text = await press(pilot, "right", "j", "enter")
        assert ("list", "remaining", "13204") in source.told
        assert "remaining: 13,204" in text
        assert "h [/b].jpg" in text
        assert "Number" in await press(pilot, "enter")
        await press(pilot, "escape", "escape")
        await press(pilot, "j", "j", "j", "j", "enter")
        assert app.screen.PLACE == "failures"
        assert app.screen.filter_text == "unreadable"
        await press(pilot, "1", "right", "g", "enter")
        assert app.screen.PLACE == "library"
        text = await press(pilot, "1", "j", "j", "enter")
        assert (app.screen.PLACE, app.screen.view) == ("library", AssetView.NEWEST)
        assert "tagged: 1,700 · 1 goes back to the plan" in text


@pytest.mark.parametrize(
    ("size", "down", "name"),
    [(SIZES[0], 1, "remaining"), (SIZES[0], 3, "duplicates"), (SIZES[0], 4, "known-bad"),
     (SIZES[0], 5, "unreadable"), (SIZES[1], 6, "too-large")],
)  # fmt: skip
async def test_each_number_of_another_model_opens_its_list_here(size, down, name):
    source = idle()
    async with shown(source, "plan", size) as (app, pilot):
        await press(pilot, "m", "right", *["j"] * down, "enter")
        assert source.told[-1][:2] == ("list", name)
        assert source.orders[-1].model
        await press(pilot, "escape")
        assert app.screen.PLACE == "plan"


async def test_known_bad_kinds_are_those_of_the_model_that_is_chosen():
    base = plan_base()
    other = "gemini-2.5-flash-lite"
    bad = {"low": {"safety": 7, "unreadable": 1}}
    models = {**base.facts.models, other: replace(base.facts.models[other], bad=bad)}
    source = idle(
        base=replace(base, facts=replace(base.facts, models=models, bad={"too_large": 4}))
    )
    async with shown(source, "plan") as (app, _):
        assert app.screen.view.plan.bad == {"too_large": 4}
        app.screen.take_model(other)
        assert app.screen.view.plan.bad == {"safety": 7, "too_large": 4, "unreadable": 1}


async def test_what_the_api_said_joins_the_findings_the_worst_first(monkeypatch):
    monkeypatch.setattr("gemtag_tui.tui.screens.plan.DEBOUNCE", 0.0)
    asked = [Check.fail("api", "The key was refused.", "Make a new one.")]
    async with shown(idle(asked=asked), "plan") as (app, _):
        lines = text_of(app).splitlines()
    assert "✗ api: The key was refused." in lines[2]
    assert "→ Make a new one." in lines[3]


async def test_the_doctors_worst_finding_comes_first_with_its_fix():
    checks = [Check.fail("key", "No API key was found.", "Get one at aistudio.google.com/apikey"),
              Check.warn("disk", "Little room.", "Free some space.")]  # fmt: skip
    async with shown(idle(base=plan_base(key="", checks=checks)), "plan") as (_, pilot):
        lines = (await press(pilot, "escape")).splitlines()
    assert "✗ key: No API key was found." in lines[2]
    assert "1 more" in lines[2]
    assert "→ Get one at aistudio.google.com/apikey" in lines[3]


@pytest.mark.parametrize(
    ("base", "why"),
    [
        (plan_base(key=""), "no key: set GEMINI_API_KEY"),
        (plan_base(total=0), "the library is empty: a adds a folder"),
        (plan_base(left=0), "nothing to do: 14,904 of 15,000 were tagged"),
        (plan_base(engine=True), "a run goes on already"),
        (plan_base(lane="batch", tier=Tier.FREE), "The free tier has no batch jobs"),
    ],
)
async def test_start_is_always_there_with_the_reason_when_it_cannot_be(base, why):
    source = idle(base=base)
    async with shown(source, "plan", (120, 40)) as (app, pilot):
        if app.screen.PLACE != "plan":
            await press(pilot, "escape")
        assert f"S start can't: {why}" in text_of(app)
        assert f"Can't start: {why}" in await press(pilot, "S")
    assert not [one for one in source.told if one[0] == "start"]


async def test_lanes_that_cannot_be_had_say_why_and_budgets_are_shown():
    base = plan_base(tier=Tier.FREE, budget=Budget(run=1.0, day=5.0))
    async with shown(idle(base=base), "plan", (120, 40)) as (app, _):
        text = text_of(app)
    assert "✗ The free tier has no" in text
    assert "caps: run $1.00, day $5.00 ($1.20 spent)" in text


async def test_the_simulator_is_shown_to_cost_nothing_and_is_never_the_advice():
    async with shown(idle(base=plan_base(provider="simulator")), "plan") as (app, pilot):
        text = text_of(app)
        assert "nothing paid" in text
        await press(pilot, "w", "j", "enter")
        assert "Start on 13,204 images (flex), about $3.31?" in await press(pilot, "S")


async def test_all_of_it_in_words():
    async with shown(idle(), "plan") as (_, pilot):
        text = await press(pilot, "v")
        assert "Recommended" in text
        assert "Lane interactive" in text
        assert "Caching" in await press(pilot, "slash", *"Caching", "enter")


async def test_a_folder_is_added_with_progress_and_the_plan_is_reckoned_again():
    states = [
        ScanState(path="/pics", running=True, files=900, added=300),
        ScanState(path="/pics", running=False, files=1000, added=400, words="400 found, 400 added"),
    ]
    source = idle(bases=[plan_base(total=600, left=600)], scans=states)
    async with shown(source, "plan") as (_, pilot):
        assert "There is nothing at pics." in await press(pilot, "a", *"pics", "enter")
        text = await press(pilot, "home", "/", "enter")
    assert ("scan", "/pics") in source.told
    assert "✓ scanned /pics: 400 found, 400 added" in text
    assert "lanes for 13,204 images" in text


async def test_a_scan_under_way_shows_what_is_new_and_can_be_stopped():
    source = idle()
    async with shown(source, "plan") as (app, pilot):
        app.screen.scanning = ScanState(path="/pics", running=True, files=900, added=300)
        app.screen.draw()
        await settle(pilot)
        assert "scanning /pics · 300 new · 900 files in all · X stops" in text_of(app)
        assert "Stop the scan?" in await press(pilot, "X")
        await press(pilot, "y")
    assert ("stop scan",) in source.told


async def test_a_plan_that_cannot_be_made_says_why_and_the_screen_lives_on():
    source = idle()

    async def broken(order):
        raise ProfileError("There is no profile 'x'.")

    source.plan_base = broken
    async with shown(source, "plan") as (app, pilot):
        assert "✗ Profile: There is no profile 'x'." in text_of(app)
        for key in ("m", "r", "l", "v", "M", "0", "z"):
            await press(pilot, key)
        assert "Can't start before the plan can be made" in await press(pilot, "S")


async def test_while_a_run_moves_the_counts_they_are_looked_up_seldom():
    source = idle()
    async with shown(source, "plan") as (_, pilot):
        run = LastRun(id=8, state="running", lane="interactive", started_at=NOW)
        for second in range(1, 9):
            state = look(now=NOW + second, engine=True, run=run).snapshot
            counts = state.counts.__class__(total=60_000, remaining=60_000 - second)
            moved = look(now=NOW + second, run=run).snapshot
            moved = type(moved)(run=8, state="running", counts=counts, at=NOW + second)
            await beat(pilot, source, engine=True, run=run, snapshot=moved, now=NOW + second)
    assert 2 <= len(source.orders) <= 4


async def test_choices_come_back_after_a_restart_and_nonsense_does_not():
    own = '{"first": 250, "cap": 1.5, "lane": "x", "sample": "y"}'
    kept = f'{{"screen": "plan", "screens": {{"plan": {own}}}}}'
    async with shown(idle(prefs={"tui": kept}), "plan") as (app, _):
        text = text_of(app)
    assert "first 250" in text
    assert "$1.50" in text
    assert "auto → interactive" in text


@pytest.mark.parametrize("name", HOSTILE_AT_ONCE)
async def test_hostile_names_stay_words(name):
    text_name = name.decode("utf-8", "surrogateescape")
    source = idle(
        base=plan_base(profile=text_name[:60]),
        told_by_pilot=outcome(b"/p/" + name, text_name),
        images=[ListedImage(7, b"/p/" + name, "safety", text_name)],
    )
    async with shown(source, "plan") as (app, pilot):
        app.screen.own.folder = b"/" + name[:500]
        app.screen.own.query = text_name[:500]
        app.screen.reckon()
        await settle(pilot)
        pages = [text_of(app), await press(pilot, "o"), await press(pilot, "escape", "v")]
        pages += [await press(pilot, "escape", "right", "j", "enter")]
        pages += [await press(pilot, "enter"), await press(pilot, "escape", "escape", "s")]
    for text in pages:
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_what_is_typed_is_read_as_people_write_it():
    assert [parse_limit(t) for t in ("", "all", "0", "1,000", "5 000")] == [0, 0, 0, 1000, 5000]
    assert [parse_cap(t) for t in ("", "none", "$5", "0.50")] == [0.0, 0.0, 5.0, 0.5]
    assert [parse_length(t, NOW) for t in ("", "36h", "3d", "90 min")] == [0, 129600, 259200, 5400]
    eve = "2026-12-24T00:00+00:00"
    assert parse_length(eve, NOW) == parse_moment(eve) - NOW
    wrong = {
        parse_limit: ("-1", "x", "1.5"),
        parse_cap: ("-1", "inf", "nan", "x"),
        parse_moment: ("yesterday", "2026-13-01"),
    }
    for parse, texts in wrong.items():
        for text in texts:
            with pytest.raises(ValueError):
                parse(text)
    for text in ("soon", "0h", "2020-01-01"):
        with pytest.raises(ValueError):
            parse_length(text, NOW)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_picture(snap_compare, size):
    app = GemtagApp(idle(), tick=3600, first_screen="plan")
    assert snap_compare(app, terminal_size=size, run_before=settle)
