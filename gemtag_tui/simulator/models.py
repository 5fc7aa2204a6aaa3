"""The models the simulator serves, as data.

Sources: gemini-facts §1 (prices, thinking, aliases), §2.2-2.3 (limits per tier), §7 (image
tokens and thinking rules), compiled 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH")
NO_MINIMAL = LEVELS[1:]


@dataclass(frozen=True, slots=True)
class Model:
    """One model: its rules and its prices.

    Prices are USD per million tokens at the standard tier; batch and flex are half of it.
    """

    name: str
    input_price: float
    output_price: float
    family: int = 3
    """2 counts image tokens by tiles, 3 by media resolution."""
    levels: tuple[str, ...] = ()
    """Thinking levels accepted; none means that the model takes a budget instead."""
    default_level: str = ""
    budget_ok: bool = True
    thinks_by_default: bool = False
    """For models with budgets: whether thinking is on when nothing is said."""
    min_budget: int = 0
    strict_penalties: bool = False
    """Refuses frequency and presence penalties, and a last turn of role model."""
    batch_class: str = "flash"
    """Which row of the limits applies: lite, flash or pro."""


def _flash(name: str, price: tuple[float, float], levels: tuple[str, ...], level: str) -> Model:
    return Model(name, *price, levels=levels, default_level=level, strict_penalties=True)


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model("gemini-2.5-flash-lite", 0.10, 0.40, family=2, batch_class="lite"),
        Model("gemini-2.5-flash", 0.30, 2.50, family=2, thinks_by_default=True),
        Model(
            "gemini-2.5-pro",
            1.25,
            10.0,
            family=2,
            thinks_by_default=True,
            min_budget=128,
            batch_class="pro",
        ),
        Model("gemini-3-flash-preview", 0.50, 3.00, levels=LEVELS, default_level="HIGH"),
        Model(
            "gemini-3.1-flash-lite",
            0.25,
            1.50,
            levels=LEVELS,
            default_level="MINIMAL",
            batch_class="lite",
        ),
        Model(
            "gemini-3.5-flash-lite",
            0.30,
            2.50,
            levels=LEVELS,
            default_level="MINIMAL",
            strict_penalties=True,
            batch_class="lite",
        ),
        Model("gemini-3.5-flash", 1.50, 9.00, levels=LEVELS, default_level="MEDIUM"),
        _flash("gemini-3.6-flash", (0.75, 3.75), LEVELS, "MEDIUM"),
        _flash("gemini-3.7-flash", (0.75, 3.75), NO_MINIMAL, "MEDIUM"),
        _flash("gemini-3.8-flash", (0.75, 3.75), NO_MINIMAL, "MEDIUM"),
        Model(
            "gemini-3.1-pro-preview",
            2.0,
            12.0,
            levels=NO_MINIMAL,
            default_level="HIGH",
            batch_class="pro",
        ),
        Model(
            "gemini-4-argon",
            2.0,
            10.0,
            levels=NO_MINIMAL,
            default_level="MEDIUM",
            budget_ok=False,
            strict_penalties=True,
            batch_class="pro",
        ),
        Model(
            "gemini-4-carbon",
            2.0,
            10.0,
            levels=NO_MINIMAL,
            default_level="MEDIUM",
            budget_ok=False,
            strict_penalties=True,
            batch_class="pro",
        ),
    )
}

ALIASES = {
    "gemini-flash-latest": "gemini-3.8-flash",
    "gemini-flash-lite-latest": "gemini-3.5-flash-lite",
    "gemini-pro-latest": "gemini-4-argon",
}
"""Names that exist on v1beta only."""

RETIRED = frozenset({"gemini-2.0-flash", "gemini-2.0-flash-lite", "gemini-3-pro-preview"})

TIER_SUFFIX = {"free": "-FreeTier", "tier1": "", "tier2": "-PaidTier2", "tier3": "-PaidTier3"}

SPEND_LIMITS = {"free": None, "tier1": 10.0, "tier2": 50.0, "tier3": 200.0}
"""USD per rolling ten minutes."""

ENQUEUED_TOKENS = {
    "tier1": {"lite": 10_000_000, "flash": 3_000_000, "pro": 5_000_000},
    "tier2": {"lite": 500_000_000, "flash": 400_000_000, "pro": 500_000_000},
    "tier3": {"lite": 1_000_000_000, "flash": 1_000_000_000, "pro": 1_000_000_000},
}
"""Input tokens waiting in all active batch jobs of a model."""

FREE_LIMITS = {"lite": (15, 250_000, 500), "flash": (5, 250_000, 20), "pro": (0, 0, 0)}
PAID_LIMITS: dict[str, dict[str, tuple[int, int, int | None]]] = {
    "tier1": {
        "lite": (4_000, 4_000_000, None),
        "flash": (1_000, 1_000_000, 10_000),
        "pro": (150, 2_000_000, 10_000),
    },
    "tier2": {
        "lite": (10_000, 10_000_000, None),
        "flash": (2_000, 3_000_000, 100_000),
        "pro": (1_000, 5_000_000, 50_000),
    },
    "tier3": {
        "lite": (30_000, 30_000_000, None),
        "flash": (10_000, 8_000_000, None),
        "pro": (2_000, 8_000_000, None),
    },
}
"""Requests and input tokens a minute, and requests a day, last published per class."""


def find(name: str, version: str) -> Model | None:
    """The model behind a name or alias, or None where this version does not know it."""
    if version == "v1beta":
        name = ALIASES.get(name, name)
    return MODELS.get(name)


def tier_limits(model: Model, tier: str) -> tuple[int | None, int | None, int | None]:
    """Requests a minute, input tokens a minute, requests a day, for a tier."""
    if tier == "free":
        return FREE_LIMITS[model.batch_class]
    return PAID_LIMITS[tier][model.batch_class]
