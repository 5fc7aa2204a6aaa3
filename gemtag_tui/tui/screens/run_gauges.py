"""The run screen's middle: the plot of the rate beside a gauge for every limit."""

from __future__ import annotations

from gemtag_tui.core.snapshot import Gauge, RunSnapshot
from gemtag_tui.tui.paint import Line, Tone, bar, fit, plot, rule, width_of
from gemtag_tui.tui.widgets.frame import LIMIT_NAMES
from gemtag_tui.tui.words import duration, money, number, short_number

MONEY = {"spend", "budget_run", "budget_day", "budget_month"}
NAME_WIDTH = 15
FIGURE_WIDTH = 18


def middle_lines(snapshot: RunSnapshot, width: int, height: int) -> list[Line]:
    """Plot and gauges side by side, a heading over each, `height` lines in all."""
    left = min(60, width * 2 // 5 if width >= 100 else width * 3 // 10)
    right = width - left - 3
    plotted = rate_lines(snapshot, left, height - 1)
    gauges = gauge_lines(snapshot.gauges, right - 1, height - 1)
    heading = [*rule(_plot_title(snapshot, left), left + 1), ("┬", "muted")]
    lines: list[Line] = [[*heading, *rule([("limits", "muted")], right + 1)]]
    for i in range(height - 1):
        row = plotted[i] if i < len(plotted) else []
        gap = " " * (left + 1 - width_of(row))
        rest = gauges[i] if i < len(gauges) else []
        lines.append([*row, (gap, ""), ("│ ", "muted"), *rest])
    return lines


def _plot_title(snapshot: RunSnapshot, width: int) -> Line:
    slot = snapshot.rate_slot_seconds
    shown = min(width, len(snapshot.rate_history))
    top = max(snapshot.rate_history[-width:], default=0.0) * 60 / slot if slot else 0.0
    if not top:
        return [("images/min", "muted")]
    words = f"top {number(top)}/min, {duration(shown * slot)}"
    return [(f"images, {words}" if width >= 40 else words, "muted")]


def rate_lines(snapshot: RunSnapshot, width: int, height: int) -> list[Line]:
    """The plot, newest on the right."""
    if not any(snapshot.rate_history):
        return [[(" no images in this time", "muted")]]
    return [[(line, "accent")] for line in plot(snapshot.rate_history, width, height)]


def gauge_lines(gauges: list[Gauge], width: int, height: int) -> list[Line]:
    """A row a limit; what does not limit goes first when there are too many."""
    shown = [g for g in gauges if g.limit or g.name in {"rpm", "tpm", "rpd"}]
    while len(shown) > height:
        spare = next((g for g in reversed(shown) if not g.limit), None)
        spare = spare or next((g for g in reversed(shown) if not g.binding), shown[-1])
        shown.remove(spare)
    return [gauge_line(gauge, width) for gauge in shown]


def gauge_line(gauge: Gauge, width: int) -> Line:
    """`requests/min  586 / 600 ████▊░ ◀ binds`."""
    room = width - NAME_WIDTH - FIGURE_WIDTH - 9
    tail: Line = [(" ◀ binds" if room >= 0 else " ◀", "warn")] if gauge.binding else []
    name = fit(LIMIT_NAMES.get(gauge.name, gauge.name), NAME_WIDTH)
    line: Line = [
        (name, "strong" if gauge.binding else ""),
        (fit(figures(gauge), FIGURE_WIDTH), ""),
    ]
    if gauge.limit and room >= 4:
        line.append((bar(gauge.used, gauge.limit, room), gauge_tone(gauge)))
    return [*line, *tail]


def gauge_tone(gauge: Gauge) -> Tone:
    """Calm, unless it binds or is nearly full."""
    if gauge.limit and gauge.used >= 0.95 * gauge.limit:
        return "warn"
    return "accent"


def figure(gauge: Gauge, value: float) -> str:
    """One of a gauge's figures in its unit."""
    return money(value) if gauge.name in MONEY else short_number(value)


def figures(gauge: Gauge) -> str:
    """Used and limit: 586 / 600."""
    if not gauge.limit:
        return f"{figure(gauge, gauge.used)} / no limit"
    return f"{figure(gauge, gauge.used)} / {figure(gauge, gauge.limit)}"
