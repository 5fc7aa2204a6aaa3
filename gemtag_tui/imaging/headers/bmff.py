"""HEIC, HEIF and AVIF: boxes within boxes, of which only sizes and turns are read.

ISO/IEC 23008-12: ``meta`` holds ``pitm`` (which item is the picture) and ``iprp``, which holds
``ipco`` (properties) and ``ipma`` (which property belongs to which item).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gemtag_tui.imaging.headers.header import Header
from gemtag_tui.imaging.values import damaged, truncated

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_BOXES: Final = 4096
_MAX_ITEMS: Final = 4096

Box = tuple[bytes, int, int]
"""Name, and the start and end of its content in the data."""


def read_bmff(data: bytes, size: int) -> Header | None:
    """Read the size of the primary picture; see :func:`gemtag_tui.imaging.headers.read_header`."""
    meta = _outermost(data, size)
    if meta is None or meta[1] > len(data):
        if len(data) < size:
            return None
        raise damaged("the picture's description is missing")
    parts = {name: (at, end) for name, at, end in boxes(data, meta[0] + 4, meta[1])}
    if b"iprp" not in parts:
        raise damaged("the picture's properties are missing")
    inner = {name: (at, end) for name, at, end in boxes(data, *parts[b"iprp"])}
    properties = list(boxes(data, *inner.get(b"ipco", (0, 0))))
    wanted = _wanted(data, parts.get(b"pitm"), inner.get(b"ipma"))
    chosen = [properties[i - 1] for i in wanted if 0 < i <= len(properties)]
    return _header(data, chosen if any(box[0] == b"ispe" for box in chosen) else properties)


def boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    """Walk the boxes between two offsets.

    Raises:
        RefusedError: when a box reaches beyond its surroundings, or there are too many.
    """
    for _ in range(_MAX_BOXES):
        if at + 8 > end:
            return
        start, stop = _extent(data, at, end)
        if not start <= stop <= end:
            raise damaged("a box is larger than what holds it")
        yield data[at + 4 : at + 8], start, stop
        at = stop
    raise damaged("too many boxes")


def _extent(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return where a box's content starts and stops; length 1 means a long length, 0 to the end."""
    length = int.from_bytes(data[at : at + 4], "big")
    if length == 1:
        return at + 16, at + int.from_bytes(data[at + 8 : at + 16], "big")
    return at + 8, at + length if length else end


def _outermost(data: bytes, size: int) -> tuple[int, int] | None:
    """Find ``meta``, and make sure that no box of the file ends after it."""
    meta: tuple[int, int] | None = None
    at = 0
    for _ in range(_MAX_BOXES):
        if at >= size:
            break
        start, stop = _extent(data, at, size)
        if stop < start:
            raise damaged("a box is shorter than its own header")
        if stop > size:
            raise truncated()
        if data[at + 4 : at + 8] == b"meta" and meta is None:
            meta = start, stop
        at = stop
        if at + 8 > len(data):
            break
    return meta


def _wanted(data: bytes, pitm: tuple[int, int] | None, ipma: tuple[int, int] | None) -> list[int]:
    """Return the numbers, from 1, of the properties of the primary item."""
    if pitm is None or ipma is None:
        return []
    at = pitm[0]
    primary = int.from_bytes(data[at + 4 : at + (6 if data[at] == 0 else 8)], "big")
    return _associations(data[ipma[0] : ipma[1]], primary)


def _associations(ipma: bytes, primary: int) -> list[int]:
    if len(ipma) < 8:
        return []
    id_width, index_width = (4 if ipma[0] else 2), (2 if ipma[3] & 1 else 1)
    count, at = min(int.from_bytes(ipma[4:8], "big"), _MAX_ITEMS), 8
    mask = 0x7FFF if index_width == 2 else 0x7F
    for _ in range(count):
        item, number = int.from_bytes(ipma[at : at + id_width], "big"), at + id_width
        if number >= len(ipma):
            return []
        first = number + 1
        at = first + ipma[number] * index_width
        if item == primary:
            return [
                int.from_bytes(ipma[i : i + index_width], "big") & mask
                for i in range(first, min(at, len(ipma)), index_width)
            ]
    return []


def _header(data: bytes, properties: list[Box]) -> Header:
    """Put together the largest size named and the quarter turns."""
    sizes = [_ispe(data, at, end) for name, at, end in properties if name == b"ispe"]
    if not sizes:
        raise damaged("the picture's size is missing")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    turns = [data[at] & 3 for name, at, end in properties if name == b"irot" and at < end]
    if turns and turns[-1] % 2:
        width, height = height, width
    return Header(width=width, height=height)


def _ispe(data: bytes, at: int, end: int) -> tuple[int, int]:
    if end - at < 12:
        raise damaged("the picture's size is cut off")
    return int.from_bytes(data[at + 4 : at + 8], "big"), int.from_bytes(
        data[at + 8 : at + 12], "big"
    )
