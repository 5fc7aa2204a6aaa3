"""The run screen's words: pure functions from a state and a width to lines."""

from __future__ import annotations

import os
from datetime import tzinfo

from gemtag_tui.core.snapshot import LastResult, RunSnapshot
from gemtag_tui.tui.paint import Line, bar, fit, join, join_fitting, safe, sides, width_of
from gemtag_tui.tui.source import Since
from gemtag_tui.tui.state import GLYPHS, Life, Look
from gemtag_tui.tui.words import (
    ago,
    clock,
    duration,
    money,
    number,
    plural,
    share,
    short_number,
    until,
)

MOVING = {Life.RUNNING, Life.STOPPING, Life.PARKED, Life.PAUSED, Life.STALLED}


def head_lines(look: Look, width: int, zone: tzinfo | None = None) -> list[Line]:
    """The upper part: what runs, how far, how fast, what it costs, and why it moves or does not."""
    return [
        who_line(look, width, zone),
        progress_line(look.snapshot, width),
        account_line(look.snapshot, width, alive=look.engine),
        pace_line(look, width, zone),
        money_line(look, width),
        why_line(look, width, zone),
        notice_line(look, width),
    ]


def who_line(look: Look, width: int, zone: tzinfo | None = None) -> Line:
    """Provider, model, profile, lane and since when."""
    snapshot = look.snapshot
    if not snapshot.model:
        return [(" No run yet", "strong")]
    parts: list[Line] = [[(" ", ""), (snapshot.model, "strong")]]
    if snapshot.provider and snapshot.provider != "google":
        parts.append([(snapshot.provider, "warn")])
    parts += [[(snapshot.lane, "")], [("profile ", "muted"), (snapshot.profile, "")]]
    began = snapshot.started_at
    right: Line = [(f"since {clock(began, look.now, zone)} ", "muted")] if began else []
    return sides(join(parts), right if look.engine else [], width)


def progress_line(snapshot: RunSnapshot, width: int) -> Line:
    """A bar of everything settled, and the numbers of what is tagged."""
    counts = snapshot.counts
    settled = counts.total - counts.remaining
    words: Line = [
        (number(counts.tagged), "strong"),
        (f" of {number(counts.total)} tagged · {share(settled, counts.total)} settled ", ""),
    ]
    room = max(8, width - width_of(words) - 3)
    return [(" ", ""), (bar(settled, counts.total, room), "accent"), ("  ", ""), *words]


def account_line(snapshot: RunSnapshot, width: int, *, alive: bool = True) -> Line:
    """What adds up to the total; tries are a number of their own. A dead engine runs nothing."""
    counts = snapshot.counts
    running = min(snapshot.in_flight, counts.remaining) if alive else 0
    parts = [
        (counts.tagged, "done"),
        (counts.known_bad, "bad"),
        *([(counts.ignored, "ignored")] if counts.ignored else []),
        (counts.remaining - running, "waiting"),
        (running, "running"),
    ]
    line: Line = [(" ", "")]
    for i, (value, word) in enumerate(parts):
        tone = "bad" if word == "bad" and value else "muted"
        line += [(" + " if i else "", "muted"), (number(value), ""), (f" {word}", tone)]  # type: ignore[list-item]
    line += [(" = ", "muted"), (number(counts.total), "")]
    later = f"{number(counts.retry_later)} retry later · " if counts.retry_later else ""
    right = f"{later}{plural(snapshot.tries, 'try', 'tries')} " if snapshot.run else ""
    return sides(line, [(right, "muted")], width)


def pace_line(look: Look, width: int, zone: tzinfo | None = None) -> Line:
    """Rate now and over the run, the goal of a limited run, and the end by the clock."""
    snapshot, life = look.snapshot, look.life
    if not snapshot.run:
        return []
    parts: list[Line] = []
    if life in MOVING:
        parts.append([(" ", ""), (f"{number(snapshot.rate_per_min)}/min", "strong"), (" now", "")])
    parts.append([(" " if not parts else "", ""), (f"{number(snapshot.rate_overall)}/min", "")])
    parts[-1].append((" over the run", "muted"))
    if life in MOVING and snapshot.eta_seconds is not None:
        when = clock(look.now + snapshot.eta_seconds, look.now, zone)
        parts.append(
            [("done about ", "muted"), (f"{when}, in {duration(snapshot.eta_seconds)}", "")]
        )
    elif life in MOVING:
        parts.append([("the end is not known yet", "muted")])
    settled = snapshot.done + snapshot.bad
    if snapshot.goal < settled + snapshot.counts.remaining:
        parts.append(
            [("this run ", "muted"), (f"{number(settled)} of {number(snapshot.goal)}", "")]
        )
    return join_fitting(parts, width)


def money_line(look: Look, width: int) -> Line:
    """Spent, to come, the cap, and tokens."""
    snapshot = look.snapshot
    if not snapshot.run:
        return []
    parts: list[Line] = [[(" ", ""), (money(snapshot.cost_usd), "strong"), (" spent", "")]]
    if snapshot.cost_to_come and look.life in MOVING:
        parts.append([(f"about {money(snapshot.cost_to_come)} to come", "")])
    cap = f"cap {money(look.cap)}" if look.cap else "no cap"
    parts.append([(cap, "" if look.cap else "muted")])
    tokens = (
        f"{short_number(snapshot.tokens_in)} tokens in, {short_number(snapshot.tokens_out)} out"
    )
    parts.append([(tokens, "muted")])
    return join_fitting(parts, width)


def why_line(look: Look, width: int, zone: tzinfo | None = None) -> Line:
    """Why it moves as it does, or why nothing moves and until when."""
    life, snapshot = look.life, look.snapshot
    glyph, tone = GLYPHS[life]
    if life in {Life.RUNNING, Life.STOPPING}:
        return join_fitting(_calls(snapshot), width)
    words = _why_words(look, zone)
    return [(f" {glyph} ", tone), (fit(safe(words), width - 4).rstrip(), tone)]


def _why_words(look: Look, zone: tzinfo | None) -> str:
    match look.life:
        case Life.IDLE:
            return _idle_words(look)
        case Life.STARTING:
            return "The engine starts."
        case Life.STALLED:
            return "The engine holds its lock but says nothing. The log may tell why."
        case Life.DIED:
            return _died_words(look, zone)
        case Life.PARKED:
            return _parked_words(look, zone)
        case _:
            flying = look.snapshot.in_flight
            return f"Paused: nothing new is sent, {flying} in flight. p resumes."


def _calls(snapshot: RunSnapshot) -> list[Line]:
    cap = f", you allow {snapshot.concurrency_cap}" if snapshot.concurrency_cap else ""
    parts: list[Line] = [
        [(f" {snapshot.in_flight} in flight of {snapshot.concurrency} at once{cap}", "")]
    ]
    if snapshot.concurrency_why:
        parts.append([(snapshot.concurrency_why, "muted")])
    if snapshot.single_worker_times:
        parts.append([(f"single worker {_times(snapshot.single_worker_times)}", "warn")])
    return parts


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _idle_words(look: Look) -> str:
    counts = look.snapshot.counts
    if not counts.total:
        return "No images yet: 1 Plan adds a folder."
    held = plural(counts.in_batches, "image")
    if waiting := counts.remaining - counts.in_batches:
        beside = f" {held} wait in batch jobs." if counts.in_batches else ""
        return f"Nothing runs. S starts on {plural(waiting, 'image')}.{beside}"
    if counts.in_batches:
        return f"Nothing runs. {held} wait in batch jobs: s on 3 Batches looks at them."
    if counts.tagged == counts.total:
        return f"Nothing to do: {number(counts.tagged)} of {number(counts.total)} are tagged."
    return f"Nothing to do: {plural(counts.known_bad, 'image')} failed for good, see 4 Failures."


def _died_words(look: Look, zone: tzinfo | None) -> str:
    seen = f", last seen {clock(look.snapshot.at, look.now, zone)}" if look.snapshot.at else ""
    return f"The engine died{seen}. All that was answered is kept. S resumes."


def _parked_words(look: Look, zone: tzinfo | None) -> str:
    snapshot = look.snapshot
    why = snapshot.waiting_for or snapshot.message or "a limit is used up"
    if not snapshot.parked_until:
        return f"parked: {why}"
    return f"parked: {why} · wakes {until(snapshot.parked_until, look.now, zone)}"


def notice_line(look: Look, width: int) -> Line:
    """Why nothing moves, else the first warning, else the run's last words."""
    snapshot = look.snapshot
    if look.life in {Life.RUNNING, Life.STOPPING} and snapshot.waiting_for:
        words = fit(safe(snapshot.waiting_for), width - 4).rstrip()
        return [(" ‖ ", "warn"), (words, "")]
    if snapshot.warnings:
        more = f" (+{len(snapshot.warnings) - 1} more)" if len(snapshot.warnings) > 1 else ""
        words = fit(safe(snapshot.warnings[0]), max(1, width - 4 - len(more))).rstrip()
        return [(" ! ", "warn"), (words + more, "warn")]
    words = snapshot.message
    if not words and look.run is not None and not look.engine:
        words = look.run.message
    if not words or look.life is Life.PARKED:
        return []
    return [(" · ", "muted"), (fit(safe(words), width - 4).rstrip(), "")]


def result_lines(results: list[LastResult], width: int, height: int) -> list[Line]:
    """The newest results, two lines each: name and summary, then tags by bucket."""
    lines: list[Line] = []
    for result in results[: max(1, height // 2)]:
        room = max(16, width * 3 // 10)
        name = fit(safe(short_path(result.path)), room, keep="tail")
        summary = fit(safe(result.summary), width - room - 4)
        lines.append([(" ", ""), (name, "accent"), ("  ", ""), (summary, "")])
        lines.append(tag_line(result.tags, width))
    return lines[:height]


def short_path(path: bytes) -> str:
    """The last two parts of a path: its folder and name."""
    return "/".join(os.fsdecode(path).split("/")[-2:])


def tag_line(tags: dict[str, list[str]], width: int) -> Line:
    """`subject kitchen, tap · setting indoor`, as much as fits."""
    parts: list[Line] = [
        [(f"{bucket} ", "muted"), (", ".join(names), "")] for bucket, names in tags.items() if names
    ]
    cleaned: list[Line] = [[(safe(text), tone) for text, tone in part] for part in parts]
    return [("   ", ""), *(clip_parts(cleaned, width - 4))]


def clip_parts(parts: list[Line], width: int) -> Line:
    """Whole parts as far as they fit; a first part that is too long is cut."""
    line = join_fitting(parts, width)
    if not line and parts:
        (head, tone), (names, other) = parts[0][0], parts[0][1]
        return [(head, tone), (fit(names, max(1, width - width_of([parts[0][0]]))), other)]
    return line


def away_lines(since: Since, now: float, width: int, zone: tzinfo | None = None) -> list[Line]:
    """What happened since the person left."""
    left = f"Since you left ({clock(since.left_at, now, zone)}, {ago(now - since.left_at)})"
    kinds = ", ".join(f"{kind.replace('_', ' ')} {number(n)}" for kind, n in since.new_kinds)
    lines: list[Line] = [
        [("▸ ", "accent"), (left, "head"), (" · any key", "muted")],
        [
            (f"  {number(since.done)} done", "strong"),
            (f" · {money(since.spent)} spent", ""),
            (f" · {number(since.bad)} failed" if since.bad else "", "warn"),
        ],
        [("  new kinds of failure: ", "muted"), (kinds, "warn")] if kinds else
        [("  no new kind of failure", "muted")],
    ]  # fmt: skip
    if since.ended:
        lines.append([(f"  {fit(safe(since.ended), width - 4).rstrip()}", "")])
    return lines
