"""Counting through the API: what is kept, and what a server's refusal comes to."""

from __future__ import annotations

import os

import pytest
from engine_rig import a_shop

from gemtag_tui.core.errors import StoppedError, UsageError
from gemtag_tui.core.plan_values import Selection
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.config import load_settings
from gemtag_tui.engine.counting import count_tokens
from gemtag_tui.store import counted
from gemtag_tui.store.library import Library


@pytest.fixture
async def shop(tmp_path, monkeypatch):
    async with a_shop(tmp_path, monkeypatch) as made:
        yield made


async def count(shop, size: int = 4):
    config = shop.home / "config.toml"
    loaded = load_settings(config, os.environ, {})
    async with await Library.open(shop.library, SystemClock()) as lib:
        try:
            found = await count_tokens(lib, loaded, config, os.environ, Selection(), size=size)
        finally:
            kept = await counted.kept(lib, "simulator")
        return found, kept


async def test_what_is_counted_is_what_the_same_calls_are_charged_for(shop):
    await shop.add(6)
    found, kept = await count(shop)
    assert list(kept.values()) == [found]
    assert found.images == 4
    assert shop.calls() == 0  # nothing was generated
    assert await shop.run(limit=4) == 0
    async with shop.opened() as lib:
        rows = await lib.rows("SELECT avg(tokens_prompt), avg(tokens_image) FROM asset_ai")
    assert found.prompt.mean + found.image.mean == pytest.approx(rows[0][0], rel=0.01)
    assert found.image.mean == pytest.approx(rows[0][1], rel=0.01)


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("retired_model", UsageError, "does not count tokens"),
        ("quota_minute", StoppedError, "could not be counted"),
        ("bad_key", StoppedError, "could not be counted"),
        ("html_502", StoppedError, "could not be counted"),
    ],
)
async def test_a_refusal_is_said_and_nothing_is_kept(shop, fault, error, words):
    await shop.add(2)
    shop.configure(faults=[{"fault": fault, "methods": ["countTokens"], "share": 1.0}])
    with pytest.raises(error, match=words):
        await count(shop)
    async with shop.opened() as lib:
        assert not await counted.kept(lib, "simulator")


async def test_nothing_to_count_is_said(shop):
    await shop.add(1)
    assert await shop.run() == 0
    with pytest.raises(UsageError, match="nothing to count"):
        await count(shop)
