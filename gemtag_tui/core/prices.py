"""What calls cost: a dated table of our own, so that no call waits for somebody else's package.

A price that is not known is `None`, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.models import canonical_model
from gemtag_tui.core.price_own import Overrides, own_changes, own_price
from gemtag_tui.core.price_table import (
    AS_OF,
    CACHED_IN_BATCH,
    PRIORITY_SHARES,
    SOURCE,
    STANDARD,
    Dated,
)

__all__ = ["Overrides", "Price", "changes", "cost", "price", "price_notices", "priority_range"]

_LEVELS = {
    "interactive": "standard",
    "standard": "standard",
    "flex": "flex",
    "batch": "batch",
    "priority": "priority",
}
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
        return self.each(usage.prompt - cached, usage.output) + cached * self.cached / _MILLION

    def each(self, tokens_in: float, tokens_out: float) -> float:
        """Return US dollars for tokens in, none of them cached, and tokens out."""
        return (tokens_in * self.input + tokens_out * self.output) / _MILLION


def price(model: str, lane: str, at: float, overrides: Overrides = ()) -> Price | None:
    """Return the price that holds for a model and a lane at a time, or `None` when it is not known.

    Args:
        model: id, also as the served `modelVersion` gives it.
        lane: interactive (standard), flex, batch or priority. Priority is only known as a range.
        at: Unix seconds.
        overrides: prices of the user's own; they stand before the table.
    """
    name, day = canonical_model(model), datetime.fromtimestamp(at, UTC).date()
    level = _LEVELS.get(lane)
    if level is None:
        return None
    own = own_price(overrides, name, level, day)
    if own is not None:
        return Price(
            own.input, own.output, own.cached, own.since, own.source, own.since, yours=True
        )
    dated = _dated(name, day)
    if dated is None or level == "priority":
        return None
    if level == "standard":
        return _shared(dated, 1.0, dated.cached)
    return _shared(dated, 0.5, CACHED_IN_BATCH.get(name, dated.cached * 0.5))


def _shared(dated: Dated, share: float, cached: float) -> Price:
    return Price(dated.input * share, dated.output * share, cached, dated.since, SOURCE, AS_OF)


def priority_range(model: str, at: float) -> tuple[Price, Price] | None:
    """Return the least and the most that the priority tier may cost; `None` when not known.

    Google names no figure for each model, only "75 to 100 % above standard".
    """
    dated = _dated(canonical_model(model), datetime.fromtimestamp(at, UTC).date())
    if dated is None:
        return None
    low, high = (_shared(dated, share, dated.cached * share) for share in PRIORITY_SHARES)
    return low, high


def changes(model: str, lane: str, at: float, overrides: Overrides = ()) -> list[float]:
    """Return the later moments (Unix seconds, rising) at which the price becomes another one."""
    name, level = canonical_model(model), _LEVELS.get(lane, "")
    days = {row.since for row in STANDARD.get(name, ())} | {*own_changes(overrides, name, level)}
    found, before = [], price(model, lane, at, overrides)
    for day in sorted(days):
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        after = price(model, lane, moment, overrides) if moment > at else before
        if not _alike(before, after):
            found.append(moment)
            before = after
    return found


def _alike(a: Price | None, b: Price | None) -> bool:
    if a is None or b is None:
        return a is b
    return (a.input, a.output, a.cached) == (b.input, b.output, b.cached)


def cost(model: str, lane: str, usage: Usage, at: float, overrides: Overrides = ()) -> float | None:
    """Return US dollars for one call, or `None` when the model's price is not known.

    For many calls, ask for the `price` once and use its `cost`.
    """
    found = price(model, lane, at, overrides)
    return None if found is None else found.cost(usage)


def _dated(name: str, day: date) -> Dated | None:
    rows = [row for row in STANDARD.get(name, ()) if row.since <= day]
    return rows[-1] if rows else None


def price_notices(model: str, today: date, overrides: Overrides = ()) -> list[str]:
    """Return what is to be said about a model's price: that it changes soon, or is not known."""
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    now = price(model, "standard", noon.timestamp(), overrides)
    name = canonical_model(model)
    if now is None:
        return [f"The price of {model} is not known: what its calls cost cannot be counted."]
    until = (noon + timedelta(days=CHANGE_SOON_DAYS)).timestamp()
    found = []
    for moment in changes(model, "standard", noon.timestamp(), overrides):
        then = price(model, "standard", moment, overrides)
        if then is not None and moment <= until:
            found.append(
                f"The price of {name} changes on {datetime.fromtimestamp(moment, UTC).date()}: from"
                f" ${now.input:g} in and ${now.output:g} out for a million tokens to"
                f" ${then.input:g} and ${then.output:g}."
            )
    return found
