"""What a picture looks like, from simple statistics of its own pixels."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops, ImageStat

from gemtag_tui.simulator.colours import colour_name
from gemtag_tui.simulator.shapes import Shape, find_shape

GRID: Final = 32
"""Colours and shapes are read on a grid of so many cells a side."""
FINE: Final = 64
"""Texture is read on so many cells a side."""
COARSE: Final = [value & 0xF8 | value >> 5 for value in range(256)] * 3
"""Colours rounded to five bits, so that few different ones need a name."""

_NAMES: Final = ("red", "blue", "green", "yellow", "grey", "brown", "orange", "teal")


@dataclass(frozen=True, slots=True)
class Look:
    """A picture in words.

    ``shares`` pairs with ``colours``: how much of the picture each covers, largest first.
    """

    width: int
    height: int
    colours: tuple[str, ...]
    shares: tuple[float, ...]
    brightness: str
    contrast: str
    texture: str
    warmth: str
    shape: Shape
    text_like: bool
    level: float
    """Mean brightness, 0 to 1."""

    @property
    def orientation(self) -> str:
        """Landscape, portrait, square or panorama."""
        ratio = self.width / max(self.height, 1)
        if ratio >= 2 or ratio <= 0.5:
            return "panorama" if ratio >= 2 else "tall portrait"
        if 0.95 <= ratio <= 1.05:
            return "square"
        return "landscape" if ratio > 1 else "portrait"


def look_at(image: Image.Image) -> Look:
    """Describe an opened picture; decodes it shrunk, at most ``FINE`` cells a side.

    Raises:
        OSError: The pixels cannot be decoded.
    """
    width, height = image.size
    image.draft("RGB", (FINE * 2, FINE * 2))
    small = _flat(image).resize((FINE, FINE), Image.Resampling.BOX)
    grey = small.convert("L")
    stat = ImageStat.Stat(grey)
    mean, deviation = stat.mean[0], stat.stddev[0]
    grid = small.resize((GRID, GRID), Image.Resampling.BOX).point(COARSE).tobytes()
    cells = list(map(colour_name, grid[::3], grid[1::3], grid[2::3]))
    colours = _dominant(cells)
    text_like = _text_like(grey, deviation)
    red, _, blue = ImageStat.Stat(small).mean
    return Look(
        width=width,
        height=height,
        colours=tuple(name for name, _ in colours),
        shares=tuple(share for _, share in colours),
        brightness=_brightness(mean),
        contrast="high contrast" if deviation > 64 else "soft" if deviation < 24 else "even",
        texture=_texture(grey),
        warmth="warm" if red - blue > 18 else "cool" if blue - red > 18 else "neutral",
        shape=Shape() if text_like else _shape(cells, grey, width / height),
        text_like=text_like,
        level=mean / 255,
    )


def look_from_hash(digest: str, width: int = 1024, height: int = 768) -> Look:
    """A made-up look that depends on a hash alone, for load tests."""
    seed = hashlib.sha256(digest.encode()).digest()
    first, second = _NAMES[seed[0] % 8], _NAMES[(seed[0] + 1 + seed[1] % 7) % 8]
    form = ("disc", "rectangle", "triangle", "figure")[seed[2] % 4]
    return Look(
        width=width,
        height=height,
        colours=(first, second),
        shares=(0.7, 0.3),
        brightness=("dark", "dim", "bright")[seed[3] % 3],
        contrast="even",
        texture=("plain", "detailed", "busy")[seed[4] % 3],
        warmth=("warm", "cool", "neutral")[seed[5] % 3],
        shape=Shape(form, second, "centre"),
        text_like=False,
        level=seed[6] / 255,
    )


def _shape(cells: list[str], grey: Image.Image, ratio: float) -> Shape:
    coarse = grey.resize((GRID, GRID), Image.Resampling.BOX)
    return find_shape(cells, coarse, GRID, ratio)


def _flat(image: Image.Image) -> Image.Image:
    """RGB, with transparency laid on white."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image.thumbnail((FINE * 4, FINE * 4), Image.Resampling.BOX)
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    if image.mode.startswith("I;16") or image.mode == "I":
        image = image.convert("I").point(lambda value: value / 256)
    return image.convert("RGB")


def _dominant(cells: list[str]) -> list[tuple[str, float]]:
    counted = Counter(cells).most_common(5)
    floor = max(1, len(cells) // 50)
    kept = [(name, count / len(cells)) for name, count in counted if count >= floor]
    return kept or [(counted[0][0], counted[0][1] / len(cells))]


def _brightness(mean: float) -> str:
    for limit, word in ((48, "dark"), (96, "dim"), (160, "evenly lit")):
        if mean < limit:
            return word
    return "bright"


def _step(grey: Image.Image, across: int, down: int) -> Image.Image:
    return ImageChops.difference(grey, ImageChops.offset(grey, across, down))


def _texture(grey: Image.Image) -> str:
    edges = ImageStat.Stat(_step(grey, 1, 0)).mean[0] + ImageStat.Stat(_step(grey, 0, 1)).mean[0]
    return "plain" if edges < 9 else "busy" if edges > 40 else "detailed"


def _text_like(grey: Image.Image, deviation: float) -> bool:
    """Rows full of small marks that take turns with empty rows look like lines of text."""
    histogram = grey.histogram()
    paper = max(sum(histogram[at : at + 32]) for at in range(0, 256, 8))
    if deviation < 12 or paper < 0.35 * FINE * FINE:
        return False
    rows = _step(grey, 1, 0).resize((1, FINE), Image.Resampling.BOX).tobytes()
    middle = (max(rows) + min(rows)) / 2
    if max(rows) < 10 or min(rows) * 4 > max(rows):
        return False
    turns = sum((a > middle) != (b > middle) for a, b in itertools.pairwise(rows))
    quiet = sum(row < middle for row in rows) / FINE
    return turns >= 6 and 0.25 < quiet < 0.9
