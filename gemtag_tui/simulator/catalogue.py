"""Every fault that can be asked for, by name, with what it does."""

from __future__ import annotations

from typing import Final

REFUSALS: Final[dict[str, str]] = {
    "bad_key": "400 API_KEY_INVALID",
    "leaked_key": "403 key reported as leaked",
    "service_blocked": "403 API_KEY_SERVICE_BLOCKED",
    "failed_precondition": "400 billing or country",
    "prepay_depleted": "429 prepayment credits are depleted",
    "monthly_cap": "429 monthly spending cap",
    "spend_cap": "403 spend cap breached",
    "retired_model": "404 model no longer available to new users",
    "quota_minute": "429 requests a minute, with QuotaFailure",
    "quota_tokens": "429 input tokens a minute, with QuotaFailure",
    "quota_day": "429 requests a day, with the misleading delay of 26 s",
    "quota_zero": "429 the model is not in this tier: every limit is 0",
    "quota_help": "429 with a Help link only, as batch creation sends",
}
"""Said before any quota is touched."""

ERRORS: Final[dict[str, str]] = {
    "overloaded": "503 the model is overloaded",
    "high_demand": "503 experiencing high demand",
    "internal": "500 with the troubleshooting link",
    "internal_short": "500 internal error encountered",
    "deadline": "504 DEADLINE_EXCEEDED",
    "cancelled": "499 CANCELLED",
    "bare_429": "429 resource has been exhausted, without details",
    "vertex_429": "429 in Vertex's words",
    "unprocessable_image": "400 unable to process input image",
    "invalid_image": "400 provided image is not valid",
    "invalid_argument": "400 request contains an invalid argument",
    "too_many_tokens": "400 input token count exceeds the maximum",
}
"""JSON errors after the call was counted."""

WIRE: Final[dict[str, str]] = {
    "html_502": "502 with an HTML body",
    "error_list": "503 whose JSON body is a list of one error",
    "reset_before": "connection reset before the response head",
    "reset_after": "connection reset after the response head",
    "truncated_body": "half the body, then the connection is closed",
    "hang": "no answer, ever",
    "slow": "the right answer after `seconds` (default 120)",
    "drip": "the right answer in drips over `seconds` (default 10)",
    "invalid_json": "200 with a body that is no JSON",
    "invalid_utf8": "200 with a body that is no UTF-8",
    "empty_body": "200 with no body",
    "huge_body": "200 with `size` bytes of text (default 64 MB)",
}
"""Faults of the connection and the raw body."""

ANSWERS: Final[dict[str, str]] = {
    "blocked": "blocked prompt; `value` is the blockReason (default SAFETY)",
    "finish": "no text and finishReason `value` (default SAFETY)",
    "truncated_json": "MAX_TOKENS with JSON cut in the middle",
    "thoughts_only": "MAX_TOKENS with a candidate without parts",
    "empty_parts": "STOP with an empty list of parts",
    "empty_text": "STOP with an empty text",
    "no_candidates": "neither candidates nor promptFeedback",
    "not_json": "a sentence instead of JSON",
    "wrong_shape": "JSON of another shape than the schema",
    "degenerate": "MAX_TOKENS after one word repeated for ever",
    "fenced": "the right JSON in a Markdown fence",
    "hostile": "escape codes, markup, bidi marks and NULs in every string",
    "huge_text": "a string of `size` characters (default 1 MB) in the answer",
    "rerouted": "modelVersion `value` (default gemini-3.5-flash-lite)",
    "unknown_enums": "finishReason and modality of names unheard of",
    "unknown_keys": "unknown keys in the response and in usageMetadata",
    "missing_usage": "no usageMetadata",
    "swapped": "the answer to another picture",
}
"""Answers with status 200 that are not what was asked for, or are put strangely."""

FAULTS: Final[dict[str, str]] = {**REFUSALS, **ERRORS, **WIRE, **ANSWERS}
