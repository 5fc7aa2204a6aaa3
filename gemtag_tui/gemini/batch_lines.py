"""Result lines of batch jobs, read fast: the usual form by a typed decoder, any other as ever."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

_MOST_TOKENS = 1_000_000_000
_LONGEST_WORD = 1000
Tokens = Annotated[int, Meta(ge=0, le=_MOST_TOKENS)]
Word = Annotated[str, Meta(max_length=_LONGEST_WORD)]


class _Part(msgspec.Struct, gc=False):
    text: str
    thought: bool = False


class _Content(msgspec.Struct, gc=False):
    parts: Annotated[list[_Part], Meta(min_length=1, max_length=1)]


class _Candidate(msgspec.Struct, gc=False):
    content: _Content
    finishReason: Literal["STOP"]  # noqa: N815 (the wire's name)


class _Detail(msgspec.Struct, gc=False):
    modality: str = ""
    tokenCount: int = 0  # noqa: N815


class _Usage(msgspec.Struct, gc=False):
    promptTokenCount: Annotated[int, Meta(ge=1, le=_MOST_TOKENS)]  # noqa: N815
    candidatesTokenCount: Tokens  # noqa: N815
    thoughtsTokenCount: Tokens = 0  # noqa: N815
    toolUsePromptTokenCount: Annotated[int, Meta(ge=0, le=0)] = 0  # noqa: N815
    cachedContentTokenCount: Tokens = 0  # noqa: N815
    promptTokensDetails: list[_Detail] = []  # noqa: N815


class _Response(msgspec.Struct, gc=False):
    candidates: Annotated[list[_Candidate], Meta(min_length=1, max_length=1)]
    usageMetadata: _Usage  # noqa: N815
    modelVersion: Word = ""  # noqa: N815
    promptFeedback: None = None  # noqa: N815


class _Line(msgspec.Struct, gc=False):
    key: Word
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
    part, usage = response.candidates[0].content.parts[0], response.usageMetadata
    image = 0
    for one in usage.promptTokensDetails:
        if one.modality == "IMAGE":
            image += one.tokenCount
    if part.thought or not 0 <= image <= _MOST_TOKENS:
        return None
    prompt, output = usage.promptTokenCount, usage.candidatesTokenCount + usage.thoughtsTokenCount
    cached = min(prompt, usage.cachedContentTokenCount)
    return Usual(found.key, part.text, response.modelVersion, prompt, image, output, cached)


def key_of_line(line: bytes) -> str | None:
    """Return a line's key, `None` when it names none or is not a JSON object."""
    try:
        return _keyed(line).key
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
