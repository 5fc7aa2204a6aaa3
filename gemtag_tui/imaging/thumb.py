"""Thumbnails for the screens."""

from __future__ import annotations

from gemtag_tui.imaging.content import inspect_content, sniff_content, turn_of
from gemtag_tui.imaging.decode import failures_named, open_image, upright
from gemtag_tui.imaging.files import opened
from gemtag_tui.imaging.prepare import encode
from gemtag_tui.imaging.values import Limits, Refused, RefusedError


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
        return _thumbnail(path, side, limits or Limits())
    except RefusedError as error:
        return Refused(error.kind, error.message)


def _thumbnail(path: bytes, side: int, limits: Limits) -> bytes:
    with opened(path, limits) as content:
        kind = sniff_content(path, content.data)
        if kind is None:
            raise RefusedError("unsupported", "not an image")
        header = inspect_content(content, kind, limits)
        with content.stream() as file, failures_named():
            image = open_image(file, kind, limits)
            return encode(upright(image, side, turn_of(kind, header)), 80, None)
