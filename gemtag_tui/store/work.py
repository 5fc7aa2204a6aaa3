"""What is to be done: every asset's place in a track, its counts and its pages."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.context import Context
from gemtag_tui.core.snapshot import Counts
from gemtag_tui.core.told import told_in_request

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library


class State(IntEnum):
    """Where an asset stands in a track."""

    TODO = 0
    """Never tried, or a person wants it tried again."""
    RETRY = 1
    """Failed for now; comes back by itself at a time."""
    BATCH = 2
    """In a batch job."""
    TAGGED = 3
    """Has a result."""
    KNOWN_BAD = 4
    """Not to be paid for again."""
    IGNORED = 5
    """A person said to leave it alone."""
    NEAR = 6
    """Waits for the near-duplicate of it that is paid for (store/near_work.py)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An asset, and the file that stands for it.

    Attributes:
        asset: its id.
        path: the file's absolute path, as the system gave it.
        sha256: 32 bytes; empty when the content could not be read.
        type: `jpeg`, `png`, …: by content.
        width: pixels, upright.
        height: pixels, upright.
        size: bytes.
        mtime_ns: of the file when it was scanned.
        waited: seconds it had to wait after its last failure; 0 when there is none open.
        setting: what this one try is made with (see `gemtag_tui.core.next_try`), "" as usual.
        context: what a request is to tell of it, "" nothing.
    """

    asset: int
    path: bytes
    sha256: bytes
    type: str
    width: int
    height: int
    size: int
    mtime_ns: int
    waited: float = 0.0
    setting: str = ""
    context: str = ""


COUNTERS = """
    SELECT c.todo, c.retry_later, c.in_batches, c.tagged, c.known_bad, c.ignored,
        c.near, l.files, l.missing, l.assets, l.bad, l.near
    FROM library_counter l LEFT JOIN counter c ON c.track = ?
"""
"""The kept counters of a track and of the library: one row."""


def counts_from(rows: Iterable[Any]) -> Counts:
    """Make counts of what `COUNTERS` gives; without a track, of how a new one would begin."""
    ((todo, later, batches, tagged, known_bad, ignored, near, *rest),) = rows
    files, missing, assets, bad, followers = rest
    if todo is None:
        near = min(followers, assets - bad)
        todo, later, batches, tagged = assets - bad - near, 0, 0, 0
        known_bad, ignored = bad, 0
    remaining = todo + later + batches + near
    return Counts(
        total=remaining + tagged + known_bad + ignored,
        tagged=tagged,
        remaining=remaining,
        known_bad=known_bad,
        ignored=ignored,
        retry_later=later,
        in_batches=batches,
        near_waiting=near,
        near_duplicates=followers,
        duplicates=files - assets,
        files=files,
        missing=missing,
    )


async def counts(lib: Library, track_id: int) -> Counts:
    """Return a track's counts; they are kept, so this costs the same at any size."""
    return counts_from(await lib.rows(COUNTERS, (track_id,)))


async def library_counts(lib: Library) -> Counts:
    """Return the library's counts while there is no track: what can be used remains."""
    return counts_from(await lib.rows(COUNTERS, (0,)))


_PLAIN = 11
"""Columns of a page without context."""
_CANDIDATE = """
    w.asset, o.path, f.name, coalesce(a.sha256, x''),
    a.type, a.width, a.height, f.size, f.mtime_ns"""
_FILES = """
    CROSS JOIN asset a ON a.id = w.asset
    CROSS JOIN file f ON f.id = a.file
    CROSS JOIN folder o ON o.id = f.folder
    LEFT JOIN next_try n ON n.track = w.track AND n.asset = w.asset
"""
_SETTING = "coalesce(n.setting, '')"
PAGE = f"""
    SELECT {_CANDIDATE}, 0.0, {_SETTING} FROM work w {_FILES}
    WHERE w.track = ? AND w.state = ? AND w.asset > ? ORDER BY w.asset LIMIT ?
"""
DUE_PAGE = f"""
    SELECT {_CANDIDATE}, coalesce(b.next_retry - b.last_seen, 0.0), {_SETTING}
    FROM work w {_FILES}
    CROSS JOIN track t ON t.id = w.track
    LEFT JOIN failure b ON b.asset = w.asset
        AND b.provider = t.provider AND b.model = t.model AND b.profile = t.profile
    WHERE w.track = ? AND w.state = 1 AND w.due <= ? ORDER BY w.due, w.asset LIMIT ?
"""


_TOLD = f"""{_SETTING}, coalesce((
        SELECT json_array(c.board, c.section, c.title, c.description, c.link, json(c.keywords))
        FROM file k CROSS JOIN context c ON c.file = k.id
        WHERE k.asset = w.asset AND k.missing_at IS NULL
        ORDER BY c.source = 'sidecar' DESC, c.id LIMIT 1), '')
"""


def told(page: str) -> str:
    """Return `PAGE` or `DUE_PAGE` with what the pictures' sources say of them."""
    return page.replace(_SETTING, _TOLD, 1)


def joined(folder: bytes, name: bytes) -> bytes:
    """Return a file's path."""
    return os.path.join(folder, name)  # noqa: PTH118 (bytes: pathlib takes none)


def candidate(row: Any) -> Candidate:
    """Return what a row of `PAGE` or `DUE_PAGE` says."""
    path = joined(row[1], row[2])
    found = Candidate(row[0], path, *row[3:_PLAIN])
    if len(row) > _PLAIN and row[_PLAIN]:
        return replace(found, context=told_in_request(_context(row[_PLAIN])))
    return found


def _context(stored: str) -> Context:
    board, section, title, description, link, keywords = msgspec.json.decode(stored)
    return Context(
        board=board,
        section=section,
        title=title,
        description=description,
        link=link,
        keywords=tuple(keywords),
    )


async def list_state(
    lib: Library, track_id: int, state: State, after: int, limit: int
) -> list[Candidate]:
    """Return the assets in a state by rising id, those beyond `after`."""
    rows = await lib.rows(PAGE, (track_id, int(state), after, limit))
    return [candidate(row) for row in rows]


async def next_due(lib: Library, track_id: int) -> float | None:
    """Return when the next failure comes due (Unix seconds), `None` when none will."""
    row = await lib.row(
        "SELECT min(due) FROM work WHERE track = ? AND state = 1 AND due IS NOT NULL", (track_id,)
    )
    return None if row is None else row[0]


async def path_of(lib: Library, asset: int) -> bytes:
    """Return the path of the file that stands for an asset; empty when none does."""
    row = await lib.row(
        "SELECT o.path, f.name FROM asset a JOIN file f ON f.id = a.file "
        "JOIN folder o ON o.id = f.folder WHERE a.id = ?",
        (asset,),
    )
    return b"" if row is None else joined(row[0], row[1])
