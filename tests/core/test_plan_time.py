"""Closed-form time against hand arithmetic, against itself, and against the engine's admission."""

from __future__ import annotations

from datetime import datetime
from math import inf, isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemtag_tui.core.pacific import PACIFIC, next_midnight
from gemtag_tui.core.plan_pace import MINUTE, TEN_MINUTES, Load, Pace, curve_of
from gemtag_tui.core.plan_time import DAY, Before, Epoch, batch_course, course_of

NOON = datetime(2026, 11, 22, 12, tzinfo=PACIFIC).timestamp()
LOAD = Load(tokens_in=1000)
FREE = (Epoch(0.0, 0.0),)


def course(images, pace, *, used=0.0, spent=0.0, epochs=FREE, now=NOON, load=LOAD):
    return course_of(images, pace, load, Before(now, used, spent), epochs)


@pytest.mark.parametrize(
    ("pace", "seconds", "binding"),
    [
        (Pace(rpm=600), 6000 / 600 * MINUTE, "rpm"),
        (Pace(rpm=600, tpm=300_000), 6000 / 300 * MINUTE, "tpm"),
        (Pace(rpm=6000, workers=2, latency=3.0), 6000 / 2 * 3, "concurrency"),
        (Pace(rpm=600, rpd=6000), 6000 / 600 * MINUTE, "rpm"),
        (Pace(rpm=6000, prepare=4.0), 1500, "preparation"),
    ],
)
def test_6000_images_take_as_long_as_the_tightest_limit_says(pace, seconds, binding):
    found = course(6000, pace)
    assert found.seconds == pytest.approx(seconds, abs=10)
    assert found.binding == binding


def test_upload_binds_when_the_line_is_slow():
    found = course(600, Pace(rpm=600, upload=100_000), load=Load(1000, 400_000))
    assert found.binding == "upload"
    assert found.seconds == pytest.approx(600 * 4, abs=10)


def test_a_plan_at_22_with_300_left_today_goes_on_after_midnight_pacific():
    evening = datetime(2026, 11, 22, 22, tzinfo=PACIFIC).timestamp()
    found = course(10_000, Pace(rpm=1000, rpd=10_000), used=9_700, now=evening)
    assert found.today == 300
    assert found.parks == 1
    assert found.binding == "rpd"
    assert found.seconds == pytest.approx(7200 + 9_700 / 1000 * MINUTE, abs=15)


def test_days_are_those_of_the_calendar_over_a_change_of_clocks():
    before = datetime(2026, 10, 31, 12, tzinfo=PACIFIC).timestamp()  # 1 November has 25 hours
    found = course(30, Pace(rpm=60, rpd=10), now=before)
    end = datetime(2026, 11, 2, 0, 0, tzinfo=PACIFIC).timestamp()
    assert found.parks == 2
    assert found.seconds == pytest.approx(end - before + 10, abs=10)


def test_money_over_ten_minutes_and_the_months_cap():
    epochs = (Epoch(0.0, 0.001),)
    found = course(100_000, Pace(rpm=60_000, spend_per_10min=10.0), epochs=epochs)
    assert found.binding == "spend"
    assert found.seconds == pytest.approx(10 * TEN_MINUTES, rel=0.01)
    capped = course(1_000_000, Pace(rpm=60_000, month_cap=250.0), spent=50.0, epochs=epochs)
    assert capped.binding == "month_cap"
    assert capped.months == 4  # 200,000 now, then 250,000 a month
    assert capped.seconds == pytest.approx(98.5 * DAY, rel=0.001)  # 1 March at midnight


def test_what_can_never_go_takes_for_ever():
    dear = (Epoch(0.0, 20.0),)
    assert course(3, Pace(rpm=5, spend_per_10min=10.0), epochs=dear).seconds == inf
    assert course(3, Pace(rpm=5, month_cap=10.0), epochs=dear).seconds == inf
    assert course(3, Pace(rpm=5, rpd=1), load=Load(1, 1, 2.0)).seconds == inf


def test_images_are_parted_by_the_price_that_holds_when_they_go():
    turn = next_midnight(NOON) + 16 * 3600
    epochs = (Epoch(0.0, 0.001), Epoch(turn, 0.002))
    found = course(100_000, Pace(rpm=60), epochs=epochs)
    assert sum(found.by_price) == 100_000
    assert found.by_price[0] == pytest.approx((turn - NOON) / MINUTE * 60, rel=0.01)
    waves = batch_course(100_000, wave=10_000, hours=24.0, lead=0.0, month_cap=0.0,
                         before=Before(NOON), epochs=epochs)  # fmt: skip
    assert waves.by_price == (20_000, 80_000)
    assert waves.seconds == 10 * DAY


limits = st.sampled_from([0, 1, 5, 60, 500, 4000, 100_000])


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 10_000_000), st.integers(1, 10_000), limits, limits, limits,
    st.sampled_from([0.0, 10.0, 200.0]), st.sampled_from([0.0, 250.0]), st.integers(0, 5000),
    st.integers(0, 86_400 * 366), st.sampled_from([0.0, 0.0005, 0.01]),
)  # fmt: skip
def test_more_images_or_less_quota_never_take_less_time_and_none_is_lost(
    images, more, rpm, tpm, rpd, spend, cap, used, offset, each
):
    now, epochs = NOON + offset, (Epoch(0.0, each), Epoch(NOON + offset + 5 * DAY, 2 * each))
    pace = Pace(rpm=rpm, tpm=tpm * 1000, rpd=rpd, spend_per_10min=spend, month_cap=cap)
    found = course(images, pace, used=used, epochs=epochs, now=now)
    bigger = course(images + more, pace, used=used, epochs=epochs, now=now)
    slack = 2 * TEN_MINUTES + 60  # a price that turns begins a new window
    assert bigger.seconds >= found.seconds - slack
    if isfinite(found.seconds):
        assert sum(found.by_price) == images
        assert 0 <= found.today <= images
    if rpm:
        twice = Pace(rpm=2 * rpm, tpm=tpm * 1000, rpd=rpd, spend_per_10min=spend, month_cap=cap)
        assert course(images, twice, used=used, epochs=epochs, now=now).seconds <= (
            found.seconds + slack
        )
    if rpd:
        without = Pace(rpm=rpm, tpm=tpm * 1000, spend_per_10min=spend, month_cap=cap)
        assert course(images, without, epochs=epochs, now=now).seconds <= found.seconds + slack


@settings(deadline=None)
@given(
    st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from([0.0, 250.0]),
    st.sampled_from([0.0, 0.0003, 0.02]),
)  # fmt: skip
def test_batches_lose_nothing_and_a_larger_room_is_never_slower(images, wave, cap, each):
    def went(size):
        return batch_course(images, wave=size, hours=24.0, lead=0.0, month_cap=cap,
                            before=Before(NOON), epochs=(Epoch(0.0, each),))  # fmt: skip

    assert sum(went(wave).by_price) == images
    assert went(2 * wave).seconds <= went(wave).seconds + DAY


@given(st.floats(0.01, 10**5), st.sampled_from([0, 60, 1000, 30_000]), st.floats(0, 0.01))
def test_a_curve_and_its_inverse_agree(images, rpm, each):
    curve = curve_of(Pace(rpm=rpm, spend_per_10min=10.0), LOAD, each)
    if curve.window > 0:
        assert curve.done_after(curve.seconds_for(images)) == pytest.approx(images, rel=1e-6)
