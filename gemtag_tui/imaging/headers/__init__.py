"""Sizes and orientation straight from the header: bounded parsers for hostile bytes, no decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gemtag_tui.imaging.headers.bmff import read_bmff
from gemtag_tui.imaging.headers.header import Header
from gemtag_tui.imaging.headers.jpeg import read_jpeg
from gemtag_tui.imaging.headers.png import read_png
from gemtag_tui.imaging.headers.simple import read_bmp, read_gif
from gemtag_tui.imaging.headers.webp import read_webp

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemtag_tui.imaging.kinds import ImageType

__all__ = ["Header", "read_header"]

_READERS: Final[dict[str, Callable[[bytes, int], Header | None]]] = {
    "jpeg": read_jpeg,
    "png": read_png,
    "webp": read_webp,
    "gif": read_gif,
    "bmp": read_bmp,
    "heic": read_bmff,
    "heif": read_bmff,
    "avif": read_bmff,
}


def read_header(kind: ImageType, data: bytes, size: int) -> Header | None:
    """Read what a picture's header says.

    Args:
        kind: its type, as sniffed.
        data: the first bytes; all of them when ``len(data) == size``.
        size: bytes in the whole file.

    Returns:
        The header; ``None`` when there is no parser for it or it is an unusual one, and a decoder
        should be asked.

    Raises:
        RefusedError: when the content is certainly damaged.
    """
    reader = _READERS.get(kind.name)
    return reader(data, size) if reader else None
