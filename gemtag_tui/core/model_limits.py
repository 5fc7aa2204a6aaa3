"""Limits by usage tier, dated. None of them is promised: AI Studio shows a project's own.

Requests and tokens per minute and requests per day are no longer published. Sources: `docs`, the
rate limit page of November 2025; `screen`, AI Studio's own figures seen 2026-09-09; `429`, limits
named in refusals of 2026. Everything else is taken from the nearest family and marked `assumed`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gemtag_tui.core.settings import Tier


@dataclass(frozen=True, slots=True)
class TierLimits:
    """What one tier may use of one model. 0: no such limit is known.

    Attributes:
        rpm: requests a minute.
        tpm: input tokens a minute.
        rpd: requests a Pacific day.
        available: `False` when this tier does not have the model at all.
        assumed: taken from the nearest family, since none was published or seen.
        source: where the figures come from.
    """

    rpm: int
    tpm: int
    rpd: int
    available: bool = True
    assumed: bool = False
    source: str = "docs 2025-11"


SPEND_PER_10MIN = {Tier.FREE: 0.0, Tier.TIER1: 10.0, Tier.TIER2: 50.0, Tier.TIER3: 200.0}
"""US dollars per rolling ten minutes (rate limit page, 2026-08-18; seen again 2026-10-17)."""

MONTH_CAP = {Tier.FREE: 0.0, Tier.TIER1: 250.0, Tier.TIER2: 2_000.0, Tier.TIER3: 20_000.0}
"""US dollars a billing account may spend in a month (rate limit page, 2026-08-18); for tier 3 the
least: some have 100,000 and more. 0: nothing is charged."""

CONCURRENT_BATCHES = 100
"""Batch jobs active at once (rate limit page, 2026-08-18)."""

_Table = dict[Tier, TierLimits]


def _table(free: TierLimits, t1: TierLimits, t2: TierLimits, t3: TierLimits) -> _Table:
    return {Tier.FREE: free, Tier.TIER1: t1, Tier.TIER2: t2, Tier.TIER3: t3}


def _seen(rpm: int, tpm: int, rpd: int) -> TierLimits:
    return TierLimits(rpm, tpm, rpd, source="screen 2026-09-09")


def _assumed(table: _Table, free: TierLimits) -> _Table:
    paid = {
        tier: replace(limits, assumed=True, source=f"nearest family's ({limits.source})")
        for tier, limits in table.items()
    }
    return {**paid, Tier.FREE: free}


_LITE_2 = _table(
    _seen(10, 250_000, 20),
    _seen(4_000, 4_000_000, 0),
    TierLimits(10_000, 10_000_000, 0),
    TierLimits(30_000, 30_000_000, 0),
)
_FLASH_2 = _table(
    _seen(5, 250_000, 20),
    _seen(1_000, 1_000_000, 10_000),
    TierLimits(2_000, 3_000_000, 100_000),
    TierLimits(10_000, 8_000_000, 0),
)
_PRO_2 = _table(
    TierLimits(5, 250_000, 50, assumed=True, source="0 to 50 a day were seen"),
    TierLimits(150, 2_000_000, 10_000),
    TierLimits(1_000, 5_000_000, 50_000),
    TierLimits(2_000, 8_000_000, 0),
)
_FREE_LITE_3 = TierLimits(15, 250_000, 500, source="429 2026")
_FREE_FLASH_3 = TierLimits(5, 250_000, 20, source="429 2026-09 (tokens assumed)")
_FREE_PRO_3 = TierLimits(0, 0, 0, available=False, source="429 2026 (limit: 0)")

LIMITS: dict[str, _Table] = {
    "2-lite": _LITE_2,
    "2-flash": _FLASH_2,
    "2-pro": _PRO_2,
    "3-lite": _assumed(_LITE_2, _FREE_LITE_3),
    "3-flash": _assumed(_FLASH_2, _FREE_FLASH_3),
    "3-pro": _assumed(_PRO_2, _FREE_PRO_3),
}
"""By generation and size; a model's own id may be a key too."""

_M = 1_000_000


def _enqueued(tier1: int, tier2: int, tier3: int) -> dict[Tier, int]:
    return {Tier.FREE: 0, Tier.TIER1: tier1 * _M, Tier.TIER2: tier2 * _M, Tier.TIER3: tier3 * _M}


ENQUEUED: dict[str, dict[Tier, int]] = {
    "2-lite": _enqueued(10, 500, 1000),
    "3-lite": _enqueued(10, 500, 1000),
    "2-flash": _enqueued(3, 400, 1000),
    "3-flash": _enqueued(3, 400, 1000),
    "gemini-3-flash-preview": _enqueued(3, 400, 500),
    "2-pro": _enqueued(5, 500, 1000),
    "3-pro": _enqueued(5, 500, 1000),
}
"""Tokens in all active batch jobs of a model; the free tier has no batch (page of 2026-08-18)."""
