"""Admission: which quotas a call would break, and Google's 429 for them.

Sources: gemini-facts §2.1 (what is counted), §3.1-3.3 (bodies and quotaIds).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from gemtag_tui.simulator.config import Limits, Mode
from gemtag_tui.simulator.errors import SERVICE, TYPE, ApiError
from gemtag_tui.simulator.models import SPEND_LIMITS, TIER_SUFFIX, Model, tier_limits
from gemtag_tui.simulator.windows import (
    BucketWindow,
    CalendarWindow,
    PacificDay,
    SlidingWindow,
    Window,
)

MINUTE = 60.0
SPEND_SPAN = 600.0
MISLEADING_DELAY = 26.211922938
"""What a 429 for a day's quota says although the wait is hours (captured 2026-09)."""

OPENING = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To "
    "monitor your current usage, head to: https://ai.dev/rate-limit. "
)
HELP = {
    "@type": TYPE + "Help",
    "links": [
        {
            "description": "Learn more about Gemini API quotas",
            "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A quota that a call would break; ``kind`` is minute, tokens, day or spend."""

    kind: str
    limit: float
    wait: float


@dataclass(slots=True)
class Meter:
    """One per-minute quota, counted in all three ways at once."""

    sliding: SlidingWindow
    calendar: CalendarWindow
    bucket: BucketWindow

    @classmethod
    def of(cls, burst_seconds: float) -> Meter:
        """A meter at zero."""
        return cls(
            SlidingWindow(MINUTE), CalendarWindow(MINUTE), BucketWindow(MINUTE, burst_seconds)
        )

    def windows(self, mode: Mode) -> tuple[Window, ...]:
        """The ways of counting that decide."""
        every: dict[str, Window] = {
            "sliding": self.sliding,
            "calendar": self.calendar,
            "bucket": self.bucket,
        }
        return tuple(every.values()) if mode == "all" else (every[mode],)

    def wait(self, now: float, amount: float, limit: float, mode: Mode) -> float:
        """Seconds until every deciding way lets the amount in."""
        return max(window.wait(now, amount, limit) for window in self.windows(mode))

    def add(self, now: float, amount: float, limit: float) -> None:
        """Count in every way, so that the mode can be changed while it runs."""
        for window in self.windows("all"):
            window.add(now, amount, limit)


@dataclass(slots=True)
class ModelMeters:
    """The quotas of one model."""

    requests: Meter
    tokens: Meter
    day: PacificDay = field(default_factory=PacificDay)


class Quotas:
    """Counts calls for a project and says which quota the next would break."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._models: dict[str, ModelMeters] = {}
        self._spend = SlidingWindow(SPEND_SPAN)

    def meters(self, model: Model) -> ModelMeters:
        """The meters of a model."""
        found = self._models.get(model.name)
        if found is None:
            burst = self.limits.burst_seconds
            found = ModelMeters(Meter.of(burst), Meter.of(burst))
            self._models[model.name] = found
        return found

    def in_force(self, model: Model) -> tuple[float, float, float, float]:
        """Requests a minute, tokens a minute, requests a day and USD per ten minutes."""
        own = self.limits
        given: list[float | None] = [own.rpm, own.tpm, own.rpd, own.spend_per_10min]
        if own.by_tier:
            table = (*tier_limits(model, own.tier), SPEND_LIMITS[own.tier])
            given = [
                mine if mine is not None else its for mine, its in zip(given, table, strict=True)
            ]
        rpm, tpm, rpd, spend = (math.inf if value is None else float(value) for value in given)
        return rpm, tpm, rpd, spend

    def admit(self, model: Model, tokens: int, now: float) -> list[Violation]:
        """Count a call and return nothing, or return every quota that it would break."""
        meters, mode = self.meters(model), self.limits.mode
        rpm, tpm, rpd, spend = self.in_force(model)
        waits = (
            ("tokens", tpm, meters.tokens.wait(now, tokens, tpm, mode) if tpm < math.inf else 0.0),
            ("minute", rpm, meters.requests.wait(now, 1, rpm, mode) if rpm < math.inf else 0.0),
            ("day", rpd, meters.day.wait(now, 1, rpd)),
            ("spend", spend, self._spend_wait(now, spend)),
        )
        broken = [Violation(kind, limit, wait) for kind, limit, wait in waits if wait > 0]
        if not broken or self.limits.count_rejected:
            meters.requests.add(now, 1, rpm)
            meters.day.add(now, 1, rpd)
        if not broken:
            meters.tokens.add(now, tokens, tpm)
        return broken

    def charge(self, model: Model, usd: float, now: float) -> None:
        """Count money spent, where a limit looks at it."""
        limit = self.in_force(model)[3]
        if limit < math.inf:
            self._spend.add(now, usd, limit)

    def _spend_wait(self, now: float, limit: float) -> float:
        """The next call is let in while what was spent is below the limit."""
        if self._spend.used(now) < limit:
            return 0.0
        return max(self._spend.wait(now, 1e-9, limit), 1e-3)


def quota_error(violations: list[Violation], model: Model, limits: Limits) -> ApiError:
    """The 429 for broken quotas, in Google's words and shape."""
    worst = max(violations, key=lambda one: one.wait)
    delay = MISLEADING_DELAY if worst.kind == "day" else min(max(worst.wait, 0.0), MINUTE * 10)
    if math.isinf(worst.wait):
        delay = MINUTE - 0.5
    lines = [_line(one, model, limits) for one in violations]
    words = OPENING + "\n" + "\n".join(lines) + f"\nPlease retry in {delay:.9f}s."
    details: list[dict[str, Any]] = [HELP]
    if limits.quota_failure:
        failures = [_violation(one, model, limits) for one in violations]
        details.append({"@type": TYPE + "QuotaFailure", "violations": failures})
        if limits.retry_delay != "none":
            details.append({"@type": TYPE + "RetryInfo", "retryDelay": _delay(delay, limits)})
    return ApiError(429, words, details)


def help_only(words: str = OPENING) -> ApiError:
    """The 429 of batch creation: nothing but the Help link (seen 2026-01)."""
    return ApiError(429, words, [HELP])


def _delay(delay: float, limits: Limits) -> str:
    if limits.retry_delay == "zero":
        return "0s"
    return f"{delay:.9f}s" if limits.retry_delay == "fraction" else f"{int(delay)}s"


def _names(kind: str, limits: Limits) -> tuple[str, str]:
    """The metric and the quotaId of a quota."""
    free, suffix = limits.tier == "free", TIER_SUFFIX[limits.tier]
    if kind == "tokens":
        if free:
            return (
                "generate_content_free_tier_input_token_count",
                "GenerateContentInputTokensPerModelPerMinute-FreeTier",
            )
        return (
            "generate_content_paid_tier_input_token_count",
            f"GenerateContentPaidTierInputTokensPerModelPerMinute{suffix}",
        )
    if kind == "spend":
        return "generate_content_spend", "GenerateContentSpendPerTenMinutesPerProject"
    if kind == "day":
        metric = "generate_requests_per_model_per_day"
        quota = f"GenerateRequestsPerDayPerProjectPerModel{suffix}"
    else:
        metric = "generate_requests_per_model"
        quota = f"GenerateRequestsPerMinutePerProjectPerModel{suffix}"
    return ("generate_content_free_tier_requests" if free else metric), quota


def _line(one: Violation, model: Model, limits: Limits) -> str:
    metric, _ = _names(one.kind, limits)
    limit = f"limit: {_plain(one.limit)}, model: {model.name}"
    return f"* Quota exceeded for metric: {SERVICE}/{metric}, {limit}"


def _violation(one: Violation, model: Model, limits: Limits) -> dict[str, Any]:
    metric, quota = _names(one.kind, limits)
    return {
        "quotaMetric": f"{SERVICE}/{metric}",
        "quotaId": quota,
        "quotaDimensions": {"location": "global", "model": model.name},
        "quotaValue": _plain(one.limit),
    }


def _plain(limit: float) -> str:
    return f"{limit:.0f}" if limit == int(limit) else f"{limit:g}"
