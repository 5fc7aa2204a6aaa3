"""WebP: simple, lossless and extended headers."""

from __future__ import annotations

from typing import Final

from gemtag_tui.imaging.headers.exif import orientation
from gemtag_tui.imaging.headers.header import Header
from gemtag_tui.imaging.values import damaged, truncated

_MAX_CHUNKS: Final = 1000
_ANIMATED: Final = 0x02
_HAS_EXIF: Final = 0x08


def read_webp(data: bytes, size: int) -> Header | None:
    """Read the first chunk and EXIF; see :func:`gemtag_tui.imaging.headers.read_header`."""
    if int.from_bytes(data[4:8], "little") + 8 > size + 1:  # some writers count the padding
        raise truncated()
    first = data[12:16]
    if len(data) < 30:
        raise truncated()
    if first == b"VP8X":
        return _extended(data)
    if first == b"VP8L":
        return _lossless(data)
    if first == b"VP8 ":
        return _lossy(data)
    raise damaged("the WebP header is missing")


def _lossy(data: bytes) -> Header:
    if data[23:26] != b"\x9d\x01\x2a":
        raise damaged("the WebP picture does not begin with a whole frame")
    width = int.from_bytes(data[26:28], "little") & 0x3FFF
    height = int.from_bytes(data[28:30], "little") & 0x3FFF
    return Header(width=width, height=height)


def _lossless(data: bytes) -> Header:
    if data[20] != 0x2F:
        raise damaged("the WebP picture lacks its signature")
    bits = int.from_bytes(data[21:25], "little")
    return Header(width=(bits & 0x3FFF) + 1, height=(bits >> 14 & 0x3FFF) + 1)


def _extended(data: bytes) -> Header:
    flags = data[20]
    animated = bool(flags & _ANIMATED)
    return Header(
        width=int.from_bytes(data[24:27], "little") + 1,
        height=int.from_bytes(data[27:30], "little") + 1,
        orientation=_orientation(data) if flags & _HAS_EXIF else 1,
        frames=None if animated else 1,
        plain=not animated,
    )


def _orientation(data: bytes) -> int:
    at = 30
    for _ in range(_MAX_CHUNKS):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if len(name) < 4:
            return 1
        if name == b"EXIF":
            return orientation(data[at + 8 : at + 8 + length].removeprefix(b"Exif\x00\x00"))
        at += 8 + length + (length & 1)
    return 1
