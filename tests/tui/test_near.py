from __future__ import annotations

from dataclasses import replace

import pytest

from gemtag_tui.core.snapshot import Counts
from gemtag_tui.store.near_groups import Member
from gemtag_tui.tui.screens.near_list import NearListScreen
from gemtag_tui.tui.wanted import PlanOrder

from .fakes_plan import plan_base
from .support import HOSTILE, FakeSource, settle, shown, text_of

GROUPS = [
    Member(4, 4, 0, b"/pics/sea.jpg", 4000, 3000, 2_000_000, True, None),
    Member(4, 9, 2, b"/pics/sea small.jpg", 800, 600, 90_000, True, 4),
    Member(7, 7, 0, b"/pics/hill.jpg", 640, 480, 60_000, False, None),
    Member(7, 8, 3, b"/pics/hill copy.png", 640, 480, 60_000, False, None),
]


async def opened(app, pilot, source):
    app.push_screen(NearListScreen(2, PlanOrder()))
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_groups_are_shown_with_who_leads_and_whose_tags_there_are(size):
    source = FakeSource(groups=list(GROUPS))
    async with shown(source, "plan", size) as (app, pilot):
        await opened(app, pilot, source)
        text = text_of(app)
        for words in ("near-duplicates: 2", "sea.jpg", "leads", "its own", "2 of 64", "of 4"):
            assert words in text
        assert "B" in text.splitlines()[-1]


async def test_a_group_is_taken_apart_after_a_question(monkeypatch):
    source = FakeSource(groups=list(GROUPS))
    async with shown(source, "plan", (80, 24)) as (app, pilot):
        await opened(app, pilot, source)
        await pilot.press("B")
        await settle(pilot)
        assert "Take the group of 4 apart?" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert ("near break", "4") not in source.told
        await pilot.press("B", "y")
        await settle(pilot)
        assert ("near break", "4") in source.told
        text = text_of(app)
        assert "sea.jpg" not in text
        assert "hill.jpg" in text


async def test_enter_shows_a_picture_in_full_and_strange_names_do_no_harm():
    strange = [replace(GROUPS[1], asset=100 + n, path=path) for n, path in enumerate(HOSTILE)]
    source = FakeSource(groups=[GROUPS[0], *strange])
    async with shown(source, "plan", (80, 24)) as (app, pilot):
        await opened(app, pilot, source)
        await pilot.press("down", "enter")
        await settle(pilot)
        text = text_of(app)
        assert "led by 4" in text
        assert "\x1b" not in text


async def test_the_plan_shows_how_many_there_are_and_opens_them():
    counts = Counts(total=40, remaining=40, near_waiting=30, near_duplicates=30)
    base = plan_base()
    facts = base.facts
    models = {
        name: replace(one, counts=dict.fromkeys(one.counts, counts))
        for name, one in facts.models.items()
    }
    base = replace(base, facts=replace(facts, models=models, library=counts))
    source = FakeSource(base=base, groups=list(GROUPS))
    async with shown(source, "plan", (120, 40)) as (app, pilot):
        await settle(pilot)
        text = text_of(app)
        assert "look alike" in text
        app.screen.action_side(1)
        for _ in range(4):
            await pilot.press("down")
        await pilot.press("enter")
        await settle(pilot)
        assert "near-duplicates: 30" in text_of(app)
        assert "which saves about $" in text_of(app)


async def test_without_groups_the_plan_has_no_such_row():
    async with shown(FakeSource(), "plan", (120, 40)) as (app, pilot):
        await settle(pilot)
        assert "look alike" not in text_of(app)
