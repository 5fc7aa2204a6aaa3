"""Pictures made on the spot, good and strange."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING

from PIL import Image

from gemtag_tui.imaging.prepare import prepare
from gemtag_tui.imaging.values import Prepared, PrepareRules

if TYPE_CHECKING:
    from pathlib import Path

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (255, 255, 255)
QUARTERS = (RED, GREEN, BLUE, WHITE)
"""Top left, top right, bottom left, bottom right."""

STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture is turned into what a camera stores with that orientation."""


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    picture = Image.new("RGB", (width, height))
    w, h = width // 2, height // 2
    places = ((0, 0), (w, 0), (0, h), (w, h))
    for colour, (x, y) in zip(QUARTERS, places, strict=True):
        picture.paste(colour, (x, y, x + w, y + h))
    return picture


def noise(width: int, height: int, sigma: float = 60) -> Image.Image:
    return Image.effect_noise((width, height), sigma).convert("RGB")


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def turned(form: str, orientation: int, width: int = 96, height: int = 64) -> bytes:
    picture = quarters(width, height)
    how = STORED[orientation]
    stored = picture if how is None else picture.transpose(how)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(stored, form, exif=exif.tobytes())


def write(folder: Path, name: str, data: bytes) -> bytes:
    place = folder / name
    place.write_bytes(data)
    return bytes(place)


def prepared(path: bytes, data: bytes, **rules: object) -> Prepared:
    outcome = prepare(path, hashlib.sha256(data).digest(), PrepareRules(**rules))
    assert isinstance(outcome, Prepared), outcome
    return outcome


def pixels(outcome: Prepared) -> Image.Image:
    picture = Image.open(io.BytesIO(base64.b64decode(outcome.data)))
    picture.load()
    return picture.convert("RGB")


def corners(picture: Image.Image) -> list[tuple[int, int, int]]:
    w, h = picture.size
    places = (
        (w // 4, h // 4),
        (3 * w // 4, h // 4),
        (w // 4, 3 * h // 4),
        (3 * w // 4, 3 * h // 4),
    )
    return [picture.getpixel(place) for place in places]


def near(found: tuple[int, ...], wanted: tuple[int, ...], by: int = 25) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))
