"""Runs, and their error logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.text import storable
from gemtag_tui.store.work import joined

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

DIED = "The engine ended without a word; everything it had written is kept."

LAST = """
    SELECT id, track, lane, state, pid, started_at, ended_at, options, exit_code, message,
        done, bad, tries, cost_usd
    FROM run ORDER BY id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run. `ended_at` is `None` while it goes on (or since it died, until that is noticed)."""

    id: int
    track: int
    lane: str
    state: str
    pid: int
    started_at: float
    ended_at: float | None
    options: dict[str, Any]
    exit_code: int | None
    message: str
    done: int
    bad: int
    tries: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A line of a run's error log; `path` is empty when it is about no asset."""

    id: int
    at: float
    kind: str
    asset: int | None
    message: str
    fate: str
    path: bytes


async def begin(lib: Library, track: Track, lane: str, options: dict[str, Any], pid: int) -> int:
    """Record the start of a run and return its id."""
    row = (track.id, lane, pid, lib.clock.now(), storable(msgspec.json.encode(options).decode()))
    async with lib.transaction() as db:
        done = await db.execute(
            "INSERT INTO run (track, lane, state, pid, started_at, options) "
            "VALUES (?, ?, 'running', ?, ?, ?)",
            row,
        )
    assert done.lastrowid is not None  # noqa: S101 (an INSERT always has one)
    return done.lastrowid


async def set_lane(lib: Library, run: int, lane: str) -> None:
    """Record that a run goes on in another lane."""
    async with lib.transaction() as db:
        await db.execute("UPDATE run SET lane = ? WHERE id = ?", (lane, run))


async def finish(lib: Library, run: int, state: str, exit_code: int, message: str) -> None:
    """Record the end of a run: `done`, `stopped` or `died`."""
    async with lib.transaction() as db:
        await db.execute(
            "UPDATE run SET state = ?, ended_at = ?, exit_code = ?, message = ? WHERE id = ?",
            (state, lib.clock.now(), exit_code, storable(message), run),
        )


def run_row(row: Any | None) -> RunRow | None:
    """Make a value of a row of `LAST`."""
    if row is None:
        return None
    values = list(row)
    values[7] = msgspec.json.decode(values[7])
    return RunRow(*values)


async def last(lib: Library) -> RunRow | None:
    """Return the latest run."""
    return run_row(await lib.row(LAST))


async def mark_died(lib: Library) -> int:
    """Close runs whose engine is gone; returns how many. Only for who holds the engine's lock."""
    async with lib.transaction() as db:
        done = await db.execute(
            "UPDATE run SET state = 'died', ended_at = ?, message = ? WHERE ended_at IS NULL",
            (lib.clock.now(), DIED),
        )
    return done.rowcount


_ERRORS = """
    SELECT e.id, e.at, e.kind, e.asset, e.message, e.fate, o.path, f.name
    FROM run_error e LEFT JOIN asset a ON a.id = e.asset LEFT JOIN file f ON f.id = a.file
    LEFT JOIN folder o ON o.id = f.folder
    WHERE e.run = ? AND e.id < ? AND (? = '' OR e.message LIKE ? ESCAPE '\\'
        OR e.kind LIKE ? ESCAPE '\\' OR e.fate LIKE ? ESCAPE '\\')
    ORDER BY e.id DESC LIMIT ?
"""


async def errors_page(
    lib: Library, run: int, before: int | None = None, limit: int = 200, text: str = ""
) -> list[ErrorRow]:
    """Return lines of a run's error log, newest first.

    Args:
        lib: the library.
        run: the run.
        before: only lines with a lower id; `None` for the newest.
        limit: most lines.
        text: only lines with these words in their kind, message or fate.
    """
    sign = storable(text).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    like = f"%{sign}%"
    end = 2**62 if before is None else before
    rows = await lib.rows(_ERRORS, (run, end, sign, like, like, like, limit))
    return [_error_row(*row) for row in rows]


async def first_error(lib: Library, run: int) -> int:
    """Return the id of a run's first line, 0 when it has none."""
    row = await lib.row("SELECT min(id) FROM run_error WHERE run = ?", (run,))
    return 0 if row is None or row[0] is None else int(row[0])


def _error_row(*row: Any) -> ErrorRow:
    path = b"" if row[7] is None else joined(row[6], row[7])
    return ErrorRow(row[0], row[1], row[2], row[3], row[4], row[5], path)
