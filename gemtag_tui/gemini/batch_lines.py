"""Result lines of batch jobs, read fast: the usual form by a typed decoder, any other as ever."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

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


class Usual(NamedTuple):
    """A line of the usual form: one answer that came to its end. Tokens as in `calls.Usage`."""

    key: str
    text: str
    served: str
    prompt: int
    image: int
    output: int
    cached: int


def usual_line(line: bytes) -> Usual | None:
    """Read a line of the usual form; `None` for any other, which `parse_line` is for.

    What is read here is what `parse_line` reads, several times as fast.
    """
    try:
        found = _usual(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    response = found.response
    if len(response.candidates) != 1 or response.promptFeedback is not None:
        return None
    first, usage = response.candidates[0], response.usageMetadata
    parts = first.content.parts
    if first.finishReason != "STOP" or len(parts) != 1 or parts[0].thought:
        return None
    image = 0
    for one in usage.promptTokensDetails:
        if one.modality == "IMAGE":
            image += one.tokenCount
    prompt, answer, thinking = (
        usage.promptTokenCount,
        usage.candidatesTokenCount,
        usage.thoughtsTokenCount,
    )
    cached = usage.cachedContentTokenCount
    if not (
        0 < prompt <= _MOST_TOKENS
        and 0 <= answer <= _MOST_TOKENS
        and 0 <= thinking <= _MOST_TOKENS
        and 0 <= cached <= _MOST_TOKENS
        and 0 <= image <= _MOST_TOKENS
        and not usage.toolUsePromptTokenCount
        and len(found.key) <= _LONGEST_WORD
        and len(response.modelVersion) <= _LONGEST_WORD
    ):
        return None
    text = parts[0].text
    served = response.modelVersion
    return Usual(found.key, text, served, prompt, image, answer + thinking, min(prompt, cached))


def key_of_line(line: bytes) -> str | None:
    """Return a line's key, `None` when it names none or is not a JSON object."""
    try:
        return _keyed(line).key
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
