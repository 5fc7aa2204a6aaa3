"""What was written into pictures, with a copy of each as it was, so that it can be undone.

A journal is a folder: `journal.jsonl`, and the pictures as they were under numbers. A line is on
disk before the picture is replaced, so that no replaced picture lacks its line.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.interop.whole_file import sync_file, sync_folder

_LIST = "journal.jsonl"
_UNDONE = "undone"


class Entry(msgspec.Struct, frozen=True):
    """One picture: its path in hex, the copy's name, SHA-256 in hex before and after."""

    asset: int
    path: str
    copy: str
    before: str
    after: str

    @property
    def picture(self) -> bytes:
        """The picture's path."""
        return bytes.fromhex(self.path)


class Journal:
    """A journal that is being written.

    Args:
        folder: made; nothing is there yet.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, mode=0o700)
        self.folder = folder
        self._file = (folder / _LIST).open("ab")
        self._number = 0

    def keep(self, asset: int, picture: bytes, before: str, after: str) -> Entry:
        """Keep a copy of a picture, and a line that says what it becomes; both are on disk then.

        Raises:
            OSError: that cannot be done; nothing is to be replaced then.
        """
        self._number += 1
        name = f"{self._number:07d}"
        copy = self.folder / name
        shutil.copyfile(picture, copy)
        sync_file(copy)
        if digest(os.fsencode(copy)) != before:
            copy.unlink()
            raise OSError(None, "it changed just now")
        entry = Entry(asset, picture.hex(), name, before, after)
        self._file.write(msgspec.json.encode(entry) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        sync_folder(os.fsencode(self.folder))
        return entry

    def close(self) -> None:
        """Close it; one without a line is taken away."""
        self._file.close()
        if not self._number:
            shutil.rmtree(self.folder, ignore_errors=True)


def digest(path: bytes) -> str:
    """Return a file's SHA-256 in hex."""
    with open(path, "rb") as file:  # noqa: PTH123 (bytes)
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_journals(place: Path) -> list[Path]:
    """Return the journals below a folder that are not undone, the newest last."""
    with contextlib.suppress(OSError):
        found = [one for one in place.iterdir() if (one / _LIST).is_file()]
        return sorted(one for one in found if not (one / _UNDONE).exists())
    return []


def entries(journal: Path) -> Iterator[Entry]:
    """Yield a journal's lines, the newest first.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        lines = (journal / _LIST).read_bytes().splitlines()
        read = [msgspec.json.decode(line, type=Entry) for line in lines if line.endswith(b"}")]
    except (OSError, msgspec.DecodeError) as error:
        words = f"{plain(str(journal))} cannot be read: {plain(str(error), 200)}."
        raise UsageError(words) from error
    yield from reversed(read)


def put_back(journal: Path, entry: Entry) -> None:
    """Put a picture back as it was.

    Raises:
        OSError: it cannot be, or it is not any more what was written then.
    """
    picture, copy = entry.picture, journal / entry.copy
    now = digest(picture)
    if now == entry.before:
        return
    if now != entry.after:
        raise OSError(None, "it was changed since")
    if digest(os.fsencode(copy)) != entry.before:
        raise OSError(None, "the copy that was kept is damaged")
    replace(os.fsencode(copy), picture)


def replace(source: bytes, picture: bytes) -> None:
    """Put a copy of a file in a picture's place at once, with the picture's mode and owner.

    Raises:
        OSError: it cannot be done; the picture is as it was.
    """
    part = os.path.join(os.path.dirname(picture), b".gemtag-%d.part" % os.getpid())  # noqa: PTH118, PTH120
    try:
        shutil.copyfile(source, part)
        shutil.copymode(picture, part)
        with contextlib.suppress(OSError):
            status = os.stat(picture)  # noqa: PTH116 (bytes)
            os.chown(part, status.st_uid, status.st_gid)
        sync_file(Path(os.fsdecode(part)))
        os.replace(part, picture)  # noqa: PTH105 (bytes)
        sync_folder(os.path.dirname(picture))  # noqa: PTH120 (bytes)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)  # noqa: PTH108 (bytes)


def mark_undone(journal: Path) -> None:
    """Note that a journal is undone."""
    (journal / _UNDONE).touch()
