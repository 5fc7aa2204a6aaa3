"""What stands beside or below a list of failures. Pure lines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from gemtag_tui.core.failures import Standing
from gemtag_tui.core.next_try import words_of
from gemtag_tui.core.remedies import Remedy, Way
from gemtag_tui.store.failures import FailureGroup, FailureRow
from gemtag_tui.tui.paint import Line, Span, Tone, join_fitting, safe, sides, width_of
from gemtag_tui.tui.screens.failures_ask import HOW, KEYS, price_words
from gemtag_tui.tui.screens.failures_words import (
    STANDINGS,
    advice_of,
    cause_of,
    hope_of,
    kind_words,
)
from gemtag_tui.tui.widgets.paged import Column
from gemtag_tui.tui.words import clock, money, number, plural, share, until

LABEL = 9
ROOMY = 6
"""Lines up to which there is room for one each alone."""
SHORT: dict[Way, str] = {
    Way.RETRY: "retry",
    Way.RESCAN: "look again",
    Way.IGNORE: "ignore",
    Way.REOPEN: "reopen",
    Way.REJUDGE: "judge",
    Way.MODEL: "other model",
    Way.MORE_OUTPUT: "more room",
    Way.RESOLUTION: "resolution",
    Way.REENCODE: "made anew",
}


def group_columns(said: Mapping[int, str], now: float) -> list[Column[FailureGroup]]:
    """Columns of the causes; `said` has what the server said by the example's id."""
    return [
        Column("count", 7, lambda g: (number(g.count), "strong"), right=True),
        Column("share", 6, lambda g: (share(g.share, 1.0), "muted"), right=True, rank=3),
        Column("cause", 14, lambda g: (kind_words(g.kind), "warn")),
        Column("stands", 13, lambda g: STANDINGS[g.standing]),
        Column("retry", 7, lambda g: hope_of(g.kind), rank=5),
        Column("what was said", 18, lambda g: (said.get(g.example, g.head), ""), grow=1),
        Column("spent", 8, lambda g: (money(g.cost_usd) if g.cost_usd else "–", "muted"),
               right=True, rank=1),
        Column("last", 9, lambda g: (clock(g.last_seen, now), "muted"), rank=4),
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


def group_lines(  # noqa: PLR0917 (state, then the room there is)
    group: FailureGroup | None,
    said: str,
    ways: Sequence[Remedy],
    now: float,
    width: int,
    height: int,
) -> list[Line]:
    """A cause in words: what it is, what was said, what can be done about it and its price."""
    if group is None:
        return []
    cause = f"{kind_words(group.kind)}: {cause_of(group.kind)}"
    words = said or group.head
    if height <= ROOMY:
        lines = labelled("cause", cause, width, 1, "strong") + labelled("said", words, width, 1)
        return [*lines, *_short_ways(group, ways, width)]
    hope, tone = hope_of(group.kind)
    part = f"{share(group.share, 1.0)} of all"
    count = f"{plural(group.count, 'image')}, {part}, {money(group.cost_usd)} spent"
    seen = f"first {clock(group.first_seen, now)}, last {clock(group.last_seen, now)}"
    stored = f"{plural(group.raw, 'answer')} stored" if group.raw else "no answer is stored"
    return [
        *labelled("cause", cause, width, 3, "strong"),
        *labelled("said", words, width, 8),
        *labelled("retry", f"can help: {hope}", width, 1, tone),
        *labelled("do", advice_of(group.kind, group.standing), width, 4),
        *labelled("count", count, width, 2),
        *labelled("seen", f"{seen}; {stored}", width, 2, "muted"),
        [],
        *way_lines(ways, width),
    ]


def _short_ways(group: FailureGroup, ways: Sequence[Remedy], width: int) -> list[Line]:
    """Every way's key and price in a line, and the best one in words."""
    if not ways:
        return labelled("do", advice_of(group.kind, group.standing), width, 2)
    best = ways[0]
    how = f": {HOW[best.way]}" if best.way in HOW else ""
    label, words = "best", f"{best.words}, {price_words(best)}{how}"
    if best.way is Way.RETRY:
        label, words = "do", advice_of(group.kind, group.standing)
    parts: list[Line] = [
        [(KEYS[one.way], "accent"), (f" {SHORT[one.way]} ", ""), (price_words(one), "strong")]
        for one in ways
        if one.way in KEYS
    ]
    line: Line = [(f" {'keys':<{LABEL}}", "muted")]
    rest = join_fitting([*parts, [("u", "accent"), (" undo", "")]], width - LABEL - 2)
    return [*labelled(label, words, width, 1), [*line, *rest]]


def way_lines(ways: Sequence[Remedy], width: int) -> list[Line]:
    """What can be done, each way with its key and its price."""
    lines: list[Line] = []
    for one in ways:
        price: Line = [(price_words(one), "good" if one.total_usd == 0 else "strong"), (" ", "")]
        room = max(12, width - 5 - width_of(price))
        words = textwrap.wrap(one.words, room) or [""]
        tone: Tone = "" if one.likely else "muted"
        key = KEYS.get(one.way, "·")
        lines.append(sides([(f" {key}  ", "accent"), (words[0], tone)], price, width))
        lines += [[(f"    {more}", tone)] for more in words[1:]]
        how = textwrap.wrap(HOW.get(one.way, ""), max(12, width - 7))
        lines += [[(f"    {'→' if not i else ' '} {more}", "muted")] for i, more in enumerate(how)]
    return lines


def sent_words(row: FailureRow) -> str:
    """To whom and how it was sent, in a line."""
    if not row.provider:
        return "nothing: found before a model was asked"
    job = f", job {row.job}" if row.job else ""
    how = f", with {words_of(row.made_with)}" if row.made_with else ""
    return f"to {row.model}, lane {row.lane or 'unknown'}{job}, run {row.run or 'unknown'}{how}"


EMPTY_WORDS = (
    "Images that could not be tagged would stand here, by cause: what the server said, what was "
    "spent on them, and what can be done about it at which price."
)


def empty_lines(width: int) -> list[Line]:
    """What stands below an empty list."""
    wrapped = textwrap.wrap(EMPTY_WORDS, max(20, width - 2))
    lines: list[Line] = [[(" Nothing to do here: well done.", "good")]]
    lines += [[(f" {one}", "")] for one in wrapped]
    return lines


def file_lines(row: FailureRow | None, now: float, width: int, height: int) -> list[Line]:
    """A failed file in words."""
    if row is None:
        return []
    roomy = height > ROOMY
    path = row.path.decode("utf-8", "surrogateescape") or "(no file holds it now)"
    again, tone = again_words(row, now)
    lines = labelled("image", path, width, 4 if roomy else 1, "strong")
    lines += labelled("said", row.message, width, 10 if roomy else 1)
    tries = f"{plural(row.attempts, 'try', 'tries')}, {money(row.cost_usd)} spent, {again}"
    lines += labelled("so far", tries, width, 2, tone)
    if roomy:
        lines += labelled("do", advice_of(row.kind, row.standing), width, 4)
        lines += labelled("sent", sent_words(row), width, 3)
        lines += labelled("first", clock(row.first_seen, now), width, 1, "muted")
        lines += labelled("last", clock(row.last_seen, now), width, 1, "muted")
    return lines
