"""The JSON errors that faults are answered with, verbatim.

Source: gemini-facts §3.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gemtag_tui.simulator.config import Limits
from gemtag_tui.simulator.errors import (
    ApiError,
    bad_key,
    invalid,
    retired_model,
    service_blocked,
)
from gemtag_tui.simulator.models import Model
from gemtag_tui.simulator.pictures import NOT_VALID, UNPROCESSABLE
from gemtag_tui.simulator.quotas import Violation, help_only, quota_error
from gemtag_tui.simulator.tokens import MAX_PROMPT

TROUBLE = (
    "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)
PREPAY = (
    "Your prepayment credits are depleted. Please go to AI Studio at "
    "https://ai.studio/projects to manage your project and billing. Learn more at "
    "https://ai.google.dev/gemini-api/docs/billing#prepay. "
)
MONTHLY = (
    "Your project has exceeded its monthly spending cap. Please go to AI Studio at "
    "https://ai.studio/spend to manage your project spend limit."
)
SPEND = (
    "Spend cap breached for project: projects/000000000000 for service: "
    "generativelanguage.googleapis.com. Correlation id: 5e6f7a8b9c0d"
)
DEMAND = (
    "This model is currently experiencing high demand. Spikes in demand are usually temporary. "
    "Please try again later."
)
VERTEX = (
    "Resource exhausted. Please try again later. Please refer to "
    "https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details."
)
BILLING = (
    "Gemini API free tier is not available in your country. Please enable billing on your "
    "project in Google AI Studio."
)
METHOD = "google.ai.generativelanguage.v1.GenerativeService.GenerateContent"

_PLAIN: dict[str, Callable[[], ApiError]] = {
    "bad_key": bad_key,
    "leaked_key": lambda: ApiError(
        403, "Your API key was reported as leaked. Please use another API key."
    ),
    "service_blocked": lambda: service_blocked(METHOD),
    "failed_precondition": lambda: ApiError(400, BILLING, status="FAILED_PRECONDITION"),
    "prepay_depleted": lambda: ApiError(429, PREPAY),
    "monthly_cap": lambda: ApiError(429, MONTHLY),
    "spend_cap": lambda: ApiError(403, SPEND),
    "quota_help": help_only,
    "overloaded": lambda: ApiError(503, "The model is overloaded. Please try again later."),
    "error_list": lambda: ApiError(503, "The model is overloaded. Please try again later."),
    "high_demand": lambda: ApiError(503, DEMAND),
    "internal": lambda: ApiError(500, TROUBLE),
    "internal_short": lambda: ApiError(500, "Internal error encountered."),
    "deadline": lambda: ApiError(504, "Deadline expired before operation could complete."),
    "cancelled": lambda: ApiError(499, "The operation was cancelled."),
    "bare_429": lambda: ApiError(429, "Resource has been exhausted (e.g. check quota)."),
    "vertex_429": lambda: ApiError(429, VERTEX),
    "unprocessable_image": lambda: invalid(UNPROCESSABLE),
    "invalid_image": lambda: invalid(NOT_VALID),
    "invalid_argument": lambda: invalid("Request contains an invalid argument."),
    "too_many_tokens": lambda: invalid(
        f"The input token count exceeds the maximum number of tokens allowed {MAX_PROMPT}."
    ),
}
_QUOTAS = {
    "quota_minute": [("minute", 15.0)],
    "quota_tokens": [("tokens", 250_000.0)],
    "quota_day": [("day", 20.0)],
    "quota_zero": [("tokens", 0.0), ("minute", 0.0), ("day", 0.0)],
}


def refusal(fault: str, model: Model, limits: Limits) -> ApiError | None:
    """The error of a fault, or None where the fault is not an error in JSON."""
    if fault == "retired_model":
        return retired_model(model.name)
    if fault in _QUOTAS:
        broken = [
            Violation(kind, limit, 35.174346048 if limit else math.inf)
            for kind, limit in _QUOTAS[fault]
        ]
        return quota_error(broken, model, limits)
    build = _PLAIN.get(fault)
    return build() if build is not None else None
