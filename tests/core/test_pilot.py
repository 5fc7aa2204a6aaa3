from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.pilot import (
    Probe,
    Tried,
    allot,
    choose,
    drift,
    findings_of,
    mean_of,
    predicted_total,
    student,
    wilson,
)
from gemtag_tui.core.plan_pace import Load, Pace
from gemtag_tui.core.plan_time import Before, Epoch, course_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
TYPES = ("jpeg", "png", "webp")
SIDES = (384, 1536, 6144)


def population(seed, size=20_000):
    """Images whose tokens and failures hang on their format, size and folder, as real ones do."""
    chance = random.Random(seed)
    probes, truth = [], {}
    for number in range(1, size + 1):
        kind = chance.choices(TYPES, (8, 1.5, 0.5))[0]
        side = chance.choices(SIDES, (2, 6, 2))[0]
        folder = f"/{chance.randrange(40):02d}"
        failed = chance.random() < (0.04 if kind == "jpeg" else 0.12)
        tokens_in = 700 + chance.randrange(60) + (300 if side == 6144 else 0)
        tokens_out = int(chance.lognormvariate(4.6, 0.35)) + 5 * int(folder[1:])
        calls = 1 + (chance.random() < 0.05) + (2 if failed else 0)
        cost = calls * (tokens_in * 0.3 + tokens_out * 2.5) / 1e6
        probes.append(Probe(number, kind, side, folder))
        kind = "safety" if failed else ""
        truth[number] = Tried(number, tokens_in, tokens_out, cost, calls, kind)
    return probes, truth


def time_of(tokens, calls, images):
    pace = Pace(rpm=4000, tpm=400_000, rpd=9_000)
    return course_of(images, pace, Load(tokens, 0, calls), Before(NOW), (Epoch(0, 0),)).seconds


@pytest.mark.parametrize("first", [0, 1_000])
def test_the_intervals_contain_the_truth_in_93_of_100_seeded_runs(first):
    hits = Counter()
    for seed in range(first, first + 100):
        probes, truth = population(seed, 1_500)
        sample = {one.asset for one in choose(probes, 50, seed)}
        found = findings_of([truth[asset] for asset in sorted(sample)])
        rest = [one for asset, one in truth.items() if asset not in sample]
        real = sum(one.cost for one in rest)
        hits["cost"] += real in predicted_total(found.costs, len(rest))
        tokens = sum(one.tokens_in for one in rest) / len(rest)
        calls = sum(one.calls for one in rest) / len(rest)
        low = time_of(found.tokens_in.low, max(1, found.calls.low), 40_000)
        high = time_of(found.tokens_in.high, found.calls.high, 40_000)
        hits["time"] += low <= time_of(tokens, calls, 40_000) <= high
        share = sum(1 for one in rest if one.failure) / len(rest)
        seen = found.failures.get("safety") or wilson(0, found.images)
        hits["failures"] += share in seen
    assert hits["cost"] >= 93
    assert hits["time"] >= 93
    assert hits["failures"] >= 90  # a share of 50 comes in steps of 2 %


def test_small_libraries_whose_limit_is_calls_a_minute_are_foretold_as_well():
    """What `benchmarks/pilot_bench.py` runs through the engine, in a hundred small populations."""
    hits = Counter()
    for seed in range(100):
        probes, truth = population(seed, 220)
        sample = {one.asset for one in choose(probes, 40, seed)}
        found = findings_of([truth[asset] for asset in sorted(sample)])
        rest = [one for asset, one in truth.items() if asset not in sample]
        hits["cost"] += sum(one.cost for one in rest) in predicted_total(found.costs, len(rest))
        ends = [max(1.0, end) for end in (found.calls.low, found.calls.high)]
        real = sum(one.calls for one in rest) / len(rest)
        low, likely, high = (_by_calls(calls, len(rest)) for calls in (ends[0], real, ends[1]))
        hits["time"] += low <= likely <= high
    assert hits["cost"] >= 93
    assert hits["time"] >= 93


def _by_calls(calls, images):
    load = Load(700, 0, calls)
    return course_of(images, Pace(rpm=120), load, Before(NOW), (Epoch(0, 0),)).seconds


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 500), min_size=1), st.data())
def test_places_are_shared_out_in_proportion_and_none_is_lost(shares, data):
    total = sum(shares.values())
    size = data.draw(st.integers(1, total))
    given_ = allot(shares, size)
    assert sum(given_.values()) == size
    for name, count in given_.items():
        assert count <= shares[name]
        assert abs(count - size * shares[name] / total) < 1


def test_a_sample_is_the_same_for_the_same_seed_whatever_the_order_and_no_image_twice():
    probes, _ = population(3, 3_000)
    first = choose(probes, 200, 7)
    shuffled = list(probes)
    random.Random(1).shuffle(shuffled)
    assert choose(shuffled, 200, 7) == first
    assert choose(probes, 200, 8) != first
    assert len({one.asset for one in first}) == len(first) == 200
    by_kind = Counter(one.stratum for one in first)
    whole = Counter(one.stratum for one in probes)
    assert all(abs(by_kind[name] - 200 * n / 3_000) < 1 for name, n in whole.items())
    folders = {next(p.folder for p in probes if p.asset == one.asset) for one in first}
    assert len(folders) >= 38


def test_a_small_library_is_taken_whole():
    probes, _ = population(1, 30)
    assert len(choose(probes, 50)) == 30
    assert choose([], 50) == []
    assert findings_of([]) is None


@pytest.mark.parametrize(("freedom", "point"), [(1, 12.706), (5, 2.571), (10, 2.228), (49, 2.010)])
def test_students_points(freedom, point):
    assert student(freedom) == pytest.approx(point, rel=2e-3)


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilsons_interval_lies_around_the_share_and_is_never_empty(count, total):
    count = min(count, total)
    found = wilson(count, total)
    assert 0 <= found.low <= found.likely <= found.high <= 1
    assert found.high > found.low
    assert wilson(0, total).high > 0


def test_too_little_bounds_nothing():
    assert not isfinite(mean_of([]).high)
    assert not isfinite(predicted_total([1.0], 9).high)
    assert predicted_total([1.0, 2.0], 0).high == 0


def test_a_run_that_leaves_the_interval_is_spoken_of():
    found = findings_of([Tried(n, 700, 100, 0.001 + n % 5 * 1e-5) for n in range(50)])
    assert drift(found, 40, 9.0) == ""
    assert drift(found, 1_000, 1.02) == ""
    assert "costs more than the pilot of 50" in drift(found, 1_000, 1.5)
    assert "costs less" in drift(found, 1_000, 0.5)
