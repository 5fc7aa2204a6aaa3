"""Batch jobs as the contract's JSON fields, and as lines for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.cli.words import clock, duration, money, size
from gemtag_tui.core.batch_job import ACTIVE, OPEN, expected_end, is_stuck, next_step
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.batches import Event, JobRow, OddLine, Stranger

NOT_OURS, ADOPTABLE = "not_ours", "adoptable"
"""States of jobs on the account that the library does not know; the latter have its name."""


@dataclass(frozen=True, slots=True)
class Detail:
    """All that is known of one job; `items` counts its images by where they stand."""

    job: JobRow
    events: list[Event]
    tallies: dict[str, int]
    items: dict[str, int]
    odd: list[OddLine]


def stuck(job: JobRow, now: float, hours: float) -> bool:
    """Whether a job on the server has not moved for the hours that a setting allows."""
    return job.place in ACTIVE and is_stuck(now, job.moved_at, hours)


def ends_at(job: JobRow, now: float) -> float | None:
    """Return when a job is expected to end, `None` when that cannot be told."""
    if job.place not in ACTIVE:
        return None
    return expected_end(now, job.started_at, job.requests, job.succeeded + job.failed)


def job_fields(job: JobRow, now: float, hours: float) -> dict[str, Any]:
    """Return a job as the contract names its parts, and more beside."""
    return {
        "job": job.name or job.display_name,
        "display_name": job.display_name,
        "state": job.state,
        "requests": job.requests,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "pending": job.pending,
        "ingested": job.ingested,
        "created_at": job.created_at,
        "ended_at": job.ended_at,
        "expires_at": job.expires_at,
        "error": job.error,
        "cost_usd": job.cost_usd,
        "number": job.id,
        "server_state": job.server_state,
        "provider": job.provider,
        "model": job.model,
        "tagged": job.tagged,
        "double_usd": job.double_usd,
        "expected_usd": job.expected_usd,
        "expected_end": ends_at(job, now),
        "stuck": stuck(job, now, hours),
        "waiting": job.waiting,
        "first": bool(job.first),
        "submitted_at": job.submitted_at,
        "started_at": job.started_at,
        "looked_at": job.looked_at,
        "ingested_at": job.ingested_at,
        "rescued_at": job.rescued_at,
        "known": True,
    }


def stranger_fields(one: Stranger) -> dict[str, Any]:
    """Return a job of the account that the library has no row for, in the same fields."""
    return {
        "job": one.name,
        "display_name": one.display_name,
        "state": ADOPTABLE if one.ours else NOT_OURS,
        "requests": one.requests,
        "succeeded": None,
        "failed": None,
        "pending": None,
        "ingested": 0,
        "created_at": one.created_at,
        "ended_at": None,
        "expires_at": None,
        "error": "",
        "cost_usd": None,
        "server_state": one.state,
        "model": one.model,
        "seen_at": one.seen_at,
        "given_up": one.given_up,
        "known": False,
    }


def detail_fields(found: Detail, now: float, hours: float) -> dict[str, Any]:
    """Return all that is known of a job."""
    job = found.job
    return job_fields(job, now, hours) | {
        "next": step_words(job, now, hours),
        "events": [{"at": e.at, "kind": e.kind, "words": e.words} for e in reversed(found.events)],
        "lines": found.tallies,
        "images": found.items,
        "kept_lines": [
            {"kind": o.kind, "key": o.key, "asset": o.asset, "cost_usd": o.cost_usd,
             "raw": o.raw.decode(errors="replace")}
            for o in found.odd
        ],
        "files": {
            "input": job.input_file, "input_expires_at": job.input_expires_at,
            "output": job.output_file, "bytes": job.bytes,
        },
        "tokens_in": job.tokens_in,
        "tokens_out": job.tokens_out,
        "enqueued_tokens": job.tokens,
        "profile": job.profile,
    }  # fmt: skip


def step_words(job: JobRow, now: float, hours: float) -> str:
    """Return what happens or is to be done next."""
    return next_step(job.place, stuck=stuck(job, now, hours), rescued=job.rescued_at is not None)


def job_lines(job: JobRow, now: float, hours: float) -> list[str]:
    """Return a job in one line, and in a second what is wrong with it or what it waits for."""
    server = plain(job.server_state, 40).removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_")
    state = f"{job.state}{_mark(job, now, hours)}"
    age = duration((job.ended_at or now) - job.created_at)
    bad = f", {job.failed:,} failed" if job.failed else ""
    answered = job.succeeded + job.failed if job.place in ACTIVE else 0
    done = f"{answered or job.ingested:>7,} of {job.requests:,}"
    done += " answered" if answered else " taken in"
    words = (
        f"{job.id:>4}  {state:<17} {server or '-':<10} {done}{bad}  {age}  "
        f"{money(job.cost_usd)}  {plain(job.display_name)}"
    )
    more = plain(job.error or (job.waiting if job.place in OPEN else ""), 300)
    return [words, f"      {more}"] if more else [words]


def _mark(job: JobRow, now: float, hours: float) -> str:
    if job.rescued_at is not None and job.place in OPEN:
        return " (rescued)"
    return " (stuck)" if stuck(job, now, hours) else ""


def stranger_line(one: Stranger) -> str:
    """Return a job of the account that the library does not know."""
    kind = "not ours" if not one.ours else "given up" if one.given_up else "adoptable"
    made = clock(one.created_at) if one.created_at else "-"
    return (
        f"   -  {kind:<17} {plain(one.state, 30).removeprefix('BATCH_STATE_'):<10} "
        f"{one.requests:,} requests, made {made}  {plain(one.display_name or one.name)}"
    )


def detail_pairs(found: Detail, now: float, hours: float) -> list[tuple[str, object]]:
    """Return a job as names and values in words."""
    job = found.job
    answered = f"{job.succeeded:,} answered, {job.failed:,} failed, {job.pending:,} pending"
    pairs: list[tuple[str, object]] = [
        ("job", f"{job.id}, {job.display_name}"),
        ("server", f"{job.name or 'has not named it'}: {job.server_state or 'nothing said yet'}"),
        ("state", f"{job.state}{', stuck' if stuck(job, now, hours) else ''}"),
        ("next", step_words(job, now, hours)),
        ("requests", f"{job.requests:,}: {answered}"),
        ("taken in", f"{job.ingested:,}, of these {job.tagged:,} tagged"),
        ("cost", f"{money(job.cost_usd)} (expected {money(job.expected_usd)})"),
        ("made", clock(job.created_at)),
    ]
    if job.double_usd:
        pairs.append(("paid twice", f"{money(job.double_usd)} for images that had a result"))
    if job.waiting:
        pairs.append(("waits", job.waiting))
    if job.error:
        pairs.append(("error", job.error))
    if (ends := ends_at(job, now)) is not None:
        pairs.append(("expected", f"to end {clock(ends)}, in {duration(ends - now)}"))
    if job.expires_at and (job.output_file or not job.ended_at):
        what = "its results are kept until" if job.ended_at else "expires without results"
        pairs.append(("until", f"{what} {clock(job.expires_at)}"))
    pairs.append(("files", _files(job)))
    if found.items:
        pairs.append(("images", ", ".join(f"{n:,} {k.replace('_', ' ')}"
                                          for k, n in found.items.items())))  # fmt: skip
    if found.tallies:
        pairs.append(("lines", ", ".join(f"{n:,} {k}" for k, n in found.tallies.items())))
    pairs += [(clock(e.at), e.words) for e in reversed(found.events)]
    return pairs


def _files(job: JobRow) -> str:
    words = f"{size(job.bytes)} sent" if job.input_file else f"{size(job.bytes)} to be sent"
    if job.input_expires_at and job.place in OPEN:
        words += f", kept there until {clock(job.input_expires_at)}"
    return f"{words}; results in {job.output_file}" if job.output_file else words
