"""The plan in words: the doctor's finding, counts, lanes, one image, Start. Pure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemtag_tui.tui.paint import Line, Tone, fit, join, join_fitting, safe, sides, width_of
from gemtag_tui.tui.wanted import PlanView, ScanState
from gemtag_tui.tui.widgets.frame import LIMIT_NAMES
from gemtag_tui.tui.words import clock, duration, money, number

if TYPE_CHECKING:
    from gemtag_tui.engine.checks import Check
    from gemtag_tui.engine.planning import LanePlan

SIGNS: dict[str, tuple[str, Tone]] = {
    "ok": ("✓", "good"),
    "warn": ("!", "warn"),
    "fail": ("✗", "bad"),
}
RISKS = {
    "batch": "24 h target, no promise",
    "flex": "may be turned away",
    "interactive": "–",
}
SHORT = {"rpm": "RPM", "tpm": "TPM", "rpd": "RPD", "spend": "$10m", "concurrency": "calls"}
FOREVER = 10 * 365 * 86_400.0


def doctor_lines(checks: Sequence[Check], width: int, height: int = 2) -> list[Line]:
    """The worst finding and what to do about it, then others; or that all is well."""
    bad = [one for one in checks if one.status != "ok"]
    if not bad:
        names = ", ".join(dict.fromkeys(one.name for one in checks))
        return [[(" ✓ ready", "good"), (f"  {names}: all well · d says more", "muted")]]
    more = len(bad) - 1
    tail: Line = [(f"  {more} more: d" if more else "  d says more", "muted")]
    lines = [sides(_finding(bad[0]), tail, width)]
    for one in bad[:1] if height < 3 else bad[: height - 1]:
        if one is not bad[0]:
            lines.append(_cut(_finding(one), width))
        elif one.fix:
            lines.append(_cut([("   → ", "muted"), (one.fix, "")], width))
    return lines[:height]


def _finding(one: Check) -> Line:
    sign, tone = SIGNS[one.status]
    return [(f" {sign} {one.name}: ", tone), (safe(one.message), tone)]


def _cut(line: Line, width: int) -> Line:
    out: Line = []
    for text, tone in line:
        room = width - width_of(out)
        if room > 0:
            out.append((fit(safe(text), room).rstrip() if len(text) > room else text, tone))
    return out


def counts_line(view: PlanView, width: int) -> Line:
    """To tag, and of how many; tagged, duplicates, known bad, missing."""
    counts = view.plan.counts
    whole = f" to tag of {number(counts.total)}"
    parts: list[Line] = [[(f" {number(view.images)}", "strong"), (whole, "")]]
    parts.append([(f"{number(counts.tagged)} tagged", "good" if counts.tagged else "")])
    free = " cost nothing" if width >= 100 else ""
    extra = [
        (counts.duplicates, f"{number(counts.duplicates)} duplicates{free}", "muted"),
        (counts.known_bad, f"{number(counts.known_bad)} {'known bad' if free else 'bad'}", "warn"),
        (counts.missing, f"{number(counts.missing)} missing", "warn"),
        (counts.ignored, f"{number(counts.ignored)} ignored", "muted"),
        (counts.retry_later, f"{number(counts.retry_later)} to retry", "muted"),
        (counts.in_batches, f"{number(counts.in_batches)} in batches", "muted"),
    ]
    for count, words, tone in extra:
        if count:
            parts.append([(words, tone)])  # type: ignore[list-item]
    return join_fitting(parts, width)


def scan_line(scan: ScanState, width: int) -> Line:
    """A scan, live."""
    if scan.running:
        words = f" ◌ scanning {safe(scan.path)}"
        tail = f" · {number(scan.added)} new · {number(scan.files)} files in all · X stops"
        return [(fit(words, max(12, width - len(tail))).rstrip(), "accent"), (tail, "")]
    tone: Tone = "bad" if scan.wrong else "good"
    sign = "✗" if scan.wrong else "✓"
    return _cut([(f" {sign} scanned ", tone), (f"{scan.path}: ", "muted"), (scan.words, "")], width)


def lane_lines(view: PlanView, width: int) -> list[Line]:
    """The lanes as a table, and what is to be said of the chosen one."""
    wide = width >= 72
    return [_lane_head(wide), *(_lane_line(view, lane, wide) for lane in view.plan.lanes)]


def _lane_head(wide: bool) -> Line:
    words = f" {'lane':<12}{'cost':<8}{'low–high':<12}{'done by':<10}"
    return [(words + (f"{'limited by':<16}risk" if wide else "limit"), "muted")]


def _lane_line(view: PlanView, lane: LanePlan, wide: bool) -> Line:
    chosen = lane is view.chosen
    tone: Tone = "strong" if chosen else "" if lane.available else "muted"
    cost, span = "?", ""
    if lane.cost is not None:
        cost, span = "$" + _sum(lane.cost.likely), _span(lane.cost.low, lane.cost.high)
    line: Line = [("▸" if chosen else " ", "accent"), (fit(lane.lane, 12), tone)]
    line += [(fit(cost, 8), tone), (fit(span, 12), "muted")]
    if not lane.available:
        return [*line, ("not available", "warn")]
    line.append((fit(_done_by(lane, view.now), 10), tone))
    limit = lane.duration.binding if lane.duration else ""
    if not wide:
        return [*line, (SHORT.get(limit, limit) or "–", "")]
    words = fit(LIMIT_NAMES.get(limit, limit) or "–", 16)
    return [*line, (words, ""), (RISKS.get(lane.lane, "–"), "muted")]


def _sum(value: float) -> str:
    """Dollars in at most seven signs, up to a million."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.4f}" if 0 < value < 0.01 else f"{value:.2f}"


def _span(low: float, high: float) -> str:
    return f"{_sum(low)}–{_sum(high)}" if high >= 0.1 else "< 0.10"


def _done_by(lane: LanePlan, now: float) -> str:
    if lane.duration is None or not math.isfinite(lane.duration.seconds):
        return "never"
    seconds = lane.duration.seconds
    if seconds <= 0:
        return "–"
    return clock(now + seconds, now) if seconds < FOREVER else "never"


def chosen_lines(view: PlanView, width: int, most: int) -> list[Line]:
    """Why this lane, how long it takes, and its notes."""
    lane = view.chosen
    parts = []
    if lane.duration is not None and 0 < lane.duration.seconds < FOREVER:
        rate = lane.duration.per_minute
        pace = f" at {number(rate)}/min" if rate >= 1 else ""
        parts.append(f"{lane.lane}: about {duration(lane.duration.seconds)}{pace}.")
    parts += [view.plan.reason, *lane.notes]
    if view.lane == "auto":
        parts.append("The plan chose this lane.")
    lines = textwrap.wrap(safe(" ".join(parts)), max(20, width - 2))
    if len(lines) > most:
        lines = [*lines[: most - 1], fit(" ".join(lines[most - 1 :]), width - 2)]
    return [[("  " + one, "muted")] for one in lines]


def image_lines(view: PlanView, width: int) -> list[Line]:
    """Tokens and cost of one image, and what the figures rest on."""
    tokens = view.plan.tokens
    parts: list[Line] = [
        [("prompt ", "muted"), (number(tokens.prompt), "")],
        [("image ", "muted"), (f"{number(tokens.image)} ({view.resolution})", "")],
        [("answer ", "muted"), (number(tokens.output), "")],
    ]
    each = view.each
    if each is not None:
        parts.append([("≈ ", "muted"), (money(each), "strong")])
    basis = tokens.basis if tokens.measured else "by the model's rule; t measures"
    lines: list[Line] = [[("  ", ""), *join_fitting(parts, width - 2)]]
    lines.append([("  basis: ", "muted"), (fit(safe(basis), max(10, width - 10)).rstrip(), "")])
    return lines


def answer_lines(view: PlanView, width: int, height: int) -> list[Line]:
    """The whole right side: lanes, why, one image."""
    lanes = lane_lines(view, width)
    image = image_lines(view, width)
    room = height - len(lanes) - len(image) - 1
    middle = chosen_lines(view, width, max(1, room))
    middle += [[] for _ in range(min(1, room - len(middle)))]
    return [*lanes, *middle, heading("one image", width), *image]


def heading(words: str, width: int) -> Line:
    """A quiet heading within a pane."""
    return [(f"─ {words} " + "─" * max(0, width - len(words) - 3), "muted")]


def start_question(images: int, whole: int, cost: float | None, lane: str, cap: float) -> str:
    """The words asked before money is spent."""
    of = f" of {number(whole)}" if images < whole else ""
    price = "cost not known" if cost is None else f"about {money(cost)}"
    most = f", at most {money(cap)}" if cap else ""
    noun = "image" if images == 1 else "images"
    return f"Start on {number(images)}{of} {noun} ({lane}), {price}{most}?"


def obstacle(view: PlanView) -> str:
    """Why a start can't be, "" when it can."""
    plan, lane = view.plan, view.chosen
    if view.engine:
        return "a run goes on already; 2 Run shows it."
    if not plan.key_where:
        return "no key: set GEMINI_API_KEY (aistudio.google.com/apikey) and open gemtag again."
    if not plan.counts.total:
        return "the library is empty: a adds a folder."
    if not view.images:
        tagged, total = number(plan.counts.tagged), number(plan.counts.total)
        return f"nothing to do: {tagged} of {total} were tagged."
    if not lane.available:
        return lane.notes[0] if lane.notes else f"the {lane.lane} lane cannot be run."
    return ""


def start_line(view: PlanView | None, width: int) -> Line:
    """Start, always there: what it would do, or why it can't."""
    if view is None:
        return [(" S start", "muted")]
    why = obstacle(view)
    if why:
        return _cut([(" S start", "muted"), (" can't: ", "warn"), (why, "")], width)
    cost = view.chosen.cost
    words = money(cost.likely) if cost else "cost not known"
    parts: list[Line] = [
        [(" S", "accent"), (" start", "strong")],
        [(f"{number(view.images)} images", "")],
    ]
    parts += [[(view.chosen.lane, "")], [(f"about {words}", "")]]
    return join(parts)
