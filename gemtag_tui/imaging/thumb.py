"""Thumbnails for the screens; made in child processes alone (see `thumb_cache`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemtag_tui.imaging.content import inspect_content, sniff_content, turn_of
from gemtag_tui.imaging.decode import failures_named, open_image, upright
from gemtag_tui.imaging.files import opened
from gemtag_tui.imaging.pixels import MOST_SIDE, pack
from gemtag_tui.imaging.prepare import encode
from gemtag_tui.imaging.values import Limits, Refused, RefusedError

if TYPE_CHECKING:
    from PIL import Image


def thumbnail(path: bytes, side: int, limits: Limits | None = None) -> bytes | Refused:
    """Make a small upright JPEG of a picture.

    Args:
        path: the file.
        side: the longer side, in pixels.
        limits: what the file may ask of us; the defaults when not given.

    Returns:
        The JPEG; or why there is none.
    """
    try:
        return encode(_small(path, side, limits or Limits()), 80, None)
    except RefusedError as error:
        return Refused(error.kind, error.message)


def pixels(path: bytes, side: int, limits: Limits | None = None) -> bytes | Refused:
    """Make a small upright picture as plain pixels.

    Args:
        path: the file.
        side: the longer side, in pixels, at most `pixels.MOST_SIDE`.
        limits: what the file may ask of us; the defaults when not given.

    Returns:
        What `pixels.unpack` reads; or why there is none.
    """
    try:
        small = _small(path, min(side, MOST_SIDE), limits or Limits()).convert("RGB")
        return pack(small.width, small.height, small.tobytes())
    except RefusedError as error:
        return Refused(error.kind, error.message)


def _small(path: bytes, side: int, limits: Limits) -> Image.Image:
    with opened(path, limits) as content:
        kind = sniff_content(path, content.data)
        if kind is None:
            raise RefusedError("unsupported", "not an image")
        header = inspect_content(content, kind, limits)
        with content.stream() as file, failures_named():
            return upright(open_image(file, kind, limits), side, turn_of(kind, header))
