"""Other models on the same images: cost, time, end of life, price changes ahead. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import inf

from gemtag_tui.core.models import ModelRules
from gemtag_tui.core.plan_lanes import LANES, Case, lane_plan
from gemtag_tui.core.plan_values import Advice, LanePlan, ModelLine, Wish
from gemtag_tui.core.prices import price_notices
from gemtag_tui.core.text import usd

_MUCH_CHEAPER = 0.8
"""A model has to cost less than this share of the chosen one to be spoken of."""


def model_lines(cases: Mapping[str, Case]) -> list[ModelLine]:
    """Return a line for each model that is served and has a price, the cheapest first."""
    found = [_line(case) for case in cases.values() if case.model.rules.known]
    lines = [line for line in found if not line.gone and line.cost is not None]
    return sorted(lines, key=lambda line: (line.cost if line.cost is not None else inf, line.model))


def _line(case: Case) -> ModelLine:
    today = datetime.fromtimestamp(case.facts.now, UTC).date()
    able = [one for one in (lane_plan(case, lane, ranges=False) for lane in LANES) if one.available]
    quick = next((one for one in able if one.lane == "interactive"), None)
    best = min(able, key=_by_cost, default=None)
    gone = case.model.rules.shutdown is not None and case.model.rules.shutdown <= today
    return ModelLine(
        model=case.name,
        lane=best.lane if best else "",
        cost=_cost(best),
        seconds=_seconds(best),
        quick_cost=_cost(quick),
        quick_seconds=_seconds(quick),
        tokens=case.tokens,
        remaining=case.images,
        ends=_ends(case.model.rules),
        changes=tuple(price_notices(case.name, today, case.facts.own)),
        gone=gone and not case.model.rules.shutdown_is_earliest,
    )


def _ends(rules: ModelRules) -> str:
    if rules.shutdown is None:
        return ""
    return f"{'not before ' if rules.shutdown_is_earliest else ''}{rules.shutdown}"


def better_model(
    case: Case, advice: Advice, lanes: Sequence[LanePlan], lines: Sequence[ModelLine], wish: Wish
) -> Advice:
    """Add the model that answers the wishes better, when there is one."""
    others = [line for line in lines if line.model != case.name and _lasts(case, line)]
    chosen = next((one for one in lanes if one.lane == advice.lane), None)
    if not case.images or not others or chosen is None:
        return advice
    ends = case.facts.now + min(_seconds(chosen) or 0.0, 10 * 365 * 86_400.0)
    if _shut_before(case.model.rules, ends):
        other = _successor(case.model.rules, others)
        words = f"{case.name} is shut down before the plan ends; {other.model} would go on."
        return replace(advice, other_model=other.model, other_reason=words)
    if (wish.budget or wish.deadline) and not _answered(advice, wish):
        fitting = [line for line in others if _line_fits(line, wish)]
        if fitting:
            other = fitting[0]
            words = f"{other.model} answers the wishes: {usd(other.cost or 0.0)} in {other.lane}."
            return replace(advice, other_model=other.model, other_reason=words)
    mine, other = _cost(chosen), others[0]
    if wish.prefer == "cheapest" and mine and (other.cost or inf) < mine * _MUCH_CHEAPER:
        words = (
            f"{other.model} would cost {usd(other.cost or 0.0)} in {other.lane}; whether its tags "
            "are as good only a pilot tells."
        )
        return replace(advice, other_model=other.model, other_reason=words)
    return advice


def _lasts(case: Case, line: ModelLine) -> bool:
    """Whether a model is still there when it would be done with these images."""
    rules_end = line.ends.removeprefix("not before ")
    if not rules_end:
        return True
    seconds = min(line.seconds if line.seconds is not None else inf, 10 * 365 * 86_400.0)
    done = datetime.fromtimestamp(case.facts.now, UTC) + timedelta(seconds=seconds)
    return date.fromisoformat(rules_end) > done.date()


def _shut_before(rules: ModelRules, ends: float) -> bool:
    if rules.shutdown is None or rules.shutdown_is_earliest:
        return False
    return datetime.fromtimestamp(ends, UTC).date() >= rules.shutdown


def _successor(rules: ModelRules, others: Sequence[ModelLine]) -> ModelLine:
    named = [line for line in others if line.model == rules.replacement]
    return named[0] if named else others[0]


def _answered(advice: Advice, wish: Wish) -> bool:
    cost = sum(part.cost for part in advice.parts)
    seconds = max((part.seconds for part in advice.parts), default=inf)
    in_time = not wish.deadline or seconds <= wish.deadline
    return in_time and (not wish.budget or cost <= wish.budget)


def _line_fits(line: ModelLine, wish: Wish) -> bool:
    slow = _pair_fits(line.cost, line.seconds, wish)
    return slow or _pair_fits(line.quick_cost, line.quick_seconds, wish)


def _pair_fits(cost: float | None, seconds: float | None, wish: Wish) -> bool:
    in_time = not wish.deadline or (seconds is not None and seconds <= wish.deadline)
    return in_time and (not wish.budget or (cost is not None and cost <= wish.budget))


def _cost(plan: LanePlan | None) -> float | None:
    return plan.cost.likely if plan is not None and plan.cost is not None else None


def _seconds(plan: LanePlan | None) -> float | None:
    return plan.duration.seconds if plan is not None and plan.duration is not None else None


def _by_cost(plan: LanePlan) -> tuple[float, float]:
    cost, seconds = _cost(plan), _seconds(plan)
    return (inf if cost is None else cost), (inf if seconds is None else seconds)
