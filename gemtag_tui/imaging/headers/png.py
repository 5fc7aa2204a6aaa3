"""PNG: the chunks before the pixels, and whether the last one is there."""

from __future__ import annotations

import zlib
from typing import Final

from gemtag_tui.imaging.headers.exif import orientation
from gemtag_tui.imaging.headers.header import Header
from gemtag_tui.imaging.values import damaged, truncated

_MAX_CHUNKS: Final = 1000
_TAIL: Final = 65_536
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEFLATE_RATIO: Final = 1032
"""Deflate never packs more bytes into one (RFC 1951: 258 bytes in two bits)."""


def read_png(data: bytes, size: int) -> Header | None:
    """Read IHDR and what stands before IDAT; see :func:`gemtag_tui.imaging.headers.read_header`."""
    if len(data) < 33:
        raise truncated()
    ihdr = data[16:29]
    if data[8:16] != b"\x00\x00\x00\rIHDR":
        raise damaged("the PNG header is missing")
    if zlib.crc32(data[12:29]) != int.from_bytes(data[29:33], "big"):
        raise damaged("the PNG header fails its checksum")
    width, height = int.from_bytes(ihdr[:4], "big"), int.from_bytes(ihdr[4:8], "big")
    _check_fields(ihdr, width, height)
    chunks = _chunks(data, size)
    if chunks is None:
        return None
    turn, frames = chunks
    return Header(
        width=width,
        height=height,
        orientation=turn,
        frames=frames,
        plain=ihdr[8] <= 8,
        short=_raw_bytes(ihdr, width, height) > size * _DEFLATE_RATIO,
        doubtful=len(data) == size and data.rfind(b"IEND") < 0,
    )


def _check_fields(ihdr: bytes, width: int, height: int) -> None:
    depth, colour, packing, filtering, interlace = ihdr[8:13]
    if not width or not height:
        raise damaged(f"the picture has no area ({width} × {height} pixels)")
    if depth not in _DEPTHS.get(colour, ()):
        raise damaged(f"the PNG header names no colours (type {colour}, {depth} bits)")
    if packing or filtering or interlace > 1:
        raise damaged("the PNG header names no known way of packing")


def _raw_bytes(ihdr: bytes, width: int, height: int) -> int:
    return height * -(-width * ihdr[8] * _CHANNELS[ihdr[9]] // 8)


def _chunks(data: bytes, size: int) -> tuple[int, int] | None:
    """Return orientation and frames; ``None`` when the pixels are not within reach."""
    turn, frames, at = 1, 1, 33
    for _ in range(_MAX_CHUNKS):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if name == b"IDAT":
            return turn if turn != 1 else _late_orientation(data), frames
        if len(name) < 4 or name == b"IEND":
            _check_more(data, size)
            return None
        if name == b"eXIf":
            turn = orientation(data[at + 8 : at + 8 + length])
        elif name == b"acTL":
            frames = max(1, int.from_bytes(data[at + 8 : at + 12], "big"))
        at += 12 + length
    return None


def _check_more(data: bytes, size: int) -> None:
    if len(data) == size:
        raise truncated()


def _late_orientation(data: bytes) -> int:
    """Some writers put EXIF behind the pixels."""
    at = data.find(b"eXIf", max(33, len(data) - _TAIL))
    if at < 0:
        return 1
    length = int.from_bytes(data[at - 4 : at], "big")
    return orientation(data[at + 4 : at + 4 + length])
