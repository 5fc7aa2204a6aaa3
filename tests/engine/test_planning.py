from __future__ import annotations

import pytest

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.models import rules_for
from gemtag_tui.core.settings import Settings
from gemtag_tui.engine.config import load_settings
from gemtag_tui.engine.plan_batch import BatchFacts, batch_duration, batch_notes
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
    assert lanes["batch"].available
    assert any("24 hours" in note for note in lanes["batch"].notes)
    free = await planned(tmp_path, overrides={"limits.tier": "free"})
    assert [one.lane for one in free.lanes if one.available] == ["interactive"]
    assert "free tier has no batch jobs" in free.lanes[2].notes[0]
    own = {"limits.tier": "free", "batch.max_enqueued_tokens": 1000}
    assert (await planned(tmp_path, overrides=own)).lanes[2].available


@pytest.mark.parametrize(
    ("tier", "images", "rounds"), [("tier1", 10_000, 1), ("tier1", 60_000, 5), ("tier2", 60_000, 1)]
)
def test_jobs_take_turns_below_the_enqueued_tokens(tier, images, rounds):
    own = load_settings(None, {}, {"limits.tier": tier}).settings
    length, found = batch_duration(own, rules_for("gemini-3.5-flash-lite"), images, 700.0)
    assert found == rounds
    assert length.seconds == rounds * 86_400


def test_disk_need_and_a_small_first_job_are_said_before():
    own, rules = Settings(), rules_for("gemini-3.5-flash-lite")
    facts = BatchFacts(image_bytes=300_000, free_bytes=3_000_000_000)
    words = " ".join(batch_notes(own, rules, 60_000, 5, facts))
    assert "5 rounds" in words
    assert "A job of 20 goes first" in words
    assert "Needs up to 3,800 MB of disk at a time, and 3,000 MB are free: make room" in words
    proven = BatchFacts(image_bytes=300_000, free_bytes=10**12, proven=True)
    words = " ".join(batch_notes(own, rules, 100, 1, proven))
    assert "goes first" not in words
    assert "Needs up to 40 MB of disk at a time; 1,000.0 GB are free" in words


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
