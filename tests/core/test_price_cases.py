"""The table in docs/prices.md, reckoned again: by hand arithmetic, and by the plan itself."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from gemtag_tui.core.estimate import Measured, Moments
from gemtag_tui.core.models import MODELS
from gemtag_tui.core.plan_book import PlanBook
from gemtag_tui.core.plan_shape import Shape
from gemtag_tui.core.plan_values import ModelFacts, Options, PlanFacts
from gemtag_tui.core.settings import Settings
from gemtag_tui.core.snapshot import Counts

DOC = Path(__file__).resolve().parents[2] / "docs" / "prices.md"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
IMAGES, PROMPT, ANSWER = 10_000, 400, 100
CENT = Decimal("0.01")


def cases():
    rows = [line for line in DOC.read_text().splitlines() if line.startswith("| gemini-")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def book():
    return PlanBook(
        PlanFacts(
            now=NOW,
            settings=Settings(),
            provider="google",
            profile="default",
            resolution="low",
            shapes=(Shape("jpeg", 3072, 0, IMAGES, IMAGES, IMAGES, IMAGES, IMAGES),),
            library=Counts(total=IMAGES, remaining=IMAGES),
            models={name: ModelFacts(rules, PROMPT, ANSWER) for name, rules in MODELS.items()},
        )
    )


def test_there_are_ten_cases():
    assert len(cases()) == 10


@pytest.mark.parametrize("row", cases(), ids=lambda row: "-".join(row[:3]))
def test_the_estimate_equals_hand_arithmetic_to_the_cent(row):
    model, lane, resolution, image, price_in, price_out, by_hand, said = row
    tokens_in = IMAGES * (PROMPT + int(image))
    hand = (tokens_in * Decimal(price_in) + IMAGES * ANSWER * Decimal(price_out)) / 1_000_000
    millions = Decimal(tokens_in) / 1_000_000
    assert by_hand == f"{millions:.2f} M × {price_in} + 1 M × {price_out}"
    plan = book().compute(options=Options(model=model, resolution=resolution))
    found = next(one for one in plan.lanes if one.lane == lane)
    ours = Decimal(repr(found.cost.likely))
    assert plan.tokens.image == int(image)
    assert abs(ours - hand) < Decimal("0.00002")
    assert f"${hand.quantize(CENT, ROUND_HALF_UP)}" == said
    assert f"${ours.quantize(CENT, ROUND_HALF_UP)}" == said


def test_more_tokens_or_images_never_cost_less():
    facts = book().facts
    for seen in (50.0, 100.0, 400.0):
        used = Measured(99, Moments(400), Moments(280), Moments(seen))
        known = ModelFacts(MODELS["gemini-3.5-flash-lite"], 400, 100, measured={"low": used})
        from dataclasses import replace

        more = PlanBook(replace(facts, models={**facts.models, "gemini-3.5-flash-lite": known}))
        costs = [
            more.compute(options=Options(first=n)).lanes[0].cost.likely for n in (1, 10, 9_999)
        ]
        assert costs == sorted(costs)
