"""Days and months as Google counts quotas: by Los Angeles time, daylight saving included."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
"""Requests per day start anew at midnight Pacific (Gemini API, rate limits page, 2026-08)."""


def day_of(unix: float) -> str:
    """Return the Pacific day of a moment, as "2026-11-22"."""
    return datetime.fromtimestamp(unix, PACIFIC).strftime("%Y-%m-%d")


def month_of(unix: float) -> str:
    """Return the Pacific month of a moment, as "2026-11"."""
    return day_of(unix)[:7]


def next_midnight(unix: float) -> float:
    """Return the Unix seconds of the first Pacific midnight after a moment."""
    today = datetime.fromtimestamp(unix, PACIFIC).date()
    return datetime.combine(today + timedelta(days=1), time(), PACIFIC).timestamp()


def last_midnight(unix: float) -> float:
    """Return the Unix seconds at which the moment's Pacific day began."""
    today = datetime.fromtimestamp(unix, PACIFIC).date()
    return datetime.combine(today, time(), PACIFIC).timestamp()
