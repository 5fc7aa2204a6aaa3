"""What images look like, in classes: what their tokens and bytes are reckoned from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gemtag_tui.core.models import ModelRules

ACCEPTED = frozenset({"jpeg", "png", "webp", "heic", "heif"})
"""Types that Gemini takes as they are; others are encoded again as JPEG."""
TILE = 258
"""Tokens of one tile (2.x models; ai.google.dev/gemini-api/docs/tokens)."""
MOST_TILES = 8
"""Pan and scan is said to end at about 2,048 tokens (media resolution page): the low end."""
JPEG_BYTES = 350_000
"""A picture encoded again with a longer side of 1536, in bytes: about."""


class Shape(NamedTuple):
    """Sums over the assets of one class; see the table `shape`.

    Attributes:
        side: the longer side up to so many pixels: 0 (not known), 384, 768, 1536, 3072 or more.
        heavy: 0 up to 1 MB, 1 up to 7 MB, 2 more.
        tiles: of 2.x models, as the pictures are; `tiles_small`: with a longer side of 1536.
    """

    type: str
    side: int
    heavy: int
    assets: int
    bytes: int
    pixels: int
    tiles: int
    tiles_small: int


@dataclass(frozen=True, slots=True)
class Mix:
    """Means over images of all classes.

    Attributes:
        assets: how many they stand for.
        sent_bytes: of what is sent for one, before base64.
        tiles: of one as it is sent; `small`: were each shrunk to a longer side of 1536.
        decoded: the share that is decoded and encoded again.
        megapixels: of one of those.
    """

    assets: int = 0
    sent_bytes: float = 0.0
    tiles: float = 4.0
    tiles_small: float = 4.0
    decoded: float = 0.0
    megapixels: float = 0.0


def tiles(width: int, height: int) -> int:
    """Count the tiles that a 2.x model cuts a picture into."""
    if width <= 384 and height <= 384:
        return 1
    unit = min(768, max(256, min(width, height) * 2 // 3))
    return -(-width // unit) * -(-height // unit)


def shrunk(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the pixels of a picture whose longer side is at most so long."""
    longest = max(width, height)
    if longest <= side:
        return width, height
    return max(1, width * side // longest), max(1, height * side // longest)


def mix_of(shapes: Iterable[Shape], send_max_bytes: int = 7_000_000) -> Mix:
    """Return the means over all classes; of nothing, those of a usual picture."""
    rows = [one for one in shapes if one.assets > 0]
    total = sum(one.assets for one in rows)
    if not total:
        return Mix()
    again = [one for one in rows if _encoded_again(one, send_max_bytes)]
    as_is = [one for one in rows if not _encoded_again(one, send_max_bytes)]
    decoded = _sum(again, "assets")
    return Mix(
        assets=total,
        sent_bytes=(_sum(as_is, "bytes") + decoded * JPEG_BYTES) / total,
        tiles=(_sum(as_is, "tiles") + _sum(again, "tiles_small")) / total,
        tiles_small=_sum(rows, "tiles_small") / total,
        decoded=decoded / total,
        megapixels=_sum(again, "pixels") / decoded / 1e6 if decoded else 0.0,
    )


def image_tokens(rules: ModelRules, resolution: str, mix: Mix) -> float:
    """Return the mean tokens of one image, by rule."""
    if rules.family >= 3 or resolution in {"low", "medium"}:
        return float(rules.image_tokens(resolution, 1024, 1024))
    return mix.tiles * TILE


def shrinking_saves(rules: ModelRules, resolution: str, mix: Mix) -> float:
    """Return the share of an image's tokens that shrinking to 1536 pixels would save, mostly 0."""
    if rules.family >= 3 or resolution in {"low", "medium"} or not mix.tiles:
        return 0.0
    return max(0.0, 1 - mix.tiles_small / mix.tiles)


def scaled(shapes: Sequence[Shape], assets: int) -> int:
    """Return how many of the images in some classes there are, at most `assets`."""
    return min(assets, sum(one.assets for one in shapes))


def _encoded_again(shape: Shape, send_max_bytes: int) -> bool:
    return shape.type not in ACCEPTED or shape.bytes > send_max_bytes * shape.assets


def _sum(shapes: Iterable[Shape], name: str) -> float:
    return float(sum(getattr(one, name) for one in shapes))
