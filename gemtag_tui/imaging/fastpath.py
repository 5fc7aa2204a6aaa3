"""Passing a file's own bytes on: cheap enough for a thread of the engine, and without Pillow."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from pybase64 import b64encode

from gemtag_tui.imaging.content import is_passable, sniff_content
from gemtag_tui.imaging.files import Content, opened
from gemtag_tui.imaging.headers import Header, read_header
from gemtag_tui.imaging.values import Changed, Prepared, PrepareRules, Refused, RefusedError

if TYPE_CHECKING:
    from gemtag_tui.imaging.kinds import ImageType


TICK_SECONDS: Final = 2.0
"""The coarsest step of a file system's times (exFAT's)."""


class Scanned(NamedTuple):
    """What a scan noted of a file.

    Attributes:
        size: bytes; `mtime_ns`: as the system gave it.
        recorded_at: Unix seconds; its content had been hashed by then.
    """

    size: int
    mtime_ns: int
    recorded_at: float


def is_as_scanned(status: os.stat_result, scanned: Scanned) -> bool:
    """Whether nothing can have touched a file since a scan hashed it.

    Size and modification time are what a scan itself goes by. Beyond that, the inode's change time,
    which nobody can set, must be older than the record: a write behind a restored modification time
    is seen too. A file written within a tick of the record may have been written again in it.
    """
    if os.name == "nt":  # what is called the change time there is the time of creation
        return False
    return (
        (status.st_size, status.st_mtime_ns) == (scanned.size, scanned.mtime_ns)
        and status.st_mtime < scanned.recorded_at - TICK_SECONDS
        and status.st_ctime < scanned.recorded_at - TICK_SECONDS
    )


def passthrough(
    path: bytes, expected_sha256: bytes, rules: PrepareRules, scanned: Scanned | None = None
) -> Prepared | Refused | Changed | None:
    """Prepare a picture that can be sent as it is.

    Args:
        path: the file.
        expected_sha256: what its content was when it was scanned.
        rules: what may pass.
        scanned: spares hashing a file that is as it was scanned (:func:`is_as_scanned`), half of
            all the work there is; ``None`` hashes always.

    Returns:
        The picture; why it can't be read; that it changed; or ``None`` when it has to be decoded,
        which is for :func:`gemtag_tui.imaging.prepare.prepare` in a child.
    """
    try:
        with opened(path, rules.limits, keep=rules.passthrough_max_bytes) as content:
            if not content.whole:
                return None
            if scanned is None or not _untouched(content, scanned):
                return pass_bytes(path, content.data, expected_sha256, rules)
            return _pass_known(path, content.data, rules)
    except RefusedError as error:
        return Refused(error.kind, error.message)


def pass_bytes(
    path: bytes, data: bytes, expected_sha256: bytes, rules: PrepareRules
) -> Prepared | Changed | None:
    """Do the same with a file's whole content in hand.

    Raises:
        RefusedError: when the header is damaged.
    """
    if hashlib.sha256(data).digest() != expected_sha256:
        return Changed()
    return _pass_known(path, data, rules)


def _untouched(content: Content, scanned: Scanned) -> bool:
    """Whether a file that has just been read is as it was scanned, also after the reading."""
    if not is_as_scanned(content.status, scanned):
        return False
    return is_as_scanned(os.fstat(content.fd), scanned)


def _pass_known(path: bytes, data: bytes, rules: PrepareRules) -> Prepared | None:
    """Prepare content that is known to be what was scanned.

    Raises:
        RefusedError: when the header is damaged.
    """
    kind = sniff_content(path, data)
    if kind is None or not kind.gemini_accepts:
        return None
    header = read_header(kind, data, len(data))
    if header is None or not _passes(kind, header, len(data), rules):
        return None
    return Prepared(
        mime=kind.mime,
        data=b64encode(data),
        width=header.width,
        height=header.height,
        source="passed",
        raw_size=len(data),
    )


def _passes(kind: ImageType, header: Header, size: int, rules: PrepareRules) -> bool:
    side = max(header.width, header.height)
    return (
        is_passable(kind, header)
        and size <= min(rules.passthrough_max_bytes, rules.max_bytes_inline)
        and side <= min(rules.passthrough_max_side, rules.max_side or side)
        and header.width * header.height <= rules.passthrough_max_pixels
    )
