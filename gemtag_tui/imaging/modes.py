"""Pixel formats: what can be averaged while shrinking, and what a JPEG can hold."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageCms

if TYPE_CHECKING:
    from collections.abc import Callable

_WHITE: Final = (255, 255, 255)
_DEEP: Final = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})


def averageable(image: Image.Image) -> Image.Image:
    """Return the picture in a mode whose neighbouring pixels may be averaged."""
    if image.mode in ("P", "PA"):
        clear = image.mode == "PA" or "transparency" in image.info
        return image.convert("RGBA" if clear else "RGB")
    if image.mode in ("L", "RGB") and "transparency" in image.info:
        return image.convert("LA" if image.mode == "L" else "RGBA")
    if image.mode in _DEEP:
        return _eight_bits(image)
    return image.convert("L") if image.mode == "1" else image


def displayable(image: Image.Image, origin: Image.Image) -> Image.Image:
    """Return the picture as ``L`` or ``RGB``: on white, out of print colours.

    Args:
        image: already small, so that this costs little.
        origin: the picture as opened, for its colour profile.
    """
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA"):
        return _on_white(image)
    if image.mode == "CMYK":
        return _from_print(image, origin)
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def kept_profile(image: Image.Image, origin: Image.Image) -> bytes | None:
    """Return the origin's colour profile when it still describes the picture's pixels."""
    profile = origin.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 128 < len(profile) <= 60_000:
        return None
    space = {"RGB": b"RGB ", "L": b"GRAY"}[image.mode]
    return profile if profile[16:20] == space and profile[36:40] == b"acsp" else None


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    paper = Image.new("RGB", rgba.size, _WHITE)
    paper.paste(rgba, mask=rgba.getchannel("A"))
    return paper


def _from_print(image: Image.Image, origin: Image.Image) -> Image.Image:
    profile = origin.info.get("icc_profile")
    if isinstance(profile, bytes) and profile[16:20] == b"CMYK":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            turned = None
        if turned is not None:
            return turned
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale deep greys to 8 bits: 16-bit by its full range, others by what they hold."""
    low, high = _range(image)
    scale = 255.0 / (high - low)
    linear: Callable[[float], float] = lambda value: value * scale - low * scale  # noqa: E731
    deep = image if image.mode in ("I", "F") else image.convert("I")
    return deep.point(linear).convert("L")


def _range(image: Image.Image) -> tuple[float, float]:
    if image.mode.startswith("I;16"):
        return 0.0, 65_535.0
    found = image.getextrema()
    low, high = float(found[0]), float(found[1])  # type: ignore[arg-type]
    if not (math.isfinite(low) and math.isfinite(high)):
        return 0.0, 1.0
    if image.mode == "I" and low >= 0 and high <= 65_535:
        return 0.0, 255.0 if high <= 255 else 65_535.0
    return (low, high) if high > low else (low, low + 1.0)
