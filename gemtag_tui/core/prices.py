"""What calls cost: a dated table of our own, so that no call waits for somebody else's package.

A price that is not known is `None`, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.models import canonical_model
from gemtag_tui.core.price_table import AS_OF, CACHED_IN_BATCH, SOURCE, STANDARD, Dated

_LANES = {"interactive": "standard", "standard": "standard", "flex": "flex", "batch": "batch"}
_MILLION = 1_000_000
CHANGE_SOON_DAYS = 60
"""How long before a price goes up it is spoken of."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens.

    Attributes:
        input: prompt tokens that were not cached, images included.
        output: answer and thinking.
        cached: prompt tokens read from the cache.
        since: first day (UTC) of this price.
        source: where it comes from; `as_of`: when it was read.
        yours: set by the user.
    """

    input: float
    output: float
    cached: float
    since: date
    source: str
    as_of: date
    yours: bool = False

    def cost(self, usage: Usage) -> float:
        """Return US dollars for one call's tokens."""
        cached = min(usage.cached, usage.prompt)
        fresh = usage.prompt - cached
        whole = fresh * self.input + cached * self.cached + usage.output * self.output
        return whole / _MILLION


Overrides = Mapping[str, Price]
"""Prices by model that a user knows better; they hold for every lane as they stand."""


def price(model: str, lane: str, at: float, overrides: Overrides | None = None) -> Price | None:
    """Return the price that holds for a model and a lane at a time, or `None` when it is not known.

    Args:
        model: id, also as the served `modelVersion` gives it.
        lane: interactive (standard), flex or batch.
        at: Unix seconds.
        overrides: prices of the user's own.
    """
    name = canonical_model(model)
    if overrides and name in overrides:
        return replace(overrides[name], yours=True)
    level = _LANES.get(lane)
    dated = _dated(name, datetime.fromtimestamp(at, UTC).date())
    if dated is None or level is None:
        return None
    share = 1.0 if level == "standard" else 0.5
    cached = dated.cached * share
    if level != "standard":
        cached = CACHED_IN_BATCH.get(name, cached)
    return Price(
        input=dated.input * share,
        output=dated.output * share,
        cached=cached,
        since=dated.since,
        source=SOURCE,
        as_of=AS_OF,
    )


def cost(
    model: str, lane: str, usage: Usage, at: float, overrides: Overrides | None = None
) -> float | None:
    """Return US dollars for one call, or `None` when the model's price is not known.

    For many calls, ask for the `price` once and use its `cost`.
    """
    found = price(model, lane, at, overrides)
    return None if found is None else found.cost(usage)


def _dated(name: str, day: date) -> Dated | None:
    rows = [row for row in STANDARD.get(name, ()) if row.since <= day]
    return rows[-1] if rows else None


def price_notices(model: str, today: date) -> list[str]:
    """Return what is to be said about a model's price: that it changes soon, or is not known."""
    name = canonical_model(model)
    now = _dated(name, today)
    if now is None:
        return [f"The price of {model} is not known: what its calls cost cannot be counted."]
    until = today + timedelta(days=CHANGE_SOON_DAYS)
    return [
        f"The price of {name} changes on {row.since}: from ${now.input:g} in and ${now.output:g}"
        f" out for a million tokens to ${row.input:g} and ${row.output:g}."
        for row in STANDARD[name]
        if today < row.since <= until and row.input != now.input
    ]
