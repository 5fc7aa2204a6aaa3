from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.calls import Trouble
from gemtag_tui.core.concurrency import USEFUL_MOST, Concurrency


def half() -> float:
    return 0.5


def fill(control: Concurrency, now: float) -> int:
    started = 0
    while control.may_start(now):
        control.on_start(now)
        started += 1
    return started


def rounds(control: Concurrency, now: float, count: int, latency: float = 1.0) -> float:
    for _ in range(count):
        fill(control, now)
        now += latency
        for _ in range(control.in_flight):
            control.on_success(now, latency)
    return now


def test_it_starts_small_and_grows_while_it_is_used() -> None:
    control = Concurrency(rng=half)
    assert control.allowed(0.0) == 4
    now = rounds(control, 0.0, 1)
    assert 6 <= control.allowed(now) <= 8
    now = rounds(control, now, 6)
    assert control.allowed(now) == USEFUL_MOST
    assert control.why(now) == "normal"


def test_it_does_not_grow_beyond_what_the_pace_can_use() -> None:
    control, now = Concurrency(rng=half), 0.0
    control.set_rate(2.0)
    for _ in range(60):
        control.on_start(now)
        control.on_start(now)
        now += 1.0
        control.on_success(now, 1.0)
        control.on_success(now, 1.0)
    assert control.allowed(now) <= 6


def test_a_cap_holds_and_can_be_changed() -> None:
    control = Concurrency(cap=3, rng=half)
    assert fill(control, 0.0) == 3
    control.set_cap(5)
    now = rounds(control, 0.0, 5)
    assert control.allowed(now) == 5
    control.set_cap(1)
    assert control.allowed(now) == 1
    assert control.cap == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_quarter_failing_at_random_does_not_bring_it_down(seed: int) -> None:
    control, now, rng = Concurrency(rng=half), 0.0, random.Random(seed)
    lowest = []
    for turn in range(60):
        fill(control, now)
        now += 0.3
        for _ in range(control.in_flight):
            if rng.random() < 0.25:
                control.on_overload(now, Trouble.OVERLOADED, 0.3)
            else:
                control.on_success(now, 0.3)
        if turn > 8:
            lowest.append(control.workers(now))
    assert min(lowest) >= 20
    assert control.single_worker_times == 0


def overload(control: Concurrency, now: float, share: int) -> float:
    fill(control, now)
    now += 1.0
    for number in range(control.in_flight):
        if number % share:
            control.on_overload(now, Trouble.OVERLOADED, 1.0)
        else:
            control.on_success(now, 1.0)
    return now


def test_overload_cuts_once_per_round_trip_and_says_so() -> None:
    control = Concurrency(rng=half)
    now = rounds(control, 0.0, 7)
    before = control.workers(now)
    now = overload(control, now, 3)
    after = control.workers(now)
    assert before * 0.6 <= after <= before * 0.75
    assert control.why(now).startswith(f"cut to {after} after overload, back to ")
    later = rounds(control, now, 2)
    assert after < control.workers(later) < before


def stalled(now: float = 0.0) -> tuple[Concurrency, float]:
    control = Concurrency(rng=half)
    now = rounds(control, now, 3)
    fill(control, now)
    now += 1.0
    for _ in range(control.in_flight):
        control.on_overload(now, Trouble.OVERLOADED, 1.0)
    return control, now


def test_a_stall_leaves_a_single_worker_that_tries_further_and_further_apart() -> None:
    control, now = stalled()
    assert control.stalled
    assert control.workers(now) == 1
    assert control.single_worker_times == 1
    assert control.allowed(now) == 0
    gaps = []
    for _ in range(7):
        gaps.append(control.next_probe(now))
        now += gaps[-1]
        assert fill(control, now) == 1
        control.on_overload(now, Trouble.OVERLOADED, 0.0)
    assert gaps == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]
    assert control.why(now) == "single worker: no answer for 45 s"


def test_one_answer_ends_a_stall_and_it_climbs_back_quickly() -> None:
    control, now = stalled()
    now += control.next_probe(now)
    fill(control, now)
    control.on_success(now + 1, 1.0)
    assert not control.stalled
    assert control.workers(now + 1) == 2
    now = rounds(control, now + 1, 5)
    assert control.workers(now) >= 12


def test_silence_is_a_stall_and_calls_that_hang_hold_no_place_afterwards() -> None:
    control = Concurrency(rng=half)
    now = rounds(control, 0.0, 2)
    hanging = fill(control, now)
    assert control.allowed(now + 29.0) == hanging
    now += 31.0
    assert control.allowed(now) == hanging
    assert control.stalled
    now += control.next_probe(now)
    assert fill(control, now) == 1
    control.on_success(now + 1, 1.0)
    assert fill(control, now + 1) == 2
    for _ in range(hanging):
        control.on_overload(now + 20, Trouble.TIMEOUT, 90.0)
    assert control.in_flight == 2
    assert control.allowed(now + 20) == control.workers(now + 20) == 2


def test_a_probe_that_hangs_is_joined_by_another() -> None:
    control, now = stalled()
    now += control.next_probe(now)
    fill(control, now)
    assert not control.may_start(now + 5)
    assert control.may_start(now + 10)


def test_a_quota_refusal_is_no_overload() -> None:
    control = Concurrency(rng=half)
    now = rounds(control, 0.0, 4)
    before = control.workers(now)
    fill(control, now)
    for _ in range(control.in_flight):
        control.on_quota(now + 1, 1.0)
    assert control.workers(now + 1) == before
    assert not control.stalled


def test_late_answers_from_before_a_stall_do_not_end_it() -> None:
    control = Concurrency(cap=16, rng=half)
    now = rounds(control, 0.0, 4)
    fill(control, now)
    for _ in range(8):
        control.on_overload(now + 0.01, Trouble.NETWORK, 0.01)
    for _ in range(2):
        control.on_overload(now + 0.01, Trouble.NETWORK, 0.01)
    assert control.stalled
    control.on_success(now + 0.5, 0.5)
    assert control.stalled


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ok", "bad", "slow", "quota", "cancel", "wait"]), st.floats(0.0, 20.0)
    ),
    max_size=150,
)


@given(st.integers(0, 20), EVENTS)
def test_it_never_passes_its_cap_nor_gets_stuck(cap: int, events: list) -> None:
    control, now, open_since = Concurrency(cap, rng=half), 0.0, []
    ghosts_allowed = 0
    for kind, gap in events:
        started = fill(control, now)
        open_since += [now] * started
        now += gap
        if kind == "wait" or not open_since:
            continue
        latency = now - open_since.pop(0)
        if kind == "ok":
            control.on_success(now, latency)
        elif kind == "quota":
            control.on_quota(now, latency)
        elif kind == "cancel":
            control.on_cancel(now, latency)
        else:
            trouble = Trouble.TIMEOUT if kind == "slow" else Trouble.OVERLOADED
            control.on_overload(now, trouble, latency)
        assert control.in_flight == len(open_since)
        assert 1 <= control.workers(now) <= (cap or 512)
        ghosts_allowed = max(ghosts_allowed, control.single_worker_times)
        assert ghosts_allowed or control.in_flight <= (cap or 512)
    for since in open_since:
        control.on_success(now + 200.0, now + 200.0 - since)
    assert control.in_flight == 0
    assert control.next_probe(now + 400.0) == 0.0
    assert control.may_start(now + 400.0)
