"""What stands beside or below a list of failures. Pure lines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from gemtag_tui.core.failures import Standing
from gemtag_tui.store.failures import FailureGroup, FailureRow
from gemtag_tui.tui.paint import Line, Span, Tone, safe
from gemtag_tui.tui.screens.failures_words import (
    STANDINGS,
    advice_of,
    cause_of,
    hope_of,
    kind_words,
)
from gemtag_tui.tui.widgets.paged import Column
from gemtag_tui.tui.words import clock, money, number, plural, until

LABEL = 9


def group_columns(said: Mapping[int, str]) -> list[Column[FailureGroup]]:
    """Columns of the causes; `said` has what the server said by the example's id."""
    return [
        Column("count", 7, lambda g: (number(g.count), "strong"), right=True),
        Column("cause", 14, lambda g: (kind_words(g.kind), "warn")),
        Column("stands", 13, lambda g: STANDINGS[g.standing]),
        Column("retry", 7, lambda g: hope_of(g.kind), rank=2),
        Column("what was said", 18, lambda g: (said.get(g.example, g.head), ""), grow=1),
        Column("spent", 8, lambda g: (money(g.cost_usd) if g.cost_usd else "–", "muted"),
               right=True, rank=1),
    ]  # fmt: skip


def file_columns(now: float) -> list[Column[FailureRow]]:
    """Columns of the files of a cause."""
    return [
        Column("image", 24, _name, keep="tail", grow=3),
        Column("tries", 5, lambda r: (number(r.attempts), ""), right=True),
        Column("last", 12, lambda r: (clock(r.last_seen, now), "muted")),
        Column("again", 22, lambda r: again_words(r, now), rank=1),
        Column("what was said", 18, lambda r: (r.message, "muted"), grow=2, rank=2),
        Column("spent", 8, lambda r: (money(r.cost_usd) if r.cost_usd else "–", "muted"),
               right=True, rank=3),
    ]  # fmt: skip


def _name(row: FailureRow) -> Span:
    if not row.path:
        return ("(no file holds it now)", "muted")
    return (row.path.decode("utf-8", "surrogateescape"), "")


def again_words(row: FailureRow, now: float) -> Span:
    """When it is tried again, and which try that will be."""
    if row.standing is not Standing.OPEN:
        return STANDINGS[row.standing]
    if row.next_retry is None or row.next_retry <= now:
        return (f"try {row.attempts + 1} by the next run", "warn")
    return (f"try {row.attempts + 1} {until(row.next_retry, now)}", "warn")


def labelled(label: str, text: str, width: int, most: int, tone: Tone = "") -> list[Line]:
    """A label and its text, wrapped under itself in at most `most` lines."""
    room = max(12, width - LABEL - 2)
    lines = textwrap.wrap(safe(text), room) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: room - 1] + "…"]
    first: Line = [(f" {label:<{LABEL}}", "muted"), (lines[0], tone)]
    return [first, *([(" " * (LABEL + 1), ""), (one, tone)] for one in lines[1:])]


def group_lines(
    group: FailureGroup | None, said: str, now: float, width: int, height: int
) -> list[Line]:
    """A cause in words: what it is, what was said, whether a retry helps, what to do."""
    if group is None:
        return []
    roomy = height > 6
    hope, tone = hope_of(group.kind)
    cause = f"{kind_words(group.kind)}: {cause_of(group.kind)}"
    lines = labelled("cause", cause, width, 3 if roomy else 1, "strong")
    lines += labelled("said", said or group.head, width, 8 if roomy else 1)
    doing = advice_of(group.kind, group.standing)
    if not roomy:
        retry: Line = [(f" {'retry':<{LABEL}}", "muted"), (hope, tone), ("  ", "")]
        return [*lines, [*retry, (doing, "")]]
    lines += labelled("retry", f"can help: {hope}", width, 1, tone)
    lines += labelled("do", doing, width, 4)
    lines += labelled("count", f"{plural(group.count, 'image')}, {money(group.cost_usd)} spent",
                      width, 1)  # fmt: skip
    lines += labelled("first", clock(group.first_seen, now), width, 1, "muted")
    return lines + labelled("last", clock(group.last_seen, now), width, 1, "muted")


def file_lines(row: FailureRow | None, now: float, width: int, height: int) -> list[Line]:
    """A failed file in words."""
    if row is None:
        return []
    roomy = height > 6
    path = row.path.decode("utf-8", "surrogateescape") or "(no file holds it now)"
    again, tone = again_words(row, now)
    lines = labelled("image", path, width, 4 if roomy else 1, "strong")
    lines += labelled("said", row.message, width, 10 if roomy else 1)
    tries = f"{plural(row.attempts, 'try', 'tries')}, {money(row.cost_usd)} spent, {again}"
    lines += labelled("so far", tries, width, 2, tone)
    if roomy:
        lines += labelled("do", advice_of(row.kind, row.standing), width, 4)
        lines += labelled("first", clock(row.first_seen, now), width, 1, "muted")
        lines += labelled("last", clock(row.last_seen, now), width, 1, "muted")
    return lines
