from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.estimate import Measured, Moments, PerImage, choose_tokens, off
from gemtag_tui.core.plan_money import affordable, dearest_split, parted
from gemtag_tui.core.quota_money import NANO, nanos

RULE = PerImage(prompt=700, image=300, output=200, basis="rule")


def seen(results, pilot=0, deviation=20.0):
    return Measured(results, Moments(500, 0), Moments(280, 0), Moments(100, deviation), 0.0, pilot)


def test_measured_usage_counts_from_the_first_result():
    assert choose_tokens(RULE, None) is RULE
    assert choose_tokens(RULE, seen(0)) is RULE
    one = choose_tokens(RULE, seen(1))
    assert (one.prompt, one.image, one.output, one.measured) == (500, 280, 100, 1)
    assert one.basis == "measured over 1 result"
    assert choose_tokens(RULE, seen(50, pilot=50)).basis == "pilot of 50"
    assert choose_tokens(RULE, seen(51, pilot=50)).basis == "measured over 51 results"


def test_images_that_count_by_size_are_corrected_by_how_far_the_rule_was_off():
    found = Measured(9, Moments(500), Moments(774), Moments(100), ruled_image=516.0)
    assert choose_tokens(RULE, found).image == 300 * 774 / 516


@given(st.integers(2, 100_000), st.floats(0, 1000), st.floats(0.1, 5000), st.booleans())
def test_more_results_never_widen_the_range_and_the_likely_lies_in_it(n, deviation, mean, sampled):
    moments = Moments(mean, deviation)
    low, high = off(moments, n, sampled=sampled)
    assert 0 <= low <= 1 <= high
    assert off(moments, 4 * n + 12, sampled=sampled)[1] <= high + 1e-12


@given(st.integers(1, 10**7), st.integers(-5, 10**7))
def test_parting_loses_no_image(images, first):
    head, rest = parted(images, first)
    assert head + rest == images
    assert head >= 0
    assert rest >= 0


@given(st.integers(1, 10**7), st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**9))
def test_a_budget_is_kept_to_the_nano_dollar_and_no_further_image_fits(images, a, b, micros):
    budget, (cheap, dear) = micros / 1e6, sorted((a, b))
    head = dearest_split(images, budget, cheap, dear)
    head, rest = parted(images, head)
    cost = head * dear + rest * cheap
    if images * cheap <= micros * 1000:
        assert cost <= micros * 1000
        if rest and dear > cheap:
            assert cost + dear - cheap > micros * 1000
    reach = affordable(budget, 0.0, dear)
    if dear:
        assert reach * dear <= micros * 1000 < (reach + 1) * dear
    else:
        assert reach is None


def test_a_price_is_rounded_up_by_less_than_a_nano_dollar():
    assert nanos(0.00045412345678) - 0.00045412345678 * NANO < 1
