"""Caps for the run, the Pacific day and the month, whatever calls and jobs really cost."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.pacific import PACIFIC, day_of, month_of
from gemtag_tui.core.quota_money import NANO
from gemtag_tui.core.quota_purse import Purse
from gemtag_tui.core.quota_values import Budgets, Spent

WORKERS = 5
DEAREST = 100
EVE = datetime(2026, 11, 30, 23, 0, tzinfo=PACIFIC).timestamp()

moves = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.integers(0, DEAREST), st.integers(0, DEAREST)),
        st.tuples(st.just("answer"), st.just(0), st.just(0)),
        st.tuples(st.just("job"), st.integers(1, 300), st.just(0)),
        st.tuples(st.just("land"), st.integers(1, 300), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 4000), st.just(0)),
        st.tuples(st.just("long"), st.integers(1, 90_000), st.just(0)),
    ),
    max_size=150,
)


class Shop:
    """What is really paid, counted apart from the purse by the day on which calls were sent."""

    def __init__(self, purse: Purse) -> None:
        self.purse = purse
        self.unix = EVE
        self.flying: deque = deque()
        self.paid: Counter = Counter()
        self.jobs = 0

    def call(self, estimate: int, real: int) -> None:
        if len(self.flying) < WORKERS and not self.purse.refusal(0.0, self.unix, estimate):
            self.purse.reserve(estimate)
            self.flying.append((self.unix, estimate, real))

    def answer(self) -> None:
        if self.flying:
            sent, estimate, real = self.flying.popleft()
            self.purse.settle(sent, estimate, real)
            self.book(sent, real)

    def book(self, at: float, amount: int) -> None:
        for name in ("run", day_of(at), month_of(at)):
            self.paid[name] += amount

    def job(self, amount: int) -> None:
        """Make a job where all caps have room for it, as the batch lane does."""
        if not self.purse.refusal(0.0, self.unix, amount):
            self.jobs += amount
            self.purse.commit(self.unix, self.jobs / NANO, self.jobs / NANO)

    def land(self, amount: int) -> None:
        amount = min(amount, self.jobs)
        self.jobs -= amount
        self.purse.land(self.unix, amount / NANO)
        self.book(self.unix, amount)


@given(moves=moves, caps=st.tuples(*[st.integers(0, 2000)] * 3))
def test_no_cap_is_passed_by_more_than_one_call_per_worker(moves, caps):
    run, day, month = caps
    shop = Shop(Purse(Budgets(run / NANO, day / NANO, month / NANO)))
    for what, first, second in moves:
        if what == "call":
            shop.call(first, second)
        elif what == "answer":
            shop.answer()
        elif what == "job":
            shop.job(first)
        elif what == "land":
            shop.land(first)
        else:
            shop.unix += first
    while shop.flying:
        shop.answer()
    for name, paid in shop.paid.items():
        cap = {3: run, 10: day, 7: month}[len(name)]
        assert not cap or paid <= cap + WORKERS * DEAREST


@given(costs=st.lists(st.integers(1, DEAREST), max_size=200), cap=st.integers(1, 3000))
def test_estimates_that_hold_never_pass_a_cap_and_use_it_up(costs, cap):
    shop = Shop(Purse(Budgets(month=cap / NANO)))
    for cost in costs:
        shop.call(cost, cost)
        shop.answer()
    paid = shop.paid["run"]
    assert paid <= cap
    assert sum(costs) <= cap or paid > cap - DEAREST


@pytest.mark.parametrize(
    ("caps", "words", "wait"),
    [
        (Budgets(run=1.0), ("this run, $1.00,", "--max-cost"), None),
        (Budgets(day=1.0), ("this day, $1.00,", "budget.day"), 3600.0),
        (Budgets(month=1.0), ("this month, $1.00,", "budget.month"), 3600.0),
    ],
)
def test_the_words_name_the_cap_and_how_to_go_on(caps, words, wait):
    purse = Purse(caps)
    purse.reserve(NANO)
    purse.settle(EVE, NANO, NANO)
    answer = purse.refusal(0.0, EVE, 1)
    assert isinstance(answer, Spent)
    assert all(one in answer.why for one in words)
    assert answer.until == (EVE + wait if wait else 0.0)
    assert (purse.refusal(0.0, EVE + 3601, 1) is None) is (wait is not None)


def test_a_new_day_in_the_same_month_frees_the_day_alone():
    noon = EVE - 5 * 86_400
    purse = Purse(Budgets(day=1.0, month=1.5))
    purse.seed(noon, 1.0, 1.0)
    assert purse.refusal(0.0, noon, 1).binding == "budget_day"
    assert purse.refusal(0.0, noon + 86_400, NANO // 4) is None
    assert purse.refusal(0.0, noon + 86_400, NANO).binding == "budget_month"


def test_what_batch_jobs_will_cost_is_set_aside_and_counted_once():
    purse = Purse(Budgets(day=1.0))
    purse.commit(EVE, 0.8, 0.0)
    answer = purse.refusal(0.0, EVE, NANO // 4)
    assert "$0.8000 committed to batch jobs" in answer.why
    assert purse.refusal(0.0, EVE, NANO // 8) is None
    purse.land(EVE, 0.6)
    assert purse.refusal(0.0, EVE, NANO // 8) is None
    purse.commit(EVE, 0.0, 0.0)  # the rest of the job came to nothing
    assert purse.refusal(0.0, EVE, NANO // 4) is None
