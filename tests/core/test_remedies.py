from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.causes import LONGEST, cause_of
from gemtag_tui.core.failures import LOCAL_KINDS, FailureKind, Standing
from gemtag_tui.core.remedies import Basis, Way, remedies

AT = 1_795_000_000.0
BASIS = Basis("gemini-3.5-flash-lite", "batch", 500, 258, 100, 1024, AT, "gemini-3.8-flash")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("503: overloaded, request 17", "503: overloaded, request 9,812.5"),
        ("cannot open /a/b c/1.jpg: denied", "cannot open /x/yy c/22.jpg: denied"),
        ("bad file IMG_1.jpeg here", "bad file holiday.png here"),
        ("see https://a.example/x?y=1 now", "see https://b.example/zz now"),
        ("id 0af3c2d19b77 gone", "id 99aa00bb11cc gone"),
        ("job 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "job 11112222-4f89-11d3-9a0c-0305e82c3302"),
    ],
)
def test_like_messages_have_one_cause(one, other):
    assert cause_of(one) == cause_of(other)


def test_words_stay_as_they_are():
    assert cause_of("The answer is safe and/or withheld.") == "The answer is safe and/or withheld."
    assert cause_of("blocked (SAFETY)") != cause_of("blocked (SPII)")


@given(st.text(max_size=900))
def test_a_cause_is_short_and_its_own_cause_can_be_stored(message):
    cause = cause_of(message)
    assert len(cause) <= LONGEST
    assert cause.encode().decode() == cause
    assert cause_of(message) == cause


@pytest.mark.parametrize("kind", list(FailureKind))
@pytest.mark.parametrize("standing", [Standing.OPEN, Standing.KNOWN_BAD, Standing.IGNORED])
def test_every_kind_has_a_remedy_and_can_be_left_alone(kind, standing):
    found = remedies(kind, standing, 10, BASIS, raw=4)
    ways = [one.way for one in found]
    assert found[0].likely
    assert len(set(ways)) == len(ways)
    if standing is Standing.IGNORED:
        assert ways == [Way.REOPEN]
        return
    assert ways[-1] is Way.IGNORE
    for one in found:
        assert one.words
        free = one.way in {Way.IGNORE, Way.REJUDGE, Way.RESCAN}
        assert (one.total_usd == 0) is free
        if not free:
            assert one.total_usd == pytest.approx(one.each_usd * 10)
    if kind in LOCAL_KINDS:
        assert {one.total_usd for one in found} == {0.0}


def test_what_fits_best_comes_first():
    first = {kind: remedies(kind, Standing.KNOWN_BAD, 1, BASIS)[0].way for kind in FailureKind}
    assert first[FailureKind.TRUNCATED] is Way.MORE_OUTPUT
    assert first[FailureKind.SAFETY] is Way.MODEL
    assert first[FailureKind.REJECTED_IMAGE] is Way.REENCODE
    assert first[FailureKind.OVERLOADED] is Way.RETRY
    assert (
        remedies(FailureKind.MALFORMED, Standing.KNOWN_BAD, 9, BASIS, raw=9)[0].way is Way.REJUDGE
    )


def test_an_unknown_price_is_not_nothing():
    basis = Basis("nobody-knows", "batch", 500, 258, 100, 1024, AT)
    (retry, _) = remedies(FailureKind.TIMEOUT, Standing.OPEN, 3, basis)
    assert (retry.each_usd, retry.total_usd) == (None, None)
