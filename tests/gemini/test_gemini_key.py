from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.errors import KeyMissingError
from gemtag_tui.gemini.key import Secret, find_key, redact

KEY = "AIzaSyA-very-secret-key-0123456789abcdef"


def test_a_secret_shows_itself_nowhere():
    secret = Secret(KEY)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{[secret]}"):
        assert KEY not in shown
    assert secret.reveal() == KEY
    assert secret == Secret(KEY)
    assert len({secret, Secret(KEY)}) == 1
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)


@pytest.mark.parametrize(
    ("environ", "where"),
    [
        ({}, None),
        ({"GEMINI_API_KEY": ""}, None),
        ({"GEMINI_API_KEY": "  "}, None),
        ({"GEMINI_API_KEY": "a"}, "GEMINI_API_KEY"),
        ({"GOOGLE_API_KEY": "b"}, "GOOGLE_API_KEY"),
        ({"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": "b"}, "GOOGLE_API_KEY"),
        ({"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": " "}, "GEMINI_API_KEY"),
    ],
)
def test_where_the_key_is_found(environ, where):
    found = find_key(environ)
    assert (found.where if found else None) == where


def test_a_key_is_stripped():
    found = find_key({"GEMINI_API_KEY": f" {KEY}\n"})
    assert found is not None
    assert found.secret == Secret(KEY)


@pytest.mark.parametrize("value", ["a b", "a\nb", "schlüssel", "a\x00b"])
def test_a_key_that_no_header_carries_is_refused_without_showing_it(value):
    with pytest.raises(KeyMissingError) as caught:
        find_key({"GEMINI_API_KEY": value})
    assert value not in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        f"x {KEY} y",
        f'{{"x-goog-api-key": "{KEY}"}}',
        f"https://h/p?key={KEY}&a=1",
        "x-goog-api-key: short-secret",
        "Authorization: Bearer short-secret",
        "api_key=short-secret",
        "?key=short-secret",
        "AQ.Ab8RN6short-secret-short-secret",
    ],
)
def test_what_looks_like_a_key_is_cut_out(text):
    assert KEY not in redact(text)
    assert "short-secret" not in redact(text)


def test_ordinary_words_stay():
    words = "API key not valid. Please pass a valid API key. The monkey's key signature, turkey."
    assert redact(words) == words


@given(st.text(max_size=50), st.text(min_size=8, max_size=20), st.text(max_size=50))
def test_a_given_secret_never_survives(before, secret, after):
    if secret not in "[key]" and "[key]" not in secret:
        cut = redact(before + secret + after, Secret(secret))
        assert secret not in cut or secret in (before + after)
