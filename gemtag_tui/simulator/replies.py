"""The body of a generateContent answer, right or as a fault wants it.

Source: gemini-facts §4.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from gemtag_tui.simulator.config import Rule
from gemtag_tui.simulator.tokens import text_tokens

HOSTILE = "\x1b[31m\x1b]0;owned\x07[bold red]x[/]\u202egnp\u2066\u0000\x9b2J[link=file:///]\r\n\t"
MEGABYTE = 1_000_000
DEFAULT_REROUTE = "gemini-3.5-flash-lite"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a right answer consists of, before it is put on the wire."""

    text: str
    model: str
    """The model that served it."""
    text_tokens: int
    image_tokens: int
    thoughts: int
    max_output: int | None
    service_tier: str
    cached_tokens: int = 0
    told: bool = True
    """Whether usageMetadata names the tier."""
    response_id: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def prompt_tokens(self) -> int:
        """Input tokens, which the bill and the token quota count."""
        return self.text_tokens + self.image_tokens


@dataclass(frozen=True, slots=True)
class Output:
    """A response body and what of it is billed as output."""

    body: dict[str, Any]
    output_tokens: int


def render(answer: Answer, rule: Rule | None = None, other: str = "") -> Output:
    """Put an answer on the wire.

    Args:
        answer: The right answer.
        rule: The fault that strikes, if it is one of the answers.
        other: The text of an answer to another picture, for the fault ``swapped``.
    """
    text, reason = _fit(answer)
    thoughts = min(answer.thoughts, answer.max_output or answer.thoughts)
    parts: list[dict[str, Any]] | None = None if text is None else [{"text": text}]
    draft = Draft(answer, parts, reason, thoughts)
    if rule is not None and rule.fault in _EDITS:
        _EDITS[rule.fault](draft, rule, other)
    return draft.output()


def _fit(answer: Answer) -> tuple[str | None, str]:
    """The text cut to the output limit, thoughts counted first, and the finishReason."""
    if answer.max_output is None:
        return answer.text, "STOP"
    left = answer.max_output - answer.thoughts
    if left <= 0:
        return None, "MAX_TOKENS"
    if text_tokens(answer.text) > left:
        return answer.text[: left * 4], "MAX_TOKENS"
    return answer.text, "STOP"


@dataclass(slots=True)
class Draft:
    """A response while faults may still edit it."""

    answer: Answer
    parts: list[dict[str, Any]] | None
    reason: str
    thoughts: int
    blocked: str = ""
    candidates: bool = True
    usage: bool = True
    model: str = ""
    odd: bool = False
    modality: str = "IMAGE"

    @property
    def text(self) -> str:
        """The text so far."""
        return self.parts[0]["text"] if self.parts else ""

    def say(self, text: str) -> None:
        """Replace the text."""
        self.parts = [{"text": text}]

    def output(self) -> Output:
        """The finished response."""
        body: dict[str, Any] = {}
        told = self.candidates and not self.blocked
        tokens = text_tokens(self.text) if told and self.parts else 0
        if self.blocked:
            body["promptFeedback"] = {"blockReason": self.blocked}
        elif self.candidates:
            body["candidates"] = [self._candidate()]
        thoughts = self.thoughts if told else 0
        if self.usage:
            body["usageMetadata"] = self._usage(tokens, thoughts)
        body["modelVersion"] = self.model or self.answer.model
        body["responseId"] = self.answer.response_id
        if self.odd:
            body["quantumState"] = {"entangled": True}
        return Output(body, tokens + thoughts)

    def _candidate(self) -> dict[str, Any]:
        content: dict[str, Any] = {"role": "model"}
        if self.parts is not None:
            content = {"parts": self.parts, "role": "model"}
        candidate = {"content": content, "finishReason": self.reason, "index": 0}
        if self.reason not in {"STOP", "MAX_TOKENS"}:
            candidate["finishMessage"] = f"The model stopped: {self.reason}."
        return candidate

    def _usage(self, tokens: int, thoughts: int) -> dict[str, Any]:
        answer = self.answer
        usage: dict[str, Any] = {"promptTokenCount": answer.prompt_tokens}
        if tokens:
            usage["candidatesTokenCount"] = tokens
        usage["totalTokenCount"] = answer.prompt_tokens + tokens + thoughts
        usage["promptTokensDetails"] = self._details()
        if thoughts:
            usage["thoughtsTokenCount"] = thoughts
        if answer.cached_tokens:
            usage["cachedContentTokenCount"] = answer.cached_tokens
            usage["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": answer.cached_tokens}]
        if answer.told:
            usage["serviceTier"] = answer.service_tier
        if self.odd:
            usage |= {"rumourTokenCount": 7, "futureDetails": [{"modality": "SMELL"}]}
        return usage

    def _details(self) -> list[dict[str, Any]]:
        details = [{"modality": "TEXT", "tokenCount": self.answer.text_tokens}]
        if self.answer.image_tokens:
            details.append({"modality": self.modality, "tokenCount": self.answer.image_tokens})
        return details


def _blocked(draft: Draft, rule: Rule, _other: str) -> None:
    draft.blocked = rule.value or "SAFETY"


def _finish(draft: Draft, rule: Rule, _other: str) -> None:
    draft.reason, draft.parts = rule.value or "SAFETY", None


def _truncated(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.reason = "MAX_TOKENS"
    draft.say(draft.text[: max(1, len(draft.text) * 3 // 5)])


def _thoughts_only(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.reason, draft.parts = "MAX_TOKENS", None
    draft.thoughts = draft.answer.max_output or 512


def _empty_parts(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.parts = []


def _empty_text(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.say("")


def _no_candidates(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.candidates = False


def _not_json(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.say("Sure! This is a lovely picture, and here is what I can tell you about it.")


def _wrong_shape(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.say('[{"summary":["not","a","string"],"tags":"none"},42,null]')


def _degenerate(draft: Draft, _rule: Rule, _other: str) -> None:
    limit = draft.answer.max_output or 8192
    draft.reason = "MAX_TOKENS"
    draft.say((draft.text[:40].rpartition('"')[0] + '"the ' + "the " * limit)[: limit * 4])


def _fenced(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.say(f"```json\n{draft.text}\n```\n")


def _hostile(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.say(_in_strings(draft.text, lambda text: HOSTILE + text))


def _huge(draft: Draft, rule: Rule, _other: str) -> None:
    size = rule.size if rule.size is not None else MEGABYTE
    draft.say(_in_strings(draft.text, lambda text: (text + " ") * (size // (len(text) + 1) + 1), 1))


def _rerouted(draft: Draft, rule: Rule, _other: str) -> None:
    draft.model = rule.value or DEFAULT_REROUTE


def _unknown_enums(draft: Draft, rule: Rule, _other: str) -> None:
    draft.reason, draft.modality = rule.value or "TELEPATHY", "HOLOGRAM"


def _unknown_keys(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.odd = True


def _missing_usage(draft: Draft, _rule: Rule, _other: str) -> None:
    draft.usage = False


def _swapped(draft: Draft, _rule: Rule, other: str) -> None:
    draft.say(other or draft.text)


_EDITS: dict[str, Callable[[Draft, Rule, str], None]] = {
    "blocked": _blocked,
    "finish": _finish,
    "truncated_json": _truncated,
    "thoughts_only": _thoughts_only,
    "empty_parts": _empty_parts,
    "empty_text": _empty_text,
    "no_candidates": _no_candidates,
    "not_json": _not_json,
    "wrong_shape": _wrong_shape,
    "degenerate": _degenerate,
    "fenced": _fenced,
    "hostile": _hostile,
    "huge_text": _huge,
    "rerouted": _rerouted,
    "unknown_enums": _unknown_enums,
    "unknown_keys": _unknown_keys,
    "missing_usage": _missing_usage,
    "swapped": _swapped,
}


def _in_strings(text: str, edit: Callable[[str], str], most: int = 1_000) -> str:
    """Edit the first strings inside a JSON text, or the text itself when it is no JSON."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return edit(text)
    left = [most]

    def walk(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: walk(inner) for key, inner in item.items()}
        if isinstance(item, list):
            return [walk(inner) for inner in item]
        if isinstance(item, str) and left[0] > 0:
            left[0] -= 1
            return edit(item)
        return item

    return msgspec.json.encode(walk(value)).decode()
