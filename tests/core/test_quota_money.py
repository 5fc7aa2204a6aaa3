from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.quota_money import NANO, Budget, SpendWindow, nanos


@given(st.lists(st.tuples(st.floats(0.0, 120.0), st.integers(1, 400)), max_size=80))
def test_no_ten_minutes_cost_more_than_the_limit(calls: list[tuple[float, int]]) -> None:
    window, now, log = SpendWindow(1000), 0.5, []
    for gap, amount in calls:
        now = window.earliest(now + gap, amount)
        window.take(now, amount)
        log.append((now, amount))
        assert sum(a for t, a in log if t > now - 600.0) <= 1000
    assert window.used(now) >= sum(a for t, a in log if t > now - 600.0)


def test_money_flows_freely_at_first_and_then_evenly() -> None:
    window, now, times = SpendWindow(1000), 0.0, []
    while now < 3000.0:
        now = window.earliest(now, 1)
        window.take(now, 1)
        times.append(now)
    assert sum(1 for t in times if t < 1.0) >= 500
    assert max(b - a for a, b in pairwise(times)) < 10.0
    assert sum(1 for t in times if 1200.0 <= t < 3000.0) >= 0.98 * 3000


def test_one_call_over_the_limit_never_goes() -> None:
    assert SpendWindow(100).earliest(0.0, 101) == math.inf


def test_corrections_count() -> None:
    window = SpendWindow(1000)
    second = window.take(0.0, 100)
    window.correct(second, 100, 40)
    assert window.used(1.0) == 40
    window.load(700.0, [])
    assert window.used(700.0) == 0
    window.correct(second, 40, 1000)
    assert window.used(700.0) == 0


@given(st.integers(0, 100), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))))
def test_a_budget_is_passed_by_no_more_than_estimates_were_off(limit: int, calls: list) -> None:
    budget = Budget(limit)
    for estimate, real in calls:
        if budget.fits(estimate):
            budget.reserved += estimate
            assert not limit or budget.spent + budget.reserved <= limit
            budget.settle(estimate, min(real, estimate))
    assert budget.reserved == 0
    assert not limit or budget.spent <= limit


def test_a_budget_waits_for_calls_in_flight_before_it_is_over() -> None:
    budget = Budget(100, spent=60, reserved=30)
    assert not budget.fits(20)
    assert not budget.over(20)
    assert budget.over(50)
    budget.settle(30, 30)
    assert budget.over(20)


@given(st.floats(min_value=0.0, max_value=1e5))
def test_no_cost_is_lost_in_conversion(usd: float) -> None:
    assert 0 <= nanos(usd) - usd * NANO + 1e-3 * max(1.0, usd) <= 1.01 + 1e-3 * usd
