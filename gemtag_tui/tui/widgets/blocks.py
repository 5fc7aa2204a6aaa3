"""Pictures out of half blocks: two pixels a cell, one as its sign and one behind it. Pure."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from gemtag_tui.imaging.pixels import Pixels

UPPER = "▀"
SIDES = (32, 64, 128)
"""Pixels of the longer side of the thumbnails that are made: few, so that each is made once."""


def side_for(width: int, height: int) -> int:
    """Return the side of the thumbnail that a picture in so many cells is drawn from."""
    wanted = max(width, 2 * height)
    return next((side for side in SIDES if side >= wanted), SIDES[-1])


def fitted(picture: Pixels, width: int, height: int) -> tuple[int, int]:
    """Return the cells a picture takes when it is fitted into some, its shape kept."""
    scale = min(width / picture.width, 2 * height / picture.height)
    wide = max(1, min(width, round(picture.width * scale)))
    high = max(1, min(height, round(picture.height * scale / 2)))
    return wide, high


@lru_cache(maxsize=8192)
def _style(upper: tuple[int, int, int], lower: tuple[int, int, int]) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))


def block_lines(picture: Pixels, width: int, height: int) -> list[list[Segment]]:
    """Draw a picture in exactly so many cells.

    Args:
        picture: of any size.
        width: in cells.
        height: in cells.
    """
    columns = [min(picture.width - 1, x * picture.width // width) * 3 for x in range(width)]
    rows = [min(picture.height - 1, y * picture.height // (2 * height)) for y in range(2 * height)]
    lines = []
    for y in range(height):
        upper, lower = _line(picture, rows[2 * y]), _line(picture, rows[2 * y + 1])
        lines.append(_segments([(_at(upper, x), _at(lower, x)) for x in columns]))
    return lines


def _line(picture: Pixels, y: int) -> bytes:
    return picture.rgb[y * picture.width * 3 : (y + 1) * picture.width * 3]


def _at(line: bytes, x: int) -> tuple[int, int, int]:
    """A pixel, its colours a little coarser: neighbours alike need fewer bytes on the line."""
    return line[x] & 0xFC, line[x + 1] & 0xFC, line[x + 2] & 0xFC


def _segments(
    cells: list[tuple[tuple[int, int, int], tuple[int, int, int]]],
) -> list[Segment]:
    found: list[Segment] = []
    start = 0
    for i in range(1, len(cells) + 1):
        if i == len(cells) or cells[i] != cells[start]:
            found.append(Segment(UPPER * (i - start), _style(*cells[start])))
            start = i
    return found
