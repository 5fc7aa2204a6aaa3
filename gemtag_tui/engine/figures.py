"""Which limits hold, and who said so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gemtag_tui.core.model_limits import SPEND_PER_10MIN
from gemtag_tui.core.quota_values import Limit, LimitFigures

if TYPE_CHECKING:
    from gemtag_tui.core.models import ModelRules
    from gemtag_tui.core.settings import Settings

_SOURCES = {"environment": "yours", "config": "yours", "command line": "command line"}


def limit_figures(
    settings: Settings, origins: Mapping[str, str], rules: ModelRules
) -> LimitFigures:
    """Return the limits in force before a 429 has taught anything else.

    What a person has set stands before the tier table; 0 in both means that there is no limit.
    """
    limits = settings.limits
    table = rules.limits.get(limits.tier)
    given = {
        "rpm": (limits.rpm, table.rpm if table else 0),
        "tpm": (limits.tpm, table.tpm if table else 0),
        "rpd": (limits.rpd, table.rpd if table else 0),
        "spend": (limits.spend_per_10min, SPEND_PER_10MIN[limits.tier]),
    }
    return LimitFigures(
        **{
            name: Limit(mine or theirs, _source(mine, origins.get(_setting(name), "default")))
            for name, (mine, theirs) in given.items()
        }
    )


def _setting(name: str) -> str:
    return "limits.spend_per_10min" if name == "spend" else f"limits.{name}"


def _source(mine: float, origin: str) -> str:
    return _SOURCES.get(origin, "yours") if mine else "default"
