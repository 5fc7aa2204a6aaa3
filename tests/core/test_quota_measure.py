from __future__ import annotations

from gemtag_tui.core.quota_measure import Measure


def taught(*real: int) -> Measure:
    measure = Measure()
    for tokens in real:
        measure.learn(100, tokens)
    return measure


def test_estimates_are_scaled_by_what_was_real() -> None:
    assert Measure().weigh(100, 0, 0) == 100
    assert taught(*[150] * 2000).weigh(100, 0, 4) in range(150, 153)
    assert taught(*[150] * 20).typical == 150


def test_the_more_answers_scatter_the_more_is_reserved_and_less_the_more_are_in_flight() -> None:
    calm, wild = taught(*[90, 110] * 500), taught(*[40, 160] * 500)
    assert calm.weigh(100, 0, 4) < wild.weigh(100, 0, 4)
    assert wild.weigh(100, 0, 64) < wild.weigh(100, 0, 4)


def test_a_wild_answer_does_not_make_a_call_impossible() -> None:
    measure = taught(*[700] * 50)
    assert measure.weigh(100, 500, 1) == 500
    assert measure.weigh(1000, 500, 1) > 500
