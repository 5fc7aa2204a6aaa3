"""What tagging the rest will take: tokens an image, money, and time under several limits.

Simple on purpose: every figure can be checked with a pocket calculator.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

DAY = 86_400.0
RULE_SPREAD = (0.75, 1.4)
"""Cost before anything was measured: answers are shorter or longer than a rule can know."""
ENOUGH = 20
"""Results from which on a measurement is better than the rule."""


@dataclass(frozen=True, slots=True)
class PerImage:
    """Tokens of one image's call.

    Attributes:
        prompt: text sent with the image, the image's own tokens left out.
        image: tokens the image counts for.
        output: tokens of the answer, thinking included.
        basis: words for where the figures come from.
        measured: results they were measured over, 0 for a rule.
    """

    prompt: float
    image: float
    output: float
    basis: str
    measured: int = 0

    @property
    def tokens_in(self) -> float:
        """Input tokens, which is what TPM counts."""
        return self.prompt + self.image


@dataclass(frozen=True, slots=True)
class Pace:
    """What limits how fast calls may go. 0: not limited by this.

    Attributes:
        rpm: requests a minute.
        tpm: input tokens a minute.
        rpd: requests a Pacific day.
        used_today: requests of this Pacific day so far.
        spend_per_10min: US dollars in ten minutes.
        workers: calls at once.
        latency: seconds one call takes.
        to_midnight: seconds until the day's count starts anew.
    """

    rpm: float = 0.0
    tpm: float = 0.0
    rpd: float = 0.0
    used_today: float = 0.0
    spend_per_10min: float = 0.0
    workers: float = 0.0
    latency: float = 2.0
    to_midnight: float = DAY


@dataclass(frozen=True, slots=True)
class Duration:
    """How long it takes, and which limit decides that.

    Attributes:
        seconds: from now to the end; infinite when it never ends.
        binding: rpm, tpm, rpd, spend, concurrency, or "" when there is nothing to do.
        per_minute: images a minute while it goes.
    """

    seconds: float
    binding: str
    per_minute: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Money for all remaining images, in US dollars."""

    likely: float
    low: float
    high: float


def choose_tokens(rule: PerImage, measured: PerImage | None) -> PerImage:
    """Return measured tokens when there are enough results, else the rule's."""
    return measured if measured is not None and measured.measured >= ENOUGH else rule


def cost_of(images: int, each: float, tokens: PerImage) -> Cost:
    """Return what images cost at a price each.

    The range is wide for a rule and narrows with the root of what was measured.
    """
    likely = images * each
    low, high = RULE_SPREAD
    if tokens.measured:
        spread = min(0.25, 0.6 / tokens.measured**0.5)
        low, high = 1 - spread, 1 + spread
    return Cost(likely, likely * low, likely * high)


def duration_of(images: int, tokens: PerImage, each: float, pace: Pace) -> Duration:
    """Return how long images take when calls are paced evenly below every limit.

    Days are Pacific: what today's count does not hold waits for the next midnight.
    """
    if images <= 0:
        return Duration(0.0, "", 0.0)
    per_minute, binding = _rate(tokens, each, pace)
    today = per_minute * pace.to_midnight / 60
    a_day = per_minute * DAY / 60
    if pace.rpd:
        today = min(today, max(0.0, pace.rpd - pace.used_today))
        a_day = min(a_day, pace.rpd)
    if images <= today:
        return Duration(images / per_minute * 60, binding, per_minute)
    rest = images - today
    whole_days = ceil(rest / a_day) - 1
    seconds = pace.to_midnight + whole_days * DAY + (rest - whole_days * a_day) / per_minute * 60
    by_day = pace.rpd and a_day < per_minute * DAY / 60
    return Duration(seconds, "rpd" if by_day else binding, per_minute)


def _rate(tokens: PerImage, each: float, pace: Pace) -> tuple[float, str]:
    """Return images a minute and the name of what allows no more."""
    rates = {
        "rpm": pace.rpm or inf,
        "tpm": pace.tpm / tokens.tokens_in if pace.tpm and tokens.tokens_in else inf,
        "spend": pace.spend_per_10min / 10 / each if pace.spend_per_10min and each else inf,
        "concurrency": pace.workers / pace.latency * 60 if pace.workers and pace.latency else inf,
    }
    binding = min(rates, key=lambda name: rates[name])
    return (rates[binding], binding) if rates[binding] < inf else (60.0, "concurrency")
