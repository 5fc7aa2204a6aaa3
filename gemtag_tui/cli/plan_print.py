"""A plan as JSON and as words."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from gemtag_tui.cli.output import line, say
from gemtag_tui.cli.words import count, duration, money
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.core.plan_values import LanePlan, ModelLine, Plan

_MODELS_SHOWN = 4


def plan_fields(plan: Plan) -> dict[str, Any]:
    """Return the plan as the contract names its parts."""
    counts, tokens = plan.counts, plan.tokens
    return {
        "total": counts.total,
        "tagged": counts.tagged,
        "remaining": counts.remaining,
        "duplicates": counts.duplicates,
        "near_duplicates": counts.near_duplicates,
        "near_waiting": counts.near_waiting,
        "near_saves_usd": plan.near_saves,
        "known_bad": counts.known_bad,
        "known_bad_by_kind": dict(plan.bad),
        "ignored": counts.ignored,
        "in_batches": counts.in_batches,
        "to_send": plan.images,
        "selection": plan.scope,
        "tokens_per_image": {
            "prompt": round(tokens.prompt),
            "image": round(tokens.image),
            "output": round(tokens.output),
            "thinking": round(tokens.thinking),
            "basis": tokens.basis,
        },
        "lanes": [_lane_fields(one) for one in plan.lanes],
        "recommended": plan.recommended,
        "reason": plan.reason,
        "parts": _part_fields(plan),
        "other_model": plan.advice.other_model if plan.advice else "",
        "other_model_reason": plan.advice.other_reason if plan.advice else "",
        "warnings": list(plan.warnings),
        "caching": plan.caching,
        "savings": list(plan.savings),
        "limits": {
            name: {"value": one.value, "source": one.source} for name, one in plan.limits.items()
        },
        "models": [_model_fields(one) for one in plan.models],
        "model": plan.model,
        "resolution": plan.resolution,
        "profile": plan.profile,
        "provider": plan.provider,
    }


def _lane_fields(lane: LanePlan) -> dict[str, Any]:
    cost, length = lane.cost, lane.duration
    return {
        "lane": lane.lane,
        "available": lane.available,
        "cost_usd": cost.likely if cost else None,
        "cost_low": cost.low if cost else None,
        "cost_high": cost.high if cost else None,
        "seconds": _finite(length.seconds) if length else None,
        "seconds_low": _finite(length.low) if length else None,
        "seconds_high": _finite(length.high) if length else None,
        "binding_limit": length.binding if length else "",
        "per_minute": round(length.per_minute, 1) if length else 0.0,
        "today": lane.today,
        "risk": lane.risk,
        "notes": list(lane.notes),
    }


def _part_fields(plan: Plan) -> list[dict[str, Any]]:
    parts = plan.advice.parts if plan.advice else ()
    return [
        {
            "lane": part.lane,
            "images": part.images,
            "cost_usd": part.cost,
            "seconds": _finite(part.seconds),
        }
        for part in parts
    ]


def _model_fields(line_: ModelLine) -> dict[str, Any]:
    return {
        "model": line_.model,
        "lane": line_.lane,
        "cost_usd": line_.cost,
        "seconds": _finite(line_.seconds),
        "interactive_cost_usd": line_.quick_cost,
        "interactive_seconds": _finite(line_.quick_seconds),
        "to_send": line_.remaining,
        "basis": line_.tokens.basis,
        "ends": line_.ends,
        "price_changes": list(line_.changes),
    }


def _finite(seconds: float | None) -> float | None:
    return seconds if seconds is not None and isfinite(seconds) else None


def print_plan(plan: Plan) -> None:
    """Print the plan in words: figures to stdout, notes to stderr."""
    _print_counts(plan)
    for lane in plan.lanes:
        _print_lane(lane, chosen=lane.lane == plan.recommended)
    line(f"Recommended: {plan.recommended}. {plain(plan.reason)}")
    advice = plan.advice
    if advice is not None and len(advice.parts) > 1:
        for part in advice.parts:
            words = f"{count(part.images, 'image')} through {part.lane}"
            line(f"    {words}: {money(part.cost)}, {_time(part.seconds)}")
    if advice is not None and advice.other_model:
        line(f"Another model: {plain(advice.other_reason)}")
    _print_models(plan)
    for words in (*plan.savings, plan.caching):
        line(plain(words))
    for words in plan.warnings:
        say(f"Note: {plain(words)}")


def _print_counts(plan: Plan) -> None:
    counts, tokens = plan.counts, plan.tokens
    line(
        f"{counts.remaining:,} of {counts.total:,} images remain "
        f"({counts.tagged:,} tagged, {counts.known_bad:,} known bad, "
        f"{count(counts.duplicates, 'duplicate')} for nothing)."
    )
    if counts.near_duplicates:
        waits = f"{counts.near_waiting:,} wait for the one that is paid for"
        saves = "" if plan.near_saves is None else f", which saves about {money(plan.near_saves)}"
        line(
            f"{count(counts.near_duplicates, 'near-duplicate')}: {waits}{saves}; "
            "`gemtag plan --list near` shows the groups."
        )
    if plan.bad:
        kinds = ", ".join(f"{number:,} {plain(kind)}" for kind, number in plan.bad.items())
        line(f"Known bad: {kinds}; `gemtag plan --list known-bad` names them.")
    if plan.scope:
        line(f"Planned for {count(plan.images, 'image')}: {plain(plan.scope)}.")
    line(f"Model {plan.model}, profile {plain(plan.profile)}, media resolution {plan.resolution}.")
    thinking = f" ({tokens.thinking:,.0f} of it thinking)" if tokens.thinking >= 1 else ""
    line(
        f"Tokens an image: {tokens.prompt:,.0f} prompt + {tokens.image:,.0f} image, "
        f"{tokens.output:,.0f} answer{thinking} ({tokens.basis})."
    )


def _print_lane(lane: LanePlan, *, chosen: bool) -> None:
    mark = "*" if chosen else " "
    cost = lane.cost
    price = f"{money(cost.likely)} ({money(cost.low)} to {money(cost.high)})" if cost else "price ?"
    length = lane.duration
    time = f"about {_time(length.seconds)}" if length else ""
    if length and length.high > length.low and isfinite(length.high):
        time += f" ({_time(length.low)} to {_time(length.high)})"
    limit = f", limit: {length.binding}" if length and length.binding else ""
    able = "" if lane.available else "  not available"
    line(f"{mark} {lane.lane:<12} {price:<34} {time}{limit}{able}")
    for note in lane.notes:
        line(f"    {plain(note)}")


def _print_models(plan: Plan) -> None:
    others = [one for one in plan.models if one.model != plan.model][:_MODELS_SHOWN]
    if not others or not plan.images:
        return
    line("Other models on the same images, the cheapest first:")
    for one in others:
        ends = f", ends {one.ends}" if one.ends else ""
        turns = ", price changes ahead" if one.changes else ""
        price = money(one.cost) if one.cost is not None else "price ?"
        seconds = _time(one.seconds) if one.seconds is not None else "?"
        line(f"    {one.model:<24} {price:<10} in {one.lane}, {seconds}{ends}{turns}")


def _time(seconds: float) -> str:
    return duration(seconds) if isfinite(seconds) else "for ever"
