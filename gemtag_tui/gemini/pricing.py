"""A second opinion on prices from genai-prices, where it is right. Loaded only when asked for.

It is right for standard prices and for most batch ones. It silently gives the standard price for
flex and priority, and for the batches of some models (gemini-3.5-flash and gemini-3.7-flash in
0.2.3): a batch that costs what standard does is one of those, and no opinion at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.models import canonical_model
from gemtag_tui.core.prices import Overrides, Price, price

_KNOWN = {"interactive": False, "standard": False, "batch": True}
"""Lanes whose prices it can tell apart, and whether to ask for the batch price."""
_PROBE = 100_000
"""Tokens asked about: below the 200,000 from which some prompts cost more."""
_CLOSE = 0.001


@dataclass(frozen=True, slots=True)
class Opinion:
    """What genai-prices says, in US dollars for a million tokens."""

    input: float
    output: float
    cached: float


def second_opinion(model: str, lane: str, at: float) -> Opinion | None:
    """Return genai-prices' price, or `None` where it does not know or cannot be relied on.

    The first call takes about 0.3 s.
    """
    batch = _KNOWN.get(lane)
    if batch is None:
        return None
    name = canonical_model(model)
    try:
        found = _asked(name, at, batch=batch)
        standard = _asked(name, at, batch=False) if batch else None
    except LookupError:
        return None
    if standard is not None and (found.input, found.output) == (standard.input, standard.output):
        return None
    return found


def _asked(model: str, at: float, *, batch: bool) -> Opinion:
    probes = (Usage(prompt=_PROBE), Usage(output=_PROBE), Usage(prompt=_PROBE, cached=_PROBE))
    found = [_total(model, usage, at, batch=batch) for usage in probes]
    return Opinion(*(dollars * 1_000_000 / _PROBE for dollars in found))


def _total(model: str, usage: Usage, at: float, *, batch: bool) -> float:
    import genai_prices  # noqa: PLC0415  lazy: 0.27 s

    calculation = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=usage.prompt,
            output_tokens=usage.output,
            cache_read_tokens=usage.cached,
        ),
        model,
        provider_id="google",
        genai_request_timestamp=datetime.fromtimestamp(at, UTC),
        price_context={"processing": "batch"} if batch else None,
    )
    return float(calculation.total_price)


def best_price(model: str, lane: str, at: float, overrides: Overrides = ()) -> Price | None:
    """Return the price of our table, or for a model it lacks, genai-prices' one.

    Meant for once a run: the result's `cost` is what calls use.
    """
    own = price(model, lane, at, overrides)
    if own is not None:
        return own
    opinion = second_opinion(model, lane, at)
    if opinion is None:
        return None
    today = datetime.fromtimestamp(at, UTC).date()
    return Price(opinion.input, opinion.output, opinion.cached, today, "genai-prices", today)


def differs(own: Price, opinion: Opinion) -> bool:
    """Whether two prices are more than rounding apart, so that one of them is out of date."""
    pairs = ((own.input, opinion.input), (own.output, opinion.output))
    return any(abs(a - b) > _CLOSE * max(a, b) for a, b in pairs)
