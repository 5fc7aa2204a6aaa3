"""When a run will be done, with the day's quota in it."""

from __future__ import annotations

_DAY = 86_400.0


def seconds_left(
    remaining: int,
    per_minute: float,
    *,
    day_limit: int = 0,
    day_used: int = 0,
    until_midnight: float = _DAY,
    tries_per_asset: float = 1.0,
) -> float | None:
    """Return the seconds until `remaining` assets are settled, or `None` when nothing moves.

    Args:
        remaining: assets to go.
        per_minute: assets settled per minute while work can move.
        day_limit: calls per Pacific day, 0 for none.
        day_used: calls already made today.
        until_midnight: seconds until the day changes in Pacific time.
        tries_per_asset: calls made for each settled asset, at least 1.
    """
    if remaining <= 0:
        return 0.0
    if per_minute <= 0:
        return None
    pace = per_minute / 60.0
    if day_limit <= 0:
        return remaining / pace
    per_day = day_limit / max(1.0, tries_per_asset)
    today = max(0.0, (day_limit - day_used) / max(1.0, tries_per_asset))
    today = min(today, pace * until_midnight)
    if remaining <= today:
        return remaining / pace
    left = remaining - today
    a_day = min(per_day, pace * _DAY)
    whole_days = int((left - 1e-9) // a_day)
    return until_midnight + whole_days * _DAY + (left - whole_days * a_day) / pace
