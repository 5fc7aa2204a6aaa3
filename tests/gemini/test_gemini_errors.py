from __future__ import annotations

import asyncio
import json
import ssl

import aiohttp
import msgspec
import pytest
from gemini_bodies import (
    DAY_VERBATIM,
    HTML,
    RPD_FREE,
    RPM_FREE,
    RPM_PAID,
    TABLE,
    TPD_FREE,
    error,
    quota,
    retry,
    violation,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.gemini.errors import translate, translate_exception, translate_status
from gemtag_tui.gemini.key import Secret
from gemtag_tui.gemini.status import MAX_RAW, seconds

KEY = "AIzaSyA-very-secret-key-0123456789abcdef"


@pytest.mark.parametrize(
    ("status", "body", "trouble"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_every_known_shape(status, body, trouble):
    found = translate(status, {}, body)
    assert found.trouble is trouble
    assert found.http_status == status
    assert found.message


@pytest.mark.parametrize("trouble", [t for t in Trouble if t is not Trouble.NETWORK])
def test_the_table_covers_every_trouble(trouble):
    assert any(row[3] is trouble for row in TABLE)


def test_the_delay_of_a_days_quota_is_not_believed():
    found = translate(429, {"retry-after": "26"}, DAY_VERBATIM)
    assert found.retry_after is None
    assert (found.quota_id, found.quota_value) == (RPD_FREE, 20)


def test_the_quota_that_decides_is_named():
    found = translate(429, {}, quota(violation(RPM_FREE, "5"), violation(RPD_FREE, "20")))
    assert (found.quota_id, found.quota_value) == (RPD_FREE, 20)
    assert translate(429, {}, quota(violation(RPM_PAID))).quota_value is None


def test_a_days_tokens_are_no_figure_for_its_requests():
    tokens, requests = violation(TPD_FREE, "1000000"), violation(RPD_FREE, "20")
    found = translate(429, {}, quota(tokens))
    assert (found.trouble, found.quota_value) == (Trouble.DAY_REQUESTS, None)
    assert found.quota_id == TPD_FREE
    assert translate(429, {}, quota(tokens, requests)).quota_value == 20


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        ("26s", 26.0),
        ("35.174346048s", 35.174346048),
        ("0s", 0.0),
        ("", None),
        ("26", None),
        ("s", None),
        ("-3s", None),
        ("1e9s", None),
        ("infs", None),
        ("18h26m22s", None),
        (26, None),
        (None, None),
        ({}, None),
    ],
)
def test_durations(delay, expected):
    assert seconds(delay) == expected
    body = quota(violation(RPM_PAID), delay=None)
    whole = json.loads(body)
    whole["error"]["details"].append({**retry("x"), "retryDelay": delay})
    assert translate(429, {}, json.dumps(whole).encode()).retry_after == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7", 7.0), ("1.5", 1.5), ("99999999", 86400.0), ("Wed, 21 Oct", None), ("-1", None)],
)
def test_the_retry_after_header(value, expected):
    assert translate(503, {"retry-after": value}, b"").retry_after == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"[[]]",
        b"{}",
        b'{"error": null}',
        b'{"error": "words"}',
        b'{"error": {"code": "x", "message": 3, "status": [], "details": {}}}',
        b'{"error": {"details": [null, 3, {"violations": 3}, {"violations": [null, 3]}]}}',
        b'{"error": {"details": [{"violations": [{"quotaId": 3, "quotaValue": "x"}]}]}}',
        b'{"error": {"details": [{"reason": 3, "retryDelay": 9}]}}',
        b'{"message": "words", "status": "Bad Gateway"}',
        b"[" * 100_000,
        b"x" * 5_000_000,
        HTML,
    ],
)
@pytest.mark.parametrize("status", [300, 400, 403, 404, 418, 429, 500, 503, 599])
def test_no_body_is_too_strange(status, body):
    found = translate(status, {}, body)
    assert isinstance(found, CallError)
    assert found.message
    assert len(found.raw) <= MAX_RAW
    assert len(found.message) <= 2000


@given(st.binary(max_size=200), st.sampled_from([200, 302, 400, 403, 404, 429, 500, 503, 0, 999]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_an_error_value(body, status):
    assert isinstance(translate(status, {}, body), CallError)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "code": JSON,
        "message": JSON,
        "status": JSON,
        "details": JSON
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "reason": JSON,
                    "retryDelay": JSON,
                    "violations": JSON
                    | st.lists(
                        st.fixed_dictionaries({}, optional={"quotaId": JSON, "quotaValue": JSON})
                    ),
                },
            )
        ),
    },
)


@given(FIELDS, st.sampled_from([400, 403, 429, 503]))
@settings(max_examples=300, deadline=None)
def test_wrong_types_anywhere_give_an_error_value(inner, status):
    body = msgspec.json.encode({"error": inner})
    assert isinstance(translate(status, {}, body), CallError)
    assert isinstance(translate_status(inner, body), CallError)


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        (3, Trouble.IMAGE_MAYBE),
        (8, Trouble.CAPACITY),
        (13, Trouble.OVERLOADED),
        (14, Trouble.OVERLOADED),
        (5, Trouble.MODEL),
        (7, Trouble.KEY),
        (9, Trouble.BILLING),
        (1, Trouble.OVERLOADED),
        (0, Trouble.OVERLOADED),
        (503, Trouble.OVERLOADED),
    ],
)
def test_codes_of_batch_lines(code, trouble):
    assert translate_status({"code": code, "message": "Words."}).trouble is trouble


def test_the_key_is_cut_out_of_everything():
    secret = Secret("my-own-secret-value")
    words = f"key {KEY} and my-own-secret-value at https://x/?key=abcdefghijkl"
    found = translate(400, {}, error(400, words, "INVALID_ARGUMENT"), secret)
    for text in (found.message, found.raw, repr(found)):
        assert KEY not in text
        assert "my-own-secret-value" not in text
        assert "abcdefghijkl" not in text


def test_messages_are_harmless():
    found = translate(400, {}, error(400, "a\x1b[31m\u202eb\nc", "INVALID_ARGUMENT"))
    assert "\x1b" not in found.message
    assert "\u202e" not in found.message
    assert "\n" not in found.message


@pytest.mark.parametrize(
    ("raised", "trouble"),
    [
        (TimeoutError(), Trouble.TIMEOUT),
        (aiohttp.ServerTimeoutError("x"), Trouble.TIMEOUT),
        (aiohttp.SocketTimeoutError("x"), Trouble.TIMEOUT),
        (aiohttp.ConnectionTimeoutError("x"), Trouble.NETWORK),
        (aiohttp.ServerDisconnectedError(), Trouble.NETWORK),
        (aiohttp.ClientPayloadError("x"), Trouble.NETWORK),
        (aiohttp.ClientConnectionError("x"), Trouble.NETWORK),
        (aiohttp.ClientOSError(104, "reset"), Trouble.NETWORK),
        (aiohttp.InvalidURL("x"), Trouble.REQUEST),
        (aiohttp.http_exceptions.BadHttpMessage("x"), Trouble.NETWORK),
        (ConnectionResetError(), Trouble.NETWORK),
        (OSError(113, "no route"), Trouble.NETWORK),
        (ssl.SSLError("x"), Trouble.NETWORK),
        (EOFError(), Trouble.NETWORK),
    ],
)
def test_what_a_transport_raises(raised, trouble):
    found = translate_exception(raised)
    assert found.trouble is trouble
    assert found.http_status == 0
    assert found.message.endswith(".")


@pytest.mark.parametrize("raised", [asyncio.CancelledError(), KeyError("x"), RuntimeError("x")])
def test_what_is_not_the_transports_is_raised_again(raised):
    with pytest.raises(type(raised)):
        translate_exception(raised)


def test_the_key_is_cut_out_of_exceptions():
    assert KEY not in repr(translate_exception(OSError(1, f"at {KEY}")))
