from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.errors import SettingsError
from gemtag_tui.core.models import MODELS
from gemtag_tui.core.price_own import parse_prices
from gemtag_tui.core.price_table import STANDARD
from gemtag_tui.core.prices import changes, cost, price, price_notices, priority_range

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
DECEMBER = datetime(2026, 12, 2, 12, tzinfo=UTC).timestamp()
NEXT_YEAR = datetime(2027, 1, 2, tzinfo=UTC).timestamp()
MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model", "lane", "at", "input_", "output", "cached"),
    [
        ("gemini-3.5-flash-lite", "interactive", NOW, 0.30, 2.50, 0.03),
        ("gemini-3.5-flash-lite", "standard", NOW, 0.30, 2.50, 0.03),
        ("gemini-3.5-flash-lite", "batch", NOW, 0.15, 1.25, 0.02),
        ("gemini-3.5-flash-lite", "flex", NOW, 0.15, 1.25, 0.02),
        ("gemini-2.5-flash-lite", "batch", NOW, 0.05, 0.20, 0.01),
        ("gemini-3.7-flash", "batch", NOW, 0.375, 1.875, 0.0375),
        ("gemini-3.5-flash", "batch", NOW, 0.75, 4.5, 0.075),
        ("gemini-3.8-flash", "interactive", NOW, 0.75, 3.75, 0.075),
        ("gemini-3.8-flash", "interactive", NEXT_YEAR, 1.50, 7.50, 0.15),
        ("gemini-4-argon", "interactive", NOW, 2, 10, 0.1),
        ("gemini-4-argon", "interactive", DECEMBER, 4, 20, 0.2),
        ("gemini-2.5-pro", "interactive", NOW, 1.25, 10, 0.125),
        ("gemini-2.5-pro", "interactive", DECEMBER, 0.75, 3.75, 0.075),
        ("models/gemini-3.1-flash-lite-001", "interactive", NOW, 0.25, 1.50, 0.025),
    ],
)
def test_prices(model, lane, at, input_, output, cached):
    found = price(model, lane, at)
    assert found is not None
    assert (found.input, found.output, found.cached) == pytest.approx((input_, output, cached))
    assert found.source
    assert found.since <= datetime.fromtimestamp(at, UTC).date()


@pytest.mark.parametrize(
    ("model", "lane"), [("gemini-9", "batch"), ("gemini-3.5-flash", "priority")]
)
def test_what_is_not_known_is_none_and_never_0(model, lane):
    assert price(model, lane, NOW) is None
    assert cost(model, lane, Usage(prompt=10), NOW) is None


def test_cost_counts_cached_tokens_once_and_thinking_as_output():
    usage = Usage(prompt=MILLION, cached=MILLION // 2, output=MILLION, thinking=MILLION // 2)
    assert cost("gemini-3.5-flash-lite", "interactive", usage, NOW) == pytest.approx(
        0.15 + 0.015 + 2.50
    )


def test_the_published_figure_for_a_thousand_images():
    usage = Usage(prompt=680, image=280, output=100)
    whole = cost("gemini-3.5-flash-lite", "interactive", usage, NOW)
    assert whole is not None
    assert whole * 1000 == pytest.approx(0.454)


OWN = """
[[price]]
model = "gemini-9"
input = 1
output = 2
[[price]]
model = "gemini-3.5-flash-lite"
lane = "batch"
since = 2026-12-01
input = 0.1
output = 1.0
cached = 0.02
source = "contract"
"""


def test_a_users_own_price_wins_in_the_lane_and_from_the_day_it_names():
    own = parse_prices(OWN, "prices.toml")
    every = price("gemini-9", "flex", NOW, own)
    assert every is not None
    assert every.yours
    assert every.cost(Usage(prompt=MILLION, output=MILLION)) == pytest.approx(3)
    assert every.cached == pytest.approx(0.1)
    name = "gemini-3.5-flash-lite"
    assert price(name, "batch", NOW, own) == price(name, "batch", NOW)
    assert price(name, "interactive", DECEMBER, own) == price(name, "interactive", DECEMBER)
    mine = price(name, "batch", DECEMBER, own)
    assert mine is not None
    assert (mine.input, mine.output, mine.cached, mine.source) == (0.1, 1.0, 0.02, "contract")
    assert len(changes(name, "batch", NOW, own)) == 1
    assert "2026-12-01" not in str(price_notices(name, date(2026, 11, 22), own))


@pytest.mark.parametrize(
    "text",
    ["[[price]]\nmodel='x'", "price = 3", "[[price]", "[[price]]\nmodel='x'\ninput=-1\noutput=1",
     "[[price]]\nmodel='x'\ninput=1\noutput=1\nlane='fast'"],
)  # fmt: skip
def test_a_prices_file_that_cannot_be_used_is_refused_with_its_place(text):
    with pytest.raises(SettingsError, match=r"my\.toml"):
        parse_prices(text, "my.toml")


def test_priority_is_only_known_as_a_range():
    assert price("gemini-3.5-flash-lite", "priority", NOW) is None
    found = priority_range("gemini-3.5-flash-lite", NOW)
    assert found is not None
    assert [one.input for one in found] == pytest.approx([0.525, 0.6])
    assert priority_range("gemini-9", NOW) is None


def test_changes_ahead_are_those_that_change_the_price():
    assert changes("gemini-3.8-flash", "batch", NOW) == [
        datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    ]
    assert changes("gemini-2.5-flash", "interactive", NOW) == []  # routed elsewhere, same price
    assert len(changes("gemini-2.5-pro", "interactive", NOW)) == 2
    assert changes("gemini-3.8-flash", "interactive", NEXT_YEAR) == []


def test_every_served_model_has_a_price():
    gone = {name for name, rules in MODELS.items() if "refused" in rules.afterwards}
    assert set(STANDARD) == set(MODELS) - gone


def test_a_price_that_changes_soon_is_spoken_of():
    notices = price_notices("gemini-3.8-flash", date(2026, 11, 22))
    assert len(notices) == 1
    assert "2027-01-01" in notices[0]
    assert "$0.75" in notices[0]
    assert price_notices("gemini-3.8-flash", date(2026, 10, 1)) == []
    assert price_notices("gemini-3.5-flash-lite", date(2026, 11, 22)) == []
    assert "not known" in price_notices("gemini-9", date(2026, 11, 22))[0]


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_cost_is_never_negative_and_grows_with_output(prompt, cached, output):
    found = price("gemini-3.5-flash-lite", "interactive", NOW)
    assert found is not None
    small = found.cost(Usage(prompt=prompt, cached=cached, output=output))
    assert small >= 0
    assert found.cost(Usage(prompt=prompt, cached=cached, output=output + 1)) > small
