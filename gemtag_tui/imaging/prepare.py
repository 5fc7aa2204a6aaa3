"""Making one picture ready to send: as it is where possible, else small, upright and plain."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from pybase64 import b64encode

from gemtag_tui.imaging.content import inspect_content, sniff_content, turn_of
from gemtag_tui.imaging.decode import failures_named, open_image, upright
from gemtag_tui.imaging.fastpath import pass_bytes
from gemtag_tui.imaging.files import Content, opened
from gemtag_tui.imaging.kinds import ImageType
from gemtag_tui.imaging.modes import kept_profile
from gemtag_tui.imaging.values import Changed, Prepared, PrepareRules, Refused, RefusedError

if TYPE_CHECKING:
    from PIL import Image

_QUALITY_STEPS: Final = (0, 20, 40)
"""How far the quality is lowered, step by step, where a picture comes out too large."""


def prepare(
    path: bytes, expected_sha256: bytes, rules: PrepareRules
) -> Prepared | Refused | Changed:
    """Make one picture ready to send.

    Args:
        path: the file.
        expected_sha256: what its content was when it was scanned.
        rules: sizes and quality.

    Returns:
        The picture; why it can't be sent; or that the file holds something else by now.
    """
    try:
        with opened(path, rules.limits) as content:
            return _prepare_open(path, content, expected_sha256, rules)
    except RefusedError as error:
        return Refused(error.kind, error.message, sha256=expected_sha256, image=True)


def _prepare_open(
    path: bytes, content: Content, expected: bytes, rules: PrepareRules
) -> Prepared | Changed:
    if content.whole:
        passed = pass_bytes(path, content.data, expected, rules)
        if passed is not None:
            return passed
    elif content.sha256() != expected:
        return Changed()
    kind = sniff_content(path, content.data)
    if kind is None:
        raise RefusedError("unsupported", "not an image")
    return _reencode(content, kind, rules)


def _reencode(content: Content, kind: ImageType, rules: PrepareRules) -> Prepared:
    header = inspect_content(content, kind, rules.limits)
    with content.stream() as file, failures_named():
        image = open_image(file, kind, rules.limits)
        small = upright(image, rules.target_side, turn_of(kind, header))
        raw = encode_within(small, image, rules)
    return Prepared(
        mime="image/jpeg",
        data=b64encode(raw),
        width=small.width,
        height=small.height,
        source="reencoded",
        raw_size=len(raw),
    )


def encode_within(small: Image.Image, origin: Image.Image, rules: PrepareRules) -> bytes:
    """Encode as JPEG in at most the bytes allowed, lowering the quality if it must be.

    Raises:
        RefusedError: when even the lowest quality takes more.
    """
    profile = kept_profile(small, origin)
    for step in _QUALITY_STEPS:
        raw = encode(small, max(1, rules.jpeg_quality - step), profile)
        if len(raw) <= rules.max_bytes_inline:
            return raw
    message = f"{len(raw):,} bytes once prepared is over the limit of {rules.max_bytes_inline:,}"
    raise RefusedError("too_large", message)


def encode(image: Image.Image, quality: int, profile: bytes | None) -> bytes:
    """Encode a picture in mode ``L`` or ``RGB`` as JPEG with halved colour resolution."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling="4:2:0", icc_profile=profile)
    return out.getvalue()
