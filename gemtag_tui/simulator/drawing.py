"""Pictures drawn on the spot for demonstrations: colourful, varied, each different."""

from __future__ import annotations

import colorsys
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Painter = Callable[[Image.Image, random.Random], None]

SIZES: Final = ((640, 480), (480, 640), (560, 560), (800, 450), (720, 300))
FOLDERS: Final = ("shapes", "skies", "patterns", "pages")


def draw_pictures(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Draw pictures into folders below one and return their paths.

    Args:
        folder: where; made when it is not there.
        count: how many.
        seed: the same seed draws the same pictures.
    """
    made = []
    for number in range(count):
        rng = random.Random(f"{seed}:{number}")  # noqa: S311 - it draws pictures
        kind, painter = _PAINTERS[number % len(_PAINTERS)]
        suffix = ".jpg" if number % 3 else ".png"
        path = folder / kind / f"{kind}-{number + 1:04d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", rng.choice(SIZES), _colour(rng, light=(0.15, 0.95)))
        painter(image, rng)
        image.save(path, quality=88)  # PNG has no use for it
        made.append(path)
    return made


def _colour(
    rng: random.Random, light: tuple[float, float] = (0.3, 1.0), full: float = 0.75
) -> Colour:
    """Return a clear colour: a hue, nearly saturated, of some lightness."""
    red, green, blue = colorsys.hsv_to_rgb(
        rng.random(), rng.uniform(full, 1.0) if rng.random() > 0.15 else 0.05, rng.uniform(*light)
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def _shape(image: Image.Image, rng: random.Random) -> None:
    """One large form on a plain ground."""
    draw = ImageDraw.Draw(image)
    width, height = image.size
    half = min(width, height) * rng.uniform(0.2, 0.38)
    x = width * rng.choice((0.3, 0.5, 0.7))
    y = height * rng.choice((0.4, 0.5, 0.6))
    colour = _colour(rng)
    match rng.randrange(4):
        case 0:
            draw.ellipse((x - half, y - half, x + half, y + half), fill=colour)
        case 1:
            draw.rectangle((x - half, y - half, x + half, y + half), fill=colour)
        case 2:
            draw.polygon(_corners(x, y, half, 3, -math.pi / 2), fill=colour)
        case _:
            draw.ellipse(
                (x - half, y - half, x + half, y + half), outline=colour, width=int(half / 3)
            )


def _corners(
    x: float, y: float, radius: float, count: int, turn: float
) -> list[tuple[float, float]]:
    angles = [turn + 2 * math.pi * one / count for one in range(count)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def _sky(image: Image.Image, rng: random.Random) -> None:
    """A gradient with a sun and hills."""
    width, height = image.size
    top, bottom = _colour(rng), _colour(rng, light=(0.6, 1.0))
    image.paste(_gradient(top, bottom, image.size))
    draw = ImageDraw.Draw(image)
    radius = height * rng.uniform(0.06, 0.14)
    x, y = width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.45)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(rng, (0.85, 1.0)))
    for layer in range(rng.randint(1, 3)):
        _hills(draw, image.size, rng, height * (0.6 + layer * 0.13))


def _gradient(top: Colour, bottom: Colour, size: tuple[int, int]) -> Image.Image:
    """Blend two colours from top to bottom: drawn one column wide, then stretched."""
    column = Image.new("RGB", (1, 64))
    for y in range(64):
        part = y / 63
        red, green, blue = (round(a + (b - a) * part) for a, b in zip(top, bottom, strict=True))
        column.putpixel((0, y), (red, green, blue))
    return column.resize(size, Image.Resampling.BILINEAR)


def _hills(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: random.Random, line: float
) -> None:
    width, height = size
    waves = rng.uniform(1.0, 3.5)
    phase = rng.uniform(0, 6.3)
    rise = height * rng.uniform(0.03, 0.12)
    points = [
        (x, line + rise * math.sin(phase + waves * x / width * 6.3)) for x in range(0, width + 9, 8)
    ]
    draw.polygon([*points, (width, height), (0, height)], fill=_colour(rng, (0.15, 0.6)))


def _pattern(image: Image.Image, rng: random.Random) -> None:
    """Stripes, a chequerboard, or confetti."""
    draw = ImageDraw.Draw(image)
    width, height = image.size
    step = rng.choice((32, 48, 64))
    colour = _colour(rng)
    match rng.randrange(4):
        case 0:
            for y in range(0, height, step * 2):
                draw.rectangle((0, y, width, y + step - 1), fill=colour)
        case 1:
            for x in range(0, width, step * 2):
                draw.rectangle((x, 0, x + step - 1, height), fill=colour)
        case 2:
            for x in range(0, width, step):
                for y in range(x // step % 2 * step, height, step * 2):
                    draw.rectangle((x, y, x + step - 1, y + step - 1), fill=colour)
        case _:
            for _ in range(rng.randint(20, 60)):
                left, top, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(8, 40)
                draw.ellipse((left - r, top - r, left + r, top + r), fill=_colour(rng))


def _page(image: Image.Image, rng: random.Random) -> None:
    """Lines of dark marks on a light ground, as a page of text looks from afar."""
    width, height = image.size
    image.paste(_colour(rng, light=(0.92, 1.0), full=0.04), (0, 0, width, height))
    draw = ImageDraw.Draw(image)
    ink = _colour(rng, light=(0.05, 0.3))
    margin, step = width // 10, rng.choice((14, 18, 22))
    draw.rectangle((margin, margin, width * 0.6, margin + step), fill=_colour(rng))
    for y in range(margin + step * 3, height - margin, step):
        x = float(margin)
        end = width - margin if rng.random() > 0.2 else width * rng.uniform(0.4, 0.8)
        while x < end:
            word = rng.uniform(step, step * 4)
            draw.rectangle((x, y, min(x + word, end), y + step * 0.45), fill=ink)
            x += word + step * 0.5


_PAINTERS: Final[tuple[tuple[str, Painter], ...]] = (
    ("shapes", _shape),
    ("skies", _sky),
    ("patterns", _pattern),
    ("pages", _page),
)
