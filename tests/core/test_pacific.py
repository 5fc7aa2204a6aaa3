from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.pacific import PACIFIC, day_of, last_midnight, month_of, next_midnight

MOMENTS = st.floats(min_value=1.5e9, max_value=2.2e9)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-22", 24), ("2027-03-14", 23)],
)
def test_days_last_as_long_as_daylight_saving_makes_them(day: str, hours: int) -> None:
    noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=PACIFIC).timestamp()
    assert day_of(noon) == day
    assert next_midnight(noon) - last_midnight(noon) == hours * 3600


def test_the_reset_in_utc_moves_with_daylight_saving() -> None:
    assert next_midnight(1_795_348_800.0) % 86_400 == 8 * 3600  # November: 08:00 UTC
    assert next_midnight(1_783_000_000.0) % 86_400 == 7 * 3600  # July: 07:00 UTC


@given(MOMENTS)
def test_midnights_enclose_their_day(moment: float) -> None:
    start, end = last_midnight(moment), next_midnight(moment)
    assert start <= moment < end
    assert day_of(start) == day_of(end - 1) == day_of(moment)
    assert day_of(end) > day_of(moment)
    assert month_of(moment) == day_of(moment)[:7]
    assert next_midnight(end) > end
