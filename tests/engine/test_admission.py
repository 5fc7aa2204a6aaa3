from __future__ import annotations

import asyncio
import math
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.pacific import PACIFIC, next_midnight
from gemtag_tui.engine.admission import (
    Admission,
    Budgets,
    Grant,
    Lesson,
    Limit,
    LimitFigures,
    Need,
    ParkUntil,
    Past,
    PastCall,
    Spent,
    TooBig,
    WaitUntil,
)

NOW = 1000.0
UNIX = datetime(2026, 11, 22, 12, tzinfo=PACIFIC).timestamp()
NEED = Need(300, 0.001)


def admission(budgets: Budgets | None = None, **figures: float) -> Admission:
    limits = {name: Limit(value, "yours") for name, value in figures.items()}
    return Admission(LimitFigures(**limits), budgets, rng=lambda: 0.5)


def grant(adm: Admission, at: float = 0.0, need: Need = NEED) -> Grant:
    answer = adm.ask(NOW + at, UNIX + at, need)
    assert isinstance(answer, Grant), answer
    return answer


def refuse(adm: Admission, given: Grant, at: float, error: CallError) -> Lesson | None:
    return adm.learn(NOW + at, UNIX + at, given, error)


def quota(trouble: Trouble, value: int | None = None, after: float | None = None) -> CallError:
    return CallError(trouble, "You exceeded your current quota", 429, after, "id", value)


def gauge(adm: Admission, name: str, at: float = 0.0):
    return next(g for g in adm.gauges(NOW + at, UNIX + at) if g.name == name)


def test_without_limits_everything_goes() -> None:
    adm = admission()
    for _ in range(1000):
        grant(adm)
    assert adm.binding(NOW) == ""
    assert adm.pace() == 0.0
    assert gauge(adm, "rpm").used == 1000
    assert adm.requests_today(UNIX) == 1000


def test_the_limit_that_binds_is_named() -> None:
    adm = admission(rpm=60, tpm=1_000_000)
    grant(adm)
    answer = adm.ask(NOW, UNIX, NEED)
    assert isinstance(answer, WaitUntil)
    assert answer.binding == "rpm"
    assert 0.85 < answer.at - NOW < 1.01
    assert gauge(adm, "rpm").binding
    assert gauge(adm, "rpm").source == "yours"
    assert adm.binding(NOW + 10) == ""


def test_a_request_bigger_than_the_minute_is_said_to_be() -> None:
    adm = admission(tpm=1000)
    assert isinstance(adm.ask(NOW, UNIX, Need(1001)), TooBig)
    grant(adm, need=Need(1000))


def test_several_refusals_at_once_are_one_lesson() -> None:
    adm = admission(rpm=6000)
    for i in range(30):
        adm.settle(grant(adm, i * 0.05))
    grants = [grant(adm, 1.5 + i * 0.05) for i in range(5)]
    lessons = [
        refuse(adm, g, 2.0 + i * 0.01, quota(Trouble.RATE_REQUESTS, 30))
        for i, g in enumerate(grants)
    ]
    assert [x is not None for x in lessons] == [True] + [False] * 4
    assert lessons[0] is not None
    assert (lessons[0].name, lessons[0].old, lessons[0].new) == ("rpm", 6000, 30)
    assert gauge(adm, "rpm", 2.2).limit == 30
    assert gauge(adm, "rpm", 2.2).source == "learned"
    assert gauge(adm, "rpm", 2.2).refused == 5


def test_the_servers_delay_is_believed_for_a_minute_at_most() -> None:
    adm = admission(rpm=600)
    refuse(adm, grant(adm), 1.0, quota(Trouble.RATE_REQUESTS, 300, 900.0))
    answer = adm.ask(NOW + 1, UNIX + 1, NEED)
    assert isinstance(answer, WaitUntil)
    assert answer.at == NOW + 66


def test_a_learned_limit_rises_again_but_never_above_the_configured_one() -> None:
    adm = admission(rpm=100)
    refuse(adm, grant(adm), 1.0, quota(Trouble.RATE_REQUESTS, 57))
    seen = []
    for minute in range(1, 2000):
        adm.ask(NOW + minute * 60, UNIX + minute * 60, NEED)
        seen.append(gauge(adm, "rpm", minute * 60).limit)
    assert seen[58] == 57
    assert seen[61] == math.floor(57 * 1.03)
    assert max(seen) == seen[-1] == 100
    assert gauge(adm, "rpm", 2000 * 60).source == "yours"


def test_a_named_value_at_our_own_limit_changes_nothing_at_first() -> None:
    adm = admission(rpm=100)
    for i in range(50):
        adm.settle(grant(adm, i * 0.7))
    assert refuse(adm, grant(adm, 36.0), 37.0, quota(Trouble.RATE_REQUESTS, 100)) is None
    lesson = refuse(adm, grant(adm, 38.0), 39.0, quota(Trouble.RATE_REQUESTS, 100))
    assert lesson is not None
    assert 45 <= lesson.new <= 52
    assert not lesson.named


def test_a_refusal_that_our_use_cannot_explain_teaches_nothing() -> None:
    adm = admission(rpm=1000)
    assert refuse(adm, grant(adm), 0.5, quota(Trouble.RATE_REQUESTS)) is None
    waiting = adm.ask(NOW + 1, UNIX + 1, NEED)
    assert isinstance(waiting, WaitUntil)
    adm.settle(grant(adm, 4.0))
    grant(adm, 6.0)
    assert gauge(adm, "rpm", 6.0).limit == 1000
    assert adm.found(UNIX + 6) == []


def test_a_spent_day_parks_whatever_the_delay_says() -> None:
    adm = admission(rpm=600, rpd=10_000)
    lesson = refuse(adm, grant(adm), 1.0, quota(Trouble.DAY_REQUESTS, 500, 26.0))
    assert lesson is not None
    assert (lesson.name, lesson.new) == ("rpd", 500)
    answer = adm.ask(NOW + 100, UNIX + 100, NEED)
    assert isinstance(answer, ParkUntil)
    assert 0 < answer.at - next_midnight(UNIX) < 10
    assert adm.requests_today(UNIX) == 500
    assert adm.rpd_limit() == 500
    assert isinstance(adm.ask(NOW + 86_400, answer.at, NEED), Grant)


def test_the_spend_limit_is_learned() -> None:
    adm = admission()
    for i in range(100):
        adm.settle(grant(adm, i * 0.1, Need(300, 0.1)), 300, 0.1)
    lesson = refuse(adm, grant(adm, 11.0, Need(300, 0.1)), 12.0, quota(Trouble.SPEND_RATE))
    assert lesson is not None
    assert lesson.name == "spend"
    assert 9.5 <= lesson.new <= 10.0
    answer = adm.ask(NOW + 13, UNIX + 13, Need(300, 0.1))
    assert isinstance(answer, WaitUntil)
    assert answer.binding == "spend"
    assert answer.at > NOW + 500


def test_bare_refusals_close_the_lane_until_one_answer_comes() -> None:
    adm, bare, at, waits = admission(), CallError(Trouble.CAPACITY, "x", 429), 0.0, []
    for _ in range(8):
        given = grant(adm, at)
        refuse(adm, given, at + 0.1, bare)
        answer = adm.ask(NOW + at + 0.1, UNIX + at + 0.1, NEED)
        waits.append(answer.at - NOW - at - 0.1 if isinstance(answer, WaitUntil) else 0.0)
        if isinstance(answer, Grant):
            adm.release(answer)
        at += 0.2 + waits[-1]
    assert [round(w, 6) for w in waits] == [0, 0, 2, 4, 8, 10, 10, 10]
    adm.settle(grant(adm, at))
    refuse(adm, grant(adm, at + 1), at + 2, bare)
    assert isinstance(adm.ask(NOW + at + 2, UNIX + at + 2, NEED), Grant)


def test_other_troubles_teach_nothing_and_cost_nothing() -> None:
    adm = admission(Budgets(run=1.0), rpm=600)
    assert refuse(adm, grant(adm), 1.0, CallError(Trouble.OVERLOADED, "503", 503)) is None
    assert gauge(adm, "budget_run").used == 0.0
    assert gauge(adm, "rpm", 1.0).used == 1
    assert adm.requests_today(UNIX) == 1


def test_a_grant_ends_once() -> None:
    adm = admission(Budgets(run=1.0), rpm=600)
    given = grant(adm)
    adm.settle(given, 250, 0.002)
    adm.settle(given, 250, 0.002)
    adm.release(given)
    assert refuse(adm, given, 1.0, quota(Trouble.RATE_REQUESTS, 5)) is None
    assert gauge(adm, "budget_run").used == pytest.approx(0.002)
    assert gauge(adm, "tpm").used == 250
    assert adm.requests_today(UNIX) == 1


def test_what_never_left_is_counted_nowhere() -> None:
    adm = admission(Budgets(run=1.0), rpm=600, rpd=10, spend=1.0)
    adm.release(grant(adm))
    assert [g.used for g in adm.gauges(NOW, UNIX)] == [0.0] * 7
    grant(adm)


@pytest.mark.parametrize(
    ("budgets", "name"),
    [
        (Budgets(run=0.01), "budget_run"),
        (Budgets(day=0.01), "budget_day"),
        (Budgets(month=0.01), "budget_month"),
    ],
)
def test_a_budget_stops_before_it_is_passed(budgets: Budgets, name: str) -> None:
    adm = admission(budgets)
    grants = [grant(adm) for _ in range(10)]
    waiting = adm.ask(NOW, UNIX, NEED)
    assert isinstance(waiting, WaitUntil)
    assert waiting.binding == name
    for held in grants:
        adm.settle(held, 300, 0.001)
    answer = adm.ask(NOW, UNIX, NEED)
    assert isinstance(answer, Spent)
    assert answer.binding == name
    assert gauge(adm, name).used == pytest.approx(0.01)
    assert bool(answer.until) is (name != "budget_run")
    if answer.until:
        assert isinstance(adm.ask(NOW + 9e6, answer.until, NEED), Grant)
    else:
        adm.set_budgets(Budgets(run=1.0))
        grant(adm)


def test_a_restart_takes_everything_over() -> None:
    adm = admission(Budgets(day=5.0), rpm=60, tpm=100_000, rpd=1000, spend=10.0)
    calls = [PastCall(UNIX - 61 + i, 300, 0.01, "ok") for i in range(60)]
    lesson = Lesson("tpm", 100_000, 40_000, "words", True, UNIX - 10)
    adm.restore(NOW, UNIX, Past(calls, 960, 4, 2.5, 7.0, [lesson]))
    assert gauge(adm, "rpm").used == 59
    assert gauge(adm, "tpm").limit == 40_000
    assert gauge(adm, "tpm").source == "learned"
    assert gauge(adm, "spend").used == pytest.approx(0.6)
    assert gauge(adm, "budget_day").used == 2.5
    assert gauge(adm, "rpm").refused == 4
    assert adm.requests_today(UNIX) == 960
    assert len(adm.warnings(UNIX)) == 1
    adm.forget(NOW, "tpm")
    assert gauge(adm, "tpm").limit == 100_000


@pytest.mark.parametrize("rpm", [6, 60, 300, 600, 4000])
def test_a_restart_after_minutes_at_the_limit_goes_on_at_its_pace(rpm: int) -> None:
    adm, pace = admission(rpm=rpm, tpm=rpm * 1000), 60.4 / rpm
    calls = [PastCall(UNIX - (i + 1) * pace, 300, 0.01, "ok") for i in range(rpm * 10)]
    adm.restore(NOW, UNIX, Past(calls, 600, 0, 6.0, 6.0, []))
    assert isinstance(adm.ask(NOW + pace, UNIX + pace, NEED), Grant)


def test_limits_can_be_changed_while_it_runs() -> None:
    adm = admission(rpm=1)
    grant(adm)
    assert isinstance(adm.ask(NOW + 1, UNIX + 1, NEED), WaitUntil)
    adm.set_limits(NOW + 1, LimitFigures(rpm=Limit(600, "command line")))
    grant(adm, 1.5)
    assert gauge(adm, "rpm", 1.5).source == "command line"


class HandClock:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return UNIX + self.at

    def monotonic(self) -> float:
        return NOW + self.at

    async def sleep(self, seconds: float) -> None:
        self.at += max(0.0, seconds)
        await asyncio.sleep(0)


async def test_waiters_are_served_first_come_first_served() -> None:
    adm, clock, order = admission(rpm=60), HandClock(), []

    async def one(number: int) -> None:
        answer = await adm.admit(NEED, clock)
        assert isinstance(answer, Grant)
        adm.settle(answer)
        order.append((number, answer.at))

    await asyncio.gather(*(one(n) for n in range(20)))
    assert [n for n, _ in order] == list(range(20))
    assert 18.5 < order[-1][1] - NOW < 19.5


async def test_a_waiter_that_goes_away_takes_nothing_along() -> None:
    adm, clock = admission(rpm=60), HandClock()
    await adm.admit(NEED, clock)
    waiter = asyncio.create_task(adm.admit(NEED, clock))
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert adm.requests_today(UNIX) == 1
    assert isinstance(await adm.admit(NEED, clock), Grant)


async def test_admit_hands_back_what_is_no_matter_of_seconds() -> None:
    clock = HandClock()
    parked = admission(rpd=1)
    await parked.admit(NEED, clock)
    assert isinstance(await parked.admit(NEED, clock), ParkUntil)
    assert isinstance(await admission(tpm=10).admit(NEED, clock), TooBig)


CALLS = st.lists(
    st.tuples(
        st.floats(0.0, 5.0),
        st.sampled_from(["settle", "release", "learn", "keep"]),
        st.integers(1, 900),
    ),
    max_size=80,
)


@settings(deadline=None)
@given(CALLS)
def test_reservations_are_never_lost_nor_doubled(calls: list) -> None:
    adm, at, sent, kept, usd = admission(Budgets(run=100.0), rpm=100, rpd=1000), 0.0, 0, [], 0.0
    for gap, end, tokens in calls:
        at += gap
        answer = adm.ask(NOW + at, UNIX + at, NEED)
        if not isinstance(answer, Grant):
            continue
        sent += end != "release"
        if end == "settle":
            adm.settle(answer, tokens, tokens / 1e6)
            usd += tokens / 1e6
        elif end == "release":
            adm.release(answer)
        elif end == "learn":
            refuse(adm, answer, at, CallError(Trouble.OVERLOADED, "503", 503))
        else:
            kept.append(answer)
    assert adm.requests_today(UNIX + at) == sent
    assert gauge(adm, "budget_run", at).used == pytest.approx(usd)
    for answer in kept:
        adm.release(answer)
    assert adm.requests_today(UNIX + at) == sent - len(kept)
    assert gauge(adm, "rpm", at + 61).used == 0
    assert gauge(adm, "tpm", at + 61).used == 0
    assert gauge(adm, "spend", at + 605).used == 0


@pytest.mark.parametrize(
    ("name", "trouble", "value"),
    [
        ("rpm", Trouble.RATE_REQUESTS, 600),
        ("tpm", Trouble.RATE_TOKENS, 1_000_000),
        ("spend", Trouble.SPEND_RATE, None),
        ("spend", Trouble.SPEND_RATE, 10),
    ],
)
def test_a_limit_that_others_use_up_is_waited_for_and_keeps_its_figure(
    name: str, trouble: Trouble, value: int | None
) -> None:
    adm = admission(rpm=600, tpm=1_000_000, spend=10)
    before, sent, at = gauge(adm, name).limit, 0, 0.0
    while at < 600:
        answer = adm.ask(NOW + at, UNIX + at, NEED)
        assert not isinstance(answer, TooBig)
        if isinstance(answer, Grant):
            sent += 1
            refuse(adm, answer, at + 0.2, quota(trouble, value, 5.0 if value else None))
        at += 0.5
    assert sent <= 70
    at += 60
    given = [adm.settle(grant(adm, at + i * 2.0), 300, 0.001) for i in range(20)]
    assert len(given) == 20
    assert gauge(adm, name, at + 40).limit == before
    assert adm.found(UNIX + at + 40) == []


def test_a_days_quota_that_is_of_tokens_is_none_of_requests() -> None:
    adm = admission(rpm=600)
    assert refuse(adm, grant(adm), 1.0, quota(Trouble.DAY_REQUESTS, None, 26.0)) is None
    answer = adm.ask(NOW + 100, UNIX + 100, NEED)
    assert isinstance(answer, ParkUntil)
    assert "at request 1 of ours" in answer.why
    assert adm.requests_today(UNIX) == 1
    assert adm.rpd_limit() == 0
