from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.meter import SLOT_SECONDS, SLOTS, RateMeter


def test_a_steady_pace_is_shown_as_it_is():
    meter = RateMeter(0.0)
    for second in range(1, 301):
        meter.add(float(second))
    assert meter.per_minute(300.0) == pytest.approx(60, rel=0.02)
    assert meter.overall(300.0) == pytest.approx(60, rel=0.02)
    assert meter.history(300.0)[1:] == [5.0] * 59


def test_the_first_seconds_are_not_taken_for_a_minute():
    meter = RateMeter(100.0)
    for _ in range(10):
        meter.add(110.0)
    assert meter.per_minute(110.0) == pytest.approx(60)


def test_time_at_rest_is_left_out_of_the_whole_and_shows_in_the_minute():
    meter = RateMeter(0.0)
    for second in range(1, 61):
        meter.add(float(second))
    meter.rest(60.0, resting=True)
    meter.rest(61.0, resting=True)
    assert meter.overall(3660.0) == pytest.approx(60)
    assert meter.per_minute(3660.0) == 0
    meter.rest(3660.0, resting=False)
    meter.rest(3661.0, resting=False)
    assert meter.active_seconds(3720.0) == pytest.approx(120)


@given(st.lists(st.floats(0, 2000), min_size=1, max_size=80))
def test_nothing_is_lost_while_it_is_in_view(times):
    meter = RateMeter(0.0)
    for at in sorted(times):
        meter.add(at)
    now = max(times) + SLOT_SECONDS
    history = meter.history(now)
    assert len(history) <= SLOTS
    first = int(now // SLOT_SECONDS) - len(history)
    seen = [at for at in times if first <= int(at // SLOT_SECONDS) < int(now // SLOT_SECONDS)]
    assert sum(history) == len(seen)
