"""The figures that the limits and the concurrency are to reach, in simulated time."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from admission_world import (
    START,
    Bucket,
    Calendar,
    Server,
    Sliding,
    World,
    fewest_in_a_minute,
    strict,
)

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.pacific import PACIFIC, day_of
from gemtag_tui.core.quota_day import WAKE_AFTER
from gemtag_tui.engine.admission import Admission, Limit, LimitFigures


def admission(**figures: float) -> Admission:
    limits = {name: Limit(value, "yours") for name, value in figures.items()}
    return Admission(LimitFigures(**limits), rng=random.Random(5).random)


@pytest.mark.parametrize("capacity", [600, 5])
@pytest.mark.parametrize("latency", [0.8, 6.0])
def test_a_strict_server_never_refuses_and_is_used_up(capacity: int, latency: float) -> None:
    server = Server(strict(600, capacity, phase=17.3), latency=latency)
    world = World(admission(rpm=600), server, seed=capacity).run(480)
    assert world.refused_at == []
    steady = START + (60 if latency < 1 else 120)
    assert fewest_in_a_minute(server.served, steady, world.now - 10) >= 594


@pytest.mark.parametrize("limit", [5, 15, 4000])
def test_low_and_high_limits_are_held_too(limit: int) -> None:
    server = Server(strict(limit, max(2, limit // 60), phase=3.0))
    world = World(admission(rpm=limit), server).run(max(100, 9000 / limit))
    assert world.refused_at == []
    steady = [t for t in server.served if t > START + 20]
    assert len(steady) >= 0.985 * limit * (world.now - START - 22) / 60 - 1


@pytest.mark.parametrize("estimate", [240, 300, 420])
def test_tokens_bind_with_estimates_that_are_off(estimate: int) -> None:
    counters = [Sliding(180_000), Calendar(180_000, phase=3.0), Bucket(180_000, 180_000)]
    server = Server(tokens=counters)
    world = World(
        admission(rpm=2000, tpm=180_000),
        server,
        tokens=lambda rng: (estimate, max(1, int(rng.gauss(300, 40)))),
    ).run(720)
    used = sum(t for at, t in server.served_tokens if START + 120 < at <= START + 720)
    assert world.refused_at == []
    assert used >= 0.99 * 1_800_000
    assert world.admission.binding(world.now) == "tpm"


@pytest.mark.parametrize("named", [150, None])
@pytest.mark.parametrize("retry_after", [30.0, None])
@pytest.mark.parametrize("counts_refused", [True, False])
def test_a_quarter_of_the_limit_is_learned_at_once(
    named: int | None, retry_after: float | None, counts_refused: bool
) -> None:
    counters = [Sliding(150, count_refused=counts_refused), Calendar(150, phase=30.0)]
    server = Server(counters, names_value=named, retry_after=retry_after)
    world = World(admission(rpm=600), server, assets=900).run(420)
    assert len(world.refused_at) <= 10
    assert 148 <= world.lessons[0].new <= 150
    assert world.lessons[0].named is (named is not None)
    learned = world.refused_at[0]
    assert fewest_in_a_minute(server.served, learned + 66, min(world.now, learned + 280)) >= 143
    assert world.done + (world.left or 0) + world.concurrency.in_flight == 900


def test_refusals_without_a_name_are_learned_too() -> None:
    world = World(admission(rpm=600), Server([Sliding(150)], bare=True)).run(1200)
    assert len(world.refused_at) <= 60
    assert len([t for t in world.server.served if t > START + 300]) >= 0.85 * 150 * 15


FAULTS = [
    (CallError(Trouble.OVERLOADED, "503", 503), 0.3),
    (CallError(Trouble.OVERLOADED, "500", 500), 0.3),
    (CallError(Trouble.OVERLOADED, "504", 504), 0.3),
    (CallError(Trouble.NETWORK, "reset"), 0.02),
    (CallError(Trouble.OVERLOADED, "<html>", 502), 0.1),
    (CallError(Trouble.CAPACITY, "Resource has been exhausted", 429), 0.05),
]


@pytest.mark.parametrize("seed", range(12))
def test_a_quarter_of_calls_failing_costs_seconds(seed: int) -> None:
    def fault(now: float, rng: random.Random):
        return rng.choice(FAULTS) if rng.random() < 0.25 else None

    server = Server(latency=0.3, fault=fault)
    world = World(admission(rpm=4000 if seed % 2 else 0), server, assets=200, seed=seed).run(60)
    assert world.done == 200
    assert world.finished_at - START < 15
    assert world.lessons == []


@pytest.mark.parametrize("error", [FAULTS[0][0], FAULTS[3][0], FAULTS[5][0]])
@pytest.mark.parametrize("rpm", [600, 0])
def test_two_minutes_of_outage_cost_two_minutes(error: CallError, rpm: int) -> None:
    def fault(now: float, rng: random.Random):
        return (error, 0.8) if START + 60 <= now < START + 180 else None

    server = Server(strict(rpm) if rpm else [], fault=fault)
    world = World(admission(rpm=rpm), server).run(300)
    during = [t for t in server.arrivals if START + 60 <= t < START + 180]
    at_first = [t for t in during if t < START + 63]
    assert len(during) - len(at_first) <= 25
    back = next(t for t in server.served if t >= START + 180)
    assert back < START + 196
    after = [t for t in server.served if back + 10 <= t < back + 20]
    assert len(after) >= (97 if rpm else 500)
    assert world.concurrency.single_worker_times == 1


@pytest.mark.parametrize("seconds", [0.002, 0.05])
def test_an_outage_that_fails_at_once_costs_few_calls(seconds: float) -> None:
    def fault(now: float, rng: random.Random):
        refused = CallError(Trouble.NETWORK, "refused")
        return (refused, seconds) if START + 60 <= now < START + 180 else None

    server = Server(fault=fault)
    world = World(admission(), server, arrival=0.01).run(240)
    during = [t for t in server.arrivals if START + 60 <= t < START + 180]
    assert len(during) <= 64
    assert world.concurrency.single_worker_times == 1


def test_an_outage_that_swallows_calls_leaves_no_trace_either() -> None:
    def fault(now: float, rng: random.Random):
        hangs = START + 60 <= now < START + 180
        return (CallError(Trouble.TIMEOUT, "no answer"), 90.0) if hangs else None

    server = Server(strict(600), fault=fault)
    World(admission(rpm=600), server).run(400)
    during = [t for t in server.arrivals if START + 60 <= t < START + 180]
    assert len(during) <= 30
    back = next(t for t in server.served if t >= START + 180)
    assert back < START + 196
    assert len([t for t in server.served if back + 10 <= t < back + 20]) >= 97


@pytest.mark.parametrize("day", ["2026-03-07", "2026-10-31", "2026-11-22"])
def test_a_day_quota_parks_and_wakes_by_itself(day: str) -> None:
    noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=PACIFIC).timestamp()
    server = Server(strict(60))
    world = World(admission(rpm=60, rpd=500), server, unix=noon).run(3 * 86_400)
    sent: dict[str, int] = {}
    for at in world.sent:
        sent[day_of(at + world.offset)] = sent.get(day_of(at + world.offset), 0) + 1
    assert list(sent.values()) == [500] * 4
    assert all(datetime.fromtimestamp(p, PACIFIC).hour == 0 for p in world.parks)
    assert len(set(world.parks)) == 4
    assert world.refused_at == []
    for number, park in enumerate(sorted(set(world.parks))[:3], start=1):
        wake = world.sent[500 * number] + world.offset
        assert park <= wake <= park + 1
        assert datetime.fromtimestamp(wake - WAKE_AFTER, PACIFIC).minute == 0
