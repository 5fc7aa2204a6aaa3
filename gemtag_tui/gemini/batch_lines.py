"""Result lines of batch jobs, read fast: the usual form by a typed decoder, any other as ever."""

from __future__ import annotations

import msgspec

from gemtag_tui.core.calls import Answer, Usage
from gemtag_tui.gemini.answers import BatchLine, parse_line

_MOST_TOKENS = 1_000_000_000
_LONGEST_WORD = 1000


class _Part(msgspec.Struct, gc=False):
    text: str
    thought: bool = False


class _Content(msgspec.Struct, gc=False):
    parts: list[_Part]


class _Candidate(msgspec.Struct, gc=False):
    content: _Content
    finishReason: str = ""  # noqa: N815 (the wire's name)
    finishMessage: str = ""  # noqa: N815


class _Detail(msgspec.Struct, gc=False):
    modality: str = ""
    tokenCount: int = 0  # noqa: N815


class _Usage(msgspec.Struct, gc=False):
    promptTokenCount: int  # noqa: N815
    candidatesTokenCount: int  # noqa: N815
    thoughtsTokenCount: int = 0  # noqa: N815
    toolUsePromptTokenCount: int = 0  # noqa: N815
    cachedContentTokenCount: int = 0  # noqa: N815
    promptTokensDetails: list[_Detail] = []  # noqa: N815
    serviceTier: str = ""  # noqa: N815


class _Response(msgspec.Struct, gc=False):
    candidates: list[_Candidate]
    usageMetadata: _Usage  # noqa: N815
    modelVersion: str = ""  # noqa: N815
    promptFeedback: msgspec.Raw | None = None  # noqa: N815


class _Line(msgspec.Struct, gc=False):
    key: str
    response: _Response


class _Keyed(msgspec.Struct, gc=False):
    key: str


_usual = msgspec.json.Decoder(_Line).decode
_keyed = msgspec.json.Decoder(_Keyed).decode


def read_line(line: bytes, provider: str = "google") -> BatchLine | None:
    """Read one line as `parse_line` does, several times as fast where it has the usual form."""
    try:
        found = _usual(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return parse_line(line, provider)
    answer = _answer(found.response, line, provider)
    if answer is None or len(found.key) > _LONGEST_WORD:
        return parse_line(line, provider)
    return BatchLine(found.key, answer)


def key_of_line(line: bytes) -> str | None:
    """Return a line's key, `None` when it names none or is not a JSON object."""
    try:
        return _keyed(line).key
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _answer(response: _Response, line: bytes, provider: str) -> Answer | None:
    """Return the answer of the usual form; `None` for whatever takes a closer look."""
    usage = response.usageMetadata
    if not response.candidates or response.promptFeedback is not None:
        return None
    first = response.candidates[0]
    counted = _read_usage(usage)
    words = (first.finishReason, first.finishMessage, response.modelVersion, usage.serviceTier)
    if counted is None or max(map(len, words)) > _LONGEST_WORD:
        return None
    parts = first.content.parts
    if len(parts) == 1 and not parts[0].thought:
        text = parts[0].text
    else:
        text = "".join(part.text for part in parts if not part.thought)
    return Answer(
        text=text,
        finish_reason=first.finishReason,
        finish_message=first.finishMessage,
        usage=counted,
        model_version=response.modelVersion,
        service_tier=usage.serviceTier.lower(),
        provider=provider,
        raw=line,
    )


def _read_usage(usage: _Usage) -> Usage | None:
    prompt = usage.promptTokenCount + usage.toolUsePromptTokenCount
    output = usage.candidatesTokenCount + usage.thoughtsTokenCount
    image = 0
    for one in usage.promptTokensDetails:
        if one.modality == "IMAGE":
            image += one.tokenCount
    cached = min(prompt, usage.cachedContentTokenCount)
    counts = (
        usage.promptTokenCount,
        usage.toolUsePromptTokenCount,
        usage.candidatesTokenCount,
        usage.thoughtsTokenCount,
        cached,
        image,
    )
    if not prompt or min(counts) < 0 or max(counts) > _MOST_TOKENS:
        return None
    return Usage(prompt, image, output, usage.thoughtsTokenCount, cached)
