"""What the batch lane would take: rounds of jobs, disk, and what is to be known before."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from gemtag_tui.core.batch_job import EXPIRY_HOURS, TARGET_HOURS
from gemtag_tui.core.batch_plan import enqueued_limit, wants_first
from gemtag_tui.core.estimate import Duration
from gemtag_tui.engine.batch_build import LINE_BYTES, SPARE_BYTES
from gemtag_tui.store import batches, work
from gemtag_tui.store.work import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemtag_tui.core.models import ModelRules
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_SAMPLE = 200
"""Images whose size stands for all."""
_FILES_AT_ONCE = 2
"""One is built while the one before waits to be sent."""


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What the library and the disk say.

    Attributes:
        image_bytes: of one image's file, the middle of some; 0 when not known.
        free_bytes: on the disk that the jobs' files lie on.
        proven: whether a job of this model and profile has landed well.
    """

    image_bytes: float = 0.0
    free_bytes: int = 0
    proven: bool = False


async def batch_facts(lib: Library, track: Track | None) -> BatchFacts:
    """Look at some of the images that remain, and at the disk."""
    free = shutil.disk_usage(lib.path.parent).free
    if track is None:
        return BatchFacts(free_bytes=free)
    some = await work.list_state(lib, track.id, State.TODO, 0, _SAMPLE)
    mean = sum(one.size for one in some) / len(some) if some else 0.0
    return BatchFacts(mean, free, await batches.proven(lib, track.id))


def available(settings: Settings, rules: ModelRules) -> bool:
    """Whether this project has batch jobs for a model, as far as settings and table know."""
    return bool(enqueued_limit(settings.batch, rules, settings.limits.tier))


def batch_duration(
    settings: Settings, rules: ModelRules, images: int, tokens_in: float
) -> tuple[Duration, int]:
    """Return how long all jobs take when each round takes what Google aims at, and the rounds."""
    limit = enqueued_limit(settings.batch, rules, settings.limits.tier)
    rounds = ceil(images * tokens_in / limit) if limit and images else min(images, 1)
    return Duration(rounds * TARGET_HOURS * 3600.0, "batch" if rounds else "", 0.0), rounds


def batch_notes(
    settings: Settings, rules: ModelRules, images: int, rounds: int, facts: BatchFacts
) -> Sequence[str]:
    """Return what is to be known before a start in the batch lane."""
    tier = settings.limits.tier
    if not available(settings, rules):
        return [f"The {tier} tier has no batch jobs for this model: nothing would be sent."]
    target, expiry = f"{TARGET_HOURS:.0f} hours", f"{EXPIRY_HOURS:.0f} h"
    hope = f"Google aims at {target} for a job; many end sooner, one that takes {expiry} expires"
    notes = [f"Half the price. {hope} unpaid."]
    if rounds > 1:
        limit = enqueued_limit(settings.batch, rules, tier)
        notes.append(f"{limit:,} tokens may be enqueued at once: about {rounds:,} rounds of jobs.")
    if wants_first(settings.batch, images, proven=facts.proven):
        notes.append(f"A job of {settings.batch.first_job} goes first, to prove the answers' form.")
    return [*notes, *_disk(settings, images, facts)]


def _disk(settings: Settings, images: int, facts: BatchFacts) -> list[str]:
    if not facts.image_bytes or not images:
        return []
    batch = settings.batch
    line = facts.image_bytes * 4 / 3 + LINE_BYTES
    file = min(batch.max_file_bytes, min(images, batch.max_requests) * line)
    need = min(images * line, _FILES_AT_ONCE * file)
    words = f"Needs up to {need / 1e6:,.0f} MB of disk at a time"
    if need + SPARE_BYTES > facts.free_bytes:
        return [f"{words}, and {facts.free_bytes / 1e6:,.0f} MB are free: make room first."]
    return [f"{words}; {facts.free_bytes / 1e9:,.1f} GB are free."]
