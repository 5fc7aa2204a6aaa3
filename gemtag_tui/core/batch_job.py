"""The life of a batch job: its states, what may follow what, and when to look at it again.

Pure: the clock and chance are handed in.
"""

from __future__ import annotations

from enum import StrEnum

from gemtag_tui.core.batch_operation import RemoteJob, ServerState

TARGET_HOURS = 24.0
"""Google's target for a job (batch page, 2026)."""
EXPIRY_HOURS = 48.0
"""A job pending or running for longer expires without results (batch page, 2026)."""
RESULTS_DAYS = 42.0
"""How long results are kept for download (batch page, mid-2026)."""
UPLOAD_HOURS = 48.0
"""How long an uploaded file is kept (files page)."""


class JobState(StrEnum):
    """Where a job stands. The words are stored, and printed by `gemtag batches list`."""

    BUILDING = "building"
    """Its assets are taken; its file is not whole yet."""
    BUILT = "built"
    """Its file is whole and on disk, and waits for its turn."""
    UPLOADED = "uploaded"
    """Its file is on the server; the job has not been asked for."""
    SUBMITTING = "submitting"
    """The job was asked for, and it is not known whether it was made."""
    PENDING = "pending"
    RUNNING = "running"
    ENDED = "ended"
    """The server is done with it; what it says is not in the library yet."""
    INGESTED = "ingested"
    """Every one of its assets is accounted for."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"
    """Answers stood under other pictures' keys: nothing of it was stored."""


_S = JobState

TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    _S.BUILDING: frozenset({_S.BUILT}),
    _S.BUILT: frozenset({_S.UPLOADED, _S.FAILED, _S.CANCELLED}),
    _S.UPLOADED: frozenset({_S.SUBMITTING, _S.BUILT, _S.FAILED, _S.CANCELLED}),
    _S.SUBMITTING: frozenset({_S.UPLOADED, _S.PENDING, _S.FAILED}),
    _S.PENDING: frozenset({_S.RUNNING, _S.ENDED, _S.FAILED}),
    _S.RUNNING: frozenset({_S.PENDING, _S.ENDED, _S.FAILED}),
    _S.ENDED: frozenset({_S.INGESTED, _S.FAILED, _S.CANCELLED, _S.EXPIRED, _S.QUARANTINED}),
    _S.QUARANTINED: frozenset({_S.FAILED}),
    _S.FAILED: frozenset(),
    _S.INGESTED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
}
"""What may follow what. A job still `building` when its engine is gone is undone instead."""

ACTIVE = frozenset({_S.SUBMITTING, _S.PENDING, _S.RUNNING})
"""Counted by the server against jobs and enqueued tokens (or perhaps so)."""
LOCAL = frozenset({_S.BUILDING, _S.BUILT, _S.UPLOADED})
"""Nothing of it is paid for: it can be undone without asking the server."""
OPEN = frozenset({*ACTIVE, *LOCAL, _S.ENDED})
"""Something is still to be done by us."""
FINAL = frozenset(_S) - OPEN

_NEXT = {
    _S.BUILDING: "Its file is being written; it is submitted by itself.",
    _S.BUILT: "Waits for its turn; goes by itself while an engine or `gemtag batches sync` runs.",
    _S.UPLOADED: "Waits for room on the server and goes by itself.",
    _S.SUBMITTING: "It is looked for on the server before anything is sent again.",
    _S.PENDING: "Nothing: Google aims at 24 hours. `gemtag batches rescue` moves its images on.",
    _S.RUNNING: "Nothing: its results are taken in by themselves when it ends.",
    _S.ENDED: "Its results are being fetched and taken in: `gemtag batches sync`.",
    _S.INGESTED: "Nothing: every image of it is accounted for.",
    _S.FAILED: "Its images remain to be tagged: see what the server said, then run again.",
    _S.CANCELLED: "Its images remain to be tagged: run again in any lane.",
    _S.EXPIRED: "Nothing was paid. Run again, or with `--lane interactive` or `--lane flex`.",
    _S.QUARANTINED: (
        "Nothing of it was stored. `gemtag batches rescue` gives its images back to be tagged anew."
    ),
}


def may_follow(before: JobState, after: JobState) -> bool:
    """Whether a job may go from one state to another."""
    return after in TRANSITIONS[before]


def before(after: JobState) -> tuple[JobState, ...]:
    """Return the states that may lead to one."""
    return tuple(state for state in JobState if after in TRANSITIONS[state])


def next_step(state: JobState, *, stuck: bool = False, rescued: bool = False) -> str:
    """Return what happens or is to be done next, in words."""
    if stuck and state in {_S.PENDING, _S.RUNNING}:
        return (
            "It has not moved for long. Wait, or `gemtag batches rescue` to tag its images in "
            "another lane; if it lands later, the first result stands and both are paid."
        )
    if rescued and state in ACTIVE:
        return (
            "Its images were moved to another lane; what it still brings is taken for those that "
            "have no result by then."
        )
    return _NEXT[state]


def state_of(remote: RemoteJob) -> JobState:
    """Return the state that what the server says stands for.

    SUCCEEDED without a results file is still running: the file may come later (seen 2026).
    """
    if remote.ended:
        waits = remote.ending in {ServerState.SUCCEEDED, ServerState.PARTIAL}
        return _S.RUNNING if waits and not remote.output_file else _S.ENDED
    return _S.RUNNING if remote.state is ServerState.RUNNING else _S.PENDING


def final_of(ending: ServerState) -> JobState:
    """Return the state of a job whose lines are all taken in, by how it ended."""
    return {
        ServerState.FAILED: _S.FAILED,
        ServerState.CANCELLED: _S.CANCELLED,
        ServerState.EXPIRED: _S.EXPIRED,
    }.get(ending, _S.INGESTED)


def look_pause(poll_seconds: float, looks: int, jitter: float) -> float:
    """Return seconds until the next look at a job.

    Grows by half with every look without news, to twenty times the shortest or ten minutes.

    Args:
        poll_seconds: the shortest.
        looks: in a row without news.
        jitter: random, in [0, 1): moves the pause by up to a tenth either way.
    """
    longest = max(poll_seconds, min(600.0, 20 * poll_seconds))
    return min(longest, poll_seconds * 1.5 ** min(looks, 30)) * (0.9 + 0.2 * jitter)


def refusal_pause(poll_seconds: float, refused: int, jitter: float) -> float:
    """Return seconds to wait after a refusal for want of room: grows to a quarter hour."""
    return min(900.0, poll_seconds * 2.0 ** min(refused, 20)) * (0.9 + 0.2 * jitter)


def doubt_pauses(within: float) -> list[float]:
    """Return the pauses between looks for a job whose making is in doubt; listings may lag.

    Args:
        within: seconds over which to look. At least one look is taken, at once.
    """
    pauses, step, total = [0.0], 1.0, 0.0
    while total < within:
        step = min(step, within - total)
        pauses.append(step)
        total += step
        step *= 2
    return pauses


def is_stuck(now: float, moved_at: float | None, stuck_hours: float) -> bool:
    """Whether a job on the server has not moved for the hours that a setting allows."""
    return moved_at is not None and now - moved_at >= stuck_hours * 3600.0


def expected_end(
    now: float, started_at: float | None, requests: int, answered: int
) -> float | None:
    """Return when a job will end at its present pace (Unix seconds), `None` when not known."""
    if started_at is None or answered <= 0 or now <= started_at:
        return None
    left = max(0, requests - answered)
    return now + left * (now - started_at) / answered
