"""The one EXIF field that matters here: which way is up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    Order = Literal["little", "big"]

_ORIENTATION: Final = 0x0112
_WIDTHS: Final = {1: 1, 3: 2, 4: 4}  # BYTE, SHORT, LONG: all three are met in the wild
_MAX_ENTRIES: Final = 1000


def orientation(tiff: bytes) -> int:
    """Read the orientation from an EXIF block.

    Args:
        tiff: the block, from its byte order mark on.

    Returns:
        1–8; 1 when it isn't said or isn't sense.
    """
    order = _order(tiff)
    if order is None:
        return 1
    start = int.from_bytes(tiff[4:8], order)
    count = min(int.from_bytes(tiff[start : start + 2], order), _MAX_ENTRIES)
    for at in range(start + 2, min(start + 2 + count * 12, len(tiff) - 11), 12):
        if int.from_bytes(tiff[at : at + 2], order) == _ORIENTATION:
            return _value(tiff[at : at + 12], order)
    return 1


def _order(tiff: bytes) -> Order | None:
    if tiff[:4] == b"II*\x00":
        return "little"
    return "big" if tiff[:4] == b"MM\x00*" else None


def _value(entry: bytes, order: Order) -> int:
    width = _WIDTHS.get(int.from_bytes(entry[2:4], order), 2)
    value = int.from_bytes(entry[8 : 8 + width], order)
    return value if 1 <= value <= 8 else 1
