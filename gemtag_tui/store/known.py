"""What the library knows of a folder's files, read within a scan's own thread."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec

from gemtag_tui.store.trouble import explain
from gemtag_tui.store.uri import uri

_WHOLE = 20_000
"""Known files of a folder that are held at once; a larger folder is read by names."""
_NAMES = 500
SEPARATOR = os.fsencode(os.sep)
_PAGE = 5_000

_FOLDER = "SELECT id, CASE WHEN listed = touched THEN listing END FROM folder WHERE path = ?"
_LIVE = "SELECT name, size, mtime_ns FROM file WHERE folder = ? AND missing_at IS NULL"
_COLUMNS = "name, id, size, mtime_ns, missing_at IS NULL"

Entry = tuple[bytes, int, int]
"""A file as its folder shows it: name, size in bytes, time of last change in ns."""
Known = tuple[bytes, int, int, int, int]
"""A file as recorded: name, id, size, time in ns, 1 when it was there at the last scan.

A plain tuple, as a scan meets a million of them.
"""
Mismatch = tuple[Entry, Known | None]
"""A file that is not as it was, and what is known of it."""


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
        row = self.db.execute(_FOLDER, (path,)).fetchone()
        return KnownFolder(self.db, *(row or (0, None)), whole=whole)

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


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder's files as they are, to know the folder by once they are all recorded so.

    Attributes:
        folder: its path.
        digest: of its files' names, sizes and times.
    """

    folder: bytes
    digest: bytes


class KnownFolder:
    """The known files of one folder, compared with those that are there.

    Attributes:
        id: the folder's; 0 when nothing is known of it.
        digest: of its listing, if the records gave the same when it was last looked at.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        folder: int,
        digest: bytes | None,
        *,
        whole: bool,
    ) -> None:
        self._db = db
        self.id = folder
        self.digest = digest
        self._whole = whole
        self._read = False
        self._live: set[Entry] | None = set()
        self._seen = Bits()

    def other(self, files: list[Entry], *, digest: bytes | None = None) -> list[Mismatch]:
        """Return the files that are not as they were, with what is known of them.

        All of them are taken for seen. Most scans find most folders as they were, which a digest
        tells without a look at the records.

        Args:
            files: some of those that are there, each given once.
            digest: of these, when they are all there are.
        """
        if digest is not None and digest == self.digest:
            self._read = True  # nothing of it is left that was not seen
            return []
        self._read_live()
        if self._live is None:
            return self._compared(files)
        here = set(files)
        others = here - self._live
        self._live -= here
        return self._compared(list(others))

    def _read_live(self) -> None:
        if self._read or not self.id:
            return
        self._read, self._live = True, None
        if self._whole:
            rows = self._db.execute(_LIVE, (self.id,)).fetchmany(_WHOLE + 1)
            self._live = set(rows) if len(rows) <= _WHOLE else None

    def _compared(self, files: list[Entry]) -> list[Mismatch]:
        known = self._by_names([file[0] for file in files])
        found = ((file, known.get(file[0])) for file in files)
        return [(file, before) for file, before in found if not _same(file, before)]

    def knows(self, name: bytes) -> bool:
        """Return whether there is a record of a file, which is taken for seen."""
        return bool(self._by_names([name]))

    def _by_names(self, names: Sequence[bytes]) -> dict[bytes, Known]:
        found: dict[bytes, Known] = {}
        if not self.id:
            return found
        for start in range(0, len(names), _NAMES):
            part = names[start : start + _NAMES]
            marks = ",".join("?" * len(part))
            sql = f"SELECT {_COLUMNS} FROM file WHERE folder = ? AND name IN ({marks})"
            for row in self._db.execute(sql, (self.id, *part)):
                self._seen.add(row[1])
                found[row[0]] = row
        return found

    def unseen(self) -> Iterator[int]:
        """Return the ids of files that were live and have not been seen."""
        self._read_live()
        if self._live is None:
            yield from self._unseen_of_many()
            return
        names = [name for name, _, _ in self._live]
        for start in range(0, len(names), _NAMES):
            part = names[start : start + _NAMES]
            marks = ",".join("?" * len(part))
            sql = f"SELECT id FROM file WHERE folder = ? AND name IN ({marks})"
            rows = self._db.execute(sql, (self.id, *part)).fetchall()
            yield from (file for (file,) in rows if file not in self._seen)

    def _unseen_of_many(self) -> Iterator[int]:
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


def digest_of(files: list[Entry]) -> bytes:
    """Return what tells a folder's files from any others; their order does not matter."""
    return blake2b(msgspec.msgpack.encode(sorted(files)), digest_size=16).digest()


def _same(file: Entry, before: Known | None) -> bool:
    return before is not None and before[2:] == (file[1], file[2], 1)
