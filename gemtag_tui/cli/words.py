"""Numbers, durations and money in words."""

from __future__ import annotations

import time

from gemtag_tui.core.text import usd as money

__all__ = ["clock", "count", "duration", "money", "size"]


def count(number: int, noun: str, plural: str = "") -> str:
    """Return "1 image", "2,000 images"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return "0.4 s", "45 s", "3 min 20 s", "2 h 05 min" or "3 d 4 h"."""
    if 0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def size(number: float) -> str:
    """Return bytes as "512 B", "3.4 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def clock(unix: float) -> str:
    """Return a time of day in local time, with its date when that is not today."""
    then = time.localtime(unix)
    today = time.localtime()
    same = then.tm_yday == today.tm_yday and then.tm_year == today.tm_year
    return time.strftime("%H:%M" if same else "%Y-%m-%d %H:%M", then)


def stamp(unix: float | None) -> str | None:
    """Return ISO 8601 in UTC, for JSON; `None` stays."""
    if unix is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix))
