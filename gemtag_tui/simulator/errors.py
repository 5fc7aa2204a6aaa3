"""Refusals in Google's own words.

Sources: gemini-facts §3 (messages captured from the service, 2025-2026).
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

STATUS_OF_CODE = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""HTTP code to google.rpc name, where it is not said otherwise."""

RPC_NUMBERS = {
    "CANCELLED": 1,
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
}
"""google.rpc.Code numbers, which batch lines and operations carry instead of HTTP codes."""

TYPE = "type.googleapis.com/google.rpc."
SERVICE = "generativelanguage.googleapis.com"


class ApiError(Exception):
    """A refusal with Google's JSON body.

    Args:
        code: HTTP status.
        message: Google's sentence.
        details: google.rpc detail objects, in order.
        status: google.rpc name; by default the usual one for the code.
    """

    def __init__(
        self,
        code: int,
        message: str,
        details: Sequence[dict[str, Any]] = (),
        status: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = list(details)
        self.status = status or STATUS_OF_CODE.get(code, "UNKNOWN")

    def body(self) -> bytes:
        """The response body: ``{"error": {...}}``."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
        }
        if self.details:
            error["details"] = self.details
        return msgspec.json.format(msgspec.json.encode({"error": error}), indent=2)

    def rpc(self) -> dict[str, Any]:
        """The same refusal as a google.rpc.Status, as a batch line carries it."""
        return {"code": RPC_NUMBERS.get(self.status, 2), "message": self.message}


def invalid(message: str, details: Sequence[dict[str, Any]] = ()) -> ApiError:
    """400 INVALID_ARGUMENT."""
    return ApiError(400, message, details)


def bad_fields(problems: Sequence[tuple[str, str]]) -> ApiError:
    """400 for fields that do not fit the message: pairs of field path and description."""
    violations = [
        {"field": field, "description": words} if field else {"description": words}
        for field, words in problems
    ]
    detail = {"@type": TYPE + "BadRequest", "fieldViolations": violations}
    return invalid("\n".join(words for _, words in problems), [detail])


def _error_info(reason: str) -> dict[str, Any]:
    return {
        "@type": TYPE + "ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": SERVICE},
    }


def bad_key() -> ApiError:
    """400 API_KEY_INVALID: Google does not answer 401."""
    words = "API key not valid. Please pass a valid API key."
    local = {"@type": TYPE + "LocalizedMessage", "locale": "en-US", "message": words}
    return invalid(words, [_error_info("API_KEY_INVALID"), local])


def no_key() -> ApiError:
    """403 for a call without any key."""
    return ApiError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def service_blocked(method: str) -> ApiError:
    """403 for a key that may not use this API."""
    words = f"Requests to this API {SERVICE} method {method} are blocked."
    return ApiError(403, words, [_error_info("API_KEY_SERVICE_BLOCKED")])


def unknown_model(model: str, version: str, method: str) -> ApiError:
    """404 for a model this version does not serve."""
    return ApiError(
        404,
        f"models/{model} is not found for API version {version}, or is not supported for "
        f"{method}. Call ListModels to see the list of available models and their supported "
        "methods.",
    )


def retired_model(model: str) -> ApiError:
    """404 for a model closed to new users."""
    return ApiError(
        404,
        f"This model models/{model} is no longer available to new users. Please update your "
        "code to use models/gemini-3.6-flash for the latest features and improvements.",
    )


def unknown_path(path: str) -> ApiError:
    """404 for an address that is no method."""
    return ApiError(404, f"Requested entity was not found: {path}")


def too_large(limit: int) -> ApiError:
    """400 for a request body over the limit in bytes."""
    return invalid(f"Request payload size exceeds the limit: {limit} bytes.")


def reason_phrase(code: int) -> str:
    """The words of an HTTP status line."""
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "Client Closed Request"
