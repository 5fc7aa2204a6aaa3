"""Finding the JSON in a model's text."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_MAX_TEXT = 1_000_000
_TRIES = 16
_DECODER = json.JSONDecoder()


def read_json(text: str) -> Any | None:
    """Return the JSON value that a text is, or the one object within it; `None` when there is none.

    Fences and words around it are tolerated as long as exactly one object is found: of two, which
    is the answer cannot be known.
    """
    if not text or len(text) > _MAX_TEXT:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _only_object(text)


def _only_object(text: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = None
    at = text.find("{")
    for _ in range(_TRIES):
        if at < 0:
            return found
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if found is not None:
                return None
            found = value
        at = text.find("{", end)
    return None
