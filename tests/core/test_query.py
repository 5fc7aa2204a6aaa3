from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.query import FLAGS, Kind, Query, QueryError, Term, as_typed, parse, show

BUCKETS = ("colours", "subject", "text_seen")
SIGNS = 'ab"*-|():^{}+ tag:colours\\\ud800\0é½ \t'
texts = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from(SIGNS), max_size=30),
    st.lists(
        st.sampled_from([
            "red", "-red", '"red car"', "tag:red", 'tag:"dark blue"', "colours:red", "untagged",
            "-failed", "before:2026-11-22", "after:2026-02-30", "lane:batch", "lane:x", '"', "-",
            "path:a/b.jpg", "board:x", "model:flash", "nope:x", "tag:", "edited", '"untagged"',
            "wor*", "-wör*", "*", "a**", '"wor*"', "untagged*", "tag:wor*",
            "12:30", "http://x", "colours:*", "!!!", '-"a  b"',
        ]),
        max_size=10,
    ).map(" ".join),
)  # fmt: skip


@given(texts)
def test_what_is_written_is_read_as_the_same(text):
    once = parse(text, BUCKETS, lenient=True)
    again = parse(show(once), BUCKETS)
    assert again.terms == once.terms
    assert show(again) == show(once)


@given(texts)
def test_a_mistake_is_said_with_its_place(text):
    try:
        strict = parse(text, BUCKETS)
    except QueryError as error:
        wrong = error
    else:
        assert strict == parse(text, BUCKETS, lenient=True)
        assert parse(show(strict), BUCKETS) == strict
        return
    assert 0 <= wrong.position <= wrong.end <= len(text)
    assert wrong.message


def test_every_kind_of_term():
    text = (
        'Sea -night "red car" tag:"dark blue" colours:red -path:raw board:"My cats" model:flash '
        "profile:art lane:Batch after:2026-01-02 before:2026-11-22 untagged -failed EDITED"
    )
    assert parse(text, BUCKETS).terms == (
        Term(Kind.WORDS, "Sea"),
        Term(Kind.WORDS, "night", negated=True),
        Term(Kind.WORDS, "red car"),
        Term(Kind.TAG, "dark blue"),
        Term(Kind.BUCKET, "red", "colours"),
        Term(Kind.PATH, "raw", negated=True),
        Term(Kind.BOARD, "My cats"),
        Term(Kind.MODEL, "flash"),
        Term(Kind.PROFILE, "art"),
        Term(Kind.LANE, "batch"),
        Term(Kind.AFTER, "2026-01-02"),
        Term(Kind.BEFORE, "2026-11-22"),
        Term(Kind.UNTAGGED),
        Term(Kind.FAILED, negated=True),
        Term(Kind.EDITED),
    )


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("red nope:x", 4, "Nothing is called nope"),
        ("tag:", 0, "needs a word"),
        ("a before:2026-02-30", 2, "2026-11-22"),
        ("a before:tomorrow", 2, "2026-11-22"),
        ("lane:fast", 0, "interactive, flex, batch"),
        ('a "b', 2, "not closed"),
        ("a !!!", 2, "no word"),
        ("a -", 2, "no word"),
    ],
)
def test_mistakes(text, position, words):
    with pytest.raises(QueryError, match=words) as caught:
        parse(text, BUCKETS)
    assert caught.value.position == position
    assert f"at character {position + 1}" in caught.value.message


def test_too_long_and_too_many():
    with pytest.raises(QueryError, match="1,000 characters"):
        parse("a" * 1001)
    with pytest.raises(QueryError, match="more than 24"):
        parse(" ".join(f"a{n}" for n in range(25)))
    assert len(parse(" ".join(f"a{n}" for n in range(99)), lenient=True).terms) == 24


def test_words_that_look_like_fields_can_be_quoted():
    assert parse('"untagged" "tag:red"').terms == (
        Term(Kind.WORDS, "untagged"),
        Term(Kind.WORDS, "tag:red"),
    )
    assert parse("12:30 http://x").terms == (
        Term(Kind.WORDS, "12:30"),
        Term(Kind.WORDS, "http://x"),
    )
    assert FLAGS.isdisjoint({term.kind for term in parse('"edited"').terms})


def test_nothing_lettered_is_hopeless_rather_than_everything():
    assert parse("!!!", lenient=True) == Query((), hopeless=True)
    assert parse("  ") == Query(())


@given(texts)
def test_what_is_being_typed_is_one_more_query(text):
    read = parse(text, BUCKETS, lenient=True)
    meant = as_typed(text, read)
    assert parse(show(meant), BUCKETS).terms == meant.terms
    assert set(meant.terms[:-1]) <= set(read.terms)
    assert as_typed(text + " ", read) == read


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("red ca", "red ca*"), ("red ca ", "red ca"), ("red c", "red c"), ("-red", "-red"),
        ('"red ca"', '"red ca"'), ("tag:ca", "tag:ca"), ("ca*", "ca*"), ("12", "12*"),
        ("a-b", "a-b"),
        ("", ""), ("untagged", "untagged"), ("red red", "red*"), ("beginning", "beginning*"),
    ],
)  # fmt: skip
def test_the_last_word_may_go_on(text, written):
    assert show(as_typed(text, parse(text, BUCKETS, lenient=True))) == written
