"""Prices that a user knows better than our table: the text of a prices file, judged."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from gemtag_tui.core.errors import SettingsError
from gemtag_tui.core.text import plain

PRICES_FILE = "prices.toml"
"""Name of the file, beside the settings file."""
LEVELS = ("standard", "flex", "batch", "priority")

Dollars = Annotated[float, Meta(ge=0, le=100_000)]


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """One row of the user's: US dollars for a million tokens, from a day (UTC) on.

    Attributes:
        lane: standard, flex, batch or priority; "" for every lane as it stands.
        cached: prompt tokens read from the cache.
    """

    model: str
    lane: str
    since: date
    input: float
    output: float
    cached: float
    source: str = "yours"


Overrides = Sequence[OwnPrice]
"""A row for a lane stands before one for all lanes; of those, the latest that holds already."""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    model: Annotated[str, Meta(min_length=1, max_length=200)]
    input: Dollars
    output: Dollars
    lane: Annotated[str, Meta(pattern=r"^(|standard|interactive|flex|batch|priority)$")] = ""
    since: date = date(2000, 1, 1)
    cached: Dollars | None = None
    source: Annotated[str, Meta(max_length=200)] = "yours"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    price: tuple[_Row, ...] = ()


def parse_prices(text: str, place: str) -> tuple[OwnPrice, ...]:
    """Return the rows of a prices file.

    Args:
        text: TOML with `[[price]]` tables: model, input and output, and if wanted lane, since,
            cached and source. Without `cached`, what is read from the cache costs a tenth of
            `input`, as Google's own prices do (pricing page, 2026-10-07).
        place: where the text comes from, for the message.

    Raises:
        SettingsError: it cannot be used; says where and why.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(
            f"{plain(place)} cannot be used: {plain(str(error), 300)}. Each price is a [[price]] "
            "with model, input and output in US dollars for a million tokens."
        ) from None
    return tuple(map(_own, file.price))


def _own(row: _Row) -> OwnPrice:
    lane = "standard" if row.lane == "interactive" else row.lane
    cached = row.input / 10 if row.cached is None else row.cached
    model = row.model.removeprefix("models/")
    return OwnPrice(model, lane, row.since, row.input, row.output, cached, row.source)


def own_price(rows: Overrides, model: str, level: str, day: date) -> OwnPrice | None:
    """Return the row that holds for a model and a level on a day."""
    fitting = [r for r in rows if r.model == model and r.lane in {"", level} and r.since <= day]
    return max(fitting, key=lambda row: (row.lane != "", row.since), default=None)


def own_changes(rows: Overrides, model: str, level: str) -> list[date]:
    """Return the days on which a row of the user's begins to hold."""
    return [row.since for row in rows if row.model == model and row.lane in {"", level}]
