"""Batch jobs as rows of a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gemtag_tui.core.batch_job import ACTIVE, FINAL, JobState, expected_end, is_stuck
from gemtag_tui.store.batches import JobRow, Stranger
from gemtag_tui.tui.paint import Span, Tone, bar
from gemtag_tui.tui.wanted import BatchView
from gemtag_tui.tui.widgets.paged import Column
from gemtag_tui.tui.words import clock, money, number, share, short_number

STATES: dict[str, tuple[str, Tone]] = {
    "building": ("◌", "muted"),
    "built": ("◌", "muted"),
    "uploaded": ("◌", "muted"),
    "submitting": ("◌", "accent"),
    "pending": ("◌", "accent"),
    "running": ("●", "good"),
    "ended": ("◌", "warn"),
    "ingested": ("✓", "good"),
    "failed": ("✗", "bad"),
    "cancelled": ("–", "muted"),
    "expired": ("✗", "bad"),
    "quarantined": ("!", "bad"),
}
STUCK: Span = ("! stuck", "warn")
RESCUED: Span = ("→ rescued", "muted")
"""Its images are elsewhere; what it still brings is taken for those that have no result."""
NOT_OURS: Span = ("– not ours", "muted")
ADOPTABLE: Span = ("+ adoptable", "warn")
GIVEN_UP: Span = ("– given up", "muted")
_BAR = 5
_MANY, _MANY_BAD = 100_000, 10_000
"""Counts from which on they are written short, to stand in their columns whole."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a job of the library, or one that it does not know."""

    job: JobRow | None = None
    stranger: Stranger | None = None
    stuck: bool = False

    @property
    def key(self) -> str:
        """What the row is told by."""
        if self.job is not None:
            return str(self.job.id)
        return self.stranger.name if self.stranger else ""

    @property
    def words(self) -> str:
        """What a filter looks through."""
        if self.job is None:
            other = self.stranger
            return f"not ours {other.display_name} {other.name} {other.state}" if other else ""
        job = self.job
        stuck = "stuck" if self.stuck else ""
        return (
            f"{job.id} {job.display_name} {job.name} {job.state} {job.server_state} {job.error} "
            f"{job.waiting} {stuck}"
        )


def rows_of(view: BatchView, now: float, text: str = "") -> list[Row]:
    """Return the rows: the jobs, the newest first, then those of others."""
    wanted = text.casefold()
    rows = [Row(job=job, stuck=_stuck(job, now, view.stuck_hours)) for job in view.jobs]
    rows += [Row(stranger=one) for one in view.strangers]
    return [row for row in rows if wanted in row.words.casefold()] if wanted else rows


def _stuck(job: JobRow, now: float, hours: float) -> bool:
    return job.place in ACTIVE and job.rescued_at is None and is_stuck(now, job.moved_at, hours)


def columns(now: float) -> list[Column[Row]]:
    """What we have done with a job and what the server says of it stand apart."""
    return [
        Column("here", 13, here),
        Column("server", 10, lambda r: (server_word(r), "" if r.job else "muted")),
        Column("job", 4, lambda r: (number(r.job.id) if r.job else "–", "muted"), right=True),
        Column("stored", 16, stored, right=True),
        Column("progress", 11, progress),
        Column("bad", 5, _bad, right=True),
        Column("age", 7, lambda r: (age(r, now), ""), right=True),
        Column("ends", 12, lambda r: ends(r, now), rank=1),
        Column("cost", 8, _cost, right=True, rank=2),
        Column("name", 14, _name, keep="tail", grow=1, rank=3),
    ]


def here(row: Row) -> Span:
    """Where it stands with us."""
    if row.job is None:
        other = row.stranger
        known = GIVEN_UP if other and other.given_up else ADOPTABLE
        return known if other and other.ours else NOT_OURS
    if row.job.rescued_at is not None and row.job.place in ACTIVE:
        return RESCUED
    if row.stuck:
        return STUCK
    sign, tone = STATES.get(row.job.state, ("?", "warn"))
    return (f"{sign} {row.job.state}", tone)


def server_word(row: Row) -> str:
    """The server's own word for its state, without its prefix."""
    said = row.job.server_state if row.job else row.stranger.state if row.stranger else ""
    return said.removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_") or "–"


def stored(row: Row) -> Span:
    """How many of its requests are accounted for in the library."""
    if row.job is None:
        return (f"– of {number(row.stranger.requests)}" if row.stranger else "", "muted")
    whole = row.job.ingested >= row.job.requests > 0
    count = number if row.job.requests < _MANY else short_number
    words = f"{count(row.job.ingested)} of {count(row.job.requests)}"
    return (words, "good" if whole else "strong" if row.job.ingested else "")


def progress(row: Row) -> Span:
    """How far the server is, as far as it says."""
    job = row.job
    if job is None:
        return ("", "muted")
    done = job.succeeded + job.failed
    if not done:
        return ("no answers" if job.place in {JobState.RUNNING, JobState.ENDED} else "–", "muted")
    tone: Tone = "muted" if job.place in FINAL else "accent"
    return (f"{bar(done, job.requests, _BAR)} {share(done, job.requests)}", tone)


def _bad(row: Row) -> Span:
    if row.job is None:
        return ("", "muted")
    bad = max(row.job.failed, row.job.ingested - row.job.tagged)
    words = number(bad) if bad < _MANY_BAD else f"{bad / 1000:.0f} k"
    return (words, "warn" if bad else "muted")


def _cost(row: Row) -> Span:
    job = row.job
    if job is None:
        return ("", "muted")
    if job.place in FINAL or job.cost_usd:
        return (money(job.cost_usd), "")
    return (f"~{money(job.expected_usd)}", "muted")


def _name(row: Row) -> Span:
    if row.job is not None:
        return (row.job.display_name, "muted")
    return ((row.stranger.display_name or row.stranger.name) if row.stranger else "", "muted")


def age(row: Row, now: float) -> str:
    """How long it takes or took."""
    if row.job is not None:
        return short((row.job.ended_at or now) - row.job.created_at)
    made = row.stranger.created_at if row.stranger else None
    return short(now - made) if made else "–"


def short(seconds: float) -> str:
    """A length of time in at most seven signs: 12 s, 41 min, 3 h 10, 26 h, 4 d 11, 12 d."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole - whole % 5 if whole > 10 else whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 10 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02}"
    if whole < 48 * 3600:
        return f"{whole // 3600} h"
    if whole < 10 * 86400:
        return f"{whole // 86400} d {whole % 86400 // 3600:02}"
    return f"{whole // 86400} d"


def end_of(job: JobRow, now: float) -> float | None:
    """When a job will end at its pace, `None` when that is not known."""
    if job.place not in ACTIVE:
        return None
    return expected_end(now, job.started_at, job.requests, job.succeeded + job.failed)


def ends(row: Row, now: float) -> Span:
    """When it ended, is expected to, or has to."""
    job = row.job
    if job is None:
        return ("–", "muted")
    if job.ended_at:
        return (clock(job.ended_at, now), "muted")
    if (expected := end_of(job, now)) is not None:
        return (f"~{clock(expected, now)}", "")
    return (f"< {clock(job.expires_at, now)}" if job.expires_at else "–", "muted")


def totals(rows: Sequence[Row]) -> tuple[int, int, float, float]:
    """Jobs under way, images that wait in them, dollars spent and dollars to come."""
    jobs = [row.job for row in rows if row.job is not None]
    going = [job for job in jobs if job.place not in FINAL]
    held = sum(max(0, job.requests - job.ingested) for job in going if job.rescued_at is None)
    return len(going), held, sum(j.cost_usd for j in jobs), sum(j.expected_usd for j in going)
