"""Error bodies as servers sent them, with what each one means."""

# ruff: noqa: E501
from __future__ import annotations

import json

from gemtag_tui.core.calls import Trouble

HELP = {
    "@type": "type.googleapis.com/google.rpc.Help",
    "links": [
        {
            "description": "Learn more about Gemini API quotas",
            "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
        }
    ],
}
EXCEEDED = (
    "You exceeded your current quota, please check your plan and billing details. For more"
    " information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To"
    " monitor your current usage, head to: https://ai.dev/rate-limit. "
)


def error(code: int, message: str, status: str, details: list | None = None) -> bytes:
    inner: dict = {"code": code, "message": message, "status": status}
    if details is not None:
        inner["details"] = details
    return json.dumps({"error": inner}).encode()


def retry(delay: str) -> dict:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def violation(quota_id: str, value: str | None = None, metric: str = "m") -> dict:
    found = {"quotaMetric": f"generativelanguage.googleapis.com/{metric}", "quotaId": quota_id}
    return found if value is None else {**found, "quotaValue": value}


def quota(*violations: dict, delay: str | None = "26s", message: str = EXCEEDED) -> bytes:
    failure = {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": list(violations),
    }
    details = [HELP, failure, *([retry(delay)] if delay else [])]
    return error(429, message, "RESOURCE_EXHAUSTED", details)


def bad(message: str) -> bytes:
    return error(400, message, "INVALID_ARGUMENT")


RPD_FREE = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
RPM_FREE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
RPM_PAID = "GenerateRequestsPerMinutePerProjectPerModel"
TPM_FREE = "GenerateContentInputTokensPerModelPerMinute-FreeTier"
TPM_PAID = "GenerateContentPaidTierInputTokensPerModelPerMinute-PaidTier2"
TPD_FREE = "GenerateContentInputTokensPerModelPerDay-FreeTier"

DAY_VERBATIM = quota(
    {
        **violation(RPD_FREE, "20", "generate_content_free_tier_requests"),
        "quotaDimensions": {"location": "global", "model": "gemini-3.8-flash"},
    },
    message=EXCEEDED + "\n* Quota exceeded for metric: generativelanguage.googleapis.com/"
    "generate_content_free_tier_requests, limit: 20, model: gemini-3.8-flash\n"
    "Please retry in 26.211922938s.",
)
KEY_VERBATIM = error(
    400,
    "API key not valid. Please pass a valid API key.",
    "INVALID_ARGUMENT",
    [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        },
        {
            "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
            "locale": "en-US",
            "message": "API key not valid. Please pass a valid API key.",
        },
    ],
)
BLOCKED_KEY = error(
    403,
    "Requests to this API generativelanguage.googleapis.com method"
    " google.ai.generativelanguage.v1.GenerativeService.GenerateContent are blocked.",
    "PERMISSION_DENIED",
    [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_SERVICE_BLOCKED"}],
)
CREDIT = (
    "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to"
    " manage your project and billing. Learn more at"
    " https://ai.google.dev/gemini-api/docs/billing#prepay. "
)
CAP = (
    "Your project has exceeded its monthly spending cap. Please go to AI Studio at"
    " https://ai.studio/spend to manage your project spend limit."
)
CAP_403 = (
    "Spend cap breached for project: projects/123 for service: generativelanguage.googleapis.com."
    " Correlation id: abc"
)
INTERNAL = (
    "An internal error has occurred. Please retry or report in"
    " https://developers.generativeai.google/guide/troubleshooting"
)
NOT_PROCESSED = (
    "Unable to process input image. Please retry or report in"
    " https://developers.generativeai.google/guide/troubleshooting"
)
NOT_FOUND = (
    "models/X is not found for API version v1, or is not supported for generateContent. Call"
    " ListModels to see the list of available models and their supported methods."
)
GONE = (
    "This model models/gemini-2.5-flash is no longer available to new users. Please update your code"
    " to use models/gemini-3.6-flash for the latest features and improvements."
)
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502</h1></body></html>"


def exhausted(message: str, details: list | None = None) -> bytes:
    return error(429, message, "RESOURCE_EXHAUSTED", details)


TABLE: list[tuple[str, int, bytes, Trouble]] = [
    ("day, verbatim, delay of 26 s", 429, DAY_VERBATIM, Trouble.DAY_REQUESTS),
    ("minute, requests, free", 429, quota(violation(RPM_FREE, "15")), Trouble.RATE_REQUESTS),
    ("minute, requests, paid", 429, quota(violation(RPM_PAID, "1000")), Trouble.RATE_REQUESTS),
    ("minute, no value", 429, quota(violation(RPM_PAID)), Trouble.RATE_REQUESTS),
    ("minute, no delay", 429, quota(violation(RPM_PAID), delay=None), Trouble.RATE_REQUESTS),
    ("minute, tokens, free", 429, quota(violation(TPM_FREE, "250000")), Trouble.RATE_TOKENS),
    ("minute, tokens, paid", 429, quota(violation(TPM_PAID, "3000000")), Trouble.RATE_TOKENS),
    ("day, tokens", 429, quota(violation(TPD_FREE, "9")), Trouble.DAY_REQUESTS),
    ("day after a minute", 429, quota(violation(RPM_FREE, "5"), violation(RPD_FREE, "20")), Trouble.DAY_REQUESTS),
    ("day before a minute", 429, quota(violation(RPD_FREE, "20"), violation(TPM_FREE, "9")), Trouble.DAY_REQUESTS),
    ("tokens and requests", 429, quota(violation(RPM_FREE, "5"), violation(TPM_FREE, "9")), Trouble.RATE_TOKENS),
    ("all limits 0", 429, quota(*(violation(q, "0") for q in (TPM_FREE, RPM_FREE, RPD_FREE))), Trouble.NO_QUOTA),
    ("limit 0 as a number", 429, quota({**violation(RPD_FREE), "quotaValue": 0}), Trouble.NO_QUOTA),
    ("region, legacy", 429, quota(violation("GenerateContentRequestsPerMinutePerProjectPerRegion", "60")),
     Trouble.RATE_REQUESTS),
    ("batch tokens enqueued", 429, quota(violation("BatchEnqueuedTokensPerModel", "10")), Trouble.CAPACITY),
    ("spend, by id", 429, quota(violation("SpendPerTenMinutesPerProject", "10")), Trouble.SPEND_RATE),
    ("metric only, day", 429, quota({"quotaMetric": "x/generate_requests_per_model_per_day"}),
     Trouble.DAY_REQUESTS),
    ("long delay on a minute", 429, quota(violation(RPM_FREE, "5"), delay="66382s"), Trouble.RATE_REQUESTS),
    ("words: limit 0", 429, exhausted(EXCEEDED + "\n* Quota exceeded for metric: x, limit: 0, model: y"),
     Trouble.NO_QUOTA),
    ("words: limit 0.5 is not 0", 429, exhausted("x, limit: 0.5, model: y"), Trouble.CAPACITY),
    ("words: spend rate", 429, exhausted("You have reached the spend limit of $10 per 10 minutes."),
     Trouble.SPEND_RATE),
    ("credit", 429, exhausted(CREDIT), Trouble.CREDIT),
    ("cap", 429, exhausted(CAP), Trouble.SPEND_CAP),
    ("cap as 403", 403, error(403, CAP_403, "PERMISSION_DENIED"), Trouble.SPEND_CAP),
    ("bare", 429, exhausted("Resource has been exhausted (e.g. check quota)."), Trouble.CAPACITY),
    ("bare, enterprise", 429, exhausted("Resource exhausted. Please try again later. Please refer to"
     " https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details."),
     Trouble.CAPACITY),
    ("batch create: help only", 429, exhausted(EXCEEDED, [HELP]), Trouble.RATE_REQUESTS),
    ("429 without a body", 429, b"", Trouble.CAPACITY),
    ("429 in HTML", 429, HTML, Trouble.CAPACITY),
    ("503, 2025", 503, error(503, "The model is overloaded. Please try again later.", "UNAVAILABLE"),
     Trouble.OVERLOADED),
    ("503, 2026", 503, error(503, "This model is currently experiencing high demand. Spikes in demand"
     " are usually temporary. Please try again later.", "UNAVAILABLE"), Trouble.OVERLOADED),
    ("500", 500, error(500, INTERNAL, "INTERNAL"), Trouble.OVERLOADED),
    ("500, short", 500, error(500, "Internal error encountered.", "INTERNAL"), Trouble.OVERLOADED),
    ("504", 504, error(504, "Deadline expired before operation could complete.", "DEADLINE_EXCEEDED"),
     Trouble.OVERLOADED),
    ("499", 499, error(499, "The operation was cancelled.", "CANCELLED"), Trouble.OVERLOADED),
    ("502 in HTML", 502, HTML, Trouble.OVERLOADED),
    ("502 without a body", 502, b"", Trouble.OVERLOADED),
    ("408", 408, b"", Trouble.TIMEOUT),
    ("413 in HTML", 413, b"<html><title>413 Request Entity Too Large</title></html>", Trouble.TOO_LONG),
    ("bad image, verbatim", 400, bad(NOT_PROCESSED), Trouble.IMAGE),
    ("bad image, other words", 400, bad("Provided image is not valid."), Trouble.IMAGE),
    ("gif", 400, bad("Unsupported MIME type: image/gif"), Trouble.IMAGE),
    ("jpg", 400, bad("Unsupported MIME type: image/jpg"), Trouble.IMAGE),
    ("octets", 400, bad("Unsupported MIME type: application/octet-stream"), Trouble.IMAGE),
    ("415", 415, b"", Trouble.IMAGE),
    ("invalid argument", 400, bad("Request contains an invalid argument."), Trouble.IMAGE_MAYBE),
    ("words never seen", 400, bad("The moon is in the wrong phase."), Trouble.IMAGE_MAYBE),
    ("400 without a body", 400, b"", Trouble.IMAGE_MAYBE),
    ("too many tokens", 400, bad("The input token count exceeds the maximum number of tokens allowed"
     " 1048576."), Trouble.TOO_LONG),
    ("too many tokens, counted", 400, bad("The input token count (2000000) exceeds the maximum number of"
     " tokens allowed (1048576)."), Trouble.TOO_LONG),
    ("payload", 400, bad("Request payload size exceeds the limit: 20971520 bytes."), Trouble.TOO_LONG),
    ("key, verbatim", 400, KEY_VERBATIM, Trouble.KEY),
    ("key expired", 400, bad("API key expired. Please renew the API key."), Trouble.KEY),
    ("key leaked", 403, error(403, "Your API key was reported as leaked. Please use another API key.",
     "PERMISSION_DENIED"), Trouble.KEY),
    ("key blocked", 403, BLOCKED_KEY, Trouble.KEY),
    ("401", 401, error(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED"),
     Trouble.KEY),
    ("403 in HTML", 403, HTML, Trouble.KEY),
    ("country", 400, error(400, "User location is not supported for the API use.",
     "FAILED_PRECONDITION"), Trouble.BILLING),
    ("billing", 403, error(403, "This API method requires billing to be enabled.", "PERMISSION_DENIED"),
     Trouble.BILLING),
    ("unknown model", 404, error(404, NOT_FOUND, "NOT_FOUND"), Trouble.MODEL),
    ("retired model", 404, error(404, GONE, "NOT_FOUND"), Trouble.MODEL),
    ("retired model in a list", 404, b"[" + error(404, GONE, "NOT_FOUND") + b"]", Trouble.MODEL),
    ("404 in HTML", 404, HTML, Trouble.MODEL),
    ("thinking level", 400, bad("Thinking level MINIMAL is not supported for this model."), Trouble.REQUEST),
    ("thinking needed", 400, bad("Budget 0 is invalid. This model only works in thinking mode."),
     Trouble.REQUEST),
    ("unknown field", 400, bad('Invalid JSON payload received. Unknown name "foo": Cannot find field.'),
     Trouble.REQUEST),
    ("schema", 400, bad("Invalid value at 'generation_config.response_schema' (type)"), Trouble.REQUEST),
    ("inline data", 400, bad("Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES)"),
     Trouble.IMAGE_MAYBE),
    ("no pictures", 400, bad("Image input modality is not enabled for models/x"), Trouble.REQUEST),
    ("501", 501, b"", Trouble.REQUEST),
    ("405", 405, b"", Trouble.REQUEST),
]  # fmt: skip
