"""Probing: what a file is, its digest and its size, for every file however strange."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gemtag_tui.imaging.content import inspect_content, is_passable, sniff_content
from gemtag_tui.imaging.files import Content, check_bytes, explain, open_regular
from gemtag_tui.imaging.kinds import SNIFF_BYTES, ImageType, describe, looks_like_image_name
from gemtag_tui.imaging.values import Limits, Probed, Refused, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence


def probe_many(paths: Sequence[bytes], limits: Limits) -> list[Probed | Refused]:
    """Probe files one after the other; one bad file never harms the others."""
    return [probe(path, limits) for path in paths]


def probe(path: bytes, limits: Limits) -> Probed | Refused:
    """Find out what a file is, without decoding it unless its end seems to be missing.

    Args:
        path: as the file system gave it, in bytes.
        limits: what it may ask of us.

    Returns:
        What it is; or why it can't be used.
    """
    try:
        fd, status = open_regular(path)
    except RefusedError as error:
        return _refused(error, _status(path))
    except OSError as error:
        return _refused(RefusedError("unreadable", explain(error)), _status(path))
    try:
        return _probe_open(path, fd, status, limits)
    except OSError as error:
        return _refused(RefusedError("unreadable", explain(error)), status)
    finally:
        os.close(fd)


def is_skipped(path: bytes, outcome: Probed | Refused) -> bool:
    """Tell whether a file is none of our business: no image by its name nor by its content."""
    return isinstance(outcome, Refused) and not outcome.image and not looks_like_image_name(path)


def _status(path: bytes) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (OSError, ValueError):
        return None


def _refused(
    error: RefusedError,
    status: os.stat_result | None,
    digest: bytes | None = None,
    *,
    image: bool = False,
) -> Refused:
    return Refused(
        error.kind,
        error.message,
        sha256=digest,
        size=status.st_size if status else 0,
        mtime_ns=status.st_mtime_ns if status else 0,
        image=image,
    )


def _probe_open(path: bytes, fd: int, status: os.stat_result, limits: Limits) -> Probed | Refused:
    digest: bytes | None = None
    kind: ImageType | None = None
    try:
        check_bytes(status.st_size, limits)
        content = Content(fd, status)
        kind = sniff_content(path, content.data)
        if kind is None and not looks_like_image_name(path):
            raise _no_image(path, content.data)
        digest = content.sha256()
        if kind is None:
            raise _no_image(path, content.data)
        return _judge(content, kind, digest, limits)
    except RefusedError as error:
        return _refused(error, status, digest, image=kind is not None)


def _no_image(path: bytes, data: bytes) -> RefusedError:
    known = describe(data[:SNIFF_BYTES])
    if known is not None:
        return RefusedError("unsupported", f"not an image: {known}")
    words = "not an image: its content is of no known type"
    return RefusedError("unreadable" if looks_like_image_name(path) else "unsupported", words)


def _judge(content: Content, kind: ImageType, digest: bytes, limits: Limits) -> Probed:
    if kind.pillow is None:
        raise RefusedError("unsupported", f"{kind.label}, which is not read")
    header = inspect_content(content, kind, limits)
    width, height = header.upright_size
    return Probed(
        sha256=digest,
        size=content.size,
        mtime_ns=content.status.st_mtime_ns,
        format=kind.name,
        mime=kind.mime,
        width=width,
        height=height,
        frames=header.frames,
        orientation=header.orientation,
        passable=is_passable(kind, header),
    )
