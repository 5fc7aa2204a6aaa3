"""Numbers, times and money in words. Pure: the present and the time zone come from the caller."""

from __future__ import annotations

from datetime import datetime, tzinfo

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def number(value: float) -> str:
    """A count with separators: 41,322."""
    return f"{round(value):,}"


def short_number(value: float) -> str:
    """A count in at most six signs: 41,322, 410 k, 4 M, 28.6 M."""
    for size, least, unit in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e3, 1e5, "k")):
        if value >= least:
            scaled = round(value / size, 1) if value < 100 * size else round(value / size)
            return f"{scaled:g} {unit}"
    return number(value)


def money(value: float) -> str:
    """US dollars; small sums keep the digits that matter."""
    if value and abs(value) < 0.01:
        return f"${value:.4f}"
    return f"${value:,.2f}"


def duration(seconds: float) -> str:
    """A length of time in two units at most: 41 min, 9 h 12 min, 3 d 4 h."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    if whole < 2 * HOUR:
        return f"{whole // 60} min"
    if whole < 2 * DAY:
        hours, rest = divmod(whole, 3600)
        return f"{hours} h {rest // 60:02} min"
    days, rest = divmod(whole, 86400)
    return f"{days} d {rest // 3600} h"


def coarse(seconds: float) -> str:
    """A duration that changes rarely on a screen: steps of 5 s, then minutes."""
    return duration(seconds - seconds % 5 if seconds >= 10 else seconds)


def clock(unix: float, now: float, zone: tzinfo | None = None) -> str:
    """Local time of day, the day in front when it is not today's: 14:32, Tue 04:30, 3 Jan 04:30."""
    then, today = datetime.fromtimestamp(unix, zone), datetime.fromtimestamp(now, zone)
    if then.date() == today.date():
        return f"{then:%H:%M}"
    if abs(unix - now) < 6 * DAY:
        return f"{then:%a %H:%M}"
    return f"{then.day} {then:%b %H:%M}"


def seconds_clock(unix: float, zone: tzinfo | None = None) -> str:
    """Local time of day with seconds, for logs: 13:41:07."""
    return f"{datetime.fromtimestamp(unix, zone):%H:%M:%S}"


def until(unix: float, now: float, zone: tzinfo | None = None) -> str:
    """A time to come, by the clock and as a length: 14:32, in 41 min."""
    return f"{clock(unix, now, zone)}, in {duration(unix - now)}"


def ago(seconds: float) -> str:
    """A length of time past: just now, 2 s ago."""
    return "just now" if seconds < 1 else f"{coarse(seconds)} ago"


def plural(count: int, one: str, many: str = "") -> str:
    """A count and its noun: 1 image, 38 images."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def share(part: float, whole: float) -> str:
    """A percentage that says 100 only when all is done."""
    if whole <= 0:
        return "0 %"
    percent = min(100 * part / whole, 99.9) if part < whole else 100.0
    return f"{percent:.1f} %" if 0 < percent < 10 or 99 < percent < 100 else f"{percent:.0f} %"
