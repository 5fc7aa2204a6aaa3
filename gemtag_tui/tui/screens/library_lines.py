"""How an asset is written in a list, beside it, and in full. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from gemtag_tui.core.context import Context
from gemtag_tui.core.next_try import words_of
from gemtag_tui.core.text import plain
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.store.search import AssetDetail, FilePlace, Found
from gemtag_tui.store.work import State
from gemtag_tui.tui.paint import Line, Span, Tone, safe
from gemtag_tui.tui.widgets.paged import Column
from gemtag_tui.tui.words import clock, money, number, plural

LABEL = 10
MOST_PLACES = 50

STATES: dict[State, tuple[str, str, Tone]] = {
    State.TODO: ("·", "to be tagged", "muted"),
    State.RETRY: ("◌", "tried again later", "warn"),
    State.BATCH: ("◌", "in a batch job", "accent"),
    State.NEAR: ("≈", "waits for one that looks the same", "muted"),
    State.TAGGED: ("✓", "tagged", "good"),
    State.KNOWN_BAD: ("✗", "known bad", "bad"),
    State.IGNORED: ("–", "ignored", "muted"),
}


def columns() -> list[Column[AssetRow]]:
    """Columns of the list."""
    return [
        Column("", 1, sign),
        Column("image", 18, _name, keep="tail", grow=1),
        Column("summary", 26, _summary, grow=2),
        Column("tags", 16, _tags, grow=2, rank=2),
        Column("cost", 10, lambda r: (money(r.cost_usd) if r.result else "", "muted"),
               right=True, rank=3),
    ]  # fmt: skip


def sign(row: AssetRow) -> Span:
    """Where it stands, in one sign; a person's corrections go before."""
    return ("◆", "accent") if row.edited else (STATES[row.state][0], STATES[row.state][2])


def tile_words(row: AssetRow) -> Span:
    """What stands under a thumbnail."""
    return (f"{sign(row)[0]} {_name(row)[0]}", "" if row.result else STATES[row.state][2])


def title_line(  # noqa: PLR0917 (what a list is)
    text: str,
    view: str,
    count: int,
    about: bool,
    order: str,
    marks: int,
    track: str = "",
    looked: float = 1.0,
) -> Line:
    """What the list is: a search or a part of the library, how much, in which order, of whom.

    While a search is not through (`looked` below 1) it says so; below 0 it has not begun.
    """
    if looked < 0:
        what: Line = [("search ", "muted"), (text, "warn")] if text else [(view, "muted")]
        return [*what, (" · looking …", "accent")]
    shown = f"{'about ' if about else ''}{number(count)}"
    more = f" · {order}" if order else ""
    marked: Line = [(f" · {number(marks)} marked", "accent")] if marks else []
    if text:
        so_far: Line = [(f" · still looking, {looked:.0%} looked through", "accent")]
        return [("search ", "muted"), (text, "warn"), (" · ", "muted"), (shown, "strong"),
                (" found so far" if looked < 1 else f" found{more}", "muted"),
                *(so_far if looked < 1 else []), *marked, (" · Esc clears", "muted")]  # fmt: skip
    return [(f"{view} ", "muted"), (shown, "strong"), (more, "muted"), *marked,
            (f" · {track}" if track else "", "muted"), (" · v view", "muted")]  # fmt: skip


def path_text(path: bytes) -> str:
    """A path for people."""
    return path.decode("utf-8", "surrogateescape")


def _name(row: AssetRow) -> Span:
    if not row.path:
        return ("(no file holds it now)", "muted")
    copies = f" ×{row.files}" if row.files > 1 else ""
    return (path_text(row.path).rpartition("/")[2] + copies, "")


def _summary(row: AssetRow) -> Span:
    if row.result:
        return (row.summary, "")
    words = STATES[row.state][1]
    if row.kind:
        words += f": {row.kind.replace('_', ' ')}"
    return (words, STATES[row.state][2])


def _tags(row: AssetRow) -> Span:
    return (" │ ".join(", ".join(names) for names in row.tags.values() if names), "muted")


def tag_words(tags: dict[str, list[str]]) -> str:
    """Tags by bucket on one line: subject kitchen, tap · colours oak."""
    parts = [
        f"{bucket.replace('_', ' ')} {', '.join(names)}" for bucket, names in tags.items() if names
    ]
    return " · ".join(parts)


def bucket_lines(tags: dict[str, list[str]]) -> list[str]:
    """Tags, a line for each bucket that has any."""
    return [f"{name.replace('_', ' ')}: {', '.join(tags[name])}" for name in tags if tags[name]]


def pane_lines(
    row: AssetRow | None, detail: AssetDetail | None, now: float, width: int, height: int
) -> list[Line]:
    """What is known of the row under the cursor, as much as there is room for."""
    if row is None:
        return []
    if height <= 6:
        return _short_pane(row, now, width)
    lines = _wrapped("image", path_text(row.path), width, 3, "strong")
    if detail is not None and detail.asset == row.asset:
        lines += _copies(row, detail, width)
    state = STATES[row.state][1] if row.result else _summary(row)[0]
    state += ", corrected by hand" if row.edited else ""
    lines += _wrapped("state", state, width, 2, STATES[row.state][2])
    lines.append(_facts(row, now))
    if row.summary:
        lines += [[], *_wrapped("says", row.summary, width, 6, "")]
    for bucket, names in row.tags.items():
        if names:
            lines += _wrapped(bucket.replace("_", " "), ", ".join(names), width, 3, "")
    return [*lines, [], *_origin(row, now, width)] if row.result else lines


def _short_pane(row: AssetRow, now: float, width: int) -> list[Line]:
    lines = _wrapped("image", path_text(row.path), width, 1, "strong")
    if row.result:
        lines += _wrapped("says", row.summary, width, 1, "")
        lines += _wrapped("tags", tag_words(row.tags), width, 1, "")
    else:
        lines += _wrapped("state", _summary(row)[0], width, 1, STATES[row.state][2])
    return [*lines, _facts(row, now)]


def _copies(row: AssetRow, detail: AssetDetail, width: int) -> list[Line]:
    others = [one for one in _live(detail) if one.path != row.path]
    lines: list[Line] = []
    for place in others[:3]:
        lines += _wrapped("also at", path_text(place.path), width, 2, "muted")
    if len(others) > 3:
        more = plural(len(others) - 3, "more copy", "more copies")
        lines += _wrapped("", f"and {more}", width, 1, "muted")
    return lines


def _live(detail: AssetDetail) -> list[FilePlace]:
    return [one for one in detail.files if one.missing_at is None]


def _facts(row: AssetRow, now: float) -> Line:
    size = f"{row.width}×{row.height}" if row.width else "size not known"
    words = f"{size} · {row.type or 'no image'} · {size_words(row.size)}"
    if row.files > 1:
        words += f" · {plural(row.files, 'copy', 'copies')}, paid once"
    if row.result:
        words += f" · {clock(row.tagged_at, now)} · {money(row.cost_usd)}"
    return [(f" {'':<{LABEL}}", ""), (words, "muted")]


def _origin(row: AssetRow, now: float, width: int) -> list[Line]:
    lines = _wrapped("model", row.served_model or "not said", width, 1, "")
    lines += _wrapped("lane", row.lane, width, 1, "")
    lines += _wrapped("cost", money(row.cost_usd), width, 1, "")
    return lines + _wrapped("tagged", clock(row.tagged_at, now), width, 1, "")


def _wrapped(label: str, text: str, width: int, most: int, tone: Tone) -> list[Line]:
    room = max(12, width - LABEL - 2)
    lines = textwrap.wrap(safe(text), room) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: room - 1] + "…"]
    shown = safe(label)[: LABEL - 1]
    first: Line = [(f" {shown:<{LABEL}}", "muted"), (lines[0], tone)]
    return [first, *([(" " * (LABEL + 1), ""), (one, tone)] for one in lines[1:])]


def size_words(size: int) -> str:
    """Bytes in words."""
    if size < 1000:
        return f"{max(0, size)} bytes"
    return f"{size / 1000:,.0f} kB" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


def paragraphs(
    detail: AssetDetail, tracks: dict[int, str], now: float, context: Sequence[Context] = ()
) -> list[tuple[str, str]]:
    """Everything known of an asset: what was found first, then where it lies and stands."""
    found = [(f"Tagged by {one.model} · {one.profile_name} · {one.provider}", _result(one, now))
             for one in detail.results]  # fmt: skip
    if detail.edited_at:
        found.append(("Corrected by hand", _corrected(detail, now)))
    found += [("What its source says", _said_there(one)) for one in context]
    return found + _whereabouts(detail, tracks, now)


def _corrected(detail: AssetDetail, now: float) -> str:
    lines = [f"{clock(detail.edited_at, now)}; these words win over every model's"]
    if detail.overlay.summary is not None:
        lines.append(f"summary: {detail.overlay.summary}")
    for bucket, edit in detail.overlay.buckets.items():
        name = bucket.replace("_", " ")
        if edit.set is not None:
            lines.append(f"{name}: exactly {', '.join(edit.set) or 'nothing'}")
        lines += [f"{name}: + {', '.join(edit.add)}"] if edit.add else []
        lines += [f"{name}: - {', '.join(edit.remove)}"] if edit.remove else []
    return "\n".join(lines)


def _said_there(one: Context) -> str:
    parts = [("board", one.board), ("section", one.section), ("title", one.title),
             ("description", one.description), ("author", one.author), ("link", one.link),
             ("keywords", ", ".join(one.keywords))]  # fmt: skip
    return "\n".join(f"{name}: {plain(text, 4_000)}" for name, text in parts if text)


def _whereabouts(detail: AssetDetail, tracks: dict[int, str], now: float) -> list[tuple[str, str]]:
    size = f"{detail.width} × {detail.height}, " if detail.width else ""
    digest = detail.sha256.hex() if detail.sha256 else "(its content could not be read)"
    facts = f"{size}{detail.type or 'no image'}, {size_words(detail.bytes)}, number {detail.asset}"
    found = [("Image", f"{facts}\nSHA-256 {digest}\nadded {clock(detail.added_at, now)}")]
    places = "\n".join(_place(one, now) for one in detail.files[:MOST_PLACES])
    heading = (
        "File"
        if len(detail.files) == 1
        else f"{number(len(detail.files))} files, one content, paid once"
    )
    found.append((heading, places or "No file holds this content now."))
    for failure in detail.failures:
        tries = plural(failure.attempts, "try", "tries")
        words = f"{failure.message}\n{tries}, last {clock(failure.last_seen, now)}"
        title = f"Failure {failure.id}: {failure.kind}, {failure.standing}"
        found.append((title.replace("_", " "), words))
    states = [
        f"{STATES[state][1]}: {tracks.get(track, f'track {track}')}"
        for track, state in detail.states.items()
    ]
    return [*found, ("Where it stands", "\n".join(states) or "It was never part of a run.")]


def _place(one: FilePlace, now: float) -> str:
    gone = "" if one.missing_at is None else f"  (missing since {clock(one.missing_at, now)})"
    return path_text(one.path).replace("\n", "\N{REPLACEMENT CHARACTER}") + gone


def _result(one: Found, now: float) -> str:
    by = f"answered by {one.served_model}" if one.served_model else "by a model that was not named"
    paid = f"{one.lane} lane, {money(one.cost_usd)}"
    if one.inherited_from is not None:
        paid = f"inherited from image {one.inherited_from}, which looks the same"
    origin = f"{paid}, {clock(one.tagged_at, now)}, {by}"
    if one.made_with:
        origin += f"\ntried with {words_of(one.made_with)}, else as the profile says"
    return "\n".join([one.summary, *bucket_lines(one.tags), origin])
