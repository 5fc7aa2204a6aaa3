"""The plan's closed-form time against the engine's own admission, event by event."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from admission_world import START, Server, World

from gemtag_tui.core.concurrency import Concurrency
from gemtag_tui.core.pacific import PACIFIC
from gemtag_tui.core.plan_pace import Load, Pace
from gemtag_tui.core.plan_time import Before, Epoch, course_of
from gemtag_tui.engine.admission import Admission, Limit, LimitFigures, Need, Past

LATENCY = 0.8
MEAN_LATENCY = LATENCY * 1.025 + 0.005
"""The server of the world is up to a fifth quicker and a quarter slower, and is not next door."""


class Priced(World):
    """A world in which every call costs something."""

    each = 0.0

    def pump(self) -> None:
        ask = self.admission.ask
        self.admission.ask = lambda now, unix, need: ask(now, unix, Need(need.tokens, self.each))
        try:
            super().pump()
        finally:
            self.admission.ask = ask

    def answer(self, grant, sent, real, outcome) -> None:
        settle = self.admission.settle
        self.admission.settle = lambda one, tokens, usd: settle(one, tokens, self.each)
        try:
            super().answer(grant, sent, real, outcome)
        finally:
            self.admission.settle = settle


def lived(images: int, pace: Pace, tokens: int, each: float, before: Before) -> float:
    """Run the engine's own parts to the last image; returns the seconds it took."""
    figures = LimitFigures(
        Limit(pace.rpm, "yours"), Limit(pace.tpm, "yours"), Limit(pace.rpd, "yours"),
        Limit(pace.spend_per_10min, "yours"),
    )  # fmt: skip
    admission = Admission(figures, rng=random.Random(5).random)
    admission.restore(START, before.now, Past(requests_today=int(before.used_today)))
    world = Priced(
        admission, Server(latency=LATENCY), concurrency=Concurrency(pace.workers),
        assets=images, unix=before.now, tokens=lambda rng: (tokens, tokens), arrival=0.01,
    )  # fmt: skip
    world.each = each
    world.run(60 * 86_400)
    assert world.done == images
    return world.finished_at - START


@pytest.mark.parametrize(
    ("images", "pace", "tokens", "each", "used", "hour"),
    [
        (6_000, Pace(rpm=60, rpd=1_500), 300, 0.0, 400, 12),
        (2_000, Pace(rpm=15, rpd=500), 300, 0.0, 200, 22),
        (9_000, Pace(rpm=600, tpm=60_000, rpd=4_000), 300, 0.0, 0, 7),
        (12_000, Pace(rpm=30), 300, 0.0, 0, 15),
        (4_000, Pace(rpm=600, spend_per_10min=0.25), 300, 0.001, 0, 10),
        (3_000, Pace(rpm=6_000, workers=3), 300, 0.0, 0, 10),
        (5_000, Pace(rpm=1_000, rpd=2_000, spend_per_10min=1.0), 300, 0.002, 0, 20),
    ],
)
def test_simulated_time_agrees_with_the_engine_within_2_percent(
    images, pace, tokens, each, used, hour
):
    now = datetime(2026, 10, 30, hour, 20, tzinfo=PACIFIC).timestamp()  # clocks change within
    before = Before(now, used)
    timed = Pace(
        pace.rpm,
        pace.tpm,
        pace.rpd,
        pace.spend_per_10min,
        workers=pace.workers,
        latency=MEAN_LATENCY,
    )
    found = course_of(images, timed, Load(tokens), before, (Epoch(0.0, each),))
    real = lived(images, timed, tokens, each, before)
    assert found.seconds == pytest.approx(real, rel=0.02)
