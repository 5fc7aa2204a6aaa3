"""Result lines of batch jobs, read fast: the usual form by a typed decoder, any other as ever."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

_MOST_TOKENS = 1_000_000_000
_LONGEST_WORD = 1000
Tokens = Annotated[int, Meta(ge=0, le=_MOST_TOKENS)]
Word = Annotated[str, Meta(max_length=_LONGEST_WORD)]


class _Part(msgspec.Struct, gc=False):
    text: str = ""
    thought: bool = False


class _Content(msgspec.Struct, gc=False):
    parts: list[_Part] = []


class _Candidate(msgspec.Struct, gc=False):
    content: _Content | None = None
    finishReason: str = ""  # noqa: N815 (the wire's name)


class _Detail(msgspec.Struct, gc=False):
    modality: str = ""
    tokenCount: int = 0  # noqa: N815


class _Usage(msgspec.Struct, gc=False):
    promptTokenCount: Tokens = 0  # noqa: N815
    candidatesTokenCount: Tokens | UnsetType = UNSET  # noqa: N815
    thoughtsTokenCount: Tokens = 0  # noqa: N815
    toolUsePromptTokenCount: Tokens = 0  # noqa: N815
    cachedContentTokenCount: Tokens = 0  # noqa: N815
    promptTokensDetails: list[_Detail] = []  # noqa: N815


class _Response(msgspec.Struct, gc=False):
    candidates: list[_Candidate] = []
    usageMetadata: _Usage | None = None  # noqa: N815
    modelVersion: Word = ""  # noqa: N815
    promptFeedback: msgspec.Raw | None = None  # noqa: N815


class _Line(msgspec.Struct, gc=False):
    key: Word
    response: _Response | None = None


class _Keyed(msgspec.Struct, gc=False):
    key: str


_lines = msgspec.json.Decoder(_Line).decode_lines
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
    return usual_lines([line])[0]


def usual_lines(lines: list[bytes]) -> list[Usual | None]:
    """Read lines (no blank ones, no line breaks in them), each as `usual_line` does."""
    try:
        found = _lines(b"\n".join(lines))
    except (msgspec.DecodeError, ValueError, RecursionError):
        found = []
    if len(found) == len(lines):
        return [None if one.response is None else _usual(one.key, one.response) for one in found]
    if len(lines) == 1:
        return [None]
    middle = len(lines) // 2
    return usual_lines(lines[:middle]) + usual_lines(lines[middle:])


def _usual(key: str, response: _Response) -> Usual | None:
    if len(response.candidates) != 1 or response.promptFeedback is not None:
        return None
    candidate, usage = response.candidates[0], response.usageMetadata
    content = candidate.content
    if candidate.finishReason != "STOP" or content is None or usage is None:
        return None
    if len(content.parts) != 1 or content.parts[0].thought:
        return None
    return _counted(key, content.parts[0].text, response.modelVersion, usage)


def _counted(key: str, text: str, served: str, usage: _Usage) -> Usual | None:
    image = 0
    for one in usage.promptTokensDetails:
        if one.modality == "IMAGE":
            image += one.tokenCount
    prompt, said = usage.promptTokenCount, usage.candidatesTokenCount
    if said is UNSET or not prompt or usage.toolUsePromptTokenCount:
        return None
    if not 0 <= image <= _MOST_TOKENS:
        return None
    output = said + usage.thoughtsTokenCount
    cached = usage.cachedContentTokenCount
    return Usual(key, text, served, prompt, image, output, min(prompt, cached) if cached else 0)


def key_of_line(line: bytes) -> str | None:
    """Return a line's key, `None` when it names none or is not a JSON object."""
    try:
        return _keyed(line).key
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
