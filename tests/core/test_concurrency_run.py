from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.calls import Trouble
from gemtag_tui.core.concurrency import Concurrency
from gemtag_tui.core.concurrency_run import LEAST, FailureRun


def test_answers_to_calls_from_before_do_not_end_a_run() -> None:
    run = FailureRun()
    assert not run.failed(10.0, 9.9)
    for number in range(LEAST):
        run.started()
        run.succeeded(9.5)
        assert run.failed(10.1 + number, 10.0 + number) is (number == LEAST - 1)


def test_an_answer_to_a_newer_call_ends_it() -> None:
    run = FailureRun()
    run.failed(10.0, 9.9)
    for number in range(50):
        run.started()
        assert not run.failed(10.1 + number, 10.05 + number)
        run.succeeded(10.0 + number)


@given(st.lists(st.booleans(), max_size=60))
def test_a_run_in_which_most_calls_are_still_out_says_nothing(calls: list[bool]) -> None:
    run, failed = FailureRun(), 0
    run.failed(0.0, 0.0)
    for number, fails in enumerate(calls, start=1):
        run.started()
        if fails:
            failed += 1
            assert run.failed(number, number) is (failed >= LEAST and failed >= 0.6 * number)


def test_instant_failures_stall_while_old_calls_are_still_answered() -> None:
    control = Concurrency(cap=64, rng=lambda: 0.5)
    now = 0.0
    for _ in range(600):
        control.on_start(now)
        control.on_success(now, 0.8)
        now += 0.01
    while control.may_start(now):
        control.on_start(now)
    began, failures = now, 0
    while not control.stalled and failures < 100:
        now += 0.02
        control.on_overload(now, Trouble.NETWORK, 0.01)
        failures += 1
        control.on_start(now)
        control.on_success(now, now - began + 0.5)
    assert failures <= 32
    assert control.single_worker_times == 1
