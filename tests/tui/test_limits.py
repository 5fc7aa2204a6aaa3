from __future__ import annotations

from dataclasses import replace

import pytest

from gemtag_tui.core.settings import Budget, Limits, Settings
from gemtag_tui.core.snapshot import Gauge
from gemtag_tui.tui.source import Holds, LearnedLimit

from .support import HOSTILE, NOW, FakeSource, beat, gauges, look, settle, shown, snapshot, text_of


def holds(**changes) -> Holds:
    values = {
        "settings": Settings(limits=Limits(rpm=600), budget=Budget(day=5.0)),
        "origins": {"limits.rpm": "config", "budget.day": "environment"},
        "key_where": "GEMINI_API_KEY",
        "gauges": (*gauges()[:3], replace_gauge(gauges()[3], frees_at=NOW + 26),
                   Gauge(name="budget_day", used=4.9, limit=5.0)),
        "learned": {"spend": LearnedLimit(value=10.0, at=NOW - 3600, words="Quota [/b] exceeded")},
        "profile_id": "p_0123456789ab",
        "config_path": "/home/ada/.config/gemtag/config.toml",
    }  # fmt: skip
    return Holds(**{**values, **changes})


def replace_gauge(gauge, **changes):
    import msgspec

    return msgspec.structs.replace(gauge, **changes)


async def go_to(pilot, label):
    paged = pilot.app.screen.query_one("#limits-list")
    for _ in range(20):
        if paged.row.label == label:
            return
        await pilot.press("j")
        await settle(pilot)
    raise AssertionError(label)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_each_limit_says_use_source_and_when_it_frees(size):
    async with shown(FakeSource(held=holds()), "limits", size) as (app, _):
        told = text_of(app)
    rows = {line[2:17].strip(): line for line in told.split("\n")[5:]}
    assert "key found in GEMINI_API_KEY" in told
    assert "00:00 Pacific, Mon 08:00 here, in 19 h 56 min" in told
    assert "586 / 600" in rows["requests/min"]
    assert "◀ binds" in rows["requests/min"]
    assert "you" in rows["requests/min"]
    assert "tier1 table" in rows["tokens/min"]
    assert "in 26 s" in rows["$ per 10 min"]
    assert "learned 11:03" in rows["$ per 10 min"]
    assert "$4.90 / $5.00" in rows["day budget"]
    assert "gemini-3.5-flash-lite" in rows["model"]
    assert "as many as are useful" in rows["calls at once"]
    assert "Yours: 600 · the tier1 table says 4,000, assumed · kept in /home" in told


async def test_without_a_key_it_says_how_to_get_one():
    async with shown(FakeSource(held=holds(key_where="")), "limits") as (app, _):
        assert "no key: set GEMINI_API_KEY · aistudio.google.com/apikey makes one" in text_of(app)


async def test_a_row_is_edited_in_place_and_checked():
    source = FakeSource(held=holds())
    async with shown(source, "limits") as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert "limits.rpm (0: as the tier table says): 600" in text_of(app)
        await pilot.press("x", "enter")
        await settle(pilot)
        assert "limits.rpm wants a whole number, like 600" in text_of(app)
        assert source.told == []
        await pilot.press("backspace", "0", "enter")
        await settle(pilot)
        assert "requests/min: Saved." in text_of(app)
    assert source.told == [("set", "limits.rpm", "6000")]


async def test_escape_keeps_the_old_value():
    source = FakeSource(held=holds())
    async with shown(source, "limits") as (app, pilot):
        await pilot.press("enter", "9", "escape")
        await settle(pilot)
        assert app.screen.query_one("#limits-list").has_focus
    assert source.told == []


async def test_zero_puts_the_default_back_and_d_forgets():
    source = FakeSource(held=holds())
    async with shown(source, "limits") as (app, pilot):
        await pilot.press("0")
        await settle(pilot)
        await pilot.press("d")
        await settle(pilot)
        assert "Nothing was learned about this." in text_of(app)
        await go_to(pilot, "$ per 10 min")
        assert "the server said: Quota [/b] exceeded" in text_of(app)
        await pilot.press("d")
        await settle(pilot)
    assert source.told == [("reset", "limits.rpm"), ("forget", "spend")]


async def test_choices_are_named_while_editing():
    async with shown(FakeSource(held=holds()), "limits") as (app, pilot):
        await go_to(pilot, "project tier")
        assert "aistudio.google.com/rate-limit" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "limits.tier (free, tier1, tier2, tier3):" in text_of(app)


async def test_live_gauges_move_without_losing_the_row():
    source = FakeSource(held=holds())
    async with shown(source, "limits") as (app, pilot):
        await go_to(pilot, "tokens/min")
        moved = [replace_gauge(gauge, used=gauge.used + 7) for gauge in holds().gauges]
        await beat(pilot, source, snapshot=snapshot(gauges=moved))
        assert "593 / 600" in text_of(app)
        assert app.screen.query_one("#limits-list").row.label == "tokens/min"


async def test_without_an_engine_a_look_changes_nothing():
    source = FakeSource(held=holds(), state=look(engine=False, run=None))
    async with shown(source, "limits") as (app, pilot):
        before = text_of(app)
        await beat(pilot, source, now=NOW)
        assert text_of(app) == before


@pytest.mark.parametrize("evil", HOSTILE)
async def test_hostile_text_changes_nothing_but_itself(evil):
    words = evil.decode("utf-8", "surrogateescape")
    told_by = {"spend": LearnedLimit(value=1.0, at=NOW, words=words)}
    held = holds(learned=told_by, config_path=words, model_note=words)
    held = replace(held, settings=Settings(profile=words))
    async with shown(FakeSource(held=held), "limits") as (app, pilot):
        for label in ("requests/min", "$ per 10 min", "model", "profile"):
            await go_to(pilot, label)
            told = text_of(app)
            assert not any(sign in told for sign in "\x1b\x07\r\u202e")
            assert len(told.split("\n")) == 24
            assert told.endswith("? help  q quit")
            if label == "profile":
                break
