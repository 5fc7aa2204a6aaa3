"""A run's state as the contract's JSON fields, and as words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemtag_tui.cli.words import clock, duration, money
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.core.snapshot import RunSnapshot

SAME_NAME = (
    "state",
    "lane",
    "provider",
    "model",
    "profile",
    "in_flight",
    "rate_per_min",
    "eta_seconds",
    "cost_usd",
    "tokens_in",
    "tokens_out",
    "tokens_cached",
    "turned_away",
    "requests_today",
    "rpd_limit",
    "concurrency",
    "binding_limit",
    "message",
    "started_at",
    "goal",
    "done",
    "bad",
    "tries",
    "waiting_for",
    "warnings",
)
COUNTS = (
    "total",
    "tagged",
    "remaining",
    "in_batches",
    "known_bad",
    "retry_later",
    "ignored",
    "duplicates",
    "near_duplicates",
    "near_waiting",
    "files",
    "missing",
)


def status_fields(snapshot: RunSnapshot) -> dict[str, Any]:
    """Return the fields of `status --json`; what is unknown is null."""
    fields: dict[str, Any] = {name: getattr(snapshot, name) for name in SAME_NAME}
    fields |= {name: getattr(snapshot.counts, name) for name in COUNTS}
    fields["parked_until"] = snapshot.parked_until or None
    return fields


def progress_words(snapshot: RunSnapshot) -> str:
    """Return one line: state, done of total, rate, time left, cost, what limits."""
    counts = snapshot.counts
    parts = [
        snapshot.state,
        f"{counts.tagged:,} of {counts.total:,} tagged",
        f"{snapshot.rate_per_min:.0f}/min",
        eta_words(snapshot),
        money(snapshot.cost_usd),
    ]
    if counts.in_batches:
        parts.append(f"{counts.in_batches:,} in batch jobs")
    if failed := counts.known_bad + counts.retry_later:
        parts.append(f"{failed:,} failed")
    if snapshot.waiting_for:
        parts.append(plain(snapshot.waiting_for, 200))
    elif snapshot.binding_limit:
        parts.append(f"limit: {snapshot.binding_limit}")
    return ", ".join(part for part in parts if part)


def eta_words(snapshot: RunSnapshot) -> str:
    """Return "12 min 20 s left (14:32)", or nothing when it is not known."""
    if not snapshot.eta_seconds:
        return ""
    at = clock(snapshot.at + snapshot.eta_seconds)
    return f"{duration(snapshot.eta_seconds)} left ({at})"
