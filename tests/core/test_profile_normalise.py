from __future__ import annotations

import unicodedata

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemtag_tui.core.failures import FailureKind
from gemtag_tui.core.normalise import (
    MAX_SUMMARY,
    MAX_TAG,
    Cleaned,
    Flaw,
    clean,
    clean_text,
    repeats,
)
from gemtag_tui.core.profile import Bucket, Profile

PROFILE = Profile(
    name="test",
    prompt="Tag.",
    buckets=(
        Bucket(name="subject", description="d", cap=4),
        Bucket(name="kind", description="d", cap=2, vocabulary=("Black and white", "Sea", "TV")),
        Bucket(name="text", description="d", cap=3, keep_case=True),
    ),
)
NEEDY = msgspec.structs.replace(
    PROFILE, buckets=(Bucket(name="subject", description="d", required=True), *PROFILE.buckets[1:])
)


def cleaned(**data: object) -> Cleaned:
    found = clean({"summary": "S.", **data}, PROFILE)
    assert isinstance(found, Cleaned)
    return found


@pytest.mark.parametrize(
    ("raw", "tag"),
    [
        ("Dog", "dog"),
        ("  two\n words\t", "two words"),
        ("golden_hour", "golden hour"),
        ("#sunset.", "sunset"),
        ('"quoted"', "quoted"),
        ("cafe\u0301", "café"),
        ("İstanbul", "i̇stanbul"),
        ("a\u202eb\u200bc\x07", "abc"),
        ("x" * 300, "x" * MAX_TAG),
        ("sea\u00a0side", "sea side"),
        (2024, "2024"),
        (1.5, "1.5"),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_a_tag_is_cleaned(raw, tag):
    assert cleaned(subject=[raw]).tags.buckets["subject"] == (tag,)


@pytest.mark.parametrize("raw", ["", " ", "...", None, True, [], {}, ["a"], "\u202e", "\ud800"])
def test_what_is_no_word_is_left_out_and_counted(raw):
    found = cleaned(subject=["dog", raw])
    assert found.tags.buckets["subject"] == ("dog",)
    assert found.dropped == 1


def test_duplicates_go_and_the_cap_holds():
    found = cleaned(subject=["Dog", "dog ", "DOG", "a", "b", "c", "d", "e"])
    assert found.tags.buckets["subject"] == ("dog", "a", "b", "c")


def test_the_vocabulary_gives_its_own_spelling_and_drops_the_rest():
    found = cleaned(kind=["black-and-white", "SEA", "tv", "lake"])
    assert found.tags.buckets["kind"] == ("Black and white", "Sea")
    assert cleaned(kind=["lake", "tv"]) == Cleaned(cleaned(kind=["TV"]).tags, 1)


def test_text_in_the_picture_keeps_its_case_and_marks():
    found = cleaned(text=["STOP!", "Café “Zur Post”", " No 5 , "])
    assert found.tags.buckets["text"] == ("STOP!", "Café “Zur Post”", "No 5")


def test_unknown_buckets_are_dropped_and_missing_ones_are_empty():
    found = cleaned(weird=["x"])
    assert found.tags.buckets == {"subject": (), "kind": (), "text": ()}


def test_a_string_counts_as_one_tag_and_a_list_of_one_object_as_the_object():
    assert cleaned(subject="Dog").tags.buckets["subject"] == ("dog",)
    assert isinstance(clean([{"summary": "S"}], PROFILE), Cleaned)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (None, FailureKind.MALFORMED),
        ([], FailureKind.MALFORMED),
        ("text", FailureKind.MALFORMED),
        ([{}, {}], FailureKind.MALFORMED),
        ({"summary": 3}, FailureKind.MALFORMED),
        ({"summary": "s", "subject": {"a": 1}}, FailureKind.MALFORMED),
        ({"summary": "s", "subject": 4}, FailureKind.MALFORMED),
        ({"summary": "s", "subject": ["sea"] * 40}, FailureKind.MALFORMED),
        ({"summary": "s", "subject": ["sea and sun " * 200]}, FailureKind.MALFORMED),
        ({"summary": "the sea and " * 100}, FailureKind.MALFORMED),
        ({}, FailureKind.EMPTY),
        ({"summary": " ", "subject": [""]}, FailureKind.EMPTY),
    ],
)
def test_what_is_wrong_is_said(data, kind):
    found = clean(data, PROFILE)
    assert isinstance(found, Flaw)
    assert found.kind is kind
    assert found.why


def test_a_required_bucket_must_have_a_tag():
    assert isinstance(clean({"summary": "s", "subject": []}, NEEDY), Flaw)
    assert isinstance(clean({"summary": "s", "subject": ["a"]}, NEEDY), Cleaned)


def test_the_echo_must_match():
    assert isinstance(clean({"summary": "s", "image_id": "7"}, PROFILE, "7"), Cleaned)
    assert isinstance(clean({"summary": "s", "image_id": "8"}, PROFILE, "7"), Flaw)
    assert isinstance(clean({"summary": "s"}, PROFILE, "7"), Flaw)


def test_a_profile_without_a_summary_takes_none():
    quiet = msgspec.structs.replace(PROFILE, summary_words=0)
    found = clean({"summary": "unasked", "subject": ["a"]}, quiet)
    assert isinstance(found, Cleaned)
    assert found.tags.summary == ""


def test_a_long_summary_is_cut_and_plain_prose_does_not_repeat():
    prose = " ".join(f"word{n}" for n in range(900))
    found = clean({"summary": prose}, PROFILE)
    assert isinstance(found, Cleaned)
    assert len(found.tags.summary) <= MAX_SUMMARY
    assert not repeats(prose)
    assert repeats("la " * 300)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=150),
    lambda inner: (
        st.lists(inner, max_size=16) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=30,
)
ANSWER = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.lists(st.text(max_size=130))
        for name in ("summary", "subject", "kind", "text")
    },
)


@given(JSON | ANSWER)
@settings(max_examples=300, deadline=None)
def test_any_json_gives_a_value_within_all_bounds(data):
    found = clean(data, PROFILE)
    if isinstance(found, Flaw):
        return
    assert len(found.tags.summary) <= MAX_SUMMARY
    for bucket in PROFILE.buckets:
        tags = found.tags.buckets[bucket.name]
        assert len(tags) <= bucket.cap
        assert len({tag.casefold() for tag in tags}) == len(tags)
        assert all(0 < len(tag) <= MAX_TAG for tag in tags)
        assert all(unicodedata.is_normalized("NFC", tag) for tag in tags)


@given(ANSWER)
@settings(max_examples=300, deadline=None)
def test_cleaning_twice_changes_nothing(data):
    found = clean(data, PROFILE)
    if isinstance(found, Flaw):
        return
    lists = {name: list(tags) for name, tags in found.tags.buckets.items()}
    again = clean({"summary": found.tags.summary, **lists}, PROFILE)
    assert again == Cleaned(found.tags, 0)


@given(st.text(max_size=400), st.integers(1, 60))
@settings(max_examples=300, deadline=None)
def test_clean_text_is_one_short_harmless_line(raw, limit):
    once = clean_text(raw, limit)
    assert len(once) <= limit
    assert clean_text(once, limit) == once
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in once)
