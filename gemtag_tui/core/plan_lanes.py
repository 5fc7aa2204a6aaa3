"""One lane of a plan: price, time, what binds, what is to be known. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gemtag_tui.core.batch_job import EXPIRY_HOURS, TARGET_HOURS
from gemtag_tui.core.batch_plan import enqueued_limit
from gemtag_tui.core.estimate import Cost, Duration, PerImage
from gemtag_tui.core.model_limits import MONTH_CAP
from gemtag_tui.core.plan_money import FREE, Tariff, dollars, tariff_of, total
from gemtag_tui.core.plan_pace import Load, Pace
from gemtag_tui.core.plan_shape import Mix
from gemtag_tui.core.plan_time import Before, Course, batch_course, course_of
from gemtag_tui.core.plan_values import LanePlan, ModelFacts, PlanFacts
from gemtag_tui.core.settings import Tier

LANES = ("interactive", "flex", "batch")
LATENCY = {"interactive": (1.2, 2.0, 5.0), "flex": (30.0, 120.0, 900.0)}
"""Seconds one call takes: at best, likely, at worst. Flex aims at one to fifteen minutes."""
BATCH_LOW_HOURS = 0.5
"""Small models' jobs were seen to end within minutes (2026)."""
MEGAPIXELS_A_SECOND = 25.0
"""Decoded, shrunk and encoded by one core: about (benchmarks/imaging_bench.py)."""
CORES = 2
"""Child processes to reckon with when the settings leave their number to the machine."""
LINE_BYTES = 4_000
"""A request besides its image."""

END_LIKELY, END_LOW, END_HIGH = "likely", "low", "high"


@dataclass(frozen=True, slots=True)
class Case:
    """What every lane is reckoned from."""

    facts: PlanFacts
    model: ModelFacts
    tokens: PerImage
    mix: Mix
    images: int

    @property
    def tier(self) -> Tier:
        """The project's."""
        return self.facts.settings.limits.tier

    @property
    def name(self) -> str:
        """The model's id."""
        return self.model.rules.id


def lane_plan(case: Case, lane: str, images: int | None = None, *, ranges: bool = True) -> LanePlan:
    """Return what a lane would take for all images of a case, or for so many of them.

    Args:
        case: what it is reckoned from.
        lane: interactive, flex or batch.
        images: how many; `None` for all.
        ranges: reckon the low and the high end too; without, they are the likely one.
    """
    count = case.images if images is None else images
    price = tariff(case, lane, case.tokens)
    likely = _course(case, lane, count, END_LIKELY)
    low = high = likely.seconds
    if ranges:
        low = min(low, _course(case, lane, count, END_LOW).seconds)
        high = max(high, _course(case, lane, count, END_HIGH).seconds)
    return LanePlan(
        lane=lane,
        available=available(case, lane),
        cost=_cost(case, lane, count, likely, ranges=ranges),
        duration=Duration(likely.seconds, likely.binding, likely.per_minute, low, high),
        today=likely.today,
        parks=likely.parks,
        each_nano=price.each if price else 0,
        by_price=likely.by_price,
    )


def available(case: Case, lane: str) -> bool:
    """Whether this tier has the lane for this model, as far as settings and table know."""
    if lane == "batch":
        return bool(enqueued_limit(case.facts.settings.batch, case.model.rules, case.tier))
    table = case.model.rules.limits.get(case.tier)
    has_model = table is None or table.available
    return has_model and (lane != "flex" or case.tier is not Tier.FREE)


def is_free(case: Case, lane: str) -> bool:
    """Whether nothing is charged: single calls on the free tier."""
    return case.tier is Tier.FREE and lane == "interactive"


def tariff(case: Case, lane: str, tokens: PerImage) -> Tariff | None:
    """Return what one image costs in a lane; `None` when the model's price is not known."""
    if is_free(case, lane):
        return FREE
    return tariff_of(case.name, lane, case.facts.now, tokens, case.facts.own)


def per_wave(case: Case) -> int:
    """Return the images that may be enqueued at once, 0 for no limit."""
    limit = enqueued_limit(case.facts.settings.batch, case.model.rules, case.tier)
    return max(1, int(limit // max(1.0, case.tokens.tokens_in))) if limit else 0


def pace_of(case: Case, lane: str, end: str = END_LIKELY) -> Pace:
    """Return the limits that hold for a lane of single calls."""
    limits, settings = case.model.limits, case.facts.settings
    place = (END_LOW, END_LIKELY, END_HIGH).index(end)
    values = {
        name: limits[name].value if name in limits else 0.0
        for name in ("rpm", "tpm", "rpd", "spend")
    }
    return Pace(
        rpm=values["rpm"],
        tpm=values["tpm"],
        rpd=values["rpd"],
        spend_per_10min=values["spend"],
        month_cap=0.0 if is_free(case, lane) else MONTH_CAP[case.tier],
        workers=settings.concurrency,
        latency=LATENCY[lane][place],
        upload=settings.plan.upload_mbit * 125_000.0,
        prepare=prepared_a_second(case),
    )


def prepared_a_second(case: Case) -> float:
    """Return how many pictures a second can be made ready, 0 when none has to be decoded."""
    work = case.mix.decoded * case.mix.megapixels
    if work <= 0:
        return 0.0
    return (case.facts.settings.images.workers or CORES) * MEGAPIXELS_A_SECOND / work


def _tokens(case: Case, end: str) -> PerImage:
    if end == END_LIKELY:
        return case.tokens
    return case.tokens.bound(0 if end == END_LOW else 1)


def _course(case: Case, lane: str, images: int, end: str) -> Course:
    tokens = _tokens(case, end)
    price = tariff(case, lane, tokens) or FREE
    facts = case.facts
    before = Before(facts.now, case.model.used_today, facts.spent_month)
    if lane == "batch":
        return _batch(case, images, end, before, price)
    calls = case.model.tries if end != END_LOW else 1.0
    load = Load(tokens.tokens_in, _sent(case), calls)
    return course_of(images, pace_of(case, lane, end), load, before, price.epochs)


def _sent(case: Case) -> float:
    return case.mix.sent_bytes * 4 / 3 + LINE_BYTES


def _batch(case: Case, images: int, end: str, before: Before, price: Tariff) -> Course:
    measured = case.model.batch_hours
    hours = {
        END_LOW: min(BATCH_LOW_HOURS, measured or BATCH_LOW_HOURS),
        END_LIKELY: measured or TARGET_HOURS,
        END_HIGH: EXPIRY_HOURS,
    }[end]
    wave = per_wave(case)
    return batch_course(
        images,
        wave=wave,
        hours=hours,
        lead=batch_lead(case, min(wave or images, images)),
        month_cap=MONTH_CAP[case.tier],
        before=before,
        epochs=price.epochs,
    )


def batch_lead(case: Case, images: int) -> float:
    """Return the seconds until the first jobs are built and sent."""
    prepare, upload = prepared_a_second(case), case.facts.settings.plan.upload_mbit * 125_000.0
    built = images / prepare if prepare else 0.0
    return built + (images * _sent(case) / upload if upload else 0.0)


def _cost(case: Case, lane: str, images: int, course: Course, *, ranges: bool) -> Cost | None:
    tokens = case.tokens
    ends = (tokens, tokens.bound(0), tokens.bound(1)) if ranges else (tokens,)
    tally = course.by_price if sum(course.by_price) == images else None
    sums = []
    for one in ends:
        price = tariff(case, lane, one)
        if price is None:
            return None
        sums.append(dollars(total(price, tally or _all_first(price, images))))
    return Cost(sums[0], min(sums), max(sums))


def _all_first(price: Tariff, images: int) -> Sequence[int]:
    return [images, *[0] * (len(price.nano) - 1)]


def priced(plan: LanePlan, images: int) -> LanePlan:
    """Return a lane's plan with an empty course when there is nothing to do."""
    if images:
        return plan
    cost = None if plan.cost is None else Cost(0.0, 0.0, 0.0)
    return replace(plan, duration=Duration(0.0, "", 0.0), cost=cost)
