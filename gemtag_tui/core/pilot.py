"""A sample tagged to measure with: how it is chosen, and what it tells of all the rest. Pure.

Chosen in proportion to what is there by size, format and folder, so that the sample weighs itself:
a plain mean over it stands for the whole, and its plain interval is on the safe side.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, inf, sqrt
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

LEVEL = 0.95
DEFAULT_SIZE = 50
RARE_CALLS = 4.0
"""Calls for an image in trouble, of which a sample may have met none."""


class Probe(NamedTuple):
    """An image that may be taken, with what strata are made of."""

    asset: int
    type: str
    side: int
    folder: str

    @property
    def stratum(self) -> str:
        """Its size and format."""
        return f"{self.type}/{self.side}"


class Picked(NamedTuple):
    """An image that was taken."""

    asset: int
    stratum: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A likely figure between a low and a high one, at `LEVEL`."""

    low: float
    likely: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one image of a sample.

    Attributes:
        tokens_in, tokens_out: of the call that was answered, 0 when none was.
        cost: US dollars, every attempt counted.
        calls: made for it.
        failure: its kind, "" when it was tagged.
    """

    asset: int
    tokens_in: int
    tokens_out: int
    cost: float
    calls: int = 1
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a sample tells of one image.

    Attributes:
        images: how many were tried; `tagged`: of them.
        tokens_in, tokens_out: of an answered call.
        cost: US dollars an image, every attempt counted.
        calls: for one image.
        failures: share of the images by kind.
        costs: of each image, for predictions.
    """

    images: int
    tagged: int
    tokens_in: Interval
    tokens_out: Interval
    cost: Interval
    calls: Interval
    failures: Mapping[str, Interval] = field(default_factory=dict)
    costs: tuple[float, ...] = ()


def choose(pool: Sequence[Probe], size: int, seed: int = 0) -> list[Picked]:
    """Choose a sample in proportion to the strata, spread over folders within each.

    Args:
        pool: images that may be taken, each once.
        size: how many; all of a smaller pool.
        seed: the same pool and seed always give the same sample.
    """
    chance = random.Random(f"{seed}/{len(pool)}")  # noqa: S311
    strata: dict[str, list[Probe]] = defaultdict(list)
    for one in sorted(pool):
        strata[one.stratum].append(one)
    shares = {name: len(some) for name, some in strata.items()}
    taken: list[Picked] = []
    for name, count in allot(shares, min(size, len(pool))).items():
        taken += [Picked(p.asset, name) for p in _spread(strata[name], count, chance)]
    return sorted(taken)


def allot(shares: Mapping[str, int], size: int) -> dict[str, int]:
    """Share out places in proportion: whole numbers that sum to `size`, none above its stratum.

    Args:
        shares: images by stratum.
        size: places, at most the sum of `shares`.
    """
    total = sum(shares.values())
    exact = {name: size * count / total for name, count in shares.items()} if total else {}
    given = {name: floor(part) for name, part in exact.items()}
    left = min(size, total) - sum(given.values())
    by_rest = sorted(exact, key=lambda name: (given[name] - exact[name], name))
    for name in by_rest[:left]:
        given[name] += 1
    return given


def _spread(some: Sequence[Probe], count: int, chance: random.Random) -> list[Probe]:
    """Take every so manieth image in the order of folders, from a random beginning."""
    if count <= 0:
        return []
    order = sorted(some, key=lambda one: (one.folder, chance.random()))
    step = len(order) / count
    begin = chance.random() * step
    places = {min(len(order) - 1, floor(begin + step * n)) for n in range(count)}
    return [order[place] for place in sorted(places)]


def findings_of(tried: Sequence[Tried]) -> Findings | None:
    """Return what a sample tells; `None` for an empty one."""
    if not tried:
        return None
    answered = [one for one in tried if one.tokens_in]
    kinds = sorted({one.failure for one in tried if one.failure})
    return Findings(
        images=len(tried),
        tagged=sum(1 for one in tried if not one.failure),
        tokens_in=mean_of([one.tokens_in for one in answered]),
        tokens_out=mean_of([one.tokens_out for one in answered]),
        cost=guarded([one.cost for one in tried], RARE_CALLS * fmean(o.cost for o in tried), 0.0),
        calls=guarded([one.calls for one in tried], RARE_CALLS, 1.0),
        failures={
            kind: wilson(sum(1 for one in tried if one.failure == kind), len(tried))
            for kind in kinds
        },
        costs=tuple(one.cost for one in tried),
    )


def mean_of(values: Sequence[float]) -> Interval:
    """Return the mean with Student's interval; without two values nothing bounds it from above."""
    if not values:
        return Interval(0.0, 0.0, inf)
    mean = fmean(values)
    if len(values) < 2:
        return Interval(0.0, mean, inf)
    half = student(len(values) - 1) * stdev(values) / sqrt(len(values))
    return Interval(max(0.0, mean - half), mean, mean + half)


def guarded(values: Sequence[float], rare: float, least: float) -> Interval:
    """Return the mean's interval, either end as if one more and rarer value had been met."""
    found = mean_of(values)
    if len(values) < 2:
        return found
    low, high = mean_of([*values, least]).low, mean_of([*values, max(rare, *values)]).high
    return Interval(min(found.low, max(least, low)), found.likely, max(found.high, high))


def predicted_total(values: Sequence[float], remaining: int) -> Interval:
    """Return the sum over images that are yet to come, by those that were seen.

    The interval counts that both the sample's mean and the rest's own sum vary. Its high end is
    reckoned as if one more image had been met that took `RARE_CALLS` times the usual, its low end
    as if one more had cost nothing: images in trouble are rare, dear when they are asked for again
    and cheap when they are refused, and a sample may have met none of either.
    """
    mean = mean_of(values).likely
    if remaining <= 0:
        return Interval(0.0, 0.0, 0.0)
    if len(values) < 2:
        return Interval(0.0, mean * remaining, inf)
    less = [*values, 0.0]
    low = min(mean - _half(values, remaining), fmean(less) - _half(less, remaining))
    more = [*values, max(RARE_CALLS * mean, *values)]
    high = max(fmean(more) + _half(more, remaining), mean + _half(values, remaining))
    return Interval(max(0.0, low) * remaining, mean * remaining, high * remaining)


def _half(values: Sequence[float], remaining: int) -> float:
    spread = sqrt(1 / len(values) + 1 / remaining)
    return student(len(values) - 1) * stdev(values) * spread


def wilson(count: int, total: int, level: float = LEVEL) -> Interval:
    """Return a share with Wilson's interval, which is honest for few and for none.

    Args:
        count: how many of them.
        total: of how many, at least 1.
        level: of confidence.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, spread = count / total, z * z / total
    centre = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return Interval(max(0.0, min(share, centre - half)), share, min(1.0, max(share, centre + half)))


_STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}


def student(freedom: int) -> float:
    """Return the two-sided 95 % point of Student's t (expansion of Cornish and Fisher)."""
    if freedom in _STUDENT:
        return _STUDENT[freedom]
    z, v = NormalDist().inv_cdf((1 + LEVEL) / 2), float(freedom)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3


def drift(found: Findings, images: int, cost: float) -> str:
    """Say that a run costs other than its sample led to expect; "" while it does not.

    Args:
        found: the sample's.
        images: that the run has settled, at least as many as the sample to be judged.
        cost: US dollars they took.
    """
    if images < max(2, found.images) or len(found.costs) < 2:
        return ""
    expected = predicted_total(found.costs, images)
    if cost in expected:
        return ""
    more = "more" if cost > expected.high else "less"
    return (
        f"An image costs {more} than the pilot of {found.images:,} led to expect: "
        f"${cost / images:.6f} instead of ${expected.low / images:.6f} to "
        f"${expected.high / images:.6f}. A new pilot brings the plan up to date."
    )


def pool_size(size: int) -> int:
    """Return how many images to draw at random before strata are made of them."""
    return max(1_000, ceil(40 * size))
