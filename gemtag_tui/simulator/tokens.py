"""How many tokens a prompt costs.

Source: gemini-facts §7 (image tokens by family and media resolution).
"""

from __future__ import annotations

import math

from gemtag_tui.simulator.models import Model

TILE_TOKENS = 258
SMALL_SIDE = 384
MEDIA_2X = {"MEDIA_RESOLUTION_LOW": 64, "MEDIA_RESOLUTION_MEDIUM": 256}
MEDIA_3X = {
    "MEDIA_RESOLUTION_LOW": 280,
    "MEDIA_RESOLUTION_MEDIUM": 560,
    "MEDIA_RESOLUTION_HIGH": 1120,
    "MEDIA_RESOLUTION_ULTRA_HIGH": 2240,
}
DEFAULT_3X = 1120
MAX_PROMPT = 1_048_576

_THOUGHTS = {"MINIMAL": 0, "LOW": 64, "MEDIUM": 256, "HIGH": 768}
DYNAMIC_THOUGHTS = 320


def image_tokens(model: Model, resolution: str, width: int, height: int) -> int:
    """Tokens of one picture of so many pixels at a media resolution."""
    if model.family == 2:
        return MEDIA_2X.get(resolution) or _tiled(width, height)
    return _patches(MEDIA_3X.get(resolution, DEFAULT_3X), width, height)


def _tiled(width: int, height: int) -> int:
    if max(width, height) <= SMALL_SIDE:
        return TILE_TOKENS
    unit = min(max(min(width, height) / 1.5, 256), 768)
    return TILE_TOKENS * math.ceil(width / unit) * math.ceil(height / unit)


def _patches(budget: int, width: int, height: int) -> int:
    """Whole patches of the picture's shape that fit the budget (1,069 of 1,120 was seen)."""
    shape = math.sqrt(max(width, 1) / max(height, 1))
    across = max(1, math.floor(math.sqrt(budget) * shape))
    down = max(1, math.floor(math.sqrt(budget) / shape))
    return min(budget, across * down)


def thought_tokens(model: Model, level: str, budget: int | None) -> int:
    """Tokens the model thinks before it answers."""
    if budget is not None:
        return DYNAMIC_THOUGHTS if budget < 0 else min(budget, DYNAMIC_THOUGHTS)
    if model.levels:
        return _THOUGHTS.get(level or model.default_level, DYNAMIC_THOUGHTS)
    return DYNAMIC_THOUGHTS if model.thinks_by_default else 0


def text_tokens(text: str) -> int:
    """Tokens of an answer: about four characters each."""
    return max(1, len(text) // 4)
