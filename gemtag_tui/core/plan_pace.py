"""How many images go in so many seconds when nothing but the pace limits them. Closed form.

The same rules as admission's windows: a minute's limit is spread over 60.3 s, an unconfirmed limit
is approached over eight seconds, and money runs freely to half of the ten minutes' limit, then
evenly to the whole of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, log, log2

from gemtag_tui.core.concurrency import HARD_MOST, HEADROOM, SPARE, START, USEFUL_MOST
from gemtag_tui.core.quota import MARGIN
from gemtag_tui.core.quota_money import FREE_SHARE, SPAN
from gemtag_tui.core.quota_ramp import DOUBLES_IN, LEAST, START_SHARE

MINUTE = 60.0 * (1 + MARGIN)
"""Seconds for which admission holds a minute's weight."""
TEN_MINUTES = SPAN * (1 + MARGIN) + 0.5
"""Seconds for which it holds money, which it keeps by the second."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What limits how fast calls may go. 0: not limited by this.

    Attributes:
        rpm: requests a minute.
        tpm: input tokens a minute.
        rpd: requests a Pacific day.
        spend_per_10min: US dollars in ten minutes.
        month_cap: US dollars that the tier may spend in a Pacific month.
        workers: calls at once, a person's cap; 0: as many as are useful.
        latency: seconds one call takes.
        upload: bytes a second that can be sent.
        prepare: pictures a second that can be made ready.
    """

    rpm: float = 0.0
    tpm: float = 0.0
    rpd: float = 0.0
    spend_per_10min: float = 0.0
    month_cap: float = 0.0
    workers: int = 0
    latency: float = 2.0
    upload: float = 0.0
    prepare: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """What one image takes.

    Attributes:
        tokens_in: input tokens of one call.
        bytes: sent for one call, base64 and all.
        calls: calls made for one image, at least 1.
    """

    tokens_in: float = 0.0
    bytes: float = 0.0
    calls: float = 1.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Images against seconds from a fresh start on.

    Attributes:
        rate: images a second once under way.
        binding: what allows no more: rpm, tpm, spend, concurrency, upload, preparation.
        limit: images a second by the window that the ramp leads to, 0 for no ramp.
        least: images a second from the first moment on.
        window: images that the ten minutes' money pays for; infinite when it does not bind.
    """

    rate: float
    binding: str
    limit: float = 0.0
    least: float = 0.0
    window: float = inf

    def done_after(self, seconds: float) -> float:
        """Return the images that have gone out after so many seconds."""
        if seconds <= 0:
            return 0.0
        if self.window == inf:
            return self._ramped(seconds)
        whole, inside = divmod(seconds, TEN_MINUTES)
        free = self.window * FREE_SHARE
        knee = self._ramped_time(free)
        if inside <= knee:
            return whole * self.window + min(free, self._ramped(inside))
        paced = (inside - knee) / (TEN_MINUTES - knee)
        return whole * self.window + free + (self.window - free) * paced

    def seconds_for(self, images: float) -> float:
        """Return the seconds after which so many images have gone out."""
        if images <= 0:
            return 0.0
        if self.window == inf:
            return self._ramped_time(images)
        if self.window <= 0:
            return inf
        whole = ceil(images / self.window) - 1
        rest, free = images - whole * self.window, self.window * FREE_SHARE
        knee = self._ramped_time(free)
        if rest <= free:
            return whole * TEN_MINUTES + self._ramped_time(rest)
        share = (rest - free) / (self.window - free)
        return whole * TEN_MINUTES + knee + share * (TEN_MINUTES - knee)

    def _knees(self) -> tuple[float, float]:
        """Return when the ramp leaves its least rate, and when it reaches the final one."""
        if not self.limit or self.least >= self.rate:
            return 0.0, 0.0
        begin = self.limit * START_SHARE
        leaves = DOUBLES_IN * max(0.0, log2(max(self.least, 1e-12) / begin))
        return leaves, max(leaves, DOUBLES_IN * max(0.0, log2(self.rate / begin)))

    def _rising(self, since: float, until: float) -> float:
        begin = self.limit * START_SHARE * DOUBLES_IN / log(2)
        return float(begin * (2 ** (until / DOUBLES_IN) - 2 ** (since / DOUBLES_IN)))

    def _ramped(self, seconds: float) -> float:
        leaves, reaches = self._knees()
        first = min(seconds, leaves)
        done = first * self.least
        if seconds > leaves and reaches > leaves:
            done += self._rising(leaves, min(seconds, reaches))
        return done + max(0.0, seconds - reaches) * self.rate

    def _ramped_time(self, images: float) -> float:
        if not self.rate:
            return inf
        leaves, reaches = self._knees()
        level = leaves * self.least
        if images <= level:
            return images / self.least
        rising = self._rising(leaves, reaches) if reaches > leaves else 0.0
        if images >= level + rising:
            return reaches + (images - level - rising) / self.rate
        begin = self.limit * START_SHARE * DOUBLES_IN / log(2)
        power = (images - level) / begin + 2 ** (leaves / DOUBLES_IN)
        return float(DOUBLES_IN * log2(power))


def curve_of(pace: Pace, load: Load, each: float) -> Curve:
    """Return the curve for one image's load.

    Args:
        pace: the limits.
        load: what one image takes.
        each: US dollars for one image, 0 when nothing is charged.
    """
    calls = max(1.0, load.calls)
    windows = {
        "rpm": pace.rpm / MINUTE / calls if pace.rpm else inf,
        "tpm": pace.tpm / MINUTE / (load.tokens_in * calls) if pace.tpm and load.tokens_in else inf,
    }
    name = min(windows, key=lambda key: windows[key])
    limit = windows[name]
    rates = {name: limit, "concurrency": _by_workers(pace, limit * calls) / calls}
    rates["upload"] = pace.upload / load.bytes / calls if pace.upload and load.bytes else inf
    rates["preparation"] = pace.prepare or inf
    binding = min(rates, key=lambda key: rates[key])
    rate = rates[binding]
    ramp = limit if limit < inf else 0.0
    least = 0.0
    if ramp:
        weight = calls if name == "rpm" else load.tokens_in * calls
        least = min(rate, LEAST[name] / MINUTE / weight)
    plain = Curve(rate, binding, ramp, least)
    if not pace.spend_per_10min or each <= 0:
        return plain
    window = pace.spend_per_10min / each
    if window < 1:
        return Curve(rate, "spend", ramp, least, 0.0)
    if plain.done_after(TEN_MINUTES) <= window:
        return plain
    return Curve(rate, "spend", ramp, least, window)


def average_rate(curve: Curve) -> float:
    """Return images a second over long stretches."""
    return curve.rate if curve.window == inf else curve.window / TEN_MINUTES


def workers_of(pace: Pace, calls_a_second: float) -> int:
    """Return how many calls go at once, as the engine decides it."""
    if pace.workers:
        return pace.workers
    if calls_a_second == inf:
        return USEFUL_MOST
    useful = ceil(calls_a_second * max(pace.latency, 0.1) * HEADROOM) + SPARE
    return min(HARD_MOST, max(START, useful))


def _by_workers(pace: Pace, calls_a_second: float) -> float:
    if pace.latency <= 0:
        return inf
    return workers_of(pace, calls_a_second) / pace.latency
