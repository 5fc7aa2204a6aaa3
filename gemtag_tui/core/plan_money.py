"""Money of a plan in whole nano-dollars, so that no split and no budget loses any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import floor

from gemtag_tui.core.estimate import PerImage
from gemtag_tui.core.plan_time import Epoch
from gemtag_tui.core.price_own import OwnPrice
from gemtag_tui.core.prices import Overrides, Price, changes, price
from gemtag_tui.core.quota_money import NANO, nanos


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one image costs, from several moments on.

    Attributes:
        since: Unix seconds, the first in the past.
        nano: nano-dollars for one image, as many.
    """

    since: tuple[float, ...]
    nano: tuple[int, ...]

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """The same, as time is reckoned with."""
        return tuple(Epoch(at, each / NANO) for at, each in zip(self.since, self.nano, strict=True))

    @property
    def each(self) -> int:
        """Nano-dollars for one image now."""
        return self.nano[0]


FREE = Tariff((0.0,), (0,))


def tariff_of(
    model: str, lane: str, now: float, tokens: PerImage, own: Overrides = ()
) -> Tariff | None:
    """Return what one image costs from now on; `None` when a price is not known."""
    dated = _prices(model, lane, now, tuple(own))
    if any(one is None for _, one in dated):
        return None
    each = [one.each(tokens.tokens_in, tokens.output) for _, one in dated if one is not None]
    return Tariff((0.0, *(at for at, _ in dated[1:])), tuple(map(nanos, each)))


@lru_cache(maxsize=512)
def _prices(
    model: str, lane: str, now: float, own: tuple[OwnPrice, ...]
) -> tuple[tuple[float, Price | None], ...]:
    moments = [now, *changes(model, lane, now, own)]
    return tuple((at, price(model, lane, at, own)) for at in moments)


def total(tariff: Tariff, images: Sequence[int]) -> int:
    """Return nano-dollars for images by the tariff's moments."""
    return sum(each * count for each, count in zip(tariff.nano, images, strict=True))


def affordable(budget: float, spent: float, each: int) -> int | None:
    """Return how many images a budget in US dollars still pays for; `None` when it never ends.

    Args:
        budget: the cap.
        spent: of it, in US dollars.
        each: nano-dollars for one image.
    """
    left = floor(budget * NANO + 1e-3) - nanos(spent)
    return None if each <= 0 else max(0, left // each)


def dollars(nano: int) -> float:
    """Return nano-dollars as US dollars."""
    return nano / NANO


def parted(images: int, first: int) -> tuple[int, int]:
    """Split images into a first part, at most all of them, and the rest."""
    head = min(max(0, first), images)
    return head, images - head


def dearest_split(images: int, budget: float, cheap: int, dear: int) -> int:
    """Return how many images may go through the dearer lane within a budget; the rest cheaper.

    Args:
        images: all of them.
        budget: in US dollars.
        cheap, dear: nano-dollars for one image, `cheap <= dear`.
    """
    spare = floor(budget * NANO + 1e-3) - images * cheap
    if spare < 0:
        return 0
    return images if dear <= cheap else min(images, spare // (dear - cheap))
