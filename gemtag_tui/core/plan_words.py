"""What a plan says beside its figures: risks, notes, caching, savings, budgets, warnings. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil, inf

from gemtag_tui.core.batch_job import EXPIRY_HOURS, TARGET_HOURS
from gemtag_tui.core.batch_plan import enqueued_limit, wants_first
from gemtag_tui.core.models import ModelRules, notices
from gemtag_tui.core.pacific import next_midnight
from gemtag_tui.core.plan_lanes import LINE_BYTES, Case, is_free, per_wave, prepared_a_second
from gemtag_tui.core.plan_money import affordable
from gemtag_tui.core.plan_shape import image_tokens, shrinking_saves
from gemtag_tui.core.plan_values import RESOLUTIONS, LanePlan
from gemtag_tui.core.prices import price, price_notices, priority_range
from gemtag_tui.core.settings import Tier
from gemtag_tui.core.text import usd

SPARE_BYTES = 256_000_000
"""Disk that batch files leave free."""
_FILES_AT_ONCE = 2
"""One is built while the one before waits to be sent."""
RISKS = {
    "interactive": "none: every result is there at once",
    "flex": "preview; sheddable: calls may be turned away and come back later",
    "batch": f"{TARGET_HOURS:.0f} h target, not a promise; a job of {EXPIRY_HOURS:.0f} h expires",
    "simulator": "nothing is sent to Google",
}


def lane_notes(case: Case, plan: LanePlan) -> list[str]:
    """Return what is to be known before a start in a lane, most pressing first."""
    found = _obstacles(case, plan.lane)
    if price(case.name, plan.lane, case.facts.now, case.facts.own) is None:
        found.append(f"The price of {case.name} is not known to gemtag.")
    if not found or plan.available:
        found += _batch_notes(case) if plan.lane == "batch" else _single_notes(case, plan)
        found += _turns(plan)
    return found


def _obstacles(case: Case, lane: str) -> list[str]:
    if lane == "batch" and not enqueued_limit(
        case.facts.settings.batch, case.model.rules, case.tier
    ):
        return [f"The {case.tier} tier has no batch jobs for this model: nothing would be sent."]
    if lane == "flex" and case.tier is Tier.FREE:
        return ["The free tier has no flex service."]
    table = case.model.rules.limits.get(case.tier)
    if table is not None and not table.available:
        return [f"The {case.tier} tier does not have {case.name}."]
    return []


def _single_notes(case: Case, plan: LanePlan) -> list[str]:
    found = []
    if plan.lane == "flex":
        found.append("Half the price; answers take one to fifteen minutes and may be turned away.")
    if is_free(case, plan.lane):
        found.append("On the free tier nothing is charged, and Google may use what is sent.")
    if plan.duration is not None and plan.duration.seconds == inf:
        found.append(f"It would never end: the limit {plan.duration.binding} lets nothing through.")
    if plan.parks and plan.today < case.images:
        words = f"{plan.today:,} go before midnight Pacific" if plan.today else "None goes today"
        hours = (next_midnight(case.facts.now) - case.facts.now) / 3600
        found.append(
            f"{words} (in {hours:.1f} h), the rest on {plan.parks:,} more"
            f" {'day' if plan.parks == 1 else 'days'}: the day's quota is spent until then."
        )
    return found


def _batch_notes(case: Case) -> list[str]:
    settings, images = case.facts.settings, case.images
    hope = f"Google aims at {TARGET_HOURS:.0f} hours for a job; many end sooner"
    if case.model.batch_jobs:
        hope += f", {case.model.batch_jobs} of yours took {case.model.batch_hours:.1f} h"
    found = [f"Half the price. {hope}, one that takes {EXPIRY_HOURS:.0f} h expires unpaid."]
    wave = per_wave(case)
    if wave and images > wave:
        limit = enqueued_limit(settings.batch, case.model.rules, case.tier)
        rounds = ceil(images / wave)
        found.append(f"{limit:,} tokens may be enqueued at once: about {rounds:,} rounds of jobs.")
    if wants_first(settings.batch, images, proven=case.model.proven):
        found.append(f"A job of {settings.batch.first_job} goes first, to prove the answers' form.")
    return [*found, *disk_notes(case)]


def disk_notes(case: Case) -> list[str]:
    """Return what the files of batch jobs need of the disk."""
    batch, line = case.facts.settings.batch, case.mix.sent_bytes * 4 / 3 + LINE_BYTES
    if not case.images or not case.mix.sent_bytes:
        return []
    file = min(batch.max_file_bytes, min(case.images, batch.max_requests) * line)
    need, free = min(case.images * line, _FILES_AT_ONCE * file), case.facts.free_bytes
    words = f"Needs up to {need / 1e6:,.0f} MB of disk at a time"
    if free and need + SPARE_BYTES > free:
        return [f"{words}, and {free / 1e6:,.0f} MB are free: make room first."]
    return [f"{words}; {free / 1e9:,.1f} GB are free."]


def _turns(plan: LanePlan) -> list[str]:
    """Say that a price changes while the plan is under way."""
    later = sum(plan.by_price[1:])
    if not later:
        return []
    return [f"{later:,} of its images would be sent after the price has changed; it is counted in."]


def caching_words(case: Case) -> str:
    """Say whether implicit caching can help, and where it can't, why."""
    least, prompt = case.model.rules.cache_min, case.tokens.prompt
    if least is None:
        return (
            f"Caching: no shortest prefix is published for {case.name}; hits are counted when they "
            "happen, and none is reckoned with. Requests put the fixed part first."
        )
    if prompt < least:
        return (
            f"Caching cannot help: {case.name} caches prefixes from {least:,} tokens on, and what "
            f"all requests share is about {prompt:,.0f}; the image comes after it."
        )
    return (
        f"Caching may help: what all requests share, about {prompt:,.0f} tokens, is above the "
        f"{least:,} from which {case.name} caches. Hits are counted when they happen, and none is "
        "reckoned with."
    )


def savings_words(case: Case, resolution: str) -> list[str]:
    """Say what a lower media resolution or shrinking would save, or that it would save nothing."""
    rules, found = case.model.rules, []
    mine = image_tokens(rules, resolution, case.mix)
    for other in RESOLUTIONS[1:]:
        fewer = mine - image_tokens(rules, other, case.mix)
        share = fewer / max(1.0, case.tokens.tokens_in)
        if fewer > 0 and share > 0.01:
            found.append(
                f"Media resolution {other} would take {fewer:,.0f} tokens less an image"
                f" ({share:.0%} of what goes in); finer detail may be missed."
            )
    shrink = shrinking_saves(rules, resolution, case.mix)
    if shrink > 0.01:
        found.append(
            f"Shrinking to 1536 pixels would save {shrink:.0%} of the image tokens of {case.name}."
        )
    else:
        found.append(_no_shrinking(rules, resolution))
    return found


def _no_shrinking(rules: ModelRules, resolution: str) -> str:
    if rules.family >= 3:
        return "Shrinking saves upload, not money: images cost the same tokens at any size."
    if resolution in {"low", "medium"}:
        return f"Shrinking saves upload, not money: at {resolution} every image costs the same."
    return "Shrinking would save nothing: the images are small."


def budget_words(case: Case, plan: LanePlan) -> list[str]:
    """Say how far each of the budgets reaches in a lane, all lanes and attempts counted."""
    budget, facts = case.facts.settings.budget, case.facts
    if plan.cost is None:
        return []
    caps = (
        ("run", budget.run, 0.0),
        ("day", budget.day, facts.spent_day),
        ("month", budget.month, facts.spent_month),
    )
    found = []
    for name, cap, spent in caps:
        reach = affordable(cap, spent, plan.each_nano) if cap else None
        if reach is not None and reach < case.images:
            used = f", {usd(spent)} of it spent" if spent else ""
            found.append(
                f"The budget for a {name} ({usd(cap)}{used}) ends it after about {reach:,} of "
                f"{case.images:,} images (exit code 3)."
            )
    return found


def warnings_of(case: Case) -> list[str]:
    """Return what somebody who is about to start ought to know of the model and its limits."""
    today = datetime.fromtimestamp(case.facts.now, UTC).date()
    found = notices(case.name, today)
    found += price_notices(case.name, today, case.facts.own) if case.name in _priced(case) else []
    table = case.model.rules.limits.get(case.tier)
    if table is not None and not table.available:
        found.append(f"The {case.tier} tier does not have {case.name}.")
    elif table is not None and table.assumed:
        found.append(
            f"Limits of {case.name} are assumed ({table.source}): AI Studio shows your project's; "
            "set limits.rpm, limits.tpm and limits.rpd."
        )
    seconds = prepared_a_second(case)
    if seconds and case.mix.decoded > 0.01:
        found.append(
            f"{case.mix.decoded:.0%} of the images have to be decoded and encoded again, about "
            f"{seconds:,.0f} a second here."
        )
    return found


def _priced(case: Case) -> frozenset[str]:
    known = price(case.name, "interactive", case.facts.now, case.facts.own) is not None
    return frozenset({case.name}) if known else frozenset()


def priority_words(case: Case) -> str:
    """Say what the priority tier would cost, which gemtag does not use."""
    found = priority_range(case.name, case.facts.now)
    if found is None or case.tier not in {Tier.TIER2, Tier.TIER3}:
        return ""
    tokens = case.tokens
    low, high = (one.each(tokens.tokens_in, tokens.output) * case.images for one in found)
    return f"The priority service, which gemtag does not use, would cost {usd(low)} to {usd(high)}."
