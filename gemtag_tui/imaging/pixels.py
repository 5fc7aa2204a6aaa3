"""Small pictures as plain pixels: what screens draw without any decoder of images."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from msgspec import Struct

MOST_SIDE: Final = 512
"""Pixels of either side; what is larger is not taken for one of ours."""
_HEAD: Final = struct.Struct(">4sHH")
_MAGIC: Final = b"GTP1"


class Pixels(Struct, frozen=True):
    """A picture; `rgb` holds three bytes a pixel, line by line."""

    width: int
    height: int
    rgb: bytes


def pack(width: int, height: int, rgb: bytes) -> bytes:
    """Return a picture as bytes to keep."""
    return _HEAD.pack(_MAGIC, width, height) + zlib.compress(rgb, 6)


def unpack(data: bytes) -> Pixels | None:
    """Return a picture that `pack` made; `None` for anything else, whatever it may be."""
    if len(data) < _HEAD.size:
        return None
    magic, width, height = _HEAD.unpack_from(data)
    if magic != _MAGIC or not (1 <= width <= MOST_SIDE and 1 <= height <= MOST_SIDE):
        return None
    size = width * height * 3
    try:
        rgb = zlib.decompressobj().decompress(data[_HEAD.size :], size + 1)
    except zlib.error:
        return None
    return Pixels(width, height, rgb) if len(rgb) == size else None
