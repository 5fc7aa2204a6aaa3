"""Service tiers with their faults, and the implicit cache, as calls see them."""

from __future__ import annotations

import random

import pytest

from gemtag_tui.simulator.config import Cache, Tiers
from gemtag_tui.simulator.errors import ApiError
from gemtag_tui.simulator.tiers import PrefixCache, Service


def service(**config) -> Service:
    return Service(Tiers(**config), random.Random(1))


def test_flex_has_room_for_so_many_and_no_more():
    tiers = service(flex_room=2)
    with tiers.serving("flex", 0), tiers.serving("flex", 0):
        with pytest.raises(ApiError) as caught, tiers.serving("flex", 0):
            pass
        assert caught.value.code == 503
        with tiers.serving("standard", 0):
            pass
    with tiers.serving("flex", 0):
        pass


@pytest.mark.parametrize("status", [503, 429])
def test_flex_is_full_for_a_while(status):
    tiers = service(flex_full=((10, 20),), flex_status=status)
    for seconds, full in ((9, False), (10, True), (20, True), (21, False)):
        if full:
            with pytest.raises(ApiError) as caught, tiers.serving("flex", seconds):
                pass
            assert caught.value.code == status
        else:
            with tiers.serving("flex", seconds):
                pass


def test_some_are_downgraded():
    tiers = service(flex_downgraded=0.5)
    assert {tiers.flex_tier() for _ in range(100)} == {"flex", "standard"}
    assert service().flex_tier() == "flex"


def test_a_prefix_is_cached_when_long_enough_and_seen_lately():
    cache = PrefixCache(Cache(min_tokens=100, seconds=60))
    assert cache.hit("p", 99, 0) == 0
    assert cache.hit("p", 99, 1) == 0
    assert cache.hit("q", 100, 0) == 0
    assert cache.hit("q", 100, 60) == 100
    assert cache.hit("q", 100, 121) == 0
    assert PrefixCache(Cache()).hit("q", 10**6, 0) == 0
