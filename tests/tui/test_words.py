from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.tui import words

from .support import NOW


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (41, "41 s"), (119, "119 s"), (120, "2 min"), (2460, "41 min"),
     (7200, "2 h 00 min"), (33_120, "9 h 12 min"), (172_800, "2 d 0 h"), (273_600, "3 d 4 h")],
)  # fmt: skip
def test_durations(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (41_322, "41,322"), (99_999, "99,999"), (410_000, "410 k"), (4_000_000, "4 M"),
     (28_600_000, "28.6 M"), (2_500_000_000, "2.5 G")],
)  # fmt: skip
def test_short_numbers(value, said):
    assert words.short_number(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0, "$0.00"), (0.0042, "$0.0042"), (18.72, "$18.72"), (1234.5, "$1,234.50")]
)
def test_money(value, said):
    assert words.money(value) == said


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_hundred_percent_is_said_only_when_all_is_done(part, whole):
    assert (words.share(part, whole) == "100 %") == (part >= whole)


def test_clock_names_the_day_when_it_is_another():
    assert words.clock(NOW, NOW, UTC) == "12:03"
    assert words.clock(NOW + 86_400, NOW, UTC) == "Mon 12:03"
    assert words.clock(NOW + 40 * 86_400, NOW, UTC) == "1 Jan 12:03"
    assert words.until(NOW + 2460, NOW, UTC) == "12:44, in 41 min"


def test_one_is_singular():
    assert words.plural(1, "image") == "1 image"
    assert words.plural(2, "try", "tries") == "2 tries"
