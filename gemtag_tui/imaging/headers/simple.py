"""GIF and BMP: sizes at fixed places."""

from __future__ import annotations

from gemtag_tui.imaging.headers.header import Header
from gemtag_tui.imaging.values import damaged, truncated


def read_gif(data: bytes, size: int) -> Header | None:  # noqa: ARG001
    """Read the logical screen; a GIF that leaves it out is for the decoder."""
    if len(data) < 14:
        raise truncated()
    width, height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if not width or not height:
        return None
    return Header(width=width, height=height, frames=None)


def read_bmp(data: bytes, size: int) -> Header | None:
    """Read the size, and whether the file is long enough for it where rows are not packed."""
    dib = data[14]
    if dib in (12, 16) or len(data) < 54:
        return None
    width = int.from_bytes(data[18:22], "little", signed=True)
    height = abs(int.from_bytes(data[22:26], "little", signed=True))
    depth, packing = int.from_bytes(data[28:30], "little"), int.from_bytes(data[30:34], "little")
    if width < 1 or not height:
        raise damaged(f"the picture has no area ({width} × {height} pixels)")
    row = -(-width * depth // 32) * 4
    short = packing in (0, 3, 6) and row * height > size
    return Header(width=width, height=height, short=short)
