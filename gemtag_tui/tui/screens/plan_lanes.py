"""The lanes side by side, and what to choose: lines. Pure."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from gemtag_tui.tui.paint import Line, Tone, clip, fit, safe
from gemtag_tui.tui.wanted import PlanView
from gemtag_tui.tui.words import clock, duration, money, number

if TYPE_CHECKING:
    from gemtag_tui.core.estimate import Cost, Duration
    from gemtag_tui.core.plan_values import LanePlan

RISKS = {
    "batch": "24 h target",
    "flex": "may be shed",
    "interactive": "none",
    "simulator": "nothing paid",
}
LIMITS = {
    "rpm": "requests/min",
    "tpm": "tokens/min",
    "rpd": "requests/day",
    "spend": "$ per 10 min",
    "month_cap": "month's cap",
    "concurrency": "calls at once",
    "upload": "upload",
    "preparation": "decoding",
    "enqueued": "enqueued tok.",
    "batch": "batch target",
}
FOREVER = 10 * 365 * 86_400.0
WIDE = 100
_UNITS = ((120.0, 1.0, "s"), (7_200.0, 60.0, "min"), (172_800.0, 3_600.0, "h"))


def lane_lines(view: PlanView, width: int) -> list[Line]:
    """A heading, and a line for each lane."""
    wide = width >= WIDE
    done = f"{'done by':<13}" if wide else ""
    words = f"   {'lane':<12}{'cost':<9}{'low–high':<13}{'time (range)':<17}{done}"
    head: Line = [(f"{words}{'limited by':<14}risk", "muted")]
    return [head, *(_lane_line(view, lane, width) for lane in view.plan.lanes)]


def _lane_line(view: PlanView, lane: LanePlan, width: int) -> Line:
    chosen = lane is view.chosen
    tone: Tone = "strong" if chosen else "" if lane.available else "muted"
    line: Line = [
        ("▸" if chosen else " ", "accent"),
        ("◆" if lane.lane == view.best else " ", "good"),
        (" " + fit(lane.lane, 12), tone),
    ]
    if lane.cost is None:
        line.append((fit("price ?", 22), "warn"))
    else:
        line += [(fit("$" + _sum(lane.cost.likely), 9), tone), (fit(_span(lane.cost), 13), "muted")]
    if not lane.available:
        why = lane.notes[0] if lane.notes else "not available"
        return clip([*line, ("✗ " + safe(why), "warn")], width)
    line.append((fit(time_words(lane.duration), 17), tone))
    if width >= WIDE:
        line.append((fit(done_by(lane, view.now), 13), tone))
    limit = lane.duration.binding if lane.duration else ""
    line.append((fit(LIMITS.get(limit, limit) or "–", 14), ""))
    risk = safe(lane.risk) if width >= WIDE + 24 else RISKS.get(lane.lane, "–")
    return clip([*line, (risk or "–", "muted")], width)


def _sum(value: float) -> str:
    """Dollars in at most seven signs, up to a million."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.4f}" if 0 < value < 0.01 else f"{value:.2f}"


def _span(cost: Cost) -> str:
    if cost.high <= 0:
        return ""
    return f"{_sum(cost.low)}–{_sum(cost.high)}" if cost.high >= 0.1 else "< 0.10"


def time_words(length: Duration | None) -> str:
    """A length of time with its range, all in one unit: 22 min (18–31)."""
    if length is None or not math.isfinite(length.seconds) or length.seconds >= FOREVER:
        return "never ends"
    if length.seconds <= 0:
        return "–"
    if not length.low < length.high < FOREVER:
        return duration(length.seconds)
    size, unit = next(
        ((size, unit) for most, size, unit in _UNITS if length.seconds < most), (86_400.0, "d")
    )
    low, likely, high = (_few(one / size) for one in (length.low, length.seconds, length.high))
    return f"{likely} {unit} ({low}–{high})" if low != high else f"{likely} {unit}"


def _few(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def done_by(lane: LanePlan, now: float) -> str:
    """The time of day it would be done by."""
    if lane.duration is None or not math.isfinite(lane.duration.seconds):
        return "never"
    seconds = lane.duration.seconds
    if seconds <= 0:
        return "–"
    return clock(now + seconds, now) if seconds < FOREVER else "never"


def advice_lines(view: PlanView, width: int, height: int) -> list[Line]:
    """What to choose and why; a split, another model, what is to be known of the chosen lane."""
    sentences = advice_sentences(view)
    lines = textwrap.wrap(safe(" ".join(sentences)), max(20, width - 4))
    if len(lines) > height:
        rest = fit(" ".join(lines[height - 1 :]), width - 13).rstrip()
        lines = [*lines[: height - 1], rest]
        more: Line = [("  v says all", "muted")]
    else:
        more = []
    out: list[Line] = [[("   ", ""), (one, "")] for one in lines]
    if out:
        out[0][0] = (" ◆ ", "good")
        out[-1] += more
    return out


def advice_sentences(view: PlanView) -> list[str]:
    """The recommendation in sentences, the first with its reason."""
    plan, advice = view.plan, view.plan.advice
    found = [f"{plan.recommended}: {plan.reason}"]
    if view.lane != "auto" and view.best and view.best != view.lane:
        found = [f"{view.lane} is your choice; the plan would take {view.best}."]
    if advice is not None and len(advice.parts) > 1:
        parts = [
            f"{number(one.images)} through {one.lane} ({money(one.cost)}, {spell(one.seconds)})"
            for one in advice.parts
        ]
        found.append(f"Split: {' + '.join(parts)}.")
    if advice is not None and advice.other_model:
        found.append(f"Another model: {advice.other_reason}")
    return [*found, *view.chosen.notes]


def spell(seconds: float | None) -> str:
    """A length of time that may have no end, or not be known."""
    if seconds is None:
        return "?"
    return duration(seconds) if seconds < FOREVER else "never"
