"""Opening strangers' files: only regular ones, never through a link, never blocking."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import stat
from typing import IO, TYPE_CHECKING, Final

from gemtag_tui.imaging.values import MIB, Limits, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

WHOLE_BYTES: Final = 8 * MIB
"""Files up to this size are read at once; larger ones are hashed in pieces of 1 MiB."""

HEAD_BYTES: Final = MIB
"""What is kept of larger files, for their header."""

_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)

_NOT_REGULAR: Final = (
    (stat.S_ISLNK, "a symbolic link, which is not followed"),
    (stat.S_ISDIR, "a folder, not a file"),
    (stat.S_ISFIFO, "a pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)

_ERRORS: Final = {
    errno.ENOENT: "the file is gone",
    errno.ENOTDIR: "the file is gone",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ELOOP: "a symbolic link, which is not followed",
    errno.ENAMETOOLONG: "the path is too long for this system",
    errno.EIO: "the disk could not be read",
    errno.ESTALE: "the network folder has gone away",
    errno.EMFILE: "too many files are open",
    errno.ENXIO: "a socket or a device, not a file",
}


def open_regular(path: bytes) -> tuple[int, os.stat_result]:
    """Open a regular file for reading.

    Returns:
        The file descriptor, which the caller closes, and the open file's status.

    Raises:
        RefusedError: when it is no regular file.
        OSError: as the system says; see :func:`explain`.
    """
    if b"\x00" in path:
        raise RefusedError("unreadable", "the path is not one this system can open")
    _check_regular(os.lstat(path))
    fd = os.open(path, _FLAGS)
    try:
        status = os.fstat(fd)
        _check_regular(status)
    except BaseException:
        os.close(fd)
        raise
    return fd, status


def _check_regular(status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    for test, words in _NOT_REGULAR:
        if test(status.st_mode):
            raise RefusedError("unreadable", words)
    raise RefusedError("unreadable", "not a regular file")


def check_bytes(size: int, limits: Limits) -> None:
    """Hold a file's size against the limits.

    Raises:
        RefusedError: when it is empty or too large.
    """
    if size == 0:
        raise RefusedError("unreadable", "empty file")
    if size > limits.max_bytes:
        message = f"{size:,} bytes is over the limit of {limits.max_bytes:,}"
        raise RefusedError("too_large", message)


def read_exactly(fd: int, size: int) -> bytes:
    """Read ``size`` bytes, or what there is before the end of the file."""
    data = os.read(fd, size)
    if len(data) == size:
        return data
    parts = [data]
    missing = size - len(data)
    while missing and parts[-1]:
        parts.append(os.read(fd, missing))
        missing -= len(parts[-1])
    return b"".join(parts)


class Content:
    """An open regular file, and as much of it as is kept in memory.

    Args:
        fd: open for reading, at its beginning; stays the caller's to close.
        status: of the open file.
        keep: up to this size all of it is held, of larger files :data:`HEAD_BYTES` at most.
    """

    __slots__ = ("data", "fd", "size", "status")

    def __init__(self, fd: int, status: os.stat_result, keep: int = WHOLE_BYTES) -> None:
        self.fd = fd
        self.status = status
        self.size = status.st_size
        held = self.size if self.size <= keep else min(keep, HEAD_BYTES)
        self.data = read_exactly(fd, held)

    @property
    def whole(self) -> bool:
        """Whether all of the file is in memory."""
        return len(self.data) == self.size

    def sha256(self) -> bytes:
        """Hash the bytes at hand and those that follow, in constant memory.

        Raises:
            RefusedError: when the file was written to meanwhile.
        """
        digest = hashlib.sha256(self.data)
        if not self.whole:
            while piece := os.read(self.fd, MIB):
                digest.update(piece)
        self._check_unchanged()
        return digest.digest()

    def _check_unchanged(self) -> None:
        after = os.fstat(self.fd)
        if (after.st_size, after.st_mtime_ns) != (self.size, self.status.st_mtime_ns):
            raise RefusedError("unreadable", "the file changed while it was being read")

    @contextlib.contextmanager
    def stream(self) -> Iterator[IO[bytes]]:
        """Give the whole content as a file at its beginning."""
        if self.whole:
            yield io.BytesIO(self.data)
            return
        os.lseek(self.fd, 0, os.SEEK_SET)
        with os.fdopen(os.dup(self.fd), "rb") as file:
            yield file


@contextlib.contextmanager
def opened(path: bytes, limits: Limits, keep: int = WHOLE_BYTES) -> Iterator[Content]:
    """Open a regular file within the limits and read its beginning.

    Raises:
        RefusedError: when it can't be opened or read, is empty or too large.
    """
    try:
        fd, status = open_regular(path)
        try:
            check_bytes(status.st_size, limits)
            yield Content(fd, status, keep)
        finally:
            os.close(fd)
    except OSError as error:
        raise RefusedError("unreadable", explain(error)) from error


def explain(error: OSError) -> str:
    """Put a failure to open or read a file into words for people."""
    return _ERRORS.get(error.errno or 0, "the file could not be read")
