"""What a person types on the plan: numbers, dollars, lengths of time, moments. Pure."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from gemtag_tui.core.errors import GemtagError

_UNITS = {"m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*(m|min|h|d|w)", re.IGNORECASE)

Save = Callable[[str, str], Awaitable[str]]


def parse_limit(text: str) -> int:
    """A number of images; nothing, 0 and "all" mean no limit.

    Raises:
        ValueError: it is none.
    """
    clean = text.strip().lower().replace(",", "").replace(" ", "")
    if clean in {"", "all", "0"}:
        return 0
    value = int(clean)
    if value < 0:
        raise ValueError(clean)
    return value


def parse_cap(text: str) -> float:
    """Dollars; nothing, 0 and "none" mean no cap.

    Raises:
        ValueError: it is none.
    """
    clean = text.strip().lower().lstrip("$").replace(",", "")
    if clean in {"", "none", "0"}:
        return 0.0
    value = float(clean)
    if not 0 <= value < float("inf"):
        raise ValueError(clean)
    return value


def parse_length(text: str, now: float) -> float:
    """Seconds from now: 36h, 3d, or a date to come; nothing means none.

    Raises:
        ValueError: it is neither.
    """
    clean = text.strip().lower()
    if clean in {"", "none", "0"}:
        return 0.0
    match = _LENGTH.fullmatch(clean)
    seconds = float(match[1]) * _UNITS[match[2].lower()] if match else parse_moment(text) - now
    if seconds <= 0:
        raise ValueError(text)
    return seconds


def parse_moment(text: str) -> float:
    """Unix seconds of a date or a date with a time, local; nothing means none.

    Raises:
        ValueError: it is no date.
    """
    clean = text.strip()
    if clean.lower() in {"", "none"}:
        return 0.0
    try:
        return datetime.fromisoformat(clean).astimezone().timestamp()
    except (OverflowError, OSError) as error:
        raise ValueError(clean) from error


async def try_to_save(save: Save, name: str, text: str) -> tuple[str, str | None]:
    """Save a setting: what is worth saying, and what is wrong with it (None when it was taken)."""
    try:
        return await save(name, text.strip()), None
    except GemtagError as error:
        return "", error.message
