"""A batch job in words: beside the table, and in full. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gemtag_tui.core.batch_job import FINAL, LOCAL, TARGET_HOURS, next_step
from gemtag_tui.store.batches import JobRow, OddLine, Stranger
from gemtag_tui.tui.paint import Line, fit, safe, width_of
from gemtag_tui.tui.screens.batches_rows import Row, end_of, here, server_word, short
from gemtag_tui.tui.screens.failures_lines import labelled
from gemtag_tui.tui.wanted import BatchDetail
from gemtag_tui.tui.words import clock, money, number, plural, seconds_clock, until

NOTHING = "There are no batch jobs yet: S submits what remains, at half the price."
HOW = (
    "The batch lane tags at half the price and outside the interactive quotas; Google aims at 24"
    " hours for a job. Jobs on the account that were made elsewhere are listed after s (sync now)."
    " In a shell: `gemtag run --lane batch`, `gemtag batches list`."
)
ROOMY = 6
LINE_WORDS = {
    "ok": "tagged",
    "missing": "without a line",
    "missing_from_batch": "without a line",
    "batch_line_error": "error of the line",
    "doubled": "came twice",
    "second": "had a result already",
    "beside": "paid one by one as well",
    "unknown": "name no image of the job",
    "unparsable": "cannot be read",
    "swapped": "stand under another image's key",
}
RAW_SHOWN = 2_000


def step(row: Row) -> str:
    """What happens or is to be done next."""
    job = row.job
    if job is None:
        if row.stranger and row.stranger.given_up:
            return "Given up: its images are paid for anew. A adopts what it brings all the same."
        if row.stranger and row.stranger.ours:
            return (
                "This library forgot it. Nothing more is submitted until A adopts it (once it has "
                "ended), X cancels it, or R gives it up."
            )
        return "It was made elsewhere with this key's project; nothing is done about it."
    if job.error and job.place in FINAL:
        return job.error
    if job.waiting:
        return job.waiting
    return next_step(job.place, stuck=row.stuck, rescued=job.rescued_at is not None)


def row_lines(
    row: Row | None, detail: BatchDetail | None, now: float, width: int, height: int
) -> list[Line]:
    """The present row in words, in `height` lines; what happened stands beside when it is wide."""
    if row is None:
        return []
    if row.job is None:
        return _stranger_lines(row, row.stranger, now, width) if row.stranger else []
    if detail is not None and detail.job != row.job.id:
        detail = None
    if height <= ROOMY:
        return _few(row, row.job, detail, now, width)[:height]
    facts = max(40, width // 2 - 2) if width >= 100 else width
    left = _facts(row, row.job, detail, now, facts)
    if width < 100:
        return [*left, *_timeline(detail, width, max(0, height - len(left)))][:height]
    right = _timeline(detail, width - facts - 3, height)
    return _beside(left, right, facts, height)


def _few(row: Row, job: JobRow, detail: BatchDetail | None, now: float, width: int) -> list[Line]:
    lines = labelled("job", f"{job.id} · {job.name or job.display_name}", width, 1, "strong")
    lines += labelled("next", step(row), width, 1, here(row)[1])
    lines += labelled("counts", counts_words(job, now), width, 1)
    if detail is not None and detail.events:
        newest = detail.events[0]
        lines += labelled("last", f"{clock(newest.at, now)}  {newest.words}", width, 1, "muted")
    return lines


def _facts(row: Row, job: JobRow, detail: BatchDetail | None, now: float, width: int) -> list[Line]:
    lines = labelled("job", f"{job.id} · {job.display_name}", width, 1, "strong")
    lines += labelled("server", f"{job.name or 'has not named it'} · {server_word(row)}", width, 1)
    lines += labelled("next", step(row), width, 3, here(row)[1])
    lines += labelled("counts", counts_words(job, now), width, 2)
    if detail is not None and detail.lines:
        lines += labelled("lines", lines_words(detail.lines), width, 2)
    lines += labelled("cost", cost_words(job), width, 1)
    lines += labelled("time", time_words(job, now), width, 2, "muted")
    return lines + labelled("files", files_words(job, now), width, 2, "muted")


def _timeline(detail: BatchDetail | None, width: int, height: int) -> list[Line]:
    """What happened, the newest first."""
    lines: list[Line] = []
    for event in detail.events if detail else ():
        when = seconds_clock(event.at)
        words = fit(safe(event.words), max(10, width - len(when) - 2)).rstrip()
        lines.append([(f"{when}  ", "muted"), (words, "warn" if event.kind in _LOUD else "")])
    return lines[:height]


_LOUD = {"stuck", "trouble", "doubt", "failed", "expired", "quarantined", "second"}


def _beside(left: list[Line], right: list[Line], width: int, height: int) -> list[Line]:
    out: list[Line] = []
    for i in range(min(height, max(len(left), len(right)))):
        one = left[i] if i < len(left) else []
        gap = max(0, width - width_of(one))
        out.append([*one, (" " * gap + " │ ", "muted"), *(right[i] if i < len(right) else [])])
    return out


def _stranger_lines(row: Row, one: Stranger, now: float, width: int) -> list[Line]:
    lines = labelled("job", f"{one.name} · {one.display_name or 'no name'}", width, 1, "strong")
    lines += labelled("next", step(row), width, 2)
    made = f"made {clock(one.created_at, now)}" if one.created_at else "made at no known time"
    counts = f"{plural(one.requests, 'request')} for {one.model or 'no known model'}, {made}"
    lines += labelled("counts", counts, width, 1)
    return lines + labelled("listed", clock(one.seen_at, now), width, 1, "muted")


def counts_words(job: JobRow, now: float) -> str:
    """Requests by what became of them, how fast, and when it is expected to end."""
    words = (
        f"{number(job.requests)} asked · {number(job.succeeded)} answered · "
        f"{number(job.failed)} failed · {number(job.pending)} pending · "
        f"{number(job.tagged)} tagged"
    )
    done = job.succeeded + job.failed
    if job.started_at and done and job.place not in FINAL and now > job.started_at:
        words += f" · {number(done / (now - job.started_at) * 3600)} an hour"
    if (expected := end_of(job, now)) is not None:
        words += f" · ends about {until(expected, now)}"
    return words


def lines_words(lines: dict[str, int]) -> str:
    """Lines of results by kind."""
    parts = (f"{number(count)} {kind_words(kind)}" for kind, count in lines.items())
    return " · ".join(parts)


def kind_words(kind: str) -> str:
    """A kind of line in words."""
    return LINE_WORDS.get(kind, kind.replace("_", " "))


def cost_words(job: JobRow) -> str:
    """What it cost, or is expected to."""
    words = money(job.cost_usd)
    if job.place not in FINAL:
        words += f" so far, about {money(job.expected_usd)} expected"
    if job.double_usd:
        words += f"; paid twice: {money(job.double_usd)} for images that had a result"
    return words


def time_words(job: JobRow, now: float) -> str:
    """Its age against what Google aims at, when it ends or expires, when it was looked at."""
    took = (job.ended_at or now) - job.created_at
    words = [f"made {clock(job.created_at, now)}"]
    if job.ended_at:
        words.append(f"ended {clock(job.ended_at, now)} after {short(took)}")
    elif job.place not in LOCAL:
        words.append(f"{short(took)} of the {TARGET_HOURS:.0f} h aimed at")
        if job.expires_at:
            words.append(f"expires {until(job.expires_at, now)}")
    if job.looked_at:
        words.append(f"looked at {clock(job.looked_at, now)}")
    if job.rescued_at:
        words.append(f"rescued {clock(job.rescued_at, now)}")
    return " · ".join(words)


def files_words(job: JobRow, now: float) -> str:
    """Its files, and when they expire."""
    sent = f"{job.bytes / 1e6:,.1f} MB, {number(job.tokens)} tokens"
    words = [f"{sent} sent" if job.input_file else f"{sent} to send"]
    if job.input_expires_at and job.place not in FINAL:
        words.append(f"there until {clock(job.input_expires_at, now)}")
    if job.output_file:
        kept = f" until {clock(job.expires_at, now)}" if job.expires_at and job.ended_at else ""
        words.append(f"results {job.output_file}{kept}")
    return " · ".join(words)


def paragraphs(
    row: Row, detail: BatchDetail, odd: Sequence[OddLine], now: float
) -> list[tuple[str, str]]:
    """Everything the library knows of a job."""
    job = row.job
    assert job is not None  # noqa: S101 - strangers have no details
    found = [
        ("Job", f"{job.id}  {job.display_name}\n{job.name or '(the server has not named it yet)'}"),
        ("Here", f"{'stuck' if row.stuck else job.state}: {step(row)}"),
        ("The server says", job.server_state or "nothing yet"),
        ("Counts", counts_words(job, now).replace(" · ", "\n")),
    ]
    if detail.images:
        images = (f"{number(n)} {kind.replace('_', ' ')}" for kind, n in detail.images.items())
        found.append(("Images", "\n".join(images)))
    if detail.lines:
        found.append(("Lines of its results", lines_words(detail.lines).replace(" · ", "\n")))
    found += [
        ("Times", time_words(job, now).replace(" · ", "\n")),
        ("Cost", cost_words(job)),
        ("Files", files_words(job, now).replace(" · ", "\n")),
        ("For", f"{job.provider} · {job.model} · profile {job.profile}"),
    ]
    if job.error:
        found.append(("Error", job.error))
    events = (f"{_when(e.at, now)}  {e.words}" for e in reversed(detail.events))
    found.append(("What happened", "\n".join(events)))
    for one in odd:
        raw = one.raw[:RAW_SHOWN].decode("utf-8", "replace")
        found.append((f"Line kept: {kind_words(one.kind)}, key {one.key or '?'}", raw))
    return found


def _when(at: float, now: float) -> str:
    day = "" if abs(now - at) < 43_200 else f"{clock(at, now).rpartition(' ')[0]} "
    return f"{day}{seconds_clock(at)}"


def landed_words(landed: tuple[int, int], left_at: float, now: float) -> Line:
    """What landed while nobody watched."""
    jobs, images = landed
    return [
        ("▸ ", "accent"),
        (f"{plural(jobs, 'job')} landed since you left ({clock(left_at, now)}): ", "head"),
        (f"{plural(images, 'image')} tagged", "strong"),
        (" · any key", "muted"),
    ]
