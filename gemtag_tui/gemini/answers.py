"""Answers of generateContent, and batch lines, as values. Lenient: any bytes give an outcome.

The SDK's own models are not used: they raise on fields they do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gemtag_tui.core.calls import Answer, CallError, Outcome, Trouble, Usage
from gemtag_tui.gemini.errors import translate_status
from gemtag_tui.gemini.status import MAX_RAW

SIMULATOR_HEADER = "x-gemtag-simulator"
"""Present on every answer of the simulator, and on no other."""
TIER_HEADER = "x-gemini-service-tier"

_MOST_TOKENS = 1_000_000_000
_Json = dict[str, Any]


def parse_answer(body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Read the body of a 200.

    Args:
        body: as it came.
        headers: of the answer; names are looked up in small letters.

    Returns:
        An answer, or what is wrong: an error inside a 200, or bytes that are not JSON.
    """
    try:
        data = _decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _unreadable(
            body, "The answer is not JSON: something between here and the API replaced it."
        )
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, dict):
        return _unreadable(body, "The answer is not a JSON object.")
    error = data.get("error")
    if isinstance(error, dict) and "candidates" not in data:
        return translate_status(error, body)
    provider = "simulator" if SIMULATOR_HEADER in headers else "google"
    return answer_from(data, body, provider, headers.get(TIER_HEADER, ""))


def _decode(body: bytes) -> Any:
    """Return the JSON in some bytes; a paid answer is not lost for a few that are no UTF-8."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body.decode("utf-8", "replace")
        if text.isascii():
            raise
        return msgspec.json.decode(text)


def answer_from(data: _Json, raw: bytes, provider: str = "google", tier: str = "") -> Answer:
    """Return the answer that a GenerateContentResponse's JSON object holds.

    Args:
        data: the object.
        raw: its bytes, kept with the answer.
        provider: who answered.
        tier: as a header told; the usage's own word is the fallback.
    """
    candidates = data.get("candidates")
    first = candidates[0] if isinstance(candidates, list) and candidates else None
    candidate: _Json = first if isinstance(first, dict) else {}
    feedback = data.get("promptFeedback")
    usage = data.get("usageMetadata")
    return Answer(
        text=_joined(candidate.get("content")),
        finish_reason=_word(candidate.get("finishReason")),
        block_reason=_word(feedback.get("blockReason")) if isinstance(feedback, dict) else "",
        finish_message=_finish_message(candidate, feedback),
        usage=_usage(usage) if isinstance(usage, dict) else None,
        model_version=_word(data.get("modelVersion")),
        service_tier=_tier(tier, usage if isinstance(usage, dict) else {}),
        provider=provider,
        raw=raw,
    )


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One line of a batch job's results; `key` is "" when it names none."""

    key: str
    outcome: Outcome


def parse_line(line: bytes, provider: str = "google") -> BatchLine | None:
    """Read one line of a batch job's results, or return `None` when it is not a JSON object.

    A failed line carries a google.rpc.Status as `error`, or as `status` (2026 reports differ).
    """
    try:
        data = msgspec.json.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    key = _word(data.get("key"))
    response = data.get("response")
    if isinstance(response, dict):
        return BatchLine(key, answer_from(response, line, provider))
    error = data.get("error") or data.get("status")
    if isinstance(error, dict):
        return BatchLine(key, translate_status(error, line))
    return BatchLine(key, _unreadable(line, "The line has neither a response nor an error."))


def _unreadable(body: bytes, why: str) -> CallError:
    return CallError(Trouble.NETWORK, why, 200, raw=body[:MAX_RAW].decode("utf-8", "replace"))


def _word(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 1000 else ""


def _tier(header: str, usage: _Json) -> str:
    """Return the tier that served, "" when nobody says; a header says it, or the usage.

    Spellings differ by API: "flex", "SERVICE_TIER_FLEX", or a trafficType "ON_DEMAND_FLEX".
    """
    for said in (header, _word(usage.get("serviceTier"))):
        name = said.strip().lower().removeprefix("service_tier_")
        if name not in {"", "unspecified"}:
            return name
    traffic = _word(usage.get("trafficType")).lower()
    if not traffic.startswith("on_demand"):
        return ""
    return traffic.removeprefix("on_demand").strip("_") or "standard"


def _finish_message(candidate: _Json, feedback: object) -> str:
    words = _word(candidate.get("finishMessage"))
    if not words and isinstance(feedback, dict):
        words = _word(feedback.get("blockReasonMessage"))
    return words


def _joined(content: object) -> str:
    parts = content.get("parts") if isinstance(content, dict) else None
    if not isinstance(parts, list):
        return ""
    return "".join(
        part["text"]
        for part in parts
        if isinstance(part, dict)
        and isinstance(part.get("text"), str)
        and part.get("thought") is not True
    )


def _count(value: object) -> int:
    """Read a token count: a number, or an int64 as a string; anything else is 0."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value <= _MOST_TOKENS else 0


def _usage(data: _Json) -> Usage | None:
    prompt = _count(data.get("promptTokenCount")) + _count(data.get("toolUsePromptTokenCount"))
    thinking = _count(data.get("thoughtsTokenCount"))
    total = _count(data.get("totalTokenCount"))
    if not prompt and not total:
        return None
    if "candidatesTokenCount" in data:
        output = _count(data["candidatesTokenCount"]) + thinking
    else:
        output = max(thinking, total - prompt)
    return Usage(
        prompt=prompt,
        image=_image_tokens(data.get("promptTokensDetails")),
        output=output,
        thinking=thinking,
        cached=min(prompt, _count(data.get("cachedContentTokenCount"))),
    )


def _image_tokens(details: object) -> int:
    if not isinstance(details, list):
        return 0
    return sum(
        _count(one.get("tokenCount"))
        for one in details
        if isinstance(one, dict) and one.get("modality") == "IMAGE"
    )
