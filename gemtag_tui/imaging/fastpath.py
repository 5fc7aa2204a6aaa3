"""Passing a file's own bytes on: cheap enough for a thread of the engine, and without Pillow."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pybase64 import b64encode

from gemtag_tui.imaging.content import is_passable, sniff_content
from gemtag_tui.imaging.files import opened
from gemtag_tui.imaging.headers import Header, read_header
from gemtag_tui.imaging.values import Changed, Prepared, PrepareRules, Refused, RefusedError

if TYPE_CHECKING:
    from gemtag_tui.imaging.kinds import ImageType


def passthrough(
    path: bytes, expected_sha256: bytes, rules: PrepareRules
) -> Prepared | Refused | Changed | None:
    """Prepare a picture that can be sent as it is.

    Args:
        path: the file.
        expected_sha256: what its content was when it was scanned.
        rules: what may pass.

    Returns:
        The picture; why it can't be read; that it changed; or ``None`` when it has to be decoded,
        which is for :func:`gemtag_tui.imaging.prepare.prepare` in a child.
    """
    try:
        with opened(path, rules.limits, keep=rules.passthrough_max_bytes) as content:
            if not content.whole:
                return None
            return pass_bytes(path, content.data, expected_sha256, rules)
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
