"""Batch jobs in words. Pure."""

from __future__ import annotations

import textwrap

from gemtag_tui.store.batches import JobRow
from gemtag_tui.tui.paint import Line, Tone, bar
from gemtag_tui.tui.screens.failures_lines import labelled
from gemtag_tui.tui.widgets.paged import Column
from gemtag_tui.tui.words import clock, duration, money, number, share, until

STATES: dict[str, tuple[str, Tone]] = {
    "building": ("◌", "muted"),
    "uploaded": ("◌", "muted"),
    "submitting": ("◌", "accent"),
    "pending": ("◌", "accent"),
    "running": ("●", "good"),
    "ended": ("!", "warn"),
    "ingested": ("✓", "good"),
    "failed": ("✗", "bad"),
    "cancelled": ("–", "muted"),
    "expired": ("✗", "bad"),
}
NEXT: dict[str, str] = {
    "building": "Its file is being written; nothing was sent.",
    "uploaded": "Its file is with Google; the job itself was not made yet.",
    "submitting": "Asked for; whether Google took it is not known yet.",
    "pending": "It waits for its turn at Google.",
    "running": "Google works on it.",
    "ended": "Google is done; its results are not in the library yet.",
    "ingested": "Its results are in the library.",
    "failed": "Google gave it up; its images count as remaining.",
    "cancelled": "It was cancelled; what had been done is kept.",
    "expired": "It took longer than 48 hours; its images count as remaining.",
}
NOTHING = "There are no batch jobs yet: a start in the batch lane makes them."
HOW = "n on 1 Plan chooses the lane, S starts. In a shell: `gemtag batches list`."
NOT_BUILT = "There are no batch jobs: this version does not run the batch lane."
INSTEAD = (
    "It runs the interactive lane, and flex at half its price: S on 1 Plan starts them. Jobs that a"
    " library holds already are listed here, and in a shell by `gemtag batches list`."
)


def columns(now: float) -> list[Column[JobRow]]:
    """Columns of the jobs: what Google says and what is stored stand apart."""
    return [
        Column("here", 12, lambda j: (f"{sign(j)[0]} {j.state}", sign(j)[1])),
        Column("server", 11, lambda j: (j.server_state.removeprefix("JOB_STATE_") or "–", "")),
        Column("job", 14, lambda j: (j.display_name, ""), keep="tail", grow=2),
        Column("stored", 16, lambda j: (f"{number(j.ingested)} of {number(j.requests)}", "strong"),
               right=True),
        Column("failed", 6, lambda j: (number(j.failed), "warn" if j.failed else "muted"),
               right=True),
        Column("progress", 18, _progress, grow=1, rank=4),
        Column("age", 9, lambda j: (duration((j.ended_at or now) - j.created_at), ""), right=True,
               rank=1),
        Column("ends", 11, lambda j: (ends(j, now), "muted"), rank=2),
        Column("cost", 8, lambda j: (money(j.cost_usd), ""), right=True, rank=3),
    ]  # fmt: skip


def nothing_lines(width: int, *, built: bool) -> list[Line]:
    """What is said when there are no jobs; `built`: this version runs the batch lane."""
    words = HOW if built else INSTEAD
    return [[("  " + line, "")] for line in textwrap.wrap(words, max(20, width - 4))]


def sign(job: JobRow) -> tuple[str, Tone]:
    """The state's sign and tone."""
    return STATES.get(job.state, ("?", "warn"))


def _progress(job: JobRow) -> tuple[str, Tone]:
    done = job.succeeded + job.failed
    return (f"{bar(done, job.requests, 10)} {share(done, job.requests)}", "accent")


def ends(job: JobRow, now: float) -> str:
    """When it ended, or has to."""
    if job.ended_at:
        return clock(job.ended_at, now)
    return f"< {clock(job.expires_at, now)}" if job.expires_at else "–"


def job_lines(job: JobRow | None, now: float, width: int, height: int) -> list[Line]:
    """A job in words."""
    if job is None:
        return []
    roomy = height > 6
    lines = labelled("job", job.name or f"{job.display_name} (no name from Google yet)", width, 2,
                     "strong")  # fmt: skip
    lines += labelled("now", NEXT.get(job.state, "This state is not known here."), width, 2)
    counts = (
        f"{number(job.requests)} asked · {number(job.succeeded)} answered · "
        f"{number(job.failed)} failed · {number(job.pending)} pending · "
        f"{number(job.ingested)} stored"
    )
    lines += labelled("counts", counts, width, 2 if roomy else 1)
    if job.error:
        lines += labelled("error", job.error, width, 6 if roomy else 1, "bad")
    if roomy:
        lines += labelled("made", clock(job.created_at, now), width, 1, "muted")
        if job.expires_at and not job.ended_at:
            lines += labelled("until", until(job.expires_at, now), width, 1, "muted")
        lines += labelled("cost", money(job.cost_usd), width, 1, "muted")
    return lines


def job_paragraphs(job: JobRow, now: float) -> list[tuple[str, str]]:
    """Everything the library knows of a job."""
    times = [f"made {clock(job.created_at, now)}"]
    if job.ended_at:
        took = duration(job.ended_at - job.created_at)
        times.append(f"ended {clock(job.ended_at, now)}, after {took}")
    if job.expires_at:
        times.append(f"expires {clock(job.expires_at, now)}")
    counts = [
        f"{number(job.requests)} requests",
        f"{number(job.succeeded)} answered",
        f"{number(job.failed)} failed",
        f"{number(job.pending)} pending",
        f"{number(job.ingested)} stored in the library",
    ]
    found = [
        ("Job", f"{job.display_name}\n{job.name or '(Google has not named it yet)'}"),
        ("Here", f"{job.state}: {NEXT.get(job.state, 'not known here')}"),
        ("Google says", job.server_state or "nothing yet"),
        ("Counts", "\n".join(counts)),
        ("Times", "\n".join(times)),
        ("Cost", money(job.cost_usd)),
    ]
    return [*found, ("Error", job.error)] if job.error else found
