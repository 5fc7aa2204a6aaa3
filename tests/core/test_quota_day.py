from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.pacific import PACIFIC, last_midnight, next_midnight
from gemtag_tui.core.quota_day import WAKE_AFTER, DayCount

NOON = datetime(2026, 11, 22, 12, tzinfo=PACIFIC).timestamp()


@given(
    st.sampled_from(["2026-03-07", "2026-10-31", "2026-11-22"]),
    st.integers(min_value=1, max_value=30),
    st.lists(st.floats(min_value=0.0, max_value=9 * 3600.0), max_size=60),
)
def test_no_pacific_day_sees_more_than_its_quota(day: str, limit: int, gaps: list[float]) -> None:
    now = datetime.fromisoformat(day).replace(hour=9, tzinfo=PACIFIC).timestamp()
    count, sent = DayCount(limit), {}
    for gap in gaps:
        now += gap
        if count.left(now) == 0:
            assert count.parked_until(now) == next_midnight(now) + WAKE_AFTER
            now = count.parked_until(now)
        assert count.parked_until(now) == 0.0
        count.take(now)
        sent[last_midnight(now)] = sent.get(last_midnight(now), 0) + 1
        assert count.used(now) == sent[last_midnight(now)]
    assert max(sent.values(), default=0) <= limit


def test_a_seed_and_giving_back() -> None:
    count = DayCount(100)
    count.seed(NOON, 99)
    mark = count.take(NOON)
    assert count.left(NOON) == 0
    count.give_back(NOON + 1, mark)
    assert count.left(NOON + 1) == 1
    late = count.take(next_midnight(NOON) - 1)
    tomorrow = next_midnight(NOON) + 1
    count.take(tomorrow)
    count.give_back(tomorrow, late)
    assert count.used(tomorrow) == 1
    assert count.used(NOON) == 99  # the clock stepped back: nothing is forgotten


def test_a_spent_day_parks_until_midnight_whatever_we_counted() -> None:
    count = DayCount(0)
    count.take(NOON)
    count.refuse(NOON, 500)
    assert count.used(NOON) == 500
    assert count.parked_until(NOON + 5) == next_midnight(NOON) + WAKE_AFTER
    assert count.parked_until(next_midnight(NOON) + WAKE_AFTER) == 0.0


def test_a_refusal_just_after_midnight_is_taken_for_a_clock_that_is_ahead() -> None:
    count = DayCount(500)
    start = last_midnight(NOON)
    count.take(start + 2)
    count.refuse(start + 3, 500)
    assert count.parked_until(start + 4) == start + 63
    assert count.used(start + 4) == 1


@pytest.mark.parametrize(("first", "said"), [(79, 0), (80, 1), (94, 1), (95, 1), (100, 1)])
def test_warnings_come_once_a_day(first: int, said: int) -> None:
    count = DayCount(100)
    count.seed(NOON, first)
    assert len(count.warnings(NOON)) == said
    assert count.warnings(NOON) == []
    tomorrow = NOON + timedelta(days=1).total_seconds()
    count.seed(tomorrow, 96)
    assert count.warnings(tomorrow) == ["95 % of today's 100 requests are used; 4 are left today."]
