"""Distinct JPEGs for the benchmarks, made fast."""

from __future__ import annotations

import io
import random
from pathlib import Path

from PIL import Image

_SHAPES = ((400, 300), (300, 400), (350, 350), (500, 270))
_LARGE = 2.6


def photo(width: int, height: int, seed: int, quality: int = 72) -> bytes:
    """A JPEG with smooth shades under grain, of a colour of its own."""
    dice = random.Random(seed)
    grain = Image.effect_noise((width, height), 30)
    shade = Image.linear_gradient("L").resize((width, height)).rotate(dice.randrange(0, 360, 90))
    strengths = [dice.random() for _ in range(3)]
    tints = [grain.point([int(v * strength) for v in range(256)]) for strength in strengths]
    bands = [Image.blend(shade.resize((width, height)), tint, 0.4) for tint in tints]
    out = io.BytesIO()
    Image.merge("RGB", bands).save(out, "JPEG", quality=quality)
    return out.getvalue()


def make_pictures(folder: Path, count: int, *, large: bool = False, per_folder: int = 1000) -> int:
    """Write distinct JPEGs and return their mean size in bytes.

    There are 32 pictures; each file is one of them with a comment of its own in its header.

    Args:
        folder: made if need be.
        count: of files.
        large: about 100 kB each instead of 10 to 20 kB.
        per_folder: files in one subfolder.
    """
    scale = _LARGE if large else 1.0
    sides = [_SHAPES[n % len(_SHAPES)] for n in range(32)]
    base = [photo(round(w * scale), round(h * scale), n) for n, (w, h) in enumerate(sides)]
    for number in range(count):
        place = folder / f"{number // per_folder:03d}"
        if number % per_folder == 0:
            place.mkdir(parents=True, exist_ok=True)
        words = b"picture %012d of the benchmark" % number
        data = base[number % len(base)]
        comment = b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words
        (place / f"{number:07d}.jpg").write_bytes(data[:2] + comment + data[2:])
    return sum(map(len, base)) // len(base)
