"""Hints at shapes: what stands on an even ground, and grounds that run or repeat."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageStat

NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0))


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape, its colour and where it stands; ``form`` is empty for no shape."""

    form: str = ""
    colour: str = ""
    place: str = ""

    def words(self) -> str:
        """For instance "red disc"."""
        return f"{self.colour} {self.form}".strip()


def find_shape(cells: list[str], grey: Image.Image, side: int, ratio: float = 1.0) -> Shape:
    """Find the main shape on a square grid of colour names and brightnesses.

    Args:
        cells: Colour names, row by row.
        grey: The same grid as brightnesses.
        side: Cells a side.
        ratio: Width over height of the picture that the grid was squeezed from.
    """
    pattern = _pattern(grey)
    if pattern:
        return Shape(pattern)
    ground, count = Counter(_border(cells, side)).most_common(1)[0]
    if count < 0.6 * 4 * (side - 1):
        return Shape()
    blob = _largest_blob(cells, ground, side)
    if not 0.015 < len(blob) / len(cells) < 0.8:
        return Shape()
    colour = Counter(cells[at] for at in blob).most_common(1)[0][0]
    return Shape(_form(blob, side, ratio), colour, _place(blob, side))


def _border(cells: list[str], side: int) -> list[str]:
    return [
        *cells[:side],
        *cells[-side:],
        *cells[side:-side:side],
        *cells[2 * side - 1 : -side : side],
    ]


def _largest_blob(cells: list[str], ground: str, side: int) -> set[int]:
    """The largest connected set of cells that are not of the ground's colour."""
    left = {at for at, cell in enumerate(cells) if cell != ground}
    best: set[int] = set()
    while left:
        blob, edge = set[int](), [left.pop()]
        while edge:
            at = edge.pop()
            blob.add(at)
            for near in _near(at, side):
                if near in left:
                    left.remove(near)
                    edge.append(near)
        best = max(best, blob, key=len)
    return best


def _near(at: int, side: int) -> list[int]:
    row, column = divmod(at, side)
    return [
        (row + down) * side + column + across
        for down, across in NEIGHBOURS
        if 0 <= row + down < side and 0 <= column + across < side
    ]


def _form(blob: set[int], side: int, ratio: float) -> str:
    rows, columns = [at // side for at in blob], [at % side for at in blob]
    top, bottom, left, right = min(rows), max(rows), min(columns), max(columns)
    height, width = bottom - top + 1, right - left + 1
    fill = len(blob) / (height * width)
    if min(height, width) < 4:
        return "line" if max(height, width) > 3 * min(height, width) else "spot"
    even = 0.8 <= width * ratio / height <= 1.25
    if fill > 0.93:
        return "square" if even else "rectangle"
    corners = [(top, left), (top, right), (bottom, left), (bottom, right)]
    empty = sum(row * side + column not in blob for row, column in corners)
    if fill >= 0.66 and empty == 4:
        return "disc" if even else "oval"
    if 0.4 <= fill <= 0.66 and empty >= 1:
        return "triangle"
    return "figure"


def _place(blob: set[int], side: int) -> str:
    down = sum(at // side for at in blob) / len(blob) / side
    across = sum(at % side for at in blob) / len(blob) / side
    row = "top" if down < 0.36 else "bottom" if down > 0.62 else ""
    column = "left" if across < 0.36 else "right" if across > 0.62 else ""
    return " ".join(filter(None, (row, column))) or "centre"


def _pattern(grey: Image.Image) -> str:
    """Stripes and gradients: pictures that are a sum of a row's and a column's brightness."""
    across, down = grey.size
    rows = grey.resize((1, down), Image.Resampling.BOX)
    columns = grey.resize((across, 1), Image.Resampling.BOX)
    by_row, by_column = list(rows.tobytes()), list(columns.tobytes())
    spread_rows, spread_columns = max(by_row) - min(by_row), max(by_column) - min(by_column)
    if max(spread_rows, spread_columns) < 24 or _residual(grey, rows, columns) > 6:
        return ""
    if spread_rows >= spread_columns:
        return _sequence(by_row, "horizontal")
    return _sequence(by_column, "vertical")


def _residual(grey: Image.Image, rows: Image.Image, columns: Image.Image) -> float:
    """How far a picture is from the sum of its rows' and its columns' brightness."""
    mean = ImageStat.Stat(grey).mean[0]
    sums = ImageChops.add(rows.resize(grey.size), columns.resize(grey.size), 1, -round(mean))
    return ImageStat.Stat(ImageChops.difference(grey, sums)).mean[0]


def _sequence(line: list[int], direction: str) -> str:
    if _turns(line) >= 4:
        return f"{direction} stripes"
    return "gradient" if _smooth(line) else ""


def _turns(line: list[int]) -> int:
    middle = (max(line) + min(line)) / 2
    return sum((a > middle) != (b > middle) for a, b in itertools.pairwise(line))


def _smooth(line: list[int]) -> bool:
    spread = max(line) - min(line)
    return max(abs(a - b) for a, b in itertools.pairwise(line)) < spread / 4
