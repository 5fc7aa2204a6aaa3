"""countTokens: its body, and answers of all kinds."""

from __future__ import annotations

import json

import pytest

from gemtag_tui.core.calls import CallError
from gemtag_tui.core.models import rules_for
from gemtag_tui.engine.profiles import DEFAULT, load_profile
from gemtag_tui.gemini.counts import TokenCount, count_body, parse_count
from gemtag_tui.gemini.request import RequestForm, encode_image


def test_the_whole_request_goes_in_a_wrapper_that_names_the_model(tmp_path):
    profile = load_profile(DEFAULT, tmp_path / "config.toml")
    form = RequestForm(profile, rules_for("gemini-3.5-flash-lite"))
    body = form.body(encode_image(b"jpeg"), "image/jpeg")
    inner = json.loads(count_body("gemini-3.5-flash-lite", body))["generateContentRequest"]
    assert inner.pop("model") == "models/gemini-3.5-flash-lite"
    assert inner == json.loads(body)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"totalTokens": 700}, TokenCount(700)),
        ({"totalTokens": 700, "promptTokensDetails": []}, TokenCount(700)),
        ({"totalTokens": 700, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 420},
            {"modality": "IMAGE", "tokenCount": 280}]}, TokenCount(700, 280)),
        ({"totalTokens": 700, "promptTokensDetails": [{"modality": "IMAGE", "tokenCount": 701}]},
         TokenCount(700)),
        ({"totalTokens": 700, "promptTokensDetails": ["x", None]}, TokenCount(700)),
    ],
)  # fmt: skip
def test_a_count(answer, found):
    assert parse_count(json.dumps(answer).encode()) == found


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b"{}", b'{"totalTokens": 0}', b'{"totalTokens": "7"}', b"\xff"]
)
def test_what_is_no_count(body):
    assert isinstance(parse_count(body), CallError)
