from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator_tools import MODEL, FakeClock, body, calling

from gemtag_tui.simulator import Limits
from gemtag_tui.simulator.models import MODELS
from gemtag_tui.simulator.quotas import Quotas
from gemtag_tui.simulator.windows import (
    BucketWindow,
    CalendarWindow,
    PacificDay,
    SlidingWindow,
    next_midnight,
)

LITE = MODELS[MODEL]
PACIFIC = ZoneInfo("America/Los_Angeles")
steps = st.lists(st.floats(0, 40).map(lambda x: round(x, 3)), min_size=1, max_size=60)
amounts = st.integers(1, 30)


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=PACIFIC).timestamp()


@given(steps, st.lists(amounts, min_size=60, max_size=60), st.integers(1, 60))
def test_no_sliding_minute_of_any_phase_exceeds_the_limit(gaps, sizes, limit):
    window, now, taken = SlidingWindow(60), 1000.0, []
    for gap, size in zip(gaps, sizes, strict=False):
        now += gap
        if window.wait(now, size, limit) == 0:
            window.add(now, size, limit)
            taken.append((now, size))
    for start, _ in taken:
        assert sum(size for at, size in taken if start <= at < start + 60) <= limit


@given(steps, st.integers(1, 20))
def test_waiting_as_told_is_always_enough_and_never_too_long(gaps, limit):
    for window in (SlidingWindow(60), CalendarWindow(60), BucketWindow(60, 5)):
        now = 1000.0
        for gap in gaps:
            now += gap
            wait = window.wait(now, 1, limit)
            if wait > 0.01:
                assert window.wait(now + wait - 0.01, 1, limit) > 0
            assert window.wait(now + wait + 1e-6, 1, limit) == 0
            now += wait + 1e-6
            window.add(now, 1, limit)


@given(steps, st.integers(1, 600))
def test_the_bucket_never_lets_more_than_its_burst_and_its_rate_through(gaps, limit):
    window, now, taken = BucketWindow(60, 5), 1000.0, []
    for gap in gaps:
        now += gap / 10
        if window.wait(now, 1, limit) == 0:
            window.add(now, 1, limit)
            taken.append(now)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            allowed = max(limit * 5 / 60, 1) + (taken[last] - start) * limit / 60
            assert last - first + 1 <= allowed + 1e-6


def test_a_call_larger_than_the_whole_limit_never_fits():
    for window in (SlidingWindow(60), CalendarWindow(60), BucketWindow(60, 5)):
        assert window.wait(0.0, 11, 10) == math.inf
        assert window.wait(0.0, 10, 10) == 0


def test_calendar_minutes_start_on_the_minute():
    window = CalendarWindow(60)
    window.add(59.9, 10, 10)
    assert window.wait(59.9, 1, 10) == pytest.approx(0.1)
    assert window.wait(60.0, 1, 10) == 0


@pytest.mark.parametrize(
    ("now", "midnight", "hours"),
    [
        ("2026-11-22T13:00", "2026-11-23T00:00", 11),
        ("2026-11-01T00:00", "2026-11-02T00:00", 25),
        ("2026-03-08T00:00", "2026-03-09T00:00", 23),
        ("2026-11-22T00:00", "2026-11-23T00:00", 24),
    ],
)
def test_the_day_ends_at_pacific_midnight_through_daylight_saving(now, midnight, hours):
    assert next_midnight(moment(now)) == moment(midnight)
    assert next_midnight(moment(now)) - moment(now) == hours * 3600


@given(st.floats(1_700_000_000, 1_900_000_000))
def test_the_next_midnight_is_later_and_at_most_a_long_day_away(now):
    assert 0 < next_midnight(now) - now <= 25 * 3600


def test_the_day_forgets_at_midnight_only():
    day, noon = PacificDay(), moment("2026-11-01T12:00")
    day.add(noon, 20, 20)
    assert day.wait(noon, 1, 20) == 12 * 3600
    assert day.wait(noon + 12 * 3600 - 1, 1, 20) == 1
    assert day.wait(noon + 12 * 3600, 1, 20) == 0


@settings(max_examples=30)
@given(steps, st.sampled_from(["sliding", "calendar", "bucket"]))
def test_all_at_once_refuses_whatever_any_way_refuses(gaps, mode):
    every = Quotas(Limits(rpm=5, tpm=900, mode="all"))
    now = 1000.0
    for gap in gaps:
        now += gap
        meters = every.meters(LITE)
        waits = meters.requests.wait(now, 1, 5, mode), meters.tokens.wait(now, 100, 900, mode)
        if not every.admit(LITE, 100, now):
            assert max(waits) == 0


def test_models_have_quotas_of_their_own_and_money_is_common():
    quotas = Quotas(Limits(rpm=1, spend_per_10min=1.0))
    other = MODELS["gemini-3.1-flash-lite"]
    assert quotas.admit(LITE, 1, 0.0) == []
    assert [one.kind for one in quotas.admit(LITE, 1, 0.0)] == ["minute"]
    assert quotas.admit(other, 1, 0.0) == []
    quotas.charge(LITE, 1.0, 60.0)
    (broken,) = quotas.admit(other, 1, 61.0)
    assert (broken.kind, broken.wait) == ("spend", pytest.approx(599.0))
    assert quotas.admit(other, 1, 660.0) == []


def test_rejected_calls_count_only_when_told():
    for counts, left in ((False, 0), (True, 1)):
        quotas = Quotas(Limits(rpm=1, count_rejected=counts))
        quotas.admit(LITE, 1, 0.0)
        quotas.admit(LITE, 1, 30.0)
        assert len(quotas.admit(LITE, 1, 61.0)) == left


def test_tiers_bring_their_limits_and_what_is_said_wins():
    quotas = Quotas(Limits(tier="free", by_tier=True, rpm=3))
    assert quotas.in_force(LITE) == (3, 250_000, 500, math.inf)
    assert Quotas(Limits()).in_force(LITE) == (math.inf,) * 4


def detail(error, kind):
    return next(one for one in error["details"] if one["@type"].endswith(kind))


async def test_a_minutes_429_is_worded_and_shaped_as_googles():
    clock = FakeClock(1_800_000_000.0)
    async with calling(clock, limits=Limits(rpm=2, retry_delay="fraction")) as api:
        await api.ask()
        clock.advance(20)
        await api.ask()
        error = await api.error()
        violation = detail(error, "QuotaFailure")["violations"][0]
        assert violation == {
            "quotaMetric": "generativelanguage.googleapis.com/generate_requests_per_model",
            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
            "quotaDimensions": {"location": "global", "model": MODEL},
            "quotaValue": "2",
        }
        assert detail(error, "RetryInfo")["retryDelay"] == "40.000000000s"
        assert error["message"].startswith("You exceeded your current quota, please check")
        assert f"limit: 2, model: {MODEL}\nPlease retry in 40.000000000s." in error["message"]
        clock.advance(40)
        assert (await api.ask())[0] == 200


async def test_a_days_429_misleads_about_its_wait():
    clock = FakeClock(moment("2026-11-22T10:00"))
    async with calling(clock, limits=Limits(rpd=1, tier="free")) as api:
        await api.ask()
        error = await api.error()
        violation = detail(error, "QuotaFailure")["violations"][0]
        assert violation["quotaId"] == "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
        assert violation["quotaMetric"].endswith("generate_content_free_tier_requests")
        assert detail(error, "RetryInfo")["retryDelay"] == "26s"
        clock.advance(3600)
        assert (await api.error())["code"] == 429
        clock.advance(13 * 3600)
        assert (await api.ask())[0] == 200


async def test_tokens_are_refused_by_their_own_quota_with_the_tiers_suffix():
    async with calling(FakeClock(), limits=Limits(tpm=500, tier="tier2")) as api:
        low = body(config={"mediaResolution": "MEDIA_RESOLUTION_LOW"})
        assert (await api.ask(low))[0] == 200
        error = await api.error(low)
        violation = detail(error, "QuotaFailure")["violations"][0]
        suffix = "GenerateContentPaidTierInputTokensPerModelPerMinute-PaidTier2"
        assert violation["quotaId"] == suffix
        assert (await api.error())["code"] == 429  # one call of more than the whole limit


async def test_spending_is_limited_over_ten_minutes():
    clock = FakeClock()
    async with calling(clock, limits=Limits(spend_per_10min=1e-6)) as api:
        assert (await api.ask())[0] == 200
        assert "SpendPerTenMinutes" in str(await api.error())
        clock.advance(600)
        assert (await api.ask())[0] == 200


async def test_the_429_can_be_bare_of_quota_failure():
    async with calling(limits=Limits(rpm=0, quota_failure=False)) as api:
        error = await api.error()
        assert [one["@type"].rpartition(".")[2] for one in error["details"]] == ["Help"]


async def test_refused_calls_are_counted_apart():
    async with calling(FakeClock(), limits=Limits(rpm=2)) as api:
        for _ in range(5):
            await api.ask()
        report = api.simulator.stats()
        assert report["most_admitted_in_a_minute"] == 2
        assert report["most_received_in_a_minute"] == 5
        assert report["refused_by_quota"] == {"minute": 3}
