"""The search for limits that no refusal names, against every way a server may count."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from admission_world import START, Bucket, Calendar, Server, Sliding, World
from hypothesis import given, settings
from hypothesis import strategies as st

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.engine.admission import Admission, Limit, LimitFigures

RPM = 600
EACH = 300
UNIX = 1_795_000_010.0
PHASE = (UNIX - START) % 60
"""Brings a calendar minute to the world's clock."""

KINDS: dict[str, Callable[[int], list]] = {
    "sliding": lambda limit: [Sliding(limit)],
    "calendar": lambda limit: [Calendar(limit, phase=PHASE)],
    "bucket": lambda limit: [Bucket(limit, max(1, limit / 12))],
    "deep bucket": lambda limit: [Bucket(limit, limit)],
    "all": lambda limit: [
        Sliding(limit),
        Calendar(limit, phase=PHASE),
        Bucket(limit, max(1, limit / 12)),
    ],
}


def world(server: Server, seed: int = 1, **figures: float) -> World:
    limits = LimitFigures(**{name: Limit(value, "yours") for name, value in figures.items()})
    admission = Admission(limits, rng=random.Random(seed).random)
    return World(admission, server, seed=seed, unix=UNIX)


def used(world: World, limit: float) -> float:
    """Share of the real limit that was let in from the fourth minute to the ninth."""
    late = [at for at in world.server.served if START + 180 <= at < START + 540]
    return len(late) / (limit * 6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_quarter_of_the_limit_is_found(kind: str, seed: int) -> None:
    ran = world(Server(KINDS[kind](RPM // 4)), seed, rpm=RPM).run(540)
    assert used(ran, RPM // 4) >= 0.95
    assert len(ran.refused_at) <= 12
    assert 0.95 * RPM / 4 <= ran.lessons[-1].new <= 1.08 * RPM / 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("limit", "latency", "refusals"),
    [(15, 0.8, 14), (60, 0.8, 12), (60, 0.2, 10), (150, 0.2, 10), (300, 0.8, 14), (590, 0.8, 10)],
)
def test_other_limits_are_found(kind: str, limit: int, latency: float, refusals: int) -> None:
    ran = world(Server(KINDS[kind](limit), latency=latency), rpm=RPM).run(540)
    assert used(ran, limit) >= 0.9
    assert len(ran.refused_at) <= refusals


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_that_no_refusal_names_are_found(kind: str) -> None:
    server = Server(tokens=KINDS[kind](150 * EACH))
    ran = world(server, tpm=RPM * EACH).run(540)
    assert used(ran, 150) >= 0.95
    assert len(ran.refused_at) <= 12


@pytest.mark.parametrize("kind", KINDS)
def test_refusals_without_a_word_are_learned_from_too(kind: str) -> None:
    ran = world(Server(KINDS[kind](150), bare=True), rpm=RPM).run(540)
    assert used(ran, 150) >= 0.95
    assert len(ran.refused_at) <= 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_delay_that_is_a_lie_costs_little(kind: str) -> None:
    ran = world(Server(KINDS[kind](150), retry_after=40.0), rpm=RPM).run(540)
    assert used(ran, 150) >= 0.95
    assert len(ran.refused_at) <= 12


WORDS = [
    CallError(Trouble.RATE_REQUESTS, "quota", 429),
    CallError(Trouble.RATE_REQUESTS, "quota", 429, 40.0),
    CallError(Trouble.RATE_TOKENS, "quota", 429, 900.0),
    CallError(Trouble.RATE_REQUESTS, "quota", 429, None, "id", 30),
    CallError(Trouble.CAPACITY, "exhausted", 429),
    CallError(Trouble.OVERLOADED, "503", 503),
    None,
]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(WORDS), max_size=40), st.sampled_from([5, 60]))
def test_no_run_of_refusals_stalls_the_lane(outcomes: list, rpm: int) -> None:
    script = iter(outcomes)

    def fault(now: float, rng: random.Random):
        said = next(script, None)
        return (said, 0.3) if said else None

    ran = world(Server(fault=fault), rpm=rpm).run(900)
    gaps = [b - a for a, b in zip(ran.sent, [*ran.sent[1:], ran.now], strict=True)]
    assert max(gaps) <= 65.0 + 65.0 + 13.0
