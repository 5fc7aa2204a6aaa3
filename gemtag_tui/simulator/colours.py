"""Names for colours, as a person would say them."""

from __future__ import annotations

from functools import lru_cache

_GREYS = ((0.9, "white"), (0.68, "light grey"), (0.36, "grey"), (0.16, "dark grey"))


@lru_cache(maxsize=65536)
def colour_name(red: int, green: int, blue: int) -> str:
    """Name an RGB colour (0-255 each)."""
    high, low = max(red, green, blue), min(red, green, blue)
    value = high / 255
    if value < 0.16:
        return "black"
    saturation = (high - low) / high
    if saturation < 0.12:
        return next(name for limit, name in _GREYS if value >= limit)
    hue = _hue(red, green, blue, high, low)
    return _named(hue, saturation, value)


def _hue(red: int, green: int, blue: int, high: int, low: int) -> float:
    span = high - low
    if high == red:
        return (green - blue) / span * 60 % 360
    if high == green:
        return (blue - red) / span * 60 + 120
    return (red - green) / span * 60 + 240


def _named(hue: float, saturation: float, value: float) -> str:
    if hue < 18 or hue >= 345:
        return _reds(saturation, value)
    if hue < 70:
        return _yellows(hue, saturation, value)
    if hue < 195:
        return _greens(hue, saturation, value)
    return _blues(hue, saturation, value)


def _reds(saturation: float, value: float) -> str:
    if value < 0.45:
        return "maroon"
    if value < 0.7 and saturation < 0.8:
        return "brown"
    return "pink" if saturation < 0.5 and value > 0.7 else "red"


def _yellows(hue: float, saturation: float, value: float) -> str:
    if hue < 45:
        if saturation < 0.4 and value > 0.7:
            return "beige"
        return "brown" if value < 0.66 else "orange"
    if saturation < 0.35 and value > 0.8:
        return "cream"
    return "olive" if value < 0.6 else "yellow"


def _greens(hue: float, saturation: float, value: float) -> str:
    if hue >= 160:
        return "turquoise" if value > 0.75 else "teal"
    if value < 0.4:
        return "dark green"
    if value > 0.75 and (hue < 95 or saturation < 0.4):
        return "lime" if saturation > 0.5 else "light green"
    return "green"


def _blues(hue: float, saturation: float, value: float) -> str:
    if hue < 255:
        if value < 0.55:
            return "navy"
        return "light blue" if value > 0.7 and saturation < 0.6 else "blue"
    if hue < 295:
        return "lavender" if value > 0.75 and saturation < 0.4 else "purple"
    if value <= 0.7:
        return "purple"
    return "pink" if saturation < 0.6 else "magenta"
