"""What calls cost, priced as what was really served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.prices import price

if TYPE_CHECKING:
    from gemtag_tui.core.calls import Answer
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.prices import Overrides, Price

_LANE_OF_TIER = {"standard": "interactive", "flex": "flex", "priority": "priority"}
_FRESH_SECONDS = 600.0


class Pricing:
    """Prices of one model and lane, looked up again every ten minutes since they are dated.

    Args:
        model: the model asked for.
        lane: interactive, flex or batch.
        clock: tells the day.
        own: the user's own prices, which stand before the table.
    """

    def __init__(self, model: str, lane: str, clock: Clock, own: Overrides = ()) -> None:
        self.model = model
        self.lane = lane
        self._clock = clock
        self._own = own
        self._kept: dict[tuple[str, str], tuple[float, Price | None]] = {}

    def for_lane(self, lane: str) -> Pricing:
        """Return the same model's prices in another lane."""
        return Pricing(self.model, lane, self._clock, self._own)

    @property
    def known(self) -> bool:
        """Whether there is a price at all."""
        return self._price(self.model, self.lane) is not None

    def expected(self, prompt: int, output: int) -> float:
        """Return US dollars for some tokens; 0 when no price is known."""
        found = self._price(self.model, self.lane)
        return found.cost(Usage(prompt=prompt, output=output)) if found else 0.0

    def of(self, answer: Answer) -> float | None:
        """Return US dollars of an answer, `None` when it does not say what it used."""
        if answer.usage is None:
            return None
        lane = _LANE_OF_TIER.get(answer.service_tier.lower(), self.lane)
        found = self._price(answer.model_version or self.model, lane)
        found = found or self._price(self.model, self.lane)
        return found.cost(answer.usage) if found else 0.0

    def _price(self, model: str, lane: str) -> Price | None:
        now = self._clock.now()
        at, found = self._kept.get((model, lane), (float("-inf"), None))
        if now - at > _FRESH_SECONDS:
            found = price(model, lane, now, self._own)
            self._kept[model, lane] = (now, found)
        return found
