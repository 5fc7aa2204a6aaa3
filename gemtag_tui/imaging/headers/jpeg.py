"""JPEG: segments up to the first scan."""

from __future__ import annotations

from typing import Final

from gemtag_tui.imaging.headers.exif import orientation
from gemtag_tui.imaging.headers.header import Header
from gemtag_tui.imaging.values import damaged, truncated

_MAX_SEGMENTS: Final = 1000
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES: Final = frozenset(set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC})
_COMMON_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_BASELINE: Final = frozenset({0xC0, 0xC1})
_SOS: Final = 0xDA
_EOI: Final = 0xD9
_APP1: Final = 0xE1


def read_jpeg(data: bytes, size: int) -> Header | None:
    """Walk the segments up to the first scan; as :func:`gemtag_tui.imaging.headers.read_header`."""
    frame: tuple[int, bytes] | None = None
    turn = 1
    at = 2
    for _ in range(_MAX_SEGMENTS):
        if at + 4 > len(data):
            _check_more(data, size)
            return None
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (_SOS, _EOI):
            return _judge(frame, turn, data, at, size) if frame and marker == _SOS else None
        length = data[at + 2] << 8 | data[at + 3]
        if marker in _FRAMES:
            frame = marker, data[at + 4 : at + 2 + length]
        elif marker == _APP1 and data[at + 4 : at + 10] == b"Exif\x00\x00":
            turn = orientation(data[at + 10 : at + 2 + length])
        at += 2 + length
    return None


def _check_more(data: bytes, size: int) -> None:
    """Running out of bytes is the file's fault only if these are all of it."""
    if len(data) == size:
        raise truncated()


def _judge(frame: tuple[int, bytes], turn: int, data: bytes, scan: int, size: int) -> Header | None:
    marker, fields = frame
    if len(fields) < 6 or marker not in _COMMON_FRAMES:
        return None
    height, width, components = fields[1] << 8 | fields[2], fields[3] << 8 | fields[4], fields[5]
    if not width or not height:
        raise damaged(f"the picture has no area ({width} × {height} pixels)")
    return Header(
        width=width,
        height=height,
        orientation=turn,
        plain=fields[0] == 8 and components in (1, 3),
        short=marker in _BASELINE and _too_short(width, height, size - scan),
        doubtful=len(data) == size and data.rfind(b"\xff\xd9") < scan,
    )


def _too_short(width: int, height: int, scan_bytes: int) -> bool:
    """Tell whether fewer bits are left than the shortest codes for that many blocks need.

    Each block of 8 × 8 pixels costs at least one bit for its mean and one for its end.
    """
    blocks = -(-width // 8) * -(-height // 8)
    return scan_bytes * 8 < blocks * 2
