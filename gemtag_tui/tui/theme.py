"""Our colours, and where the stylesheets lie."""

from __future__ import annotations

from pathlib import Path, PurePath

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


_STYLES = (
    "base.tcss",
    "plan.tcss",
    "run.tcss",
    "batches.tcss",
    "failures.tcss",
    "library.tcss",
    "limits.tcss",
    "tracks.tcss",
    "first_start.tcss",
)


def style_paths() -> list[str | PurePath]:
    """Return the paths of all stylesheets, in an installed package or in a checkout.

    They are small, and loaded with the app: a screen that brought its own would have Textual parse
    everything once more when it is first gone to.

    Raises:
        FileNotFoundError: one is in neither place.
    """
    for folder in (_PACKAGE / "styles", _PACKAGE.parent / "styles"):
        if folder.is_dir():
            paths = [folder / name for name in _STYLES]
            if missing := [path.name for path in paths if not path.is_file()]:
                raise FileNotFoundError(f"{missing[0]!r} is missing from this install")
            return [*paths]
    raise FileNotFoundError("the stylesheets are missing from this install")
