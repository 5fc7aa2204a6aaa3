from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.estimate import (
    DAY,
    ENOUGH,
    Pace,
    PerImage,
    choose_tokens,
    cost_of,
    duration_of,
)

TOKENS = PerImage(prompt=700, image=300, output=200, basis="rule")


@pytest.mark.parametrize(
    ("pace", "seconds", "binding"),
    [
        (Pace(rpm=600), 600.0, "rpm"),
        (Pace(rpm=600, tpm=300_000), 1200.0, "tpm"),
        (Pace(rpm=600, spend_per_10min=1.0), 3600.0, "spend"),
        (Pace(rpm=600, workers=2, latency=3.0), 9000.0, "concurrency"),
        (Pace(rpm=600, rpd=6000), 600.0, "rpm"),
        # 1,000 today, 2,000 on each of two whole days, 1,000 at once on the third
        (Pace(rpm=600, rpd=2000, used_today=1000, to_midnight=3600), 3600 + 2 * DAY + 100, "rpd"),
        (Pace(rpm=600, rpd=2000, used_today=5000, to_midnight=60), 60 + 2 * DAY + 200, "rpd"),
    ],
)
def test_6000_images_take_as_long_as_the_tightest_limit_says(pace, seconds, binding):
    found = duration_of(6000, TOKENS, 0.001, pace)
    assert found.seconds == pytest.approx(seconds)
    assert found.binding == binding


def test_nothing_takes_no_time():
    assert duration_of(0, TOKENS, 0.001, Pace(rpm=1)).seconds == 0
    assert duration_of(0, TOKENS, 0.001, Pace(rpm=1)).binding == ""


@given(
    st.integers(1, 10_000_000),
    st.integers(0, 10_000),
    st.integers(0, 10_000_000),
    st.integers(0, 100_000),
    st.integers(0, 100_000),
    st.floats(1, DAY),
)
def test_more_images_never_take_less_time_and_a_limit_never_makes_it_quicker(
    images, rpm, tpm, rpd, used, to_midnight
):
    pace = Pace(rpm=rpm, tpm=tpm, rpd=rpd, used_today=used, workers=8, to_midnight=to_midnight)
    free = Pace(rpm=rpm, tpm=tpm, workers=8, to_midnight=to_midnight)
    found = duration_of(images, TOKENS, 0.001, pace).seconds
    assert isfinite(found)
    assert found >= duration_of(max(1, images // 2), TOKENS, 0.001, pace).seconds - 1e-6
    assert found >= duration_of(images, TOKENS, 0.001, free).seconds * (1 - 1e-9) - 1e-6


@given(st.integers(0, 10_000_000), st.floats(0, 1), st.integers(0, 1000))
def test_the_likely_cost_lies_in_its_range_and_measuring_narrows_it(images, each, measured):
    rule = cost_of(images, each, TOKENS)
    seen = cost_of(images, each, PerImage(700, 300, 200, "measured", measured))
    for cost in (rule, seen):
        assert cost.low <= cost.likely <= cost.high
        assert cost.likely == images * each
    assert seen.high - seen.low <= rule.high - rule.low + 1e-9


def test_a_measurement_counts_once_there_are_enough_results():
    few = PerImage(1, 1, 1, "measured", ENOUGH - 1)
    many = PerImage(1, 1, 1, "measured", ENOUGH)
    assert choose_tokens(TOKENS, None) is TOKENS
    assert choose_tokens(TOKENS, few) is TOKENS
    assert choose_tokens(TOKENS, many) is many
