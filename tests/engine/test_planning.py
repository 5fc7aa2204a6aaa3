from __future__ import annotations

import pytest

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.engine.config import load_settings
from gemtag_tui.engine.planning import make_plan
from gemtag_tui.store.library import Library

NOW = 1_795_000_000.0  # 2026-11-18, in the evening (Pacific: at noon)


class Still:
    """A clock that stands."""

    def now(self):
        return NOW

    def monotonic(self):
        return 0.0

    async def sleep(self, seconds):
        return None


async def planned(tmp_path, environ=None, overrides=None, lane="auto"):
    async with await Library.open(tmp_path / "l.db", Still()) as lib:
        loaded = load_settings(None, {}, overrides or {})
        return await make_plan(lib, loaded, tmp_path / "config.toml", environ or {}, lane)


async def test_an_empty_library_costs_nothing_and_says_so(tmp_path):
    plan = await planned(tmp_path)
    assert plan.counts.total == 0
    assert [one.lane for one in plan.lanes] == ["interactive", "flex", "batch"]
    assert all(one.cost.likely == 0 and one.duration.seconds == 0 for one in plan.lanes)
    assert any("empty" in words for words in plan.warnings)


async def test_it_needs_no_key_and_says_that_there_is_none(tmp_path):
    without = await planned(tmp_path)
    having = await planned(tmp_path, {"GEMINI_API_KEY": "AIzaSomething"})
    assert without.key_where == ""
    assert any("No API key" in words for words in without.warnings)
    assert having.key_where == "GEMINI_API_KEY"
    assert not any("No API key" in words for words in having.warnings)
    assert "AIzaSomething" not in repr(having)


async def test_lanes_that_cannot_be_run_say_why(tmp_path):
    lanes = {one.lane: one for one in (await planned(tmp_path)).lanes}
    assert lanes["interactive"].available
    assert not lanes["batch"].available
    assert any("does not run" in note for note in lanes["batch"].notes)
    free = await planned(tmp_path, overrides={"limits.tier": "free"})
    assert [one.lane for one in free.lanes if one.available] == ["interactive"]


async def test_a_model_that_goes_away_and_one_without_a_price_are_warned_of(tmp_path):
    going = await planned(tmp_path, overrides={"model": "gemini-2.5-flash"})
    assert any("shut down" in words for words in going.warnings)
    unknown = await planned(tmp_path, overrides={"model": "gemini-9-flash"})
    assert all(one.cost is None for one in unknown.lanes)
    assert any("price" in note for note in unknown.lanes[0].notes)


async def test_a_lane_that_was_chosen_is_the_one_recommended(tmp_path):
    assert (await planned(tmp_path, lane="flex")).reason == "Nothing remains to be tagged."


async def test_a_profile_that_is_not_there_stops_the_plan(tmp_path):
    with pytest.raises(GemtagError):
        await planned(tmp_path, overrides={"profile": "nowhere"})
