"""What the engine tells everybody who watches: one small frozen value."""

from __future__ import annotations

import msgspec

STATES = ("idle", "running", "paused", "parked", "stopping")


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Assets (distinct contents) in scope for one provider, model and profile.

    `total == tagged + remaining + known_bad + ignored` at every instant.
    `retry_later`, `in_flight`, `in_batches` and `near_waiting` are parts of `remaining`.
    """

    total: int = 0
    tagged: int = 0
    remaining: int = 0
    known_bad: int = 0
    ignored: int = 0
    retry_later: int = 0
    in_batches: int = 0
    near_waiting: int = 0
    """Wait for another picture that looks the same, and will take over its result."""
    near_duplicates: int = 0
    """Pictures that look like another that stands for them, as of the last grouping."""
    duplicates: int = 0
    """Files beyond the first of each content."""
    files: int = 0
    missing: int = 0
    """Files that were there once and are not now."""


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """One limit: how much of it is used, and where its figure comes from.

    Attributes:
        name: rpm, tpm, rpd, spend, budget_run, budget_day, budget_month or concurrency.
        limit: 0 when there is none.
        source: "default", "yours", "learned" or "command line".
        frees_at: Unix seconds when (some of) it is free again, 0 when it is not full.
        refused: 429s for it today.
    """

    name: str
    used: float
    limit: float
    source: str = "default"
    frees_at: float = 0.0
    peak: float = 0.0
    refused: int = 0
    binding: bool = False


class LastResult(msgspec.Struct, frozen=True, kw_only=True):
    """The most recent result, for the run screen."""

    asset: int
    path: bytes
    summary: str
    tags: dict[str, list[str]]
    at: float


class ErrorLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the error log. `fate` says in words what happens to the asset now."""

    at: float
    kind: str
    asset: int
    path: bytes
    message: str
    fate: str


class RunSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The engine's state, rewritten at most four times a second beside the results it counts."""

    run: int = 0
    pid: int = 0
    state: str = "idle"
    lane: str = ""
    provider: str = ""
    model: str = ""
    profile: str = ""
    profile_id: str = ""
    at: float = 0.0
    """Unix seconds of this snapshot: the heartbeat."""
    started_at: float = 0.0
    ended_at: float = 0.0
    counts: Counts = Counts()
    goal: int = 0
    """Assets this run set out to tag (after `--limit`)."""
    done: int = 0
    """Of the goal: tagged by this run."""
    bad: int = 0
    """Of the goal: recorded as failed (known bad or for later) by this run."""
    tries: int = 0
    """Calls made by this run, every attempt counted."""
    in_flight: int = 0
    rate_per_min: float = 0.0
    """Assets settled per minute, over the last minute."""
    rate_overall: float = 0.0
    """The same over the whole run, time parked or paused left out."""
    rate_history: list[float] = []
    """Assets settled in each of the last 60 slots of `rate_slot_seconds`, oldest first."""
    rate_slot_seconds: float = 5.0
    eta_seconds: float | None = None
    """Seconds until the run's end with the day's quota counted in; `None` when not known."""
    cost_usd: float = 0.0
    """This run's, every attempt counted."""
    cost_to_come: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    """Of `tokens_in`: read from the cache, at its price."""
    turned_away: int = 0
    """Calls of this run that the flex service had no room for."""
    requests_today: int = 0
    rpd_limit: int = 0
    concurrency: int = 0
    """Calls that may be in flight now."""
    concurrency_cap: int = 0
    concurrency_why: str = ""
    single_worker_times: int = 0
    binding_limit: str = ""
    """The gauge that limits now, "" when nothing does."""
    waiting_for: str = ""
    """Words for why nothing moves, with until when."""
    parked_until: float = 0.0
    message: str = ""
    warnings: list[str] = []
    gauges: list[Gauge] = []
    last: list[LastResult] = []
    """Up to three, newest first."""
    errors: int = 0
    """Lines in this run's error log."""
