"""A server's error body, read leniently: any bytes give a `Status`, never an exception."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

MAX_RAW = 8192
"""Bytes of a body that are kept for the record."""

_MAX_MESSAGE = 2000
_MAX_PARSED = 1 << 20
_DURATION = re.compile(r"^(\d{1,9}(?:\.\d{1,12})?)s$")
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_GRPC = {
    1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409,
    11: 400, 12: 501, 13: 500, 14: 503, 15: 500, 16: 401,
}  # fmt: skip
"""gRPC codes, which batch lines carry, as HTTP ones."""
_NAMES = {"FAILED_PRECONDITION": 9, "RESOURCE_EXHAUSTED": 8}


@dataclass(frozen=True, slots=True)
class Violation:
    """One quota that was hit; `limit` is `None` where the body does not say."""

    quota_id: str
    metric: str
    limit: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """What a body says. Strings are "" and tuples empty where it says nothing.

    Attributes:
        code: as an HTTP status; 0 when the body has none.
        status: gRPC's name, such as RESOURCE_EXHAUSTED.
        message: the server's sentence, at most 2,000 characters.
        reasons: of all ErrorInfo details.
        violations: of all QuotaFailure details.
        delay: seconds from RetryInfo.
        structured: whether it was Google's JSON at all.
    """

    code: int = 0
    status: str = ""
    message: str = ""
    reasons: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    delay: float | None = None
    structured: bool = False


def read_status(body: bytes) -> Status:
    """Read the body of an error answer: Google's JSON (also in a list), HTML, text or nothing."""
    try:
        data = msgspec.json.decode(body) if len(body) <= _MAX_PARSED else None
    except (msgspec.DecodeError, ValueError, RecursionError):
        data = None
    if isinstance(data, list) and data:
        data = data[0]
    error = data.get("error") if isinstance(data, dict) else None
    if isinstance(error, dict):
        return status_from(error)
    if isinstance(data, dict):
        return Status(message=_text(data.get("message")) or _text(error))
    return Status(message=_words(body))


def status_from(error: Mapping[str, Any]) -> Status:
    """Read a google.rpc.Status: the `error` of a body, or a batch line's."""
    details = error.get("details")
    found = [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    name = _text(error.get("status"))
    code = _whole(error.get("code")) or 0
    if code == 9:
        name = name or "FAILED_PRECONDITION"
    return Status(
        code=_GRPC.get(code, code) or _GRPC.get(_NAMES.get(name, 0), 0),
        status=name,
        message=_text(error.get("message")),
        reasons=tuple(filter(None, (_text(one.get("reason")) for one in found))),
        violations=tuple(v for one in found for v in _violations(one)),
        delay=next((s for one in found if (s := seconds(one.get("retryDelay"))) is not None), None),
        structured=True,
    )


def _violations(detail: Mapping[str, Any]) -> list[Violation]:
    violations = detail.get("violations")
    if not isinstance(violations, list):
        return []
    return [
        Violation(
            _text(one.get("quotaId"), 200),
            _text(one.get("quotaMetric"), 200),
            _whole(one.get("quotaValue")),
        )
        for one in violations
        if isinstance(one, dict)
    ]


def seconds(value: object) -> float | None:
    """Read a protobuf duration ("26s", "35.174346048s"); anything else gives `None`."""
    match = _DURATION.match(value.strip()) if isinstance(value, str) else None
    return float(match[1]) if match else None


def _whole(value: object) -> int | None:
    """Read a count that may come as a number or, as int64 does, as a string."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value < 10**18 else None


def _text(value: object, limit: int = _MAX_MESSAGE) -> str:
    return value[:limit].strip() if isinstance(value, str) else ""


def _words(body: bytes) -> str:
    """Return the words of a body that is not JSON: an HTML page's title, else its text."""
    text = body[:MAX_RAW].decode("utf-8", "replace")
    if title := _TITLE.search(text):
        text = title[1]
    return " ".join(html.unescape(_TAGS.sub(" ", text)).split())[:300]
