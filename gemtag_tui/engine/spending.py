"""What one call uses and costs: by rule at first, by measure as soon as there is one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gemtag_tui.core.flex import served_lane
from gemtag_tui.core.quota_values import Need

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.core.calls import Answer, Usage
    from gemtag_tui.engine.pricing import Pricing

_WEIGHT = 0.05
_SIZES = 1024


class Spending:
    """Expected tokens and cost of a call.

    Args:
        rule: tokens (prompt with image, output) for a picture's width and height, by rule.
        pricing: prices.
    """

    def __init__(self, rule: Callable[[int, int], tuple[int, int]], pricing: Pricing) -> None:
        self._rule = lru_cache(maxsize=_SIZES)(rule)
        self.pricing = pricing
        self._prompt_factor: float | None = None
        self._output_mean: float | None = None
        self._served: dict[str, str] = {}

    def need(self, width: int, height: int, lane: str = "") -> Need:
        """Return what to reserve for a picture of this size in a lane.

        What was last served to that lane's calls may be dearer than what was asked: then that is
        reserved.
        Its tokens are the rule's: admission measures by itself how far they are off.
        """
        rule, output = self._rule(width, height)
        prompt = rule if self._prompt_factor is None else round(rule * self._prompt_factor)
        if self._output_mean is not None:
            output = round(self._output_mean)
        return Need(max(1, rule), self._usd(prompt, output, lane))

    def need_with(self, rule: int, output: int, lane: str) -> Need:
        """Return what to reserve for a try with a changed setting: all of its room for an answer.

        Args:
            rule: input tokens by rule, with the setting changed.
            output: most output tokens.
            lane: of the call.
        """
        prompt = rule if self._prompt_factor is None else round(rule * self._prompt_factor)
        return Need(max(1, rule), self._usd(prompt, output, lane))

    def _usd(self, prompt: int, output: int, lane: str) -> float:
        usd = self.pricing.expected(prompt, output, lane)
        if served := self._served.get(lane):
            usd = max(usd, self.pricing.expected(prompt, output, served))
        return usd

    def actual(self, answer: Answer, expected: float, lane: str = "") -> float:
        """Return what an answer to a call of a lane cost: by its usage, else what was expected."""
        self._served[lane] = served_lane(lane, answer.service_tier)
        cost = self.pricing.of(answer, lane)
        return expected if cost is None else cost

    def learn(self, width: int, height: int, usage: Usage) -> None:
        """Take a real usage into account."""
        rule_prompt, _ = self._rule(width, height)
        if usage.prompt > 0 and rule_prompt > 0:
            self._prompt_factor = _blend(self._prompt_factor, usage.prompt / rule_prompt)
        self._output_mean = _blend(self._output_mean, float(usage.output))


def _blend(old: float | None, new: float) -> float:
    return new if old is None else old + _WEIGHT * (new - old)
