"""Sidecars on disk: read with care, written whole or not at all, by the hundred.

A sidecar appears under its name only after its bytes are on disk. Forcing each one there by itself
costs most of a millisecond; one `syncfs` for hundreds costs little more.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from gemtag_tui.core.text import plain
from gemtag_tui.interop.xmp_merge import OtherPictureError, is_like_made, made, merged
from gemtag_tui.interop.xmp_read import MOST_BYTES, SidecarError
from gemtag_tui.interop.xmp_words import Words

TOGETHER = 256
"""Sidecars that take their names together."""
MOST_WORDS = 50
"""Reasons that are kept."""
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@dataclass(slots=True)
class Tally:
    """What became of sidecars: new, merged, as they were, and left alone for a reason."""

    made: int = 0
    merged: int = 0
    unchanged: int = 0
    refused: int = 0
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Pending:
    part: bytes
    path: bytes
    before: bytes | None


class SidecarWriter:
    """Writes sidecars. Use as a context manager: what is pending is put in place at its end.

    Args:
        name: goes into the parts' names. Whoever does the same work again under the same name,
            after an end that nobody could tidy up behind, comes upon the same parts.
    """

    def __init__(self, name: bytes | None = None) -> None:
        self.tally = Tally()
        self._name = b"%d" % os.getpid() if name is None else name
        self._pending: list[_Pending] = []
        self._taken: set[bytes] = set()
        self._number = 0
        self._folder = b""

    def make_room(self, path: bytes) -> None:
        """Make the folder that a sidecar goes to; trouble with it shows when the sidecar is put."""
        folder = os.path.dirname(path)  # noqa: PTH120 (bytes)
        if folder != self._folder:
            with contextlib.suppress(OSError):
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103 (bytes)
            self._folder = folder

    def put(self, path: bytes, words: Words) -> None:
        """Make or merge one sidecar; what cannot be done is left as it was, and counted.

        Args:
            path: of the sidecar.
            words: what it is to say.
        """
        self._number += 1
        if path in self._taken:
            self.flush()
        try:
            self._put(path, words)
        except SidecarError as error:
            self._refuse(path, str(error))
        except OSError as error:
            self._refuse(path, f"cannot be written: {error.strerror or type(error).__name__}")

    def _put(self, path: bytes, words: Words) -> None:
        old, mode = _read(path)
        new = made(words) if old is None else self._changed(path, old, words)
        if new is None:
            self.tally.unchanged += 1
            return
        if len(new) > MOST_BYTES:
            raise SidecarError(f"would be larger than {MOST_BYTES // 2**20} MiB")
        name = b".gemtag-%s-%d.part" % (self._name, self._number)
        part = os.path.join(os.path.dirname(path), name)  # noqa: PTH118, PTH120 (bytes)
        _write(part, new, mode)
        self._pending.append(_Pending(part, path, old))
        self._taken.add(path)
        if len(self._pending) >= TOGETHER:
            self.flush()

    def _changed(self, path: bytes, old: bytes, words: Words) -> bytes | None:
        if is_like_made(old) and old == made(words):
            return None
        return self._merged(path, old, words)

    def _merged(self, path: bytes, old: bytes, words: Words) -> bytes | None:
        """Merge; a sidecar of a picture that is gone goes over to the one that is there."""
        try:
            return merged(old, words)
        except OtherPictureError as error:
            folder = os.path.dirname(path)  # noqa: PTH120 (bytes)
            if os.path.lexists(os.path.join(folder, os.fsencode(error.owner))):  # noqa: PTH118
                raise
            return merged(old, words, adopt=True)

    def flush(self) -> None:
        """Put the pending sidecars on disk, then in their places."""
        pending, self._pending = self._pending, []
        self._taken.clear()
        if pending:
            _sync(pending)
        for one in pending:
            self._place(one)

    def _place(self, one: _Pending) -> None:
        try:
            if one.before is None:
                _place_new(one.part, one.path)
                self.tally.made += 1
            else:
                os.replace(one.part, one.path)  # noqa: PTH105 (bytes)
                self.tally.merged += 1
        except OSError as error:
            _remove(one.part)
            self._refuse(one.path, f"cannot be written: {error.strerror}")

    def _refuse(self, path: bytes, why: str) -> None:
        self.tally.refused += 1
        if len(self.tally.words) < MOST_WORDS:
            self.tally.words.append(f"{plain(path)} {plain(why, 300)}; it was left as it is.")

    def drop(self) -> None:
        """Forget what is pending."""
        pending, self._pending = self._pending, []
        for one in pending:
            _remove(one.part)


@contextlib.contextmanager
def writing(name: bytes | None = None) -> Iterator[SidecarWriter]:
    """Give a writer whose last sidecars are put in place at the end; after an error they go."""
    writer = SidecarWriter(name)
    try:
        yield writer
        writer.flush()
    finally:
        writer.drop()


def _read(path: bytes) -> tuple[bytes | None, int]:
    """Return a sidecar's bytes, `None` when there is none, and the mode for the next one."""
    try:
        handle = os.open(path, os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None, 0o666
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise SidecarError("is a link, which is not followed") from error
        raise
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise SidecarError("is not a regular file")
        if status.st_size > MOST_BYTES:
            raise SidecarError(f"is larger than {MOST_BYTES // 2**20} MiB")
        return _all_of(handle, status.st_size), stat.S_IMODE(status.st_mode)
    finally:
        os.close(handle)


def _all_of(handle: int, size: int) -> bytes:
    """Read to the end, mostly at one go; a little more than what is allowed at the most."""
    pieces, left = [], MOST_BYTES + 1
    while piece := os.read(handle, min(left, max(size, 65_535) + 1)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _write(part: bytes, data: bytes, mode: int) -> None:
    handle = _opened(part, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
    except OSError:
        _remove(part)
        raise
    finally:
        os.close(handle)


def _opened(part: bytes, mode: int) -> int:
    """Make a part; one that an earlier end left behind goes."""
    try:
        return os.open(part, _NEW, mode)
    except FileExistsError:
        _remove(part)
        return os.open(part, _NEW, mode)


def _place_new(part: bytes, path: bytes) -> None:
    """Give a sidecar its name unless one has appeared there meanwhile."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.replace(part, path)  # noqa: PTH105 (bytes)
        return
    _remove(part)


def _remove(path: bytes) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108 (bytes)


def _sync(pending: list[_Pending]) -> None:
    """Put files on disk: by the file system as a whole where that is possible, else one by one."""
    folders = {os.stat(os.path.dirname(one.part) or b".").st_dev: one.part for one in pending}  # noqa: PTH116, PTH120
    if sys.platform == "linux" and all(_syncfs(part) for part in folders.values()):
        return
    for one in pending:
        handle = os.open(one.part, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _syncfs(path: bytes) -> bool:
    handle = os.open(path, os.O_RDONLY)
    try:
        return bool(ctypes.CDLL(None).syncfs(handle) == 0)
    except (AttributeError, OSError):
        return False
    finally:
        os.close(handle)
