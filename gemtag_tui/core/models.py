"""What is known of each Gemini model, and what is assumed of one that is not known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from gemtag_tui.core.model_limits import ENQUEUED, LIMITS, TierLimits
from gemtag_tui.core.settings import Tier

Size = Literal["lite", "flash", "pro"]
Style = Literal["budget", "level"]

AS_OF = date(2026, 11, 22)
"""When this table was put together."""

_LEVELS = ("minimal", "low", "medium", "high")
_TILE = 258
_TOKENS_2 = {"low": 64, "medium": 256}
_TOKENS_3 = {"default": 1120, "low": 280, "medium": 560, "high": 1120}
GOING_SOON_DAYS = 90
"""How long before a shutdown it is spoken of."""


@dataclass(frozen=True, slots=True)
class ThinkingRules:
    """How a model is told how much to think.

    Attributes:
        style: 2.x models take a budget of tokens, later ones a level; the wrong one is a 400.
        least: value of the smallest setting; `None`: say nothing, it does not think by itself.
        levels: levels accepted, for style "level".
        room: output tokens to add for thinking at its least, since it counts as output.
    """

    style: Style
    least: int | str | None
    levels: tuple[str, ...] = ()
    room: int = 0

    def config(self, wanted: str) -> dict[str, Any] | None:
        """Return `thinkingConfig` for a profile's wish, as near as the model allows."""
        if wanted in {"minimum", "off"} or wanted == self.least:
            return self._named(self.least)
        if self.style == "budget":
            budgets = {"minimal": 512, "low": 1024, "medium": 4096, "high": 8192}
            return {"thinkingBudget": budgets[wanted]}
        return self._named(wanted if wanted in self.levels else self.least)

    def headroom(self, wanted: str) -> int:
        """Return the output tokens to allow on top of the answer's own."""
        if wanted in {"minimum", "off"}:
            return self.room
        return max(self.room, {"minimal": 512, "low": 2048, "medium": 6144, "high": 12288}[wanted])

    def _named(self, value: int | str | None) -> dict[str, Any] | None:
        if value is None:
            return None
        if isinstance(value, int):
            return {"thinkingBudget": value}
        return {"thinkingLevel": value.upper()}


@dataclass(frozen=True, slots=True)
class ModelRules:
    """One model.

    Attributes:
        family: 2 counts image tokens by tiles, later ones by media resolution.
        samples: whether temperature is honoured (later models ignore it).
        shutdown: first day without it, or `None` when no date is known.
        shutdown_is_earliest: the date is "not before".
        afterwards: what happens to requests from that day on, in words.
        replacement: the model that Google names instead, "" when none.
        cache_min: tokens of the shortest prefix that is cached; `None` when not published.
        limits: by tier; `enqueued`: batch tokens by tier, 0 where there is no batch.
        known: `False` for a model that only its family's rules were found for.
    """

    id: str
    family: int
    size: Size
    thinking: ThinkingRules
    samples: bool = False
    preview: bool = False
    shutdown: date | None = None
    shutdown_is_earliest: bool = False
    afterwards: str = ""
    replacement: str = ""
    cache_min: int | None = None
    limits: dict[Tier, TierLimits] = field(default_factory=dict)
    enqueued: dict[Tier, int] = field(default_factory=dict)
    known: bool = True

    def batch_available(self, tier: Tier) -> bool:
        """Whether this tier has the batch API for this model."""
        return self.enqueued.get(tier, 0) > 0

    def image_tokens(self, resolution: str, width: int, height: int) -> int:
        """Return the tokens of one image; from the third generation on its size does not matter.

        Args:
            resolution: low, medium, high or default.
            width: pixels.
            height: pixels.
        """
        if self.family >= 3:
            return _TOKENS_3.get(resolution, _TOKENS_3["default"])
        return _TOKENS_2.get(resolution) or _tiles(width, height) * _TILE


def _tiles(width: int, height: int) -> int:
    """Count the tiles of 258 tokens (ai.google.dev/gemini-api/docs/tokens; 2.x models)."""
    if width <= 384 and height <= 384:
        return 1
    unit = min(768, max(256, int(min(width, height) / 1.5)))
    return -(-width // unit) * -(-height // unit)


def _levels(*levels: str, room: int = 0) -> ThinkingRules:
    return ThinkingRules("level", levels[0], levels, room)


_MINIMAL = _levels(*_LEVELS, room=256)
_LOW = _levels(*_LEVELS[1:], room=2048)
_GONE_LITE = "requests are answered and billed as gemini-3.5-flash-lite"
_GONE_FLASH = "requests are answered and billed as gemini-3.8-flash"


def _rules(model: str, family: int, size: Size, thinking: ThinkingRules, **more: Any) -> ModelRules:
    kind = "2" if family == 2 else "3"
    limits = LIMITS.get(model) or LIMITS[f"{kind}-{size}"]
    enqueued = ENQUEUED.get(model) or ENQUEUED[f"{kind}-{size}"]
    return ModelRules(model, family, size, thinking, limits=limits, enqueued=enqueued, **more)


_TABLE = (
    _rules("gemini-2.5-flash-lite", 2, "lite", ThinkingRules("budget", None), samples=True),
    _rules("gemini-3.1-flash-lite", 3, "lite", _MINIMAL, samples=True, shutdown=date(2027, 5, 7),
           shutdown_is_earliest=True),
    _rules("gemini-3.5-flash-lite", 3, "lite", _MINIMAL),
    _rules("gemini-2.5-flash", 2, "flash", ThinkingRules("budget", 0), samples=True, cache_min=2048,
           shutdown=date(2026, 12, 1), afterwards=_GONE_LITE, replacement="gemini-3.5-flash-lite"),
    _rules("gemini-3-flash-preview", 3, "flash", _MINIMAL, samples=True, preview=True),
    _rules("gemini-3.5-flash", 3, "flash", _MINIMAL, samples=True, cache_min=4096),
    _rules("gemini-3.6-flash", 3, "flash", _MINIMAL, cache_min=4096),
    _rules("gemini-3.7-flash", 3, "flash", _LOW, cache_min=4096),
    _rules("gemini-3.8-flash", 3, "flash", _LOW, cache_min=4096),
    _rules("gemini-2.5-pro", 2, "pro", ThinkingRules("budget", 128, room=512), samples=True,
           cache_min=2048, shutdown=date(2026, 12, 1), afterwards=_GONE_FLASH,
           replacement="gemini-3.8-flash"),
    _rules("gemini-3.1-pro-preview", 3, "pro", _LOW, samples=True, preview=True, cache_min=4096),
    _rules("gemini-4-argon", 4, "pro", _LOW, cache_min=4096),
    _rules("gemini-4-carbon", 4, "pro", _LOW),
    _rules("gemini-2.0-flash", 2, "flash", ThinkingRules("budget", None), samples=True,
           shutdown=date(2026, 6, 1), afterwards="requests are refused (404)",
           replacement="gemini-3.5-flash-lite"),
    _rules("gemini-2.0-flash-lite", 2, "lite", ThinkingRules("budget", None), samples=True,
           shutdown=date(2026, 6, 1), afterwards="requests are refused (404)",
           replacement="gemini-3.5-flash-lite"),
    _rules("gemini-3-pro-preview", 3, "pro", _LOW, samples=True, preview=True,
           shutdown=date(2026, 3, 9), afterwards="requests are refused (404)",
           replacement="gemini-3.1-pro-preview"),
)  # fmt: skip

MODELS: dict[str, ModelRules] = {rules.id: rules for rules in _TABLE}
"""Every model known to take images and answer in text."""

_ALIASES = re.compile(r"^gemini-(flash|flash-lite|pro)-latest$")
_SUFFIX = re.compile(r"-(?:\d{3}|preview-\d\d-\d{4}|preview)$")
_SHAPE = re.compile(r"^gemini-(\d+)(?:\.(\d+))?-([a-z]+(?:-lite)?)")


def canonical_model(name: str) -> str:
    """Return a known model's id without `models/` and version; any other name almost as it is."""
    bare = name.removeprefix("models/")
    if bare in MODELS:
        return bare
    short = _SUFFIX.sub("", bare)
    return short if short in MODELS else bare


def is_alias(model: str) -> bool:
    """Whether this is a moving name such as gemini-flash-latest, which only v1beta serves."""
    return _ALIASES.match(model) is not None


def rules_for(model: str) -> ModelRules:
    """Return a model's rules; for one that is not known, its family's, marked `known=False`.

    An unknown model is never told how to think: what it would refuse is not known either.
    """
    name = canonical_model(model)
    if name in MODELS:
        return MODELS[name]
    family, size = _shape(name)
    room = 0 if size == "lite" else 2048
    quiet = ThinkingRules("budget" if family == 2 else "level", None, _LEVELS, room)
    guess = _rules(name, family, size, quiet, known=False)
    limits = {tier: replace(limits, assumed=True) for tier, limits in guess.limits.items()}
    return replace(guess, preview="preview" in name, limits=limits)


def _shape(name: str) -> tuple[int, Size]:
    match = _SHAPE.match(name)
    kind = match[3] if match else name
    size: Size = "lite" if "lite" in kind else "flash" if "flash" in kind else "pro"
    if match is None:
        return 3, size
    return max(2, int(match[1])), size


def notices(model: str, today: date) -> list[str]:
    """Return what somebody who is about to use this model ought to know, most pressing first."""
    rules = rules_for(model)
    found = [_shutdown_notice(rules, today)]
    if is_alias(model):
        found.append(f"{model} is a moving name that API version v1 does not serve: name a model.")
    elif not rules.known:
        found.append(
            f"{model} is not in gemtag's table of {AS_OF}: limits are assumed from its family,"
            " and its price is not known."
        )
    if rules.preview:
        found.append(
            f"{model} is a preview: tighter limits, and it may change or go at short notice."
        )
    return [words for words in found if words]


def _shutdown_notice(rules: ModelRules, today: date) -> str:
    if rules.shutdown is None:
        return ""
    days = (rules.shutdown - today).days
    use = f" Use {rules.replacement} instead." if rules.replacement else ""
    then = f" From then on {rules.afterwards}." if rules.afterwards else ""
    if days <= 0:
        if rules.shutdown_is_earliest:
            return f"{rules.id} may be shut down at any time since {rules.shutdown}.{use}"
        return f"{rules.id} was shut down on {rules.shutdown}: {rules.afterwards}.{use}"
    if rules.shutdown_is_earliest:
        soon = days <= GOING_SOON_DAYS
        return f"{rules.id} may go from {rules.shutdown} on (in {days} days).{use}" if soon else ""
    plural = "day" if days == 1 else "days"
    return f"{rules.id} is shut down on {rules.shutdown}, in {days} {plural}.{then}{use}"
