"""When a run is said to have left its sample's intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.drift import LEAST, Seen, drift_words
from gemtag_tui.core.pilot import Tried, findings_of

FOUND = findings_of([Tried(n, 1000 + n % 5, 90 + n % 7, 0.0005 + n % 3 * 1e-5) for n in range(50)])


def seen(answers=100, tokens_in=1002.0, tokens_out=93.0, cost=0.00051) -> Seen:
    return Seen(
        answers, answers, round(tokens_in * answers), round(tokens_out * answers), cost * answers
    )


def test_a_run_like_its_sample_says_nothing():
    assert drift_words(FOUND, seen()) == ""


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ({"tokens_in": 1500}, "1,500 tokens in an image, not 1,00"),
        ({"tokens_out": 60}, "60 tokens out an image"),
        ({"cost": 0.001}, "$1.00 for a thousand images, not $0.4"),
    ],
)
def test_each_figure_that_left_is_named_alone(figure, words):
    told = drift_words(FOUND, seen(**figure))
    assert told.startswith("This run is not as its sample was: ")
    assert words in told
    assert ";" not in told


@given(answers=st.integers(0, LEAST - 1), cost=st.floats(0, 1))
def test_few_answers_say_nothing(answers, cost):
    assert drift_words(FOUND, seen(answers, cost=cost)) == ""
