"""What has no result, why, and what a person does about it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.store.triage import (
    SAYS,
    Chosen,
    Preview,
    Selection,
    assets,
    awaiting_scan,
    ignore,
    like,
    preview,
    reopen,
    retry,
    selected,
    undo,
)
from gemtag_tui.store.work import joined

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

__all__ = [
    "Chosen",
    "FailureGroup",
    "FailureRow",
    "Preview",
    "Selection",
    "Stored",
    "assets",
    "awaiting_scan",
    "count",
    "get",
    "groups",
    "ignore",
    "of_asset",
    "page",
    "preview",
    "raw",
    "reopen",
    "retry",
    "stored",
    "undo",
]

_COLUMNS = """
    b.id, b.asset, b.kind, b.message, b.attempts, b.standing, b.first_seen, b.last_seen,
    b.next_retry, b.lane, b.provider, b.model, b.profile, b.run, b.job, b.cost_usd, o.path, f.name,
    b.made_with
"""
_END = 2**62
_FROM = """
    FROM failure b CROSS JOIN asset a ON a.id = b.asset
    LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder
"""


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A failure. `provider`, `model` and `profile` are empty when no model was asked.

    `made_with` is the setting of its last try where that was not the profile's.
    """

    id: int
    asset: int
    kind: FailureKind
    message: str
    attempts: int
    standing: Standing
    first_seen: float
    last_seen: float
    next_retry: float | None
    lane: str
    provider: str
    model: str
    profile: str
    run: int | None
    job: int | None
    cost_usd: float
    path: bytes
    made_with: str = ""


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures that look alike.

    Attributes:
        head: their cause (see `gemtag_tui.core.causes`).
        cost_usd: spent on them so far.
        example: one's id.
        share: of all failures listed, 0 to 1.
        raw: of how many the last raw answer is stored.
    """

    kind: FailureKind
    head: str
    standing: Standing
    count: int
    cost_usd: float
    first_seen: float
    last_seen: float
    example: int
    share: float = 0.0
    raw: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """A failure's last raw answer."""

    id: int
    asset: int
    profile: str
    lane: str
    job: int | None
    cost_usd: float
    last_seen: float
    raw: bytes


def _row(row: Any) -> FailureRow:
    path = b"" if row[17] is None else joined(row[16], row[17])
    values = [*row[:16], path, row[18]]
    values[2], values[5] = FailureKind(values[2]), Standing(values[5])
    return FailureRow(*values)


def _owner(track: Track | None) -> tuple[str, list[Any]]:
    if track is None:
        return "", []
    own = "(b.provider = ? AND b.model = ? AND b.profile = ? OR b.provider = '')"
    return f" AND {own}", [track.provider, track.model, track.profile]


async def page(
    lib: Library,
    *,
    track: Track | None = None,
    standing: Standing | None = None,
    kind: FailureKind | None = None,
    head: str | None = None,
    text: str = "",
    after: int | None = None,
    skip: int = 0,
    limit: int = 200,
    backwards: bool = False,
) -> list[FailureRow]:
    """Return failures of assets in scope, by rising id.

    Args:
        lib: the library.
        track: only of this track, or found without asking a model.
        standing: only these; `None` for all that are not resolved.
        kind: only these.
        head: only those whose message begins so (see `FailureGroup.head`).
        text: only those with these words in their message or their file's name.
        after: only those with a higher id, going backwards with a lower one.
        skip: leave out so many of the first.
        limit: most rows.
        backwards: by falling id.
    """
    where, values = _conditions(track, standing, kind, head, text)
    beyond, order = ("<", "DESC") if backwards else (">", "ASC")
    start = after if after is not None else (_END if backwards else 0)
    # Only the rows of the page are joined with their files, however many are left out.
    ids = (
        f"SELECT b.id FROM failure b WHERE b.id {beyond} ? AND {where} "
        f"ORDER BY b.id {order} LIMIT ? OFFSET ?"
    )
    sql = f"SELECT {_COLUMNS} {_FROM} WHERE b.id IN ({ids}) ORDER BY b.id {order}"
    return [_row(row) for row in await lib.rows(sql, [start, *values, limit, skip])]


async def count(
    lib: Library,
    *,
    track: Track | None = None,
    standing: Standing | None = None,
    kind: FailureKind | None = None,
    head: str | None = None,
    text: str = "",
) -> int:
    """Return how many failures `page` has in all."""
    where, values = _conditions(track, standing, kind, head, text)
    row = await lib.row(f"SELECT count(*) FROM failure b WHERE {where}", values)
    return 0 if row is None else int(row[0])


def _conditions(
    track: Track | None,
    standing: Standing | None,
    kind: FailureKind | None,
    head: str | None,
    text: str,
) -> tuple[str, list[Any]]:
    owner, values = _owner(track)
    where = "b.live = 1 AND b.standing <> 'resolved'"
    if standing is Standing.RESOLVED:
        where = "b.standing = 'resolved'"
    elif standing is not None:
        where = f"b.live = 1 AND b.standing = '{standing.value}'"
    where += owner
    if kind is not None:
        where += " AND b.kind = ?"
        values.append(kind.value)
    if head is not None:
        where += " AND b.head = ?"
        values.append(head)
    if text:
        where += f" AND {SAYS}"
        values += [like(text)] * 2
    return where, values


async def get(lib: Library, failure_id: int) -> FailureRow | None:
    """Return one failure."""
    row = await lib.row(f"SELECT {_COLUMNS} {_FROM} WHERE b.id = ?", (failure_id,))
    return None if row is None else _row(row)


async def of_asset(lib: Library, asset: int) -> list[FailureRow]:
    """Return all failures of an asset, resolved ones too."""
    rows = await lib.rows(f"SELECT {_COLUMNS} {_FROM} WHERE b.asset = ? ORDER BY b.id", (asset,))
    return [_row(row) for row in rows]


async def raw(lib: Library, failure_id: int) -> bytes:
    """Return the last raw answer, as it came; empty when there was none."""
    row = await lib.row("SELECT raw FROM failure WHERE id = ?", (failure_id,))
    return b"" if row is None or row[0] is None else zlib.decompress(row[0])


async def groups(lib: Library, track: Track | None = None) -> list[FailureGroup]:
    """Return the failures in scope that are not resolved, like with like, the most first.

    This reads all of them: some 50 ms for 100,000.
    """
    owner, values = _owner(track)
    rows = await lib.rows(
        "SELECT b.kind, b.head, b.standing, count(*), sum(b.cost_usd), min(b.first_seen), "
        "max(b.last_seen), max(b.id), sum(b.raw IS NOT NULL) FROM failure b "
        f"WHERE b.live = 1 AND b.standing <> 'resolved'{owner} "
        "GROUP BY b.kind, b.head, b.standing ORDER BY count(*) DESC, max(b.id) DESC",
        values,
    )
    whole = sum(row[3] for row in rows) or 1
    return [
        FailureGroup(FailureKind(r[0]), r[1], Standing(r[2]), *(*r[3:8], r[3] / whole, r[8]))
        for r in rows
    ]


async def stored(
    lib: Library, selection: Chosen, *, after: int = 0, limit: int = 200
) -> list[Stored]:
    """Return the raw answers of failures that stand, by rising id of the failure."""
    where, values = selected(selection, "rejudge")
    rows = await lib.rows(
        "SELECT b.id, b.asset, b.profile, b.lane, b.job, b.cost_usd, b.last_seen, b.raw "
        f"FROM failure b WHERE b.raw IS NOT NULL AND b.id > ? AND {where} ORDER BY b.id LIMIT ?",
        (after, *values, limit),
    )
    return [Stored(*(*row[:7], zlib.decompress(row[7]))) for row in rows]
