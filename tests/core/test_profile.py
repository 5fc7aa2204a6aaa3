from __future__ import annotations

from importlib import resources

import msgspec
import pytest

from gemtag_tui.core.errors import ProfileError
from gemtag_tui.core.profile import DEFAULT_PROFILE_FILE, Profile, word_key
from gemtag_tui.core.profile_text import parse_profile, profile_from_body
from gemtag_tui.core.schema import response_schema

HEAD = 'name = "mine"\nprompt = "Tag."\n'
BUCKET = '[[buckets]]\nname = "subject"\ndescription = "What it shows."\n'


def default() -> Profile:
    text = resources.files("gemtag_tui.core").joinpath(DEFAULT_PROFILE_FILE).read_text("utf-8")
    return parse_profile(text, DEFAULT_PROFILE_FILE)


def changed(**more: object) -> Profile:
    return msgspec.structs.replace(default(), **more)


def test_the_default_profile_has_the_promised_buckets():
    names = [bucket.name for bucket in default().buckets]
    assert names == ["subject", "setting", "style", "colours", "mood", "text"]
    assert default().model.media_resolution == "low"
    assert [b.name for b in default().buckets if b.keep_case] == ["text"]


def test_the_id_is_made_of_content_and_stays():
    assert default().id == default().id
    assert default().id.startswith("p_")
    assert len(default().id) == 14
    assert set(default().id[2:]) <= set("0123456789abcdef")


def test_what_changes_no_answer_keeps_the_id():
    base = default()
    titled = tuple(msgspec.structs.replace(b, title="Other") for b in base.buckets)
    longer = msgspec.structs.replace(base.model, max_output_tokens=4096)
    assert changed(name="renamed").id == base.id
    assert changed(buckets=titled).id == base.id
    assert changed(model=longer).id == base.id


@pytest.mark.parametrize(
    "more",
    [
        {"prompt": "Other."},
        {"language": "German"},
        {"summary_words": 10},
        {"buckets": default().buckets[:-1]},
        {"buckets": default().buckets[::-1]},
        {"model": msgspec.structs.replace(default().model, media_resolution="high")},
        {"model": msgspec.structs.replace(default().model, temperature=0.1)},
        {"safety": msgspec.structs.replace(default().safety, harassment="off")},
    ],
)
def test_what_changes_answers_changes_the_id(more):
    assert changed(**more).id != default().id


@pytest.mark.parametrize("field", ["description", "cap", "vocabulary", "required", "keep_case"])
def test_every_rule_of_a_bucket_is_part_of_the_id(field):
    values = {
        "description": "x",
        "cap": 1,
        "vocabulary": ("x",),
        "required": True,
        "keep_case": True,
    }
    first = msgspec.structs.replace(default().buckets[0], **{field: values[field]})
    assert changed(buckets=(first, *default().buckets[1:])).id != default().id


def test_the_body_brings_the_profile_back():
    assert profile_from_body(default().body) == default()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not valid TOML"),
        (HEAD, "'buckets' is missing. Add it"),
        (HEAD + BUCKET + "kap = 3", "bucket 1 ('subject'): there is no setting 'kap'"),
        (HEAD + BUCKET + "cap = 99", "bucket 1 ('subject'), cap"),
        (HEAD + BUCKET + 'cap = "x"', "bucket 1 ('subject'), cap"),
        ('promt = "x"\n' + HEAD + BUCKET, "there is no setting 'promt'"),
        (
            HEAD + BUCKET.replace("subject", "summary"),
            "top level: a bucket cannot be called 'summary'",
        ),
        (HEAD + BUCKET.replace("subject", "image_id"), "cannot be called 'image_id'"),
        (HEAD + BUCKET.replace("subject", "Big Name"), "bucket 1 ('Big Name'), name"),
        (HEAD + BUCKET + BUCKET, "two buckets are called 'subject'"),
        (HEAD + BUCKET + 'vocabulary = ["Sea", "sea "]', "'Sea' twice: remove one."),
        (HEAD + "buckets = [1]", "bucket 1"),
        (HEAD + "buckets = []", "buckets"),
        (HEAD + BUCKET + '[model]\nthinking = "much"', "model.thinking"),
        (HEAD + BUCKET + "[model]\nmax_output_tokens = 1", "model.max_output_tokens"),
        (HEAD + BUCKET + '[safety]\nharassment = "x"', "safety.harassment"),
        ('name = ""\nprompt = "x"\n' + BUCKET, "name"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_place(text, words):
    with pytest.raises(ProfileError) as caught:
        parse_profile(text, "my.toml")
    assert caught.value.message.startswith("my.toml")
    assert words in caught.value.message


def test_names_in_messages_are_made_harmless():
    with pytest.raises(ProfileError) as caught:
        parse_profile(HEAD + BUCKET + '"\\u001b[31m" = 3', "a\x1bb.toml")
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("body", ["", "nonsense", "[]", "{}", "[" * 100_000])
def test_a_body_that_is_none_is_refused(body):
    with pytest.raises(ProfileError):
        profile_from_body(body)


def test_headings_come_from_names_unless_given():
    bucket = msgspec.structs.replace(default().buckets[0], name="art_style", title="")
    assert bucket.heading == "Art style"
    assert msgspec.structs.replace(bucket, title="Art").heading == "Art"


def test_word_keys_ignore_case_spaces_and_hyphens():
    assert word_key("Black-and White") == word_key("black and white")
    assert word_key("§") == "§"
    assert word_key("की") != word_key("का")


def test_the_schema_has_one_array_a_bucket_and_the_summary():
    schema = response_schema(default())
    names = [bucket.name for bucket in default().buckets]
    assert schema["type"] == "OBJECT"
    assert list(schema["properties"]) == ["summary", *names]
    assert schema["required"] == ["summary", *names]
    for bucket in default().buckets:
        made = schema["properties"][bucket.name]
        assert made["type"] == "ARRAY"
        assert made["items"] == {"type": "STRING"}
        assert made["maxItems"] == bucket.cap
    assert "propertyOrdering" not in schema


def test_the_schema_carries_vocabulary_minimum_and_echo():
    bucket = msgspec.structs.replace(
        default().buckets[0], vocabulary=("Sea", "Land"), required=True
    )
    profile = changed(buckets=(bucket,), summary_words=0)
    schema = response_schema(profile, "a1")
    assert schema["properties"]["image_id"] == {"type": "STRING", "enum": ["a1"]}
    assert schema["properties"]["subject"]["items"] == {"type": "STRING", "enum": ["Sea", "Land"]}
    assert schema["properties"]["subject"]["minItems"] == 1
    assert schema["required"] == ["image_id", "subject"]
