"""What the library knows of a folder's files, read within a scan's own thread."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from gemtag_tui.store.trouble import explain
from gemtag_tui.store.uri import uri

_WHOLE = 20_000
"""Known files of a folder that are held at once; a larger folder is read by names."""
_NAMES = 500
SEPARATOR = os.fsencode(os.sep)
_PAGE = 5_000

_COUNT = "SELECT count(*) FROM (SELECT 1 FROM file WHERE folder = ? LIMIT ?)"
_COLUMNS = "name, id, size, mtime_ns, missing_at IS NULL"


Known = tuple[bytes, int, int, int, int]
"""A file as recorded: name, id, size, time in ns, 1 when it was there at the last scan.

A plain tuple, as a scan meets a million of them.
"""


def after_all(inside: bytes) -> bytes:
    """Return what sorts right after all paths that begin with a path and a separator."""
    return inside[:-1] + bytes([inside[-1] + 1])


class Bits:
    """A set of small whole numbers, an eighth of a byte each."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, number: int) -> None:
        """Put a number in."""
        place = number >> 3
        if place >= len(self._bytes):
            self._bytes.extend(bytes(max(place + 1, 2 * len(self._bytes)) - len(self._bytes)))
        self._bytes[place] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self._bytes) and bool(self._bytes[place] >> (number & 7) & 1)


class KnownReader:
    """A reading connection of its own; use it in one thread, and close it there.

    Raises:
        LibraryError: when the library cannot be read.
    """

    def __init__(self, library: Path) -> None:
        self._path = library
        try:
            self.db = sqlite3.connect(uri(library, "ro"), uri=True, timeout=15)
        except sqlite3.Error as error:
            raise explain(error, library) from error

    def close(self) -> None:
        """Close the connection, in the thread that opened it."""
        self.db.close()

    def folder(self, path: bytes, *, whole: bool = True) -> KnownFolder:
        """Return what is known of a folder; a folder met for the first time is an empty one.

        Args:
            path: absolute.
            whole: all of its files will be asked for, and not only a few.
        """
        row = self.db.execute("SELECT id FROM folder WHERE path = ?", (path,)).fetchone()
        return KnownFolder(self.db, 0 if row is None else int(row[0]), whole=whole)

    def folders_below(self, root: bytes) -> Iterator[tuple[int, bytes]]:
        """Return the known folders at and below a path, as (id, path)."""
        inside = root if root.endswith(SEPARATOR) else root + SEPARATOR
        end = after_all(inside)
        row = self.db.execute("SELECT id, path FROM folder WHERE path = ?", (root,)).fetchone()
        if row is not None:
            yield row
        after = inside
        while True:
            rows = self.db.execute(
                "SELECT id, path FROM folder WHERE path > ? AND path < ? ORDER BY path LIMIT ?",
                (after, end, _PAGE),
            ).fetchall()
            yield from rows
            if len(rows) < _PAGE:
                return
            after = rows[-1][1]

    def has_live_files(self, folder: int) -> bool:
        """Whether any file of a folder is not missing."""
        sql = "SELECT 1 FROM file WHERE folder = ? AND missing_at IS NULL LIMIT 1"
        return self.db.execute(sql, (folder,)).fetchone() is not None


class KnownFolder:
    """The known files of one folder, matched against those that are there.

    Attributes:
        id: the folder's; 0 when nothing is known of it.
    """

    def __init__(self, db: sqlite3.Connection, folder: int, *, whole: bool) -> None:
        self._db = db
        self.id = folder
        self._seen = Bits()
        self._whole: dict[bytes, Known] | None = {}
        if folder:
            self._whole = self._read_whole() if whole else None

    def _read_whole(self) -> dict[bytes, Known] | None:
        ((count,),) = self._db.execute(_COUNT, (self.id, _WHOLE + 1)).fetchall()
        if count > _WHOLE:
            return None
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM file WHERE folder = ?", (self.id,))
        return {row[0]: row for row in rows}

    def match(self, names: Sequence[bytes]) -> list[Known | None]:
        """Return what is known of each of these files, and take them for seen."""
        if self._whole is not None:
            take = self._whole.pop
            return [take(name, None) for name in names]
        found: dict[bytes, Known] = {}
        for start in range(0, len(names), _NAMES):
            part = names[start : start + _NAMES]
            marks = ",".join("?" * len(part))
            sql = f"SELECT {_COLUMNS} FROM file WHERE folder = ? AND name IN ({marks})"
            for row in self._db.execute(sql, (self.id, *part)):
                self._seen.add(row[1])
                found[row[0]] = row
        return [found.get(name) for name in names]

    def unseen(self) -> Iterator[int]:
        """Return the ids of files that were live and have not been seen."""
        if self._whole is not None:
            yield from (known[1] for known in self._whole.values() if known[4])
            return
        after = b""
        while True:
            rows = self._db.execute(
                "SELECT name, id FROM file WHERE folder = ? AND name > ? AND missing_at IS NULL "
                "ORDER BY name LIMIT ?",
                (self.id, after, _PAGE),
            ).fetchall()
            yield from (file for _, file in rows if file not in self._seen)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]
