"""What calls cost, priced as what was really served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.flex import served_lane
from gemtag_tui.core.prices import price, priority_range

if TYPE_CHECKING:
    from gemtag_tui.core.calls import Answer
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.prices import Overrides, Price

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

    @property
    def known(self) -> bool:
        """Whether there is a price at all."""
        return self._price(self.model, self.lane) is not None

    def expected(self, prompt: int, output: int, lane: str = "") -> float:
        """Return US dollars for some tokens in a lane; 0 when no price is known."""
        found = self._price(self.model, lane or self.lane)
        return found.cost(Usage(prompt=prompt, output=output)) if found else 0.0

    def of(self, answer: Answer, lane: str = "") -> float | None:
        """Return US dollars of an answer, `None` when it does not say what it used.

        Args:
            answer: as it came; what it says of its service and its model is what counts.
            lane: as asked, for an answer that does not say.
        """
        if answer.usage is None:
            return None
        served = served_lane(lane or self.lane, answer.service_tier)
        served = "priority" if answer.service_tier == "priority" else served
        found = self._price(answer.model_version or self.model, served)
        found = found or self._price(self.model, served) or self._price(self.model, self.lane)
        return found.cost(answer.usage) if found else 0.0

    def _price(self, model: str, lane: str) -> Price | None:
        now = self._clock.now()
        at, found = self._kept.get((model, lane), (float("-inf"), None))
        if now - at > _FRESH_SECONDS:
            found = price(model, lane, now, self._own)
            if found is None and lane == "priority" and (span := priority_range(model, now)):
                found = span[1]  # Google names a range alone: the dearer end is never too little
            self._kept[model, lane] = (now, found)
        return found
