"""The whole plan, and what a pilot told, as headed paragraphs. Pure."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from gemtag_tui.tui.screens.plan_lanes import advice_sentences, done_by, spell, time_words
from gemtag_tui.tui.wanted import Paragraphs, PlanView
from gemtag_tui.tui.words import money, number, plural

if TYPE_CHECKING:
    from gemtag_tui.core.pilot import Interval
    from gemtag_tui.core.plan_values import LanePlan
    from gemtag_tui.engine.piloting import Outcome
    from gemtag_tui.store.search import AssetDetail


def plan_paragraphs(view: PlanView) -> Paragraphs:
    """Everything that the plan says."""
    plan, tokens = view.plan, view.plan.tokens
    thinking = f", {number(tokens.thinking)} of it thinking" if tokens.thinking >= 1 else ""
    found = [
        ("Recommended", "\n".join(advice_sentences(view))),
        *((f"Lane {one.lane}", _lane_text(one, view.now)) for one in plan.lanes),
        (
            "One image",
            (
                f"{number(tokens.prompt)} tokens of text, {number(tokens.image)} of the image "
                f"({view.resolution} detail), {number(tokens.output)} answered{thinking}. "
                f"Basis: {tokens.basis}."
            ),
        ),
        ("Caching", plan.caching),
        ("What would save", "\n".join(plan.savings)),
        ("To be known", "\n".join(plan.warnings)),
        ("Limits", "\n".join(_limit_lines(view))),
        ("Before the start", "\n".join(_check_lines(view))),
    ]
    return [(title, text) for title, text in found if text]


def _lane_text(lane: LanePlan, now: float) -> str:
    parts = []
    if lane.cost is not None:
        low, high = money(lane.cost.low), money(lane.cost.high)
        parts.append(f"{money(lane.cost.likely)} ({low} to {high})")
    if lane.available:
        parts.append(f"{time_words(lane.duration)}, done by {done_by(lane, now)}")
    else:
        parts.append("not available")
    limit = lane.duration.binding if lane.duration else ""
    parts += [f"limited by {limit}"] if limit else []
    risk = [f"Risk: {lane.risk}"] if lane.risk else []
    return "\n".join(["; ".join(parts), *risk, *lane.notes])


def _limit_lines(view: PlanView) -> list[str]:
    return [
        f"{name}: {number(one.value) if one.value else 'none'} ({one.source})"
        for name, one in view.plan.limits.items()
    ]


def _check_lines(view: PlanView) -> list[str]:
    signs = {"ok": "✓", "warn": "!", "fail": "✗"}
    return [
        f"{signs[one.status]} {one.name}: {one.message}{' → ' + one.fix if one.fix else ''}"
        for one in view.checks
    ]


def pilot_paragraphs(outcome: Outcome) -> Paragraphs:
    """What a pilot told: tagged and failed, intervals, a look at some answers."""
    found, images = outcome.found, outcome.plan.images
    lane = f" through {outcome.lane}" if outcome.lane else ""
    shares = [
        f"{kind.replace('_', ' ')}: {share.likely:.0%} ({share.low:.0%} to {share.high:.0%})"
        for kind, share in found.failures.items()
    ]
    return [
        (f"Pilot of {plural(found.images, 'image')}{lane}", f"{number(found.tagged)} tagged"),
        ("Failed, by kind (95 %)", "\n".join(shares) or "none"),
        (
            "One image (95 %)",
            "\n".join(
                (
                    f"{_tokens(found.tokens_in)} tokens in",
                    f"{_tokens(found.tokens_out)} tokens out",
                    _money(found.cost),
                    f"{found.calls.likely:.2f} calls",
                )
            ),
        ),
        (
            f"All that remains: {plural(images, 'image')} (95 %)",
            f"cost {_money(outcome.cost)}\ntime {_time(outcome.seconds)}",
        ),
        *(_answer(one, outcome.plan.model) for one in outcome.looked_at),
    ]


def pilot_line(outcome: Outcome) -> str:
    """The same in one line."""
    found = outcome.found
    return (
        f"pilot of {number(found.images)}: {number(found.tagged)} tagged · the rest "
        f"{_money(outcome.cost)}, {spell(outcome.seconds.likely)} · o shows it"
    )


def _answer(one: AssetDetail, model: str) -> tuple[str, str]:
    path = one.files[0].path.decode("utf-8", "surrogateescape") if one.files else str(one.asset)
    if not one.results:
        return path, "no answer is kept"
    result = next((found for found in one.results if found.model == model), one.results[0])
    tags = [f"{bucket}: {', '.join(names)}" for bucket, names in result.tags.items() if names]
    return path, "\n".join([result.summary, *tags])


def _tokens(one: Interval) -> str:
    return f"{number(one.likely)} ({number(one.low)} to {_end(one.high, number)})"


def _money(one: Interval) -> str:
    return f"{money(one.likely)} ({money(one.low)} to {_end(one.high, money)})"


def _time(one: Interval) -> str:
    return f"{spell(one.likely)} ({spell(one.low)} to {spell(one.high)})"


def _end(value: float, words: object) -> str:
    return words(value) if isfinite(value) and callable(words) else "?"
