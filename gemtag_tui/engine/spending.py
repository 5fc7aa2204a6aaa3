"""What one call uses and costs: by rule at first, by measure as soon as there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.engine.admission import Need

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.core.calls import Usage

_WEIGHT = 0.05
_MARGIN = 1.0


class Spending:
    """Expected tokens and cost of a call.

    Args:
        rule: tokens (prompt with image, output) for a picture's width and height, by rule.
        cost: US dollars for a usage on the present lane; `None` when no price is known.
    """

    def __init__(
        self,
        rule: Callable[[int, int], tuple[int, int]],
        cost: Callable[[Usage], float | None],
    ) -> None:
        self._rule = rule
        self._cost = cost
        self._prompt_factor: float | None = None
        self._output_mean: float | None = None

    def need(self, width: int, height: int) -> Need:
        """Return what to reserve for a picture of this size."""
        return Need(*self.expected(width, height))

    def expected(self, width: int, height: int) -> tuple[int, float]:
        """Return input tokens and US dollars for a picture of this size."""
        prompt, output = self._rule(width, height)
        if self._prompt_factor is not None:
            prompt = round(prompt * self._prompt_factor * _MARGIN)
        if self._output_mean is not None:
            output = round(self._output_mean)
        return max(1, prompt), self.cost_of(prompt, output)

    def cost_of(self, prompt: int, output: int) -> float:
        """Return US dollars for some tokens, 0 when no price is known."""
        from gemtag_tui.core.calls import Usage

        return self._cost(Usage(prompt=prompt, output=output)) or 0.0

    def actual(self, usage: Usage | None, expected: float) -> float:
        """Return what a call cost: by its usage, else what was expected."""
        if usage is None:
            return expected
        return self._cost(usage) or 0.0

    def learn(self, width: int, height: int, usage: Usage) -> None:
        """Take a real usage into account."""
        rule_prompt, _ = self._rule(width, height)
        if usage.prompt > 0 and rule_prompt > 0:
            factor = usage.prompt / rule_prompt
            self._prompt_factor = _blend(self._prompt_factor, factor)
        self._output_mean = _blend(self._output_mean, float(usage.output))


def _blend(old: float | None, new: float) -> float:
    return new if old is None else old + _WEIGHT * (new - old)
