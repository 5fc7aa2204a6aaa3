"""What one call to a model can come back with, translated from the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Trouble(StrEnum):
    """Why a call gave no answer, as far as the lane is concerned."""

    RATE_REQUESTS = "rate_requests"
    """429, requests per minute."""
    RATE_TOKENS = "rate_tokens"
    """429, input tokens per minute."""
    DAY_REQUESTS = "day_requests"
    """429, requests (or tokens) per Pacific day. Its RetryInfo is not to be believed."""
    SPEND_RATE = "spend_rate"
    """429, money per rolling ten minutes."""
    SPEND_CAP = "spend_cap"
    """429 or 403, the project's monthly cap."""
    CREDIT = "credit"
    """429, prepaid credit is used up."""
    NO_QUOTA = "no_quota"
    """429 with a limit of 0: this tier does not have this model."""
    CAPACITY = "capacity"
    """429 that names no quota."""
    OVERLOADED = "overloaded"
    """503, 500, 502, 504, 499 and anything else that is the server's trouble."""
    NETWORK = "network"
    """The connection could not be made, broke, or carried something unreadable."""
    TIMEOUT = "timeout"
    """No answer before the deadline."""
    KEY = "key"
    """The key is invalid, leaked, blocked or not allowed."""
    BILLING = "billing"
    """400 FAILED_PRECONDITION: country, billing."""
    MODEL = "model"
    """404: this model is unknown, retired or not served to this key."""
    REQUEST = "request"
    """400 that is about the request's form and so would hit every asset."""
    IMAGE = "image"
    """400 that is about this image alone."""
    IMAGE_MAYBE = "image_maybe"
    """400 in words that fit the image as well as the request ("invalid argument")."""
    TOO_LONG = "too_long"
    """400 or 413: more tokens or bytes than one request may have."""


@dataclass(frozen=True, slots=True)
class CallError:
    """A call that gave no answer.

    Attributes:
        trouble: what kind of trouble, which decides everything else.
        message: the server's own sentence (outside text: show it through `plain`), secrets removed.
        http_status: 0 when no HTTP answer came.
        retry_after: seconds the server asked for, where that can be believed.
        quota_id: the id of the quota that was hit, "" when not named.
        quota_value: that quota's limit, when named.
        raw: the whole body, cut to some kilobytes, secrets removed.
    """

    trouble: Trouble
    message: str
    http_status: int = 0
    retry_after: float | None = None
    quota_id: str = ""
    quota_value: int | None = None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as billed. `prompt` includes `cached`; `output` includes thinking."""

    prompt: int = 0
    image: int = 0
    output: int = 0
    thinking: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200 from generateContent, or a batch line's response, before judging.

    Attributes:
        text: all text parts that are not thoughts, joined; "" when there are none.
        finish_reason: as on the wire, "" when there is no candidate or none given.
        block_reason: promptFeedback.blockReason, "" when not blocked.
        finish_message: words beside the finish reason.
        usage: tokens; `None` when the answer did not say (then the estimate stands).
        model_version: the model that really served, "" when not said.
        service_tier: as served ("standard", "flex", …), "" when not said.
        provider: "google", or "simulator" when the simulator answered.
        raw: the body as it came, for the failure's record.
    """

    text: str
    finish_reason: str
    block_reason: str = ""
    finish_message: str = ""
    usage: Usage | None = None
    model_version: str = ""
    service_tier: str = ""
    provider: str = "google"
    raw: bytes = field(default=b"", repr=False)


Outcome = Answer | CallError
