"""Errors of the API and of the network as `CallError`, by code, reason and quota id.

Never by the delay that comes with them: a per-day refusal says "retry in 26s" too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gemtag_tui.core.calls import CallError, Trouble
from gemtag_tui.core.text import plain
from gemtag_tui.gemini.key import Secret, redact
from gemtag_tui.gemini.status import MAX_RAW, Status, Violation, read_status, status_from

_MAX_DELAY = 86_400.0

_SPENDING = re.compile(r"\bspend(?:ing)?\b(?!/)", re.IGNORECASE)
_SPEND_CAP = re.compile(r"\bspend(?:ing)? cap\b|\bmonthly spend", re.IGNORECASE)
_CREDIT = re.compile(r"\bprepay(?:ment)? credits?\b|\bcredits? (?:are|is) depleted", re.IGNORECASE)
_LIMIT_ZERO = re.compile(r"\blimit: 0(?![\d.])")
_BILLING = re.compile(r"\bbilling\b|\blocation is not supported\b|\bcountry\b", re.IGNORECASE)
_BAD_KEY = re.compile(r"\bAPI key\b", re.IGNORECASE)
_TOO_LONG = re.compile(
    r"token count .{0,80}exceeds|exceeds the maximum number of tokens|payload size exceeds"
    r"|request (?:size|entity)\b.{0,40}(?:exceeds|too large)",
    re.IGNORECASE | re.DOTALL,
)
_FORM = re.compile(
    r"Invalid JSON payload|Unknown name|no such field|Invalid value at|thinking|response_?schema"
    r"|response_?mime|generation_?config|safety_?setting|penalty|system_?instruction"
    r"|modality is not|max_?output_?tokens|service_?tier|media_?resolution",
    re.IGNORECASE,
)
_IMAGE = re.compile(
    r"process input image|image is not valid|Unsupported MIME type"
    r"|(?:invalid|corrupt\w*|empty|unsupported|unable to (?:decode|process|read)) .{0,30}image"
    r"|image .{0,40}(?:too large|too small|invalid|corrupt|could not be"
    r"|cannot be|not supported|exceeds)",
    re.IGNORECASE | re.DOTALL,
)
_IMAGE_PART = re.compile(r"inline_?data", re.IGNORECASE)
_KEY_REASONS = (
    "API_KEY",
    "ACCESS_TOKEN",
    "CONSUMER",
    "SERVICE_DISABLED",
    "ACCOUNT_STATE",
    "CREDENTIALS",
)

_BY_STATUS = {
    401: Trouble.KEY,
    404: Trouble.MODEL,
    407: Trouble.NETWORK,
    408: Trouble.TIMEOUT,
    409: Trouble.OVERLOADED,
    410: Trouble.MODEL,
    413: Trouble.TOO_LONG,
    415: Trouble.IMAGE,
    425: Trouble.OVERLOADED,
    451: Trouble.BILLING,
    499: Trouble.OVERLOADED,
    501: Trouble.REQUEST,
}


def translate(status: int, headers: Mapping[str, str], body: bytes, *secrets: Secret) -> CallError:
    """Translate an answer that is not a 200.

    Args:
        status: HTTP's.
        headers: of the answer; names are looked up in small letters.
        body: as it came, any bytes.
        secrets: cut out of everything that is kept.
    """
    said = read_status(body)
    after = said.delay if said.delay is not None else _retry_after(headers)
    raw = body[:MAX_RAW].decode("utf-8", "replace")
    return _error(status, said, after, raw, secrets)


def translate_status(error: Mapping[str, object], raw: bytes = b"", *secrets: Secret) -> CallError:
    """Translate a google.rpc.Status: a batch line's error, or one inside a 200."""
    said = status_from(error)
    text = raw[:MAX_RAW].decode("utf-8", "replace")
    return _error(said.code or 500, said, said.delay, text, secrets)


def _error(
    status: int, said: Status, after: float | None, raw: str, secrets: tuple[Secret, ...]
) -> CallError:
    trouble, violation = classify(status, said)
    believed = after is not None and trouble is not Trouble.DAY_REQUESTS
    message = (
        plain(redact(said.message, *secrets)) or f"HTTP {status} without a word of explanation"
    )
    return CallError(
        trouble=trouble,
        message=message,
        http_status=status,
        retry_after=min(after, _MAX_DELAY) if believed and after is not None else None,
        quota_id=violation.quota_id if violation else "",
        quota_value=violation.limit if violation and not _day_tokens(violation) else None,
        raw=redact(raw, *secrets),
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after") or headers.get("Retry-After") or ""
    return float(value) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value.strip()) else None


def classify(status: int, said: Status) -> tuple[Trouble, Violation | None]:
    """Return the kind of trouble, and the quota that it is about."""
    if status == 429:
        return _quota(said)
    return _other(status, said), None


def _other(status: int, said: Status) -> Trouble:
    if _SPEND_CAP.search(said.message):
        return Trouble.SPEND_CAP
    if status == 400:
        return _bad_request(said)
    if status == 403:
        return _forbidden(said)
    if status >= 500:
        return _BY_STATUS.get(status, Trouble.OVERLOADED)
    return _BY_STATUS.get(status, Trouble.REQUEST if status >= 400 else Trouble.NETWORK)


def _forbidden(said: Status) -> Trouble:
    if "BILLING_DISABLED" in said.reasons or _BILLING.search(said.message):
        return Trouble.BILLING
    return Trouble.KEY


def _bad_request(said: Status) -> Trouble:
    message = said.message
    if any(reason.startswith(_KEY_REASONS) for reason in said.reasons) or _BAD_KEY.search(message):
        return Trouble.KEY
    if said.status == "FAILED_PRECONDITION" or _BILLING.search(message):
        return Trouble.BILLING
    if _TOO_LONG.search(message):
        return Trouble.TOO_LONG
    if _IMAGE_PART.search(message):
        return Trouble.IMAGE_MAYBE
    if _FORM.search(message):
        return Trouble.REQUEST
    return Trouble.IMAGE if _IMAGE.search(message) else Trouble.IMAGE_MAYBE


def _quota(said: Status) -> tuple[Trouble, Violation | None]:
    if _SPEND_CAP.search(said.message):
        return Trouble.SPEND_CAP, None
    if _CREDIT.search(said.message):
        return Trouble.CREDIT, None
    ranked = sorted(
        ((_rank(v), v) for v in said.violations),
        key=lambda pair: (_ORDER.index(pair[0]), _day_tokens(pair[1])),
    )
    if ranked:
        return ranked[0]
    return _quota_from_words(said.message), None


_OWN_QUOTA = "exceeded your current quota"
"""Says that the project asked too much, where "resource exhausted" may be the server's want."""

_ORDER = (
    Trouble.NO_QUOTA,
    Trouble.SPEND_CAP,
    Trouble.DAY_REQUESTS,
    Trouble.SPEND_RATE,
    Trouble.RATE_TOKENS,
    Trouble.RATE_REQUESTS,
    Trouble.CAPACITY,
)
"""Of several quotas, the one that takes longest to be free again decides."""


def _rank(violation: Violation) -> Trouble:
    name = violation.quota_id or violation.metric
    if violation.limit == 0:
        return Trouble.NO_QUOTA
    if "Spend" in name:
        return Trouble.SPEND_CAP if "PerMonth" in name else Trouble.SPEND_RATE
    if "PerDay" in name or "per_day" in name:
        return Trouble.DAY_REQUESTS
    if violation.quota_id and "PerMinute" not in name:
        return Trouble.CAPACITY
    return _minute(name)


def _day_tokens(violation: Violation) -> bool:
    """Whether it is about a day's tokens, whose number is none of requests."""
    name = violation.quota_id or violation.metric
    return ("PerDay" in name or "per_day" in name) and _of_tokens(name)


def _of_tokens(name: str) -> bool:
    return "InputTokens" in name or "input_token" in name


def _minute(name: str) -> Trouble:
    if _of_tokens(name):
        return Trouble.RATE_TOKENS
    if "Requests" in name or "_per_minute" in name:
        return Trouble.RATE_REQUESTS
    return Trouble.CAPACITY


def _quota_from_words(message: str) -> Trouble:
    """Classify a 429 without QuotaFailure; what its words leave open is a bare 429."""
    if _LIMIT_ZERO.search(message):
        return Trouble.NO_QUOTA
    if "per_day" in message or "PerDay" in message:
        return Trouble.DAY_REQUESTS
    if _SPENDING.search(message):
        return Trouble.SPEND_RATE
    if _OWN_QUOTA in message:  # the project's own, and of the minute: days are named
        return Trouble.RATE_TOKENS if "input_token" in message else Trouble.RATE_REQUESTS
    return Trouble.CAPACITY


def translate_exception(error: BaseException, *secrets: Secret) -> CallError:
    """Translate what a call's transport raised; anything else is raised again."""
    import aiohttp  # noqa: PLC0415  lazy: 0.2 s

    words = plain(redact(f"{type(error).__name__}: {error}".rstrip(": "), *secrets), 500)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return CallError(Trouble.NETWORK, "No connection could be made in time.", raw=words)
    if isinstance(error, TimeoutError):
        return CallError(Trouble.TIMEOUT, "No answer before the deadline.", raw=words)
    if isinstance(error, aiohttp.InvalidURL):
        return CallError(Trouble.REQUEST, f"The address cannot be used ({words}).", raw=words)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        message = f"The server's certificate cannot be trusted ({words})."
        return CallError(Trouble.NETWORK, message, raw=words)
    if isinstance(
        error,
        aiohttp.ClientError | aiohttp.http_exceptions.HttpProcessingError | OSError | EOFError,
    ):
        return CallError(Trouble.NETWORK, f"The connection failed ({words}).", raw=words)
    raise error
