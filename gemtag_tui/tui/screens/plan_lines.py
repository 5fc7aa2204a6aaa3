"""The plan's lines above and below: the doctor's finding, scan, Start, headings. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemtag_tui.tui.paint import Line, Tone, fit, join_fitting, safe, sides, width_of
from gemtag_tui.tui.screens.plan_lanes import done_by
from gemtag_tui.tui.wanted import PlanView, ScanState
from gemtag_tui.tui.words import clock, money, number, plural

if TYPE_CHECKING:
    from gemtag_tui.engine.checks import Check

SIGNS: dict[str, tuple[str, Tone]] = {
    "ok": ("✓", "good"),
    "warn": ("!", "warn"),
    "fail": ("✗", "bad"),
}


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


def scan_line(scan: ScanState, width: int) -> Line:
    """A scan, live."""
    if scan.running:
        words = f" ◌ scanning {safe(scan.path)}"
        tail = f" · {number(scan.added)} new · {number(scan.files)} files in all · X stops"
        return [(fit(words, max(12, width - len(tail))).rstrip(), "accent"), (tail, "")]
    tone: Tone = "bad" if scan.wrong else "good"
    sign = "✗" if scan.wrong else "✓"
    return _cut([(f" {sign} scanned ", tone), (f"{scan.path}: ", "muted"), (scan.words, "")], width)


def heading(words: str, width: int) -> Line:
    """A quiet heading within a pane."""
    words = fit(words, width - 4).rstrip() if len(words) > width - 4 else words
    return [(f"─ {words} " + "─" * max(0, width - width_of([(words, "")]) - 3), "muted")]


def start_question(view: PlanView, cap: float) -> str:
    """The words asked before money is spent."""
    lane, cost, head = what_starts(view)
    price = "cost not known" if cost is None else f"about {money(cost)}"
    most = f", at most {money(cap)}" if cap else ""
    if head:
        return f"Start {how_words(view)}, {price}{most}?"
    whole = max(view.plan.counts.remaining - view.plan.counts.in_batches, view.images)
    of = f" of {number(whole)}" if view.images < whole else ""
    noun = "image" if view.images == 1 else "images"
    return f"Start on {number(view.images)}{of} {noun} ({lane}), {price}{most}?"


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
        return _nothing_left(view)
    if not lane.available:
        return lane.notes[0] if lane.notes else f"the {lane.lane} lane cannot be run."
    return ""


def _nothing_left(view: PlanView) -> str:
    counts = view.plan.counts
    if counts.remaining > counts.in_batches:
        return "nothing of this part remains; s chooses another."
    if counts.in_batches:
        return f"{number(counts.in_batches)} are in batch jobs, nothing else remains; 3 Batches."
    return f"nothing to do: {number(counts.tagged)} of {number(counts.total)} were tagged."


def start_line(view: PlanView | None, width: int) -> Line:
    """Start, always there: what it would do, or why it can't."""
    if view is None:
        return [(" S start", "muted")]
    why = obstacle(view)
    if why:
        return _cut([(" S start", "muted"), (" can't: ", "warn"), (why, "")], width)
    _lane, cost, head = what_starts(view)
    split = view.plan.advice if head else None
    parts: list[Line] = [
        [(" S", "accent"), (" start", "strong")],
        [(plural(view.images, "image"), "")],
        [(how_words(view), "")],
        [("cost not known" if cost is None else f"about {money(cost)}", "")],
        [(f"done by {done_by(view.chosen, view.now) if split is None else _last(view)}", "")],
    ]
    return join_fitting(parts, width)


def _last(view: PlanView) -> str:
    parts = view.plan.advice.parts if view.plan.advice is not None else ()
    seconds = max(part.seconds for part in parts)
    return clock(view.now + seconds, view.now)


def what_starts(view: PlanView) -> tuple[str, float | None, int]:
    """The lane and cost of a start, and how many go first where the plan is in two parts."""
    advice, lane = view.plan.advice, view.chosen
    if view.lane == "auto" and advice is not None and len(advice.parts) > 1:
        first = advice.parts[0]
        return runnable(first.lane), sum(part.cost for part in advice.parts), first.images
    return runnable(lane.lane), None if lane.cost is None else lane.cost.likely, 0


def runnable(lane: str) -> str:
    """The lane that is run: the simulator answers through any, the quick one does for it."""
    return "interactive" if lane == "simulator" else lane


def how_words(view: PlanView) -> str:
    """The lane of a start, or both parts of it."""
    lane, _cost, head = what_starts(view)
    rest = view.images - head
    return f"{number(head)} {lane} now + {number(rest)} batch" if head else view.chosen.lane


def lanes_title(view: PlanView) -> str:
    """What the lanes are reckoned for."""
    scope = f" · {safe(view.plan.scope)}" if view.plan.scope else ""
    return f"lanes for {plural(view.images, 'image')}{scope}"
