"""What to choose, and why in one sentence: by a deadline, a budget, cheapest, soonest. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from gemtag_tui.core.lane_choice import Option, choose
from gemtag_tui.core.plan_money import affordable, dearest_split, dollars, parted
from gemtag_tui.core.plan_values import Advice, LanePlan, Part, Wish
from gemtag_tui.core.text import usd

Reckon = Callable[[str, int], LanePlan]
"""Gives a lane's plan for so many images."""

SIMULATOR = "simulator"
_WORTH = 0.9
"""A split has to be done in less than this share of the time to be worth its trouble."""
_STEPS = 30
_DRAGS = 2 * 86_400.0
"""Seconds from which on batch jobs are only taken where they are not much slower."""


def advise(
    wanted: str, images: int, lanes: Sequence[LanePlan], wish: Wish, reckon: Reckon
) -> Advice:
    """Return what to choose.

    Args:
        wanted: "auto", or the lane that a person chose.
        images: how many would be sent.
        lanes: the lanes side by side.
        wish: what a person wants.
        reckon: for splits.
    """
    lanes = [one for one in lanes if one.lane != SIMULATOR]  # an absence of cost, not a way to go
    able = [one for one in lanes if one.available and _seconds(one) < inf]
    if wanted != "auto" or not images or not able:
        return _default(wanted, images, lanes)
    if not (wish.deadline or wish.budget or wish.prefer):
        return _default(wanted, images, lanes)
    fitting = [one for one in able if _fits(one, wish)]
    if fitting:
        return _best(fitting, able, images, wish, reckon)
    return _split(able, images, wish, reckon) or _nearest(able, images, wish)


def _default(wanted: str, images: int, lanes: Sequence[LanePlan]) -> Advice:
    alone = next((_seconds(one) for one in lanes if one.lane == "interactive"), inf)
    options = {
        one.lane: Option(
            one.available and (one.lane == wanted or not _drags(one, alone)),
            one.duration.seconds if one.duration else None,
            one.cost.likely if one.cost else None,
        )
        for one in lanes
    }
    lane, reason = choose(wanted, images, options)
    plan = next((one for one in lanes if one.lane == lane), None)
    return Advice(lane, reason, (_part(plan, images),) if plan and images else ())


def _drags(plan: LanePlan, alone: float) -> bool:
    """Whether batch jobs take turns for so long that half the price is no bargain."""
    return plan.lane == "batch" and _seconds(plan) > max(_DRAGS, 2 * alone)


def _best(
    fitting: Sequence[LanePlan], able: Sequence[LanePlan], images: int, wish: Wish, reckon: Reckon
) -> Advice:
    soonest = wish.prefer == "soonest"
    chosen = min(fitting, key=_by_time if soonest else _by_cost)
    if soonest:
        split = _sooner_split(able, images, wish, reckon, _seconds(chosen))
        if split is not None:
            return split
    words = {"soonest": "It is the soonest", "cheapest": "It is the cheapest"}
    reason = words.get(wish.prefer, "It is the cheapest")
    kept = _kept(wish)
    rivals = [one for one in able if one not in fitting]
    if rivals and kept:
        reason += f" that {kept}"
    elif kept:
        reason += f", and {kept}"
    return Advice(chosen.lane, f"{reason}: {_figures(chosen)}.", (_part(chosen, images),))


def _split(able: Sequence[LanePlan], images: int, wish: Wish, reckon: Reckon) -> Advice | None:
    """Return the cheapest two parts that keep the deadline and the budget, if any do."""
    if not wish.deadline:
        return None
    found: list[tuple[float, Advice]] = []
    for slow in (one for one in able if one.lane == "batch"):  # single calls share their limits
        for quick in able:
            if slow.lane == quick.lane or not slow.each_nano < quick.each_nano:
                continue
            late = _most(_done_by(reckon, slow.lane, wish.deadline), images)
            head, rest = parted(images, images - late)
            if not late or not rest or _seconds(reckon(quick.lane, head)) > wish.deadline:
                continue
            parts = (_part(reckon(quick.lane, head), head), _part(reckon(slow.lane, rest), rest))
            cost = sum(part.cost for part in parts)
            if not wish.budget or cost <= wish.budget:
                reason = (
                    f"No lane alone keeps to that: {head:,} through {quick.lane} beside {rest:,} "
                    f"through {slow.lane} do, for {usd(cost)}."
                )
                found.append((cost, Advice(quick.lane, reason, parts)))
    return min(found, key=lambda one: one[0])[1] if found else None


def _sooner_split(
    able: Sequence[LanePlan], images: int, wish: Wish, reckon: Reckon, alone: float
) -> Advice | None:
    """Return two parts at once that end clearly sooner than the soonest lane alone."""
    names = {one.lane: one for one in able}
    if not {"interactive", "batch"} <= names.keys() or images < 2:
        return None
    quick, slow = names["interactive"], names["batch"]
    most = images
    if wish.budget and quick.each_nano > slow.each_nano:
        most = dearest_split(images, wish.budget, slow.each_nano, quick.each_nano)
    head = _most(
        lambda n: (
            n <= most
            and _seconds(reckon("interactive", n)) <= _seconds(reckon("batch", images - n))
        ),
        images,
    )
    head, rest = parted(images, head)
    if not head or not rest:
        return None
    parts = (_part(reckon("interactive", head), head), _part(reckon("batch", rest), rest))
    ends = max(part.seconds for part in parts)
    late = _most(_done_by(reckon, "batch", ends), images)
    if 0 < late < images:  # no more through the dearer lane than ends it as soon
        head, rest = parted(images, images - late)
        parts = (_part(reckon("interactive", head), head), _part(reckon("batch", rest), rest))
    if ends > alone * _WORTH:
        return None
    reason = (
        f"A split is soonest: {head:,} one by one while {rest:,} go through batch jobs, for "
        f"{usd(sum(part.cost for part in parts))} in all."
    )
    return Advice("interactive", reason, parts)


def _nearest(able: Sequence[LanePlan], images: int, wish: Wish) -> Advice:
    """Return what comes nearest when nothing answers the wishes, and say how near."""
    cheapest, quickest = min(able, key=_by_cost), min(able, key=_by_time)
    cost = cheapest.cost.likely if cheapest.cost else 0.0
    if wish.budget and cost > wish.budget:
        reach = affordable(wish.budget, 0.0, cheapest.each_nano) or 0
        reason = (
            f"No lane tags all of it for {usd(wish.budget)}: {cheapest.lane} is the cheapest at "
            f"{usd(cost)}, and the budget pays for {reach:,} of {images:,} images there."
        )
        return Advice(cheapest.lane, reason, (_part(cheapest, images),))
    reason = (
        f"No lane is done in time{' within the budget' if wish.budget else ''}: {quickest.lane} is "
        f"the soonest, {_figures(quickest)}."
    )
    return Advice(quickest.lane, reason, (_part(quickest, images),))


def _done_by(reckon: Reckon, lane: str, seconds: float) -> Callable[[int], bool]:
    """Return the test whether so many images are through a lane in time."""
    return lambda images: _seconds(reckon(lane, images)) <= seconds


def _most(test: Callable[[int], bool], images: int) -> int:
    """Return the largest number up to `images` that passes a test which holds up to a point."""
    low, high = 0, images
    for _ in range(_STEPS):
        if low >= high:
            break
        middle = (low + high + 1) // 2
        low, high = (middle, high) if test(middle) else (low, middle - 1)
    return low


def _fits(plan: LanePlan, wish: Wish) -> bool:
    in_time = not wish.deadline or _seconds(plan) <= wish.deadline
    cost = plan.cost.likely if plan.cost else inf
    return in_time and (not wish.budget or cost <= wish.budget)


def _kept(wish: Wish) -> str:
    names = [word for word, on in (("deadline", wish.deadline), ("budget", wish.budget)) if on]
    return f"keeps the {' and the '.join(names)}" if names else ""


def _seconds(plan: LanePlan) -> float:
    return plan.duration.seconds if plan.duration else inf


def _by_time(plan: LanePlan) -> tuple[float, float]:
    return _seconds(plan), plan.cost.likely if plan.cost else inf


def _by_cost(plan: LanePlan) -> tuple[float, float]:
    return plan.cost.likely if plan.cost else inf, _seconds(plan)


def _figures(plan: LanePlan) -> str:
    cost = usd(plan.cost.likely) if plan.cost else "at an unknown price"
    return f"{cost}, about {span(_seconds(plan))}"


def span(seconds: float) -> str:
    """Return a length of time in two or three words."""
    if seconds == inf:
        return "for ever"
    if seconds < 5400:
        return f"{max(1, round(seconds / 60)):,} min"
    hours = seconds / 3600
    return f"{hours:,.0f} hours" if hours < 48 else f"{hours / 24:,.0f} days"


def _part(plan: LanePlan, images: int) -> Part:
    cost = plan.cost.likely if plan.cost else dollars(plan.each_nano * images)
    return Part(plan.lane, images, cost, _seconds(plan))
