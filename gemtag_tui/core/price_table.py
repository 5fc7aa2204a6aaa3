"""Standard prices by model and first day, in US dollars for a million tokens.

Source: ai.google.dev/pricing as read 2026-10-07, and the data of genai-prices 0.2.3. Batch and flex
are half of it. Left out: the higher price of prompts over 200,000 tokens (pro models), which a
request with one image never reaches; storage of caches. Priority has no figure for each model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 11, 22)
SOURCE = "ai.google.dev/pricing 2026-10-07"
PRIORITY_SHARES = (1.75, 2.0)
"""Of the standard price: "75 to 100 % above standard" (priority inference page, 2026)."""


@dataclass(frozen=True, slots=True)
class Dated:
    """Prices from a day (UTC) on: input, output with thinking, input read from the cache."""

    since: date
    input: float
    output: float
    cached: float


_START = date(2025, 1, 1)
_ROUTED = date(2026, 12, 1)
"""From here on 2.5-flash and 2.5-pro are answered, and billed, as other models."""
_DEARER = date(2027, 1, 1)


def _fixed(input_: float, output: float, cached: float) -> tuple[Dated, ...]:
    return (Dated(_START, input_, output, cached),)


_FLASH_36 = (Dated(_START, 0.75, 3.75, 0.075), Dated(_DEARER, 1.50, 7.50, 0.15))
_ARGON = (Dated(_START, 2.0, 10.0, 0.10), Dated(_ROUTED, 4.0, 20.0, 0.20))

STANDARD: dict[str, tuple[Dated, ...]] = {
    "gemini-2.5-flash-lite": _fixed(0.10, 0.40, 0.01),
    "gemini-3.1-flash-lite": _fixed(0.25, 1.50, 0.025),
    "gemini-3.5-flash-lite": _fixed(0.30, 2.50, 0.03),
    "gemini-2.5-flash": (*_fixed(0.30, 2.50, 0.03), Dated(_ROUTED, 0.30, 2.50, 0.03)),
    "gemini-3-flash-preview": _fixed(0.50, 3.00, 0.05),
    "gemini-3.5-flash": _fixed(1.50, 9.00, 0.15),
    "gemini-3.6-flash": _FLASH_36,
    "gemini-3.7-flash": _FLASH_36,
    "gemini-3.8-flash": _FLASH_36,
    "gemini-2.5-pro": (
        *_fixed(1.25, 10.0, 0.125),
        Dated(_ROUTED, 0.75, 3.75, 0.075),
        Dated(_DEARER, 1.50, 7.50, 0.15),
    ),
    "gemini-3.1-pro-preview": _fixed(2.0, 12.0, 0.20),
    "gemini-4-argon": _ARGON,
    "gemini-4-carbon": _ARGON,  # its cached price is argon's: none was published
}
"""Oldest row first."""

CACHED_IN_BATCH: dict[str, float] = {
    "gemini-2.5-flash-lite": 0.01,
    "gemini-3.5-flash-lite": 0.02,
    "gemini-2.5-flash": 0.03,
    "gemini-3-flash-preview": 0.05,
    "gemini-2.5-pro": 0.125,
    "gemini-3.1-pro-preview": 0.20,
}
"""Where reading the cache in a batch is not half its standard price (genai-prices 0.2.3)."""
