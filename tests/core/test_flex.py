"""When turned-away calls come again, and which lane an answer counts as."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.calls import Answer, CallError, Trouble
from gemtag_tui.core.flex import LONGEST_PAUSE, FlexGate, served_lane, shed


@pytest.mark.parametrize(
    ("lane", "trouble", "status", "expected"),
    [
        ("flex", Trouble.OVERLOADED, 503, True),
        ("flex", Trouble.CAPACITY, 429, True),
        ("flex", Trouble.OVERLOADED, 500, False),
        ("flex", Trouble.RATE_REQUESTS, 429, False),
        ("flex", Trouble.TIMEOUT, 0, False),
        ("interactive", Trouble.OVERLOADED, 503, False),
        ("interactive", Trouble.CAPACITY, 429, False),
    ],
)
def test_only_a_flex_call_without_room_is_shed(lane, trouble, status, expected):
    assert shed(lane, CallError(trouble, "Words.", status)) is expected
    assert not shed(lane, Answer("", "STOP"))


@pytest.mark.parametrize(
    ("asked", "tier", "lane"),
    [
        ("flex", "flex", "flex"),
        ("flex", "standard", "interactive"),
        ("flex", "", "flex"),
        ("flex", "unheard of", "flex"),
        ("interactive", "flex", "flex"),
        ("interactive", "priority", "interactive"),
        ("interactive", "", "interactive"),
    ],
)
def test_an_answer_counts_as_what_was_served(asked, tier, lane):
    assert served_lane(asked, tier) == lane


def test_one_burst_of_refusals_is_one_lesson():
    gate = FlexGate(lambda: 0.5)
    for _ in range(64):
        gate.started(5.0)
    told = [gate.turned_away(10.0 + n / 100, 5.0) for n in range(64)]
    assert told == [True] + [False] * 63
    assert gate.until == pytest.approx(12.0)


@given(chance=st.floats(0, 0.999), hours=st.integers(1, 48))
def test_a_service_that_is_full_for_hours_sees_few_calls(chance, hours):
    gate, now, calls, pauses = FlexGate(lambda: chance), 0.0, 0, []
    while now < hours * 3600:
        assert gate.may_start(now)
        gate.started(now)
        calls += 1
        gate.turned_away(now + 0.5, now)
        pauses.append(gate.until - now - 0.5)
        now = max(gate.until, gate.opens_at())
    assert calls <= 12 + hours * 6
    assert all(late >= early - 1e-6 for early, late in itertools.pairwise(pauses))
    assert max(pauses) <= LONGEST_PAUSE * 1.25
    assert gate.full_for(now) >= hours * 3600 - 1


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["away", "good"]), st.floats(0.1, 1000), st.floats(0, 2000)),
        max_size=60,
    )
)
def test_an_answer_to_a_new_call_opens_the_gate_whatever_came_before(steps):
    gate, now = FlexGate(lambda: 0.3), 0.0
    for what, pause, ago in steps:
        now += pause
        gate.started(now - ago)
        if what == "away":
            gate.turned_away(now, now - ago)
        else:
            gate.answered(now, now - ago)
            assert gate.full_for(now) == 0.0
    gate.started(now)
    gate.answered(now + 1, now)
    assert gate.may_start(now + 1)


def test_the_servers_own_wish_is_kept_within_reason():
    gate = FlexGate(lambda: 0.5)
    gate.turned_away(0.0, 0.0, 60.0)
    assert gate.until == 60.0
    gate.turned_away(61.0, 60.5, 1e9)
    assert gate.until == 61.0 + LONGEST_PAUSE
