"""Files that take their name only once they are complete and on disk."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain


def refusal(path: Path | bytes, error: OSError) -> UsageError:
    """Return the error for a file that cannot be written."""
    words = error.strerror or type(error).__name__
    return UsageError(f"{plain(os.fspath(path))} cannot be written: {words}.")


@contextlib.contextmanager
def part_beside(dest: Path) -> Iterator[Path]:
    """Give a path beside `dest` for a file that becomes `dest` when all went well.

    Whoever writes it puts it on disk (`sync_file`). A link is followed.

    Raises:
        UsageError: nothing can be written there; what was there is left as it was.
    """
    real = Path(os.path.realpath(dest))
    part = real.parent / f".gemtag-{os.getpid()}-{abs(hash(real.name)):x}.part"
    try:
        _check(real)
        part.unlink(missing_ok=True)
        yield part
        with contextlib.suppress(FileNotFoundError):
            part.chmod(stat.S_IMODE(real.stat().st_mode))
        part.replace(real)
        sync_folder(os.fsencode(real.parent))
    except OSError as error:
        raise refusal(dest, error) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_file(dest: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the name `dest` once it is complete and on disk, or never does.

    Pipes and devices are written to as they are.

    Raises:
        UsageError: it cannot be written.
    """
    if _is_stream(dest):
        try:
            with dest.open("wb") as file:
                yield file
        except OSError as error:
            raise refusal(dest, error) from error
        return
    with part_beside(dest) as part, part.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Put a file's content on disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: bytes) -> None:
    """Put a folder's names on disk, where the system knows how."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _is_stream(dest: Path) -> bool:
    try:
        mode = dest.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _check(real: Path) -> None:
    if real.is_dir():
        raise UsageError(f"{plain(str(real))} is a folder; name a file.")
