"""The lock that says whether an engine lives; the kernel lets go of it on any death."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gemtag_tui.core.errors import LibraryBusyError, LibraryError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from filelock import BaseFileLock


def lock_path(library: str | Path) -> Path:
    """Return the lock's file: beside the real library, however its path is written."""
    real = Path(os.path.realpath(library))
    return real.with_name(f"{real.name}.lock")


class EngineLock:
    """Held by the one engine of a library, from its start to its end."""

    def __init__(self, library: str | Path) -> None:
        self._path = lock_path(library)
        self._shown = plain(str(library))
        self._lock: BaseFileLock | None = None

    def acquire(self, wait: float = 2.0) -> None:
        """Take the lock; blocks for up to `wait` seconds, so that a watcher's look does no harm.

        Raises:
            LibraryBusyError: when another engine holds it.
            LibraryError: when the lock's file cannot be made.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415 (slow to import; `status` has no need)

        lock = FileLock(self._path, thread_local=False)
        try:
            lock.acquire(timeout=wait, poll_interval=0.02)
        except Timeout as error:
            words = f"An engine already works on {self._shown}. Watch it with `gemtag`, "
            raise LibraryBusyError(words + "or end it with `gemtag stop`.") from error
        except OSError as error:
            words = f"The lock beside {self._shown} cannot be taken ({error.strerror}): "
            raise LibraryError(words + "check that its folder can be written.") from error
        self._lock = lock

    def release(self) -> None:
        """Let go; does nothing when it is not held."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def is_held_by_someone(library: str | Path) -> bool:
    """Whether an engine lives. Looks for microseconds, makes no file, never blocks."""
    path = lock_path(library)
    if not path.exists():
        return False
    return _held_windows(path) if sys.platform == "win32" else _held_posix(path)


def _held_posix(path: Path) -> bool:
    import fcntl  # noqa: PLC0415 (not on every system)

    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return _held_by_another_user(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def _held_by_another_user(path: Path) -> bool:
    """A lock that may not even be opened is another user's: take it for held."""
    return path.exists()


def _held_windows(path: Path) -> bool:
    from filelock import FileLock, Timeout  # noqa: PLC0415 (slow to import)

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False
