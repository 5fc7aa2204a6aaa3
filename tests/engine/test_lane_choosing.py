"""Which lane "auto" comes to when a run begins."""

from __future__ import annotations

import msgspec
import pytest
from engine_rig import a_shop

from gemtag_tui.core.settings import Limits, Plan, Settings
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.lane_choosing import chosen
from gemtag_tui.engine.preflight import make_ready
from gemtag_tui.store import scans
from gemtag_tui.store.library import Library
from gemtag_tui.store.scans import Content, Seen

SLOW = Limits(tier="tier1", rpm=30)


@pytest.fixture
async def shop(tmp_path, monkeypatch):
    async with a_shop(tmp_path, monkeypatch) as made:
        yield made


async def lane(shop, images: int, limits: Limits = SLOW, plan: Plan | None = None, **more):
    """The lane of a run over so many images that nobody looks into, and the words for it."""
    settings = msgspec.structs.replace(Settings(), limits=limits, plan=plan or Plan())
    request = shop.request(settings=settings, limits=limits, **{"lane": "auto", **more})
    async with await Library.open(shop.library, SystemClock()) as lib:
        seen = [
            Seen(b"/p", b"%d.jpg" % n, 90_000, 1, Content(b"%032d" % n, "jpeg", 800, 600))
            for n in range(images)
        ]
        await scans.record(lib, seen)
        own = make_ready(request, {"GEMINI_API_KEY": "k" * 20})
        request, ready, words = await chosen(lib, request, own)
        return ready.lane, words


async def test_much_that_would_take_long_goes_in_batches_and_says_why(shop):
    name, words = await lane(shop, 3000)
    assert name == "batch"
    assert words.startswith("The batch lane was chosen: ")


async def test_little_goes_at_once(shop):
    assert (await lane(shop, 1999))[1] == ""
    assert (await lane(shop, 3000, limit=100))[1] == ""


async def test_a_wish_counts_for_little_too(shop):
    name, words = await lane(shop, 40, plan=Plan(prefer="cheapest"))
    assert name in {"batch", "flex"}
    assert words


async def test_what_a_person_chose_stands(shop):
    name, words = await lane(shop, 3000, lane="interactive")
    assert (name, words) == ("interactive", "")


async def test_a_free_tier_has_no_batches(shop):
    name, _ = await lane(shop, 3000, limits=Limits(tier="free", rpm=30))
    assert name != "batch"
