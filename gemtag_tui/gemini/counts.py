"""countTokens: what a request would count for, without making it.

It is free of charge and takes nothing from the quotas of generateContent; it has a limit of its own
(3,000 a minute was published). It takes a whole generateContent request in a wrapper, the model
named in it (ai.google.dev/api/tokens, `generateContentRequest`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from gemtag_tui.core.calls import CallError, Trouble

_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class TokenCount:
    """What a request counts for.

    Attributes:
        total: tokens in.
        image: of them the picture's; `None` when the server does not tell them apart.
    """

    total: int
    image: int | None = None


def count_body(model: str, body: bytes) -> bytes:
    """Return the body that asks what a body made by `RequestForm` counts for."""
    name = msgspec.json.encode(f"models/{model}")
    return b"".join((b'{"generateContentRequest":{"model":', name, b",", body[1:], b"}"))


def parse_count(body: bytes) -> TokenCount | CallError:
    """Read the body of a 200."""
    try:
        data: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        data = None
    total = _number(data.get("totalTokens")) if isinstance(data, dict) else None
    if not total:
        return CallError(Trouble.NETWORK, "The answer to a count of tokens holds no count.", 200)
    return TokenCount(total, _image(data.get("promptTokensDetails"), total))


def _image(details: object, total: int) -> int | None:
    if not isinstance(details, list):
        return None
    for one in details:
        if isinstance(one, dict) and one.get("modality") == "IMAGE":
            tokens = _number(one.get("tokenCount"))
            return tokens if tokens is not None and tokens <= total else None
    return None


def _number(value: object) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST
    return value if fits and isinstance(value, int) else None
