"""How much goes into one job, and keys of its lines. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gemtag_tui.core.models import ModelRules
from gemtag_tui.core.settings import Batch, Tier

MUCH = 10
"""A first small job is sent ahead when more than this many times its size remains."""
SHARE = 0.5
"""Most of the enqueued tokens that one job may take, so that two can take turns."""
GOOD_SHARE = 0.5
"""Of the first job's answers, the share that must have the right shape."""

_KEY = re.compile(r"([1-9][0-9]{0,17})-([a-z0-9]{1,32})")


def key_of(asset: int, nonce: str) -> str:
    """Return the key of an asset's line; short, since the answer repeats it at output prices."""
    return f"{asset}-{nonce}"


def asset_of(key: str, nonce: str) -> int | None:
    """Return the asset that a key of this job names, `None` for any other key."""
    found = _KEY.fullmatch(key)
    return int(found[1]) if found and found[2] == nonce else None


@dataclass(frozen=True, slots=True)
class Caps:
    """Most that one job may hold: requests, bytes of its file, enqueued tokens (0: no limit)."""

    requests: int
    bytes: int
    tokens: int


def enqueued_limit(batch: Batch, rules: ModelRules, tier: Tier) -> int:
    """Return the tokens that all active jobs of a model may hold; 0: not known."""
    return batch.max_enqueued_tokens or rules.enqueued.get(tier, 0)


def caps(batch: Batch, limit: int, *, first: bool, most: int | None = None) -> Caps:
    """Return what the next job may hold.

    Args:
        batch: the settings.
        limit: enqueued tokens of all jobs, 0 for none.
        first: it is the small one sent ahead.
        most: no more requests than this (a run's limit or budget).
    """
    requests = min(batch.max_requests, batch.first_job if first else batch.max_requests)
    if most is not None:
        requests = min(requests, most)
    return Caps(max(1, requests), batch.max_file_bytes, int(limit * SHARE) if limit else 0)


def wants_first(batch: Batch, remaining: int, *, proven: bool) -> bool:
    """Whether a small job goes ahead: much remains, and no job of this track has landed well."""
    return not proven and bool(batch.first_job) and remaining > MUCH * batch.first_job


def has_room(limit: int, active_tokens: int, tokens: int, *, alone: bool) -> bool:
    """Whether a job fits beside those on the server; alone it is tried whatever its size."""
    return alone or not limit or active_tokens + tokens <= limit
