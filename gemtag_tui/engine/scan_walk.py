"""The walk through the folders: iterative, streamed, bounded in memory, in a thread of its own."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Sequence
from itertools import islice

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.engine.scan_values import Chunk, Fresh
from gemtag_tui.store.known import Bits, Entry, KnownFolder, KnownReader, Listing, digest_of

_NAMES = 5_000
"""Entries of a folder that are looked at together; one with fewer can be known by its digest."""
_CHUNK = 2_000
_FRESH = 512
_GONE = (FileNotFoundError, NotADirectoryError)


def absolute_roots(paths: Sequence[bytes]) -> list[bytes]:
    """Return paths absolute, each once, those above before those below; links stay as they are.

    Raises:
        UsageError: when one does not exist or cannot be looked at.
    """
    roots = sorted({os.path.abspath(path) for path in paths})  # noqa: PTH100 (bytes)
    for root in roots:
        try:
            os.stat(root)  # noqa: PTH116 (bytes)
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or "the path is not one this system can open"
            raise UsageError(f"{plain(root)} cannot be scanned: {said}.") from error
    return roots


class Walk:
    """One walk over the roots, compared with what the library knows.

    Args:
        reader: what the library knows; used in the walk's thread alone.
        roots: from `absolute_roots`.
        follow_links: whether links to files and folders are followed; no folder is entered twice.
    """

    def __init__(self, reader: KnownReader, roots: Sequence[bytes], *, follow_links: bool) -> None:
        self._reader = reader
        self._roots = roots
        self._follow = follow_links
        self._listed = Bits()
        self._entered: set[tuple[int, int]] = set()
        self._kept: list[bytes] = []
        self._reached: set[bytes] = set()
        self._watched = set(roots)
        self._chunk = Chunk()

    def chunks(self) -> Generator[Chunk, None, None]:
        """Walk; the last chunks tell what is gone altogether."""
        for root in self._roots:
            if root in self._reached:
                continue
            if stat.S_ISDIR(os.stat(root).st_mode):  # noqa: PTH116 (bytes)
                yield from self._below(root)
            else:
                self._single(root)
        for root in self._roots:
            yield from self._gone_below(root)
        yield self._take()

    def _take(self) -> Chunk:
        full, self._chunk = self._chunk, Chunk(folder=self._chunk.folder)
        return full

    def _is_full(self) -> bool:
        return self._chunk.weight >= _CHUNK or len(self._chunk.fresh) >= _FRESH

    def _below(self, root: bytes) -> Generator[Chunk, None, None]:
        stack = [root]
        while stack:
            folder = stack.pop()
            if folder in self._watched:
                self._reached.add(folder)
            if self._follow and not self._enter(folder):
                continue
            yield from self._folder(folder, stack, is_root=folder == root)

    def _enter(self, folder: bytes) -> bool:
        """Whether a folder is met for the first time, by whatever way."""
        try:
            status = os.stat(folder)  # noqa: PTH116 (bytes)
        except OSError:
            return True  # listing it says what is wrong
        key = (status.st_dev, status.st_ino)
        fresh = key not in self._entered
        self._entered.add(key)
        return fresh

    def _folder(
        self, folder: bytes, stack: list[bytes], *, is_root: bool
    ) -> Generator[Chunk, None, None]:
        self._chunk.folder = folder
        self._chunk.folders += 1
        known = self._reader.folder(folder)
        count = 0
        try:
            with os.scandir(folder) as entries:
                while some := list(islice(entries, _NAMES)):
                    complete = not count and len(some) < _NAMES
                    count += len(some)
                    files = self._files(folder, known, some, stack)
                    self._compare(folder, known, files, complete=complete)
                    if self._is_full():
                        yield self._take()
        except _GONE:
            return
        except OSError as error:
            self._keep(folder, f"cannot be listed ({error.strerror})")
            return
        if is_root and not count and self._had_files(folder):
            self._keep(folder, "is empty, and had files: taken for a disk that is not there")
            return
        self._listed.add(known.id)
        yield from self._unseen(known)

    def _keep(self, folder: bytes, why: str) -> None:
        """Leave everything at and below a folder as it was, and say so."""
        self._kept.append(folder)
        self._chunk.warnings.append(f"{plain(folder)} {why}; what was known of it is kept.")

    def _had_files(self, root: bytes) -> bool:
        folders = self._reader.folders_below(root)
        return any(self._reader.has_live_files(number) for number, _ in folders)

    def _files(
        self,
        folder: bytes,
        known: KnownFolder,
        entries: list[os.DirEntry[bytes]],
        stack: list[bytes],
    ) -> list[Entry]:
        """Return the regular files among entries; folders go on the stack."""
        files: list[Entry] = []
        add = files.append
        for entry in entries:
            try:
                if entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    add((entry.name, status.st_size, status.st_mtime_ns))
                elif entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    self._other(entry, stack)
            except FileNotFoundError:
                continue
            except OSError:
                self._not_looked_at(folder, known, entry.name)
        return files

    def _other(self, entry: os.DirEntry[bytes], stack: list[bytes]) -> None:
        if not (self._follow and entry.is_symlink()):
            self._chunk.skipped += 1
        elif entry.is_dir():
            stack.append(entry.path)
        elif entry.is_file():
            self._single(os.path.realpath(entry.path))
        else:
            self._chunk.skipped += 1

    def _not_looked_at(self, folder: bytes, known: KnownFolder, name: bytes) -> None:
        """Size and time are not to be had: leave what is known, and let a new one say why."""
        if known.knows(name):
            self._chunk.unchanged += 1
        else:
            self._chunk.fresh.append(Fresh(folder, name, 0, 0, known=False))

    def _single(self, path: bytes) -> None:
        """Look at one file by its path; where its folder lies is not looked at."""
        folder, name = os.path.split(path)
        if folder in self._reached:
            return
        try:
            status = os.lstat(path)
        except OSError:
            return
        if stat.S_ISREG(status.st_mode):
            known = self._reader.folder(folder, whole=False)
            self._chunk.folder = folder
            self._compare(folder, known, [(name, status.st_size, status.st_mtime_ns)])
        elif stat.S_ISLNK(status.st_mode) and os.path.realpath(path) != path:
            self._single(os.path.realpath(path))
        else:
            self._chunk.skipped += 1

    def _compare(
        self, folder: bytes, known: KnownFolder, files: list[Entry], *, complete: bool = False
    ) -> None:
        digest = digest_of(files) if complete else None
        chunk, others = self._chunk, known.other(files, digest=digest)
        if digest is not None and digest != known.digest:
            chunk.listings.append(Listing(folder, digest))
        for (name, size, mtime_ns), before in others:
            if before is not None and before[2] == size and before[3] == mtime_ns:
                chunk.back.append(before[1])
            else:
                is_known = before is not None
                chunk.fresh.append(Fresh(folder, name, size, mtime_ns, known=is_known))
        chunk.unchanged += len(files) - len(others)

    def _unseen(self, known: KnownFolder) -> Generator[Chunk, None, None]:
        for file in known.unseen():
            self._chunk.vanished.append(file)
            if self._is_full():
                yield self._take()

    def _gone_below(self, root: bytes) -> Generator[Chunk, None, None]:
        """Find the known folders that the walk did not come to because they are no more."""
        for number, folder in self._reader.folders_below(root):
            if number in self._listed or self._is_kept(folder) or not _is_gone(folder):
                continue
            if self._reader.has_live_files(number):
                self._chunk.vanished_folders.append(number)
                if len(self._chunk.vanished_folders) >= _CHUNK:
                    yield self._take()

    def _is_kept(self, folder: bytes) -> bool:
        return any(folder == kept or folder.startswith(kept + _SEP) for kept in self._kept)


_SEP = os.fsencode(os.sep)


def _is_gone(folder: bytes) -> bool:
    """Whether nothing is there. One reached by another way, or not to be looked at, is not gone."""
    try:
        return not stat.S_ISDIR(os.stat(folder).st_mode)  # noqa: PTH116 (bytes)
    except _GONE:
        return True
    except OSError:
        return False
