"""Our colours, and where the stylesheets lie."""

from __future__ import annotations

from pathlib import Path

from textual.theme import Theme

_PACKAGE = Path(__file__).resolve().parents[1]

CALM = Theme(
    name="gemtag",
    primary="#6ca0b8",
    secondary="#8aa4b0",
    accent="#7fb8c9",
    foreground="#d5dbde",
    background="#14181b",
    surface="#14181b",
    panel="#20272c",
    success="#87b38d",
    warning="#d3b26f",
    error="#d98080",
    dark=True,
    variables={
        "muted": "#7f8d95",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "#6ca0b8 35%",
    },
)
"""One calm accent; red only for what needs a person."""


def style_path(name: str) -> Path:
    """Return a stylesheet's path, in an installed package or in a checkout.

    Raises:
        FileNotFoundError: it is in neither place.
    """
    for folder in (_PACKAGE / "styles", _PACKAGE.parent / "styles"):
        if (path := folder / name).is_file():
            return path
    raise FileNotFoundError(f"stylesheet {name!r} is missing from this install")
