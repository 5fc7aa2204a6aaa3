"""The plan for what is chosen, from facts that were looked up. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gemtag_tui.core.models import canonical_model
from gemtag_tui.core.plan_book import PlanBook
from gemtag_tui.engine.checks import Check
from gemtag_tui.tui.screens.plan_choices import OwnChoices
from gemtag_tui.tui.wanted import PlanBase, PlanView

_ORDER = ("fail", "warn", "ok")


def view_of(
    base: PlanBase, book: PlanBook, own: OwnChoices, asked: Mapping[str, Sequence[Check]]
) -> PlanView:
    """Reckon the plan for what is chosen; what cannot be chosen any more is let go.

    Args:
        base: what was looked up.
        book: made of its facts.
        own: what is chosen.
        asked: what the API said, by model.
    """
    if canonical_model(own.model) not in base.facts.models:
        own.model = ""
    lane = own.lane or base.lane
    plan = book.compute(own.wish, own.options(lane))
    best = plan.recommended
    if lane != "auto":
        best = book.compute(own.wish, own.options("auto")).recommended
    checks = [*base.checks.get(plan.model, ()), *asked.get(plan.model, ())]
    return PlanView(
        plan=plan,
        lane=lane,
        resolution=plan.resolution,
        checks=sorted(checks, key=lambda one: _ORDER.index(one.status)),
        engine=base.engine,
        now=base.facts.now,
        best=best,
        facts=base.facts,
    )
