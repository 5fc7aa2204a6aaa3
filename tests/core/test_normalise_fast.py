from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.normalise import Cleaned, clean
from gemtag_tui.core.normalise_fast import Swift, swift
from gemtag_tui.core.profile import ECHO_FIELD, Bucket, Profile
from gemtag_tui.core.reading import read_json
from gemtag_tui.core.text import storable
from gemtag_tui.store.commits import tags_json

PROFILE = Profile(
    name="test",
    prompt="Tag.",
    buckets=(
        Bucket(name="subject", description="d", cap=3, required=True),
        Bucket(name="class", description="d", cap=2, vocabulary=("Black and white", "sea", "TV")),
        Bucket(name="text", description="d", cap=3, keep_case=True),
    ),
)
MUTE = msgspec.structs.replace(PROFILE, summary_words=0, buckets=PROFILE.buckets[1:])
ALONE = msgspec.structs.replace(PROFILE, buckets=(Bucket(name="b0", description="d"),))

good_words = st.sampled_from(["dog", "red dog", "t-shirt", "sea", "TV", "Black and white", "1"])
odd_words = st.sampled_from(
    [
        "-x",
        "x ",
        "a  b",
        "A",
        "é",
        "",
        "a\0b",
        "\0",
        "x" * 100,
        "x" * 101,
        "\ud800",
        "a_b",
        "ß",
        "SS",
    ]
)
words = good_words | odd_words | st.text(max_size=6)
lists = st.lists(words, max_size=5) | st.lists(st.none() | st.integers(), max_size=2) | words
summaries = st.none() | words | st.text(max_size=30) | st.just("again and " * 90) | st.integers()
answers = st.fixed_dictionaries(
    {},
    optional={
        "summary": summaries,
        "subject": lists,
        "class": lists,
        "text": lists,
        "b0": lists,
        "more": words,
        ECHO_FIELD: st.sampled_from(["7-abc", "8-abc", None, 3]),
    },
)


def careful(text: str, profile: Profile, echo: str) -> tuple[str, str] | None:
    found = clean(read_json(text), profile, echo)
    if not isinstance(found, Cleaned):
        return None
    return storable(found.tags.summary), tags_json(found.tags.buckets)


@given(answers, st.sampled_from([PROFILE, MUTE, ALONE]), st.sampled_from(["", "7-abc"]))
def test_what_is_read_fast_is_what_is_read_with_care(answer, profile, echo):
    text = json.dumps(answer)
    fast = swift(profile).read(text, echo)
    assert fast is None or fast == careful(text, profile, echo)


@given(st.text(max_size=20))
def test_no_text_makes_it_fail(text):
    fast = swift(ALONE).read(text, "")
    assert fast is None or fast == careful(text, ALONE, "")


@pytest.mark.parametrize(
    "answer",
    [
        {"summary": "S.", "subject": ["dog"], "class": ["TV"], "text": []},
        {"summary": " S. ", "subject": ["dog", "red t-shirt"], "text": ["dog"], "class": []},
        {"summary": "Schön.", "subject": ["Straße", "DOG"], "class": ["tv"], "text": ["Café"]},
    ],
)
def test_usual_answers_are_read_fast(answer):
    text = json.dumps({ECHO_FIELD: "7-abc", **answer})
    fast = Swift(PROFILE).read(text, "7-abc")
    assert fast is not None
    assert fast == careful(text, PROFILE, "7-abc")


def test_anothers_answer_is_not_read():
    text = json.dumps({ECHO_FIELD: "8-abc", "summary": "S.", "subject": ["dog"]})
    assert swift(PROFILE).read(text, "7-abc") is None
    assert swift(PROFILE).read(text, "") is not None


def test_the_last_of_two_alike_fields_counts_either_way():
    text = '{"summary":"S.","subject":["dog"],"subject":["cat"]}'
    assert swift(PROFILE).read(text, "") == careful(text, PROFILE, "")
