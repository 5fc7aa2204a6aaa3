from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.eta import seconds_left

DAY = 86_400.0


@pytest.mark.parametrize(
    ("remaining", "per_minute", "more", "seconds"),
    [
        (0, 0.0, {}, 0.0),
        (10, 0.0, {}, None),
        (600, 60.0, {}, 600.0),
        (100, 60.0, {"day_limit": 1000, "until_midnight": 3600.0}, 100.0),
        # 100 today, the other 50 right after midnight
        (150, 60.0, {"day_limit": 100, "until_midnight": 3600.0}, 3600.0 + 50),
        # nothing left today
        (50, 60.0, {"day_limit": 100, "day_used": 100, "until_midnight": 3600.0}, 3600.0 + 50),
        # a whole day between
        (250, 60.0, {"day_limit": 100, "day_used": 100, "until_midnight": 60.0}, 60 + 2 * DAY + 50),
        # exactly full days: the last one ends when its last call does
        (200, 60.0, {"day_limit": 100, "day_used": 100, "until_midnight": 60.0}, 60 + DAY + 100),
        # each asset takes two calls
        (50, 60.0, {"day_limit": 60, "tries_per_asset": 2.0, "until_midnight": 900.0}, 900.0 + 20),
    ],
)
def test_how_long_it_takes(remaining, per_minute, more, seconds):
    assert seconds_left(remaining, per_minute, **more) == (
        None if seconds is None else pytest.approx(seconds)
    )


@given(
    st.integers(1, 10**6),
    st.floats(0.1, 10**5),
    st.integers(0, 10**5),
    st.integers(0, 10**5),
    st.floats(0, DAY),
    st.floats(1, 5),
)
def test_a_quota_never_makes_it_shorter_nor_more_work(left, pace, limit, used, midnight, tries):
    more = {"day_used": used, "until_midnight": midnight, "tries_per_asset": tries}
    free = seconds_left(left, pace)
    bound = seconds_left(left, pace, day_limit=limit, **more)
    assert bound >= free * (1 - 1e-9)
    longer = seconds_left(left + 1, pace, day_limit=limit, **more)
    assert longer >= bound * (1 - 1e-9)
