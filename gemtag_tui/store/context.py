"""What pictures' sources say of them: kept by file, searched by asset.

For a search: the view `search_context` gives board and words by asset, and every change here puts
the asset on the index's list of stale ones (triggers, migration 5).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from gemtag_tui.core.context import Context
from gemtag_tui.store.known import KnownReader

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

Source = Literal["sidecar", "manifest", "sqlite"]
_AT_ONCE = 400

_FIELDS = "external_id, board, section, title, description, author, link, keywords"
_NOTE = f"""
    INSERT INTO context (file, source, {_FIELDS}, size, mtime_ns, noted_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (file, source) DO UPDATE SET external_id = excluded.external_id,
        board = excluded.board, section = excluded.section, title = excluded.title,
        description = excluded.description, author = excluded.author, link = excluded.link,
        keywords = excluded.keywords, size = excluded.size, mtime_ns = excluded.mtime_ns,
        noted_at = excluded.noted_at
"""
_OF_ASSET = f"""
    SELECT {_FIELDS} FROM file f JOIN context c ON c.file = f.id
    WHERE f.asset = ? AND f.missing_at IS NULL ORDER BY c.source = 'sidecar' DESC, c.id
"""
_BOARDS = """
    SELECT c.board, count(DISTINCT f.asset) FROM context c JOIN file f ON f.id = c.file
    WHERE c.board <> '' AND f.missing_at IS NULL GROUP BY c.board ORDER BY c.board LIMIT ?
"""
_ON_BOARD = """
    SELECT DISTINCT f.asset FROM context c JOIN file f ON f.id = c.file
    WHERE c.board = ? AND f.missing_at IS NULL AND f.asset > ? ORDER BY f.asset LIMIT ?
"""

_words = msgspec.json.Decoder(tuple[str, ...]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Noted:
    """What a source says of one file.

    Attributes:
        file: the file's id.
        size: bytes of the sidecar that was read; `mtime_ns` is its time.
    """

    file: int
    context: Context
    size: int = 0
    mtime_ns: int = 0


async def note(lib: Library, source: Source, rows: Sequence[Noted]) -> None:
    """Keep what a source says, in place of what it said before.

    Raises:
        LibraryError: when the library cannot be written; nothing of this was kept.
    """
    now = lib.clock.now()
    values = [_row(source, one, now) for one in rows]
    async with lib.transaction() as db:
        await db.executemany(_NOTE, values)


def _row(source: Source, one: Noted, now: float) -> tuple[Any, ...]:
    c = one.context
    said = (c.external_id, c.board, c.section, c.title, c.description, c.author, c.link)
    return (one.file, source, *said, _encode(c.keywords).decode(), one.size, one.mtime_ns, now)


async def of_asset(lib: Library, asset: int) -> list[Context]:
    """Return what is known of an asset, by the places where it lies; sidecars first."""
    return [_context(row) for row in await lib.rows(_OF_ASSET, (asset,))]


def _context(row: Any) -> Context:
    names = ("external_id", "board", "section", "title", "description", "author", "link")
    return Context(**dict(zip(names, row[:7], strict=True)), keywords=_words(row[7]))


async def boards(lib: Library, limit: int = 1000) -> list[tuple[str, int]]:
    """Return the boards by name, each with the number of its assets."""
    return [(row[0], int(row[1])) for row in await lib.rows(_BOARDS, (limit,))]


async def on_board(lib: Library, board: str, after: int = 0, limit: int = 1000) -> list[int]:
    """Return assets of one board beyond an asset's id: a page of a selection."""
    return [int(row[0]) for row in await lib.rows(_ON_BOARD, (board, after, limit))]


async def files_at(lib: Library, paths: Sequence[bytes]) -> dict[bytes, int]:
    """Return the ids of the library's live files at these absolute paths."""
    found: dict[bytes, int] = {}
    for start in range(0, len(paths), _AT_ONCE):
        part = [os.path.split(path) for path in paths[start : start + _AT_ONCE]]
        pairs = ",".join(["(?, ?)"] * len(part))
        rows = await lib.rows(
            f"SELECT o.path, f.name, f.id FROM (VALUES {pairs}) v "
            "CROSS JOIN folder o ON o.path = v.column1 "
            "CROSS JOIN file f ON f.folder = o.id AND f.name = v.column2 "
            "WHERE f.missing_at IS NULL",
            [value for pair in part for value in pair],
        )
        found |= {os.path.join(row[0], row[1]): int(row[2]) for row in rows}  # noqa: PTH118 (bytes)
    return found


class ContextReader:
    """A reading connection of its own; use it in one thread, and close it there.

    Raises:
        LibraryError: when the library cannot be read.
    """

    def __init__(self, library: Path) -> None:
        self._reader = KnownReader(library)
        self._db: sqlite3.Connection = self._reader.db

    def close(self) -> None:
        """Close the connection, in the thread that opened it."""
        self._reader.close()

    def folders_below(self, root: bytes) -> Iterator[tuple[int, bytes]]:
        """Return the known folders at and below a path, as (id, path)."""
        return self._reader.folders_below(root)

    def sidecars(
        self, folder: int, names: Sequence[bytes]
    ) -> dict[bytes, tuple[int, int | None, int | None]]:
        """Return live files of a folder: id, and size and time of the sidecar read last."""
        found: dict[bytes, tuple[int, int | None, int | None]] = {}
        for start in range(0, len(names), _AT_ONCE):
            part = names[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(
                "SELECT f.name, f.id, c.size, c.mtime_ns FROM file f "
                "LEFT JOIN context c ON c.file = f.id AND c.source = 'sidecar' "
                f"WHERE f.folder = ? AND f.name IN ({marks}) AND f.missing_at IS NULL",
                (folder, *part),
            )
            found |= {row[0]: (row[1], row[2], row[3]) for row in rows}
        return found

    def by_stem(self, folder: int, stem: bytes) -> list[tuple[bytes, int, int | None, int | None]]:
        """Return a folder's live files whose name without its ending is this.

        Each with its name, id, and size and time of the sidecar read last.
        """
        rows = self._db.execute(
            "SELECT f.name, f.id, c.size, c.mtime_ns FROM file f "
            "LEFT JOIN context c ON c.file = f.id AND c.source = 'sidecar' "
            "WHERE f.folder = ? AND f.name > ? AND f.name < ? AND f.missing_at IS NULL",
            (folder, stem + b".", stem + b"/"),  # the next byte after a dot
        )
        return [row for row in rows if os.path.splitext(row[0])[0] == stem]  # noqa: PTH122 (bytes)

    def files_below(self, root: bytes) -> Iterator[tuple[bytes, int]]:
        """Return names and ids of all live files at and below a folder."""
        for number, _ in list(self.folders_below(root)):
            sql = "SELECT name, id FROM file WHERE folder = ? AND missing_at IS NULL"
            yield from self._db.execute(sql, (number,))


def distinct(rows: Iterable[Noted]) -> list[Noted]:
    """Return one row a file, the last one told."""
    return list({row.file: row for row in rows}.values())
