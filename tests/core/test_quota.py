from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.quota import MARGIN, SLACK, Entry, Fate, PacedWindow

HOLD = 60.0 * (1 + MARGIN)

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "take", "idle", "correct", "refund", "limit"]),
        st.floats(min_value=0.0, max_value=40.0),
        st.integers(min_value=1, max_value=60),
    ),
    max_size=120,
)


def most_in_any_span(log: list[Entry], span: float) -> int:
    most = 0
    for first in log:
        most = max(most, sum(e.weight for e in log if first.at <= e.at < first.at + span))
    return most


@given(st.integers(min_value=5, max_value=100), STEPS)
def test_no_minute_of_any_phase_is_over_the_limit(limit: int, steps: list) -> None:
    window, now, log = PacedWindow(limit), 50.0, []
    for _, gap, weight in steps:
        now = max(now + (gap if weight % 3 == 0 else 0.0), window.earliest(now, min(weight, limit)))
        log.append(window.take(now, min(weight, limit)))
    assert most_in_any_span(log, HOLD - 1e-9) <= limit


@given(st.integers(min_value=5, max_value=100), STEPS)
def test_what_is_given_out_never_exceeds_the_limit_of_that_moment(limit: int, steps: list) -> None:
    window, now, log = PacedWindow(limit), 0.0, []
    for verb, gap, number in steps:
        if verb == "limit":
            window.set_limit(now, number)
        elif verb == "idle":
            now += gap
        elif verb == "correct" and log:
            window.correct(log[number % len(log)], number)
        elif verb == "refund" and log:
            window.refund(log[number % len(log)])
        elif verb == "take":
            weight = min(number, window.limit)
            at = window.earliest(now, weight)
            if at < math.inf:
                now = at
                log.append(window.take(now, weight))
                assert sum(e.weight for e in log if e.at + HOLD > now) <= window.limit
        assert window.used(now) == sum(e.weight for e in log if e.at + HOLD > now)


@given(st.integers(min_value=1, max_value=5000), st.floats(min_value=0.0, max_value=1e6))
def test_the_limit_is_used_up_evenly(limit: int, start: float) -> None:
    window, now, times = PacedWindow(limit), start, []
    while len(times) < min(3 * limit, 3000):
        now = window.earliest(now, 1)
        window.take(now, 1)
        times.append(now)
    if len(times) > 1:
        pace = (len(times) - 1) * 60.0 / (times[-1] - times[0])
        assert pace >= 0.99 * limit
        step = 60.3 / limit
        gaps = [b - a for a, b in pairwise(times)]
        assert max(gaps) <= step + SLACK + 1e-6
        assert sum(1 for t in times if t < start + step) <= 2 + SLACK / step


def test_idling_saves_nothing_up() -> None:
    window = PacedWindow(600)
    window.take(0.0, 1)
    now = 1000.0
    burst = 0
    while window.earliest(now, 1) == now:
        window.take(now, 1)
        burst += 1
    assert burst <= 2


def test_a_late_timer_loses_no_throughput() -> None:
    window, now, count = PacedWindow(600), 0.0, 0
    while now < 60.0:
        now = window.earliest(now, 1) + 0.03
        window.take(now, 1)
        count += 1
    assert count >= 594


def test_what_can_never_fit_is_said_at_once() -> None:
    window = PacedWindow(1000)
    assert window.earliest(0.0, 1001) == math.inf
    assert window.earliest(0.0, 1000) == 0.0
    assert PacedWindow(0).earliest(5.0, 10**9) == 5.0


def test_a_correction_moves_sum_and_pace() -> None:
    window = PacedWindow(6000)
    entry = window.take(0.0, 100)
    late = window.earliest(0.0, 100)
    window.correct(entry, 200)
    assert window.used(1.0) == 200
    assert math.isclose(window.earliest(0.0, 100) - late, 100 * 60.3 / 6000)
    window.refund(entry)
    assert window.used(1.0) == 0
    assert window.earliest(1.0, 100) == 1.0


def test_a_correction_after_the_minute_changes_nothing() -> None:
    window = PacedWindow(100)
    entry = window.take(0.0, 50)
    assert window.used(61.0) == 0
    window.correct(entry, 99)
    assert window.used(61.0) == 0
    assert window.earliest(61.0, 100) == 61.0


def test_a_restart_goes_on_where_it_stopped() -> None:
    before, after, now = PacedWindow(60), PacedWindow(60), 0.0
    times = []
    for _ in range(100):
        now = before.earliest(now, 1)
        before.take(now, 1)
        times.append(now)
    after.load(now, [(t, 1, Fate.ACCEPTED) for t in reversed(times)])
    assert after.used(now) == before.used(now)
    assert math.isclose(after.earliest(now, 1), before.earliest(now, 1), abs_tol=1.5)


@given(
    limit=st.integers(1, 5000),
    gaps=st.lists(st.floats(0.0, 30.0), min_size=1, max_size=80),
    away=st.floats(0.0, 90.0),
)
def test_one_that_is_filled_after_a_restart_waits_no_longer_than_one_that_went_on(
    limit: int, gaps: list[float], away: float
) -> None:
    live, now, history = PacedWindow(limit), 1000.0, []
    for gap in gaps:
        now = max(now + gap, live.earliest(now + gap, 1))
        live.take(now, 1)
        history.append((now, 1, Fate.ACCEPTED))
    now += away
    later = PacedWindow(0)
    later.set_limit(now, limit)  # limits are known before the ledger is read
    later.load(now, history)
    assert math.isclose(later.earliest(now, 1), live.earliest(now, 1), abs_tol=0.001)


def test_what_went_faster_than_a_limit_learned_since_delays_a_restart_by_one_span_at_most() -> None:
    later, now = PacedWindow(0), 5000.0
    later.set_limit(now, 10)
    later.load(now, [(now - 600 + n * 0.1, 1, Fate.ACCEPTED) for n in range(6000)])
    assert later.earliest(now, 1) <= now + HOLD


def test_accepted_leaves_out_what_was_refused() -> None:
    window = PacedWindow(0)
    entries = [window.take(float(t), 1) for t in range(20)]
    for entry in entries[10:15]:
        entry.fate = Fate.REFUSED
    assert window.accepted(18.0) == 13
