"""Every limit as a gauge for the screens."""

from __future__ import annotations

from typing import Any

from gemtag_tui.core.quota import PacedWindow
from gemtag_tui.core.quota_lessons import Lessons
from gemtag_tui.core.quota_limits import Limiters, to_figure
from gemtag_tui.core.quota_money import NANO, SpendWindow
from gemtag_tui.core.quota_purse import Purse
from gemtag_tui.core.snapshot import Gauge


def gauges(
    now: float, unix: float, limits: Limiters, lessons: Lessons, purse: Purse, *, binding: str
) -> list[Gauge]:
    """Return a gauge for each limit and budget, also for those not set (limit 0).

    Args:
        now: monotonic seconds; unix: Unix seconds of the same moment.
        binding: name of the gauge that limits now.
    """
    rows = [
        _window("rpm", limits.rpm, now, unix),
        _window("tpm", limits.tpm, now, unix),
        _day(limits, unix),
        _window("spend", limits.spend, now, unix),
    ]
    for gauge in rows:
        gauge["limit"] = to_figure(gauge["name"], limits.ceilings[gauge["name"]].value)
        gauge["source"] = limits.ceilings[gauge["name"]].origin
        gauge["refused"] = lessons.refused(unix, gauge["name"])
    for name, budget in purse.named(unix):
        source = "yours" if budget.limit else "default"
        used = budget.spent / NANO
        rows.append({"name": name, "used": used, "limit": budget.limit / NANO, "source": source})
    return [Gauge(**row, binding=row["name"] == binding) for row in rows]


def _window(
    name: str, window: PacedWindow | SpendWindow, now: float, unix: float
) -> dict[str, Any]:
    used = window.used(now)
    full = window.limit and window.earliest(now, 1) > now
    return {
        "name": name,
        "used": to_figure(name, used),
        "limit": to_figure(name, window.limit),
        "frees_at": unix + window.frees_at(now) - now if full else 0.0,
        "peak": to_figure(name, window.peak),
    }


def _day(limits: Limiters, unix: float) -> dict[str, Any]:
    used = float(limits.day.used(unix))
    frees = limits.day.parked_until(unix)
    return {
        "name": "rpd",
        "used": used,
        "limit": float(limits.day.limit),
        "frees_at": frees,
        "peak": used,
    }
