"""Service tiers that turn calls away or serve another tier, and the implicit cache."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from gemtag_tui.simulator.config import Cache, Tiers
from gemtag_tui.simulator.errors import ApiError

FULL = {
    503: "The model is overloaded. Please try again later.",
    429: "Resource has been exhausted (e.g. check quota).",
}
MOST_PREFIXES = 1_000


class Service:
    """Who is served in the flex tier, and as what."""

    def __init__(self, config: Tiers, rng: random.Random) -> None:
        self.config = config
        self._rng = rng
        self._serving = 0

    @contextmanager
    def serving(self, tier: str, seconds: float) -> Iterator[None]:
        """Hold a place for a call while it is served.

        Raises:
            ApiError: flex has no room.
        """
        if tier != "flex":
            yield
            return
        if self._full(seconds):
            raise ApiError(self.config.flex_status, FULL[self.config.flex_status])
        self._serving += 1
        try:
            yield
        finally:
            self._serving -= 1

    def flex_tier(self) -> str:
        """Return the tier that a flex call is served as."""
        share = self.config.flex_downgraded
        return "standard" if share and self._rng.random() < share else "flex"

    def _full(self, seconds: float) -> bool:
        config = self.config
        if any(low <= seconds <= high for low, high in config.flex_full):
            return True
        if config.flex_room is not None and self._serving >= config.flex_room:
            return True
        return bool(config.flex_shed) and self._rng.random() < config.flex_shed


class PrefixCache:
    """Remembers the beginnings of prompts for a while."""

    def __init__(self, config: Cache) -> None:
        self.config = config
        self._seen: dict[Hashable, float] = {}

    def hit(self, prefix: Hashable, tokens: int, seconds: float) -> int:
        """Return how many tokens of a prompt are read from the cache, and remember its prefix."""
        least = self.config.min_tokens
        if least is None or tokens < least:
            return 0
        before = self._seen.pop(prefix, None)
        self._seen[prefix] = seconds
        if len(self._seen) > MOST_PREFIXES:
            del self._seen[next(iter(self._seen))]
        return tokens if before is not None and seconds - before <= self.config.seconds else 0
