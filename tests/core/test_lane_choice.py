"""What "auto" stands for."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.lane_choice import BATCH, FLEX, INTERACTIVE, MUCH, WAIT_WORTH, Option, choose

LONG = Option(True, 20 * 3600.0, 8.0)
PAID = {INTERACTIVE: LONG, FLEX: Option(True, 3e5, 4.0), BATCH: Option(True, 86_400.0, 4.0)}
FREE = {**PAID, FLEX: Option(False), BATCH: Option(False, 86_400.0, 0.0)}


def test_much_that_takes_long_goes_through_batch_jobs_and_says_why():
    lane, why = choose("auto", 80_000, PAID)
    assert lane == BATCH
    assert why == (
        "Half the price, about $4.00 less, for 80,000 images that would take 20 hours one by one; "
        "`gemtag run --lane interactive` does that."
    )


def test_few_or_quick_or_on_the_free_tier_goes_one_by_one():
    assert choose("auto", MUCH - 1, PAID)[0] == INTERACTIVE
    assert "the batch lane costs half" in choose("auto", MUCH - 1, PAID)[1]
    quick = {**PAID, INTERACTIVE: Option(True, WAIT_WORTH, 8.0)}
    assert choose("auto", 80_000, quick)[0] == INTERACTIVE
    assert choose("auto", 80_000, FREE) == (
        INTERACTIVE,
        "It is the quickest, and every result is there at once.",
    )
    assert choose("auto", 0, PAID) == (INTERACTIVE, "Nothing remains to be tagged.")


def test_few_that_batch_jobs_end_sooner_are_not_said_to_be_quickest_one_by_one():
    days = {**PAID, INTERACTIVE: Option(True, 2.3 * 86_400, 0.07)}
    lane, why = choose("auto", 140, days)
    assert lane == BATCH
    assert "140 images that would take 2 days one by one" in why
    assert choose("auto", 140, {**days, BATCH: Option(False, 86_400.0)})[0] == INTERACTIVE


def test_what_is_not_known_is_not_said():
    never = {**PAID, INTERACTIVE: Option(True, inf, None)}
    lane, why = choose("auto", 80_000, never)
    assert (lane, "$" in why, "for ever" in why) == (BATCH, False, True)


OPTIONS = st.builds(
    Option,
    st.booleans(),
    st.none() | st.floats(0, 1e9) | st.just(inf),
    st.none() | st.floats(0, 1e5),
)


@given(
    wanted=st.sampled_from(["auto", INTERACTIVE, FLEX, BATCH]),
    images=st.integers(0, 10**9),
    options=st.fixed_dictionaries({INTERACTIVE: OPTIONS, FLEX: OPTIONS, BATCH: OPTIONS}),
)
def test_a_lane_that_cannot_be_had_is_never_chosen_unasked(wanted, images, options):
    lane, why = choose(wanted, images, options)
    assert "\n" not in why.strip()
    assert why.endswith(".")
    if wanted != "auto" and images:
        assert lane == wanted
    elif lane != INTERACTIVE:
        batch, alone = options[BATCH].seconds, options[INTERACTIVE].seconds
        assert options[lane].available
        assert images >= MUCH or (batch is not None and batch < alone)
