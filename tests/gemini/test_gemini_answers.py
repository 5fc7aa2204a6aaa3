from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemtag_tui.core.calls import Answer, CallError, Trouble, Usage
from gemtag_tui.gemini.answers import parse_answer, parse_line

USAGE = {
    "promptTokenCount": 1100,
    "candidatesTokenCount": 120,
    "thoughtsTokenCount": 30,
    "totalTokenCount": 1250,
    "cachedContentTokenCount": 100,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 820},
        {"modality": "IMAGE", "tokenCount": 280},
    ],
    "serviceTier": "STANDARD",
    "somethingNew": {"a": 1},
}
WHOLE = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [
                    {"text": "Let me think.", "thought": True},
                    {"text": '{"summary": ', "thoughtSignature": "x"},
                    {"text": '"A dog."}', "thought": False},
                    {"functionCall": {}},
                ],
            },
            "finishReason": "STOP",
            "finishMessage": "Done.",
        },
        {"content": {"parts": [{"text": "second"}]}},
    ],
    "usageMetadata": USAGE,
    "modelVersion": "gemini-3.5-flash-lite",
    "responseId": "r",
}


def parsed(data: object, headers: dict[str, str] | None = None) -> Answer:
    found = parse_answer(json.dumps(data).encode(), headers or {})
    assert isinstance(found, Answer)
    return found


def test_a_whole_answer():
    found = parsed(WHOLE)
    assert found.text == '{"summary": "A dog."}'
    assert (found.finish_reason, found.finish_message) == ("STOP", "Done.")
    assert found.usage == Usage(prompt=1100, image=280, output=150, thinking=30, cached=100)
    assert found.model_version == "gemini-3.5-flash-lite"
    assert found.service_tier == "standard"
    assert found.provider == "google"
    assert json.loads(found.raw) == WHOLE


def test_headers_tell_tier_and_simulator():
    found = parsed(WHOLE, {"x-gemini-service-tier": "flex", "x-gemtag-simulator": "1"})
    assert (found.service_tier, found.provider) == ("flex", "simulator")


def test_a_blocked_prompt():
    found = parsed(
        {
            "promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "Why."},
            "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9},
        }
    )
    assert (found.text, found.finish_reason, found.block_reason) == ("", "", "SAFETY")
    assert found.finish_message == "Why."
    assert found.usage == Usage(prompt=9)


@pytest.mark.parametrize(
    "candidates",
    [None, [], [None], [{}], 3, "x", [{"content": None}], [{"content": {"role": "model"}}],
     [{"content": {"parts": None}}],
     [{"content": {"parts": [None, 3, {"text": 4}, {"text": None}]}}]],
)  # fmt: skip
def test_no_text_is_an_empty_answer(candidates):
    assert parsed({"candidates": candidates, "usageMetadata": USAGE}).text == ""


def test_thinking_that_ate_the_output():
    found = parsed(
        {
            "candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}],
            "usageMetadata": {
                "promptTokenCount": 10,
                "thoughtsTokenCount": 500,
                "totalTokenCount": 510,
            },
        }
    )
    assert (found.text, found.finish_reason) == ("", "MAX_TOKENS")
    assert found.usage == Usage(prompt=10, output=500, thinking=500)


def test_unknown_words_pass_through():
    assert parsed({"candidates": [{"finishReason": "NEW_IN_2027"}]}).finish_reason == "NEW_IN_2027"


@pytest.mark.parametrize("usage", [None, {}, [], 3, "x", {"promptTokenCount": None}])
def test_missing_usage_is_none_and_not_0(usage):
    assert parsed({"candidates": [], "usageMetadata": usage}).usage is None
    assert parsed({"candidates": []}).usage is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12", 12), (12.0, 12), (-1, 0), (True, 0), ("x", 0), (1e300, 0), ("９", 0), ([], 0)],
)
def test_counts_of_strange_types(value, expected):
    found = parsed({"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": value}})
    assert found.usage == Usage(prompt=5, output=expected)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"null",
        b"3",
        b'"x"',
        b"[]",
        b"[{},{}]",
        b'{"a":',
        b"[" * 100_000,
        b"x" * 10**6,
    ],
)
def test_what_is_no_answer_is_the_networks_fault(body):
    found = parse_answer(body, {})
    assert isinstance(found, CallError)
    assert found.trouble is Trouble.NETWORK
    assert len(found.raw) < 9000


def test_an_error_inside_a_200_is_an_error():
    body = {"error": {"code": 503, "message": "Overloaded.", "status": "UNAVAILABLE"}}
    found = parse_answer(json.dumps(body).encode(), {})
    assert isinstance(found, CallError)
    assert found.trouble is Trouble.OVERLOADED


def test_an_answer_in_a_list_is_taken_out():
    assert parsed([WHOLE]).text == '{"summary": "A dog."}'


def test_batch_lines():
    good = parse_line(json.dumps({"response": WHOLE, "key": "a1"}).encode())
    assert good is not None
    assert good.key == "a1"
    assert isinstance(good.outcome, Answer)
    for field in ("error", "status"):
        bad = parse_line(json.dumps({"key": "a2", field: {"code": 13, "message": "x"}}).encode())
        assert bad is not None
        assert isinstance(bad.outcome, CallError)
        assert bad.outcome.trouble is Trouble.OVERLOADED
    for line in (b"", b"nonsense", b"[]", b"\xff"):
        assert parse_line(line) is None
    none = parse_line(b'{"key": 3}')
    assert none is not None
    assert none.key == ""
    assert isinstance(none.outcome, CallError)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
PART = JSON | st.fixed_dictionaries({}, optional={"text": JSON, "thought": JSON})
CONTENT = JSON | st.fixed_dictionaries({}, optional={"parts": JSON | st.lists(PART, max_size=3)})
CANDIDATE = JSON | st.fixed_dictionaries(
    {}, optional={"content": CONTENT, "finishReason": JSON, "finishMessage": JSON}
)
RESPONSE = st.fixed_dictionaries(
    {},
    optional={
        "candidates": JSON | st.lists(CANDIDATE, max_size=3),
        "promptFeedback": JSON | st.fixed_dictionaries({}, optional={"blockReason": JSON}),
        "usageMetadata": JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(USAGE, JSON)),
        "modelVersion": JSON,
        "error": JSON,
    },
)


@given(JSON | RESPONSE)
@settings(max_examples=400, deadline=None)
def test_any_json_gives_an_outcome(data):
    body = msgspec.json.encode(data)
    found = parse_answer(body, {})
    assert isinstance(found, Answer | CallError)
    if isinstance(found, Answer):
        assert isinstance(found.text, str)
        usage = found.usage or Usage()
        assert min(usage.prompt, usage.image, usage.output, usage.thinking, usage.cached) >= 0


@given(st.binary(max_size=300))
def test_any_bytes_give_an_outcome(body):
    assert isinstance(parse_answer(body, {}), Answer | CallError)
    parse_line(body)
