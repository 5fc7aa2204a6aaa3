"""What a run may spend and how long it waits, from its request and the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemtag_tui.core.concurrency import STALL_SECONDS
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.flex import FLEX, INTERACTIVE
from gemtag_tui.engine.admission import Budgets
from gemtag_tui.engine.own_prices import own_prices
from gemtag_tui.engine.pricing import Pricing
from gemtag_tui.engine.sender import Way
from gemtag_tui.gemini.request import RequestForm

if TYPE_CHECKING:
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.engine.preflight import Ready
    from gemtag_tui.engine.request import RunRequest


def call_timeout(settings: Settings, lane: str) -> float:
    """Return the seconds after which a call on a lane is abandoned."""
    return settings.flex.timeout if lane == FLEX else settings.calls.timeout


def patience(settings: Settings, lane: str) -> float:
    """Return the seconds of silence, with calls in flight, that make a stall of a lane."""
    return settings.flex.timeout if lane == FLEX else STALL_SECONDS


def ways(settings: Settings, ready: Ready) -> dict[str, Way]:
    """Return how calls of each lane are made."""
    return {
        lane: Way(
            RequestForm(ready.profile, ready.rules, flex=lane == FLEX), call_timeout(settings, lane)
        )
        for lane in (INTERACTIVE, FLEX)
    }


def budgets_of(settings: Settings, max_cost: float | None) -> Budgets:
    """Return the caps on money in force; of two for the run the lower one holds."""
    caps = [cap for cap in (settings.budget.run, max_cost) if cap]
    return Budgets(run=min(caps, default=0.0), day=settings.budget.day, month=settings.budget.month)


def check_budgets(request: RunRequest, ready: Ready, clock: Clock) -> None:
    """Refuse to promise a cap on money for a model that has no known price.

    Raises:
        UsageError: there is a budget and no price.
    """
    budgets = budgets_of(request.settings, request.max_cost)
    if Pricing(ready.model, ready.lane, clock, own_prices(request.config)).known:
        return
    if budgets.run or budgets.day or budgets.month:
        raise UsageError(
            f"No price is known for {ready.model}, so no budget can be kept: choose another model, "
            "or run without a budget."
        )


def run_options(request: RunRequest) -> dict[str, Any]:
    """Return a run's options for its row in the library."""
    return {
        "lane": request.lane,
        "split": request.split,
        "limit": request.limit,
        "max_cost": request.max_cost,
        "no_wait": request.no_wait,
        "concurrency": request.settings.concurrency,
    }
