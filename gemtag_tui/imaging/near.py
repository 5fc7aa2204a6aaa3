"""What pictures look like, for finding near-duplicates; run in child processes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import Image

from gemtag_tui.core.near import HEIGHT, NO_LOOK, WIDTH, Look, look_of
from gemtag_tui.imaging.content import inspect_content, sniff_content, turn_of
from gemtag_tui.imaging.decode import failures_named, open_image, upright
from gemtag_tui.imaging.files import opened
from gemtag_tui.imaging.values import Limits, RefusedError, Sought

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemtag_tui.imaging.files import Content

_SIDE: Final = 72
"""Pixels of the longer side that are looked at: eight for every cell, and quick to decode."""


def look_many(files: Sequence[Sought], limits: Limits) -> list[Look | None]:
    """Look at pictures one after the other; see `look`."""
    return [look(one, limits) for one in files]


def look(sought: Sought, limits: Limits) -> Look | None:
    """Look at one picture, upright and decoded as coarsely as its format allows.

    Returns:
        What it looks like, `NO_LOOK` when that cannot be told; `None` when the file cannot be
        opened now or is not the one that was scanned any more: of what was, nothing can be said.
    """
    try:
        with opened(sought.path, limits) as content:
            status = content.status
            if (status.st_size, status.st_mtime_ns) != (sought.size, sought.mtime_ns):
                return None
            return _look_into(sought.path, content, limits)
    except RefusedError:
        return None


def _look_into(path: bytes, content: Content, limits: Limits) -> Look:
    try:
        return _look(path, content, limits)
    except RefusedError:
        return NO_LOOK


def _look(path: bytes, content: Content, limits: Limits) -> Look:
    kind = sniff_content(path, content.data)
    if kind is None:
        return NO_LOOK
    header = inspect_content(content, kind, limits)
    with content.stream() as file, failures_named():
        small = upright(open_image(file, kind, limits), _SIDE, turn_of(kind, header))
        grid = small.convert("L").resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        colours = small.convert("RGB")
        mean = colours.resize((1, 1), Image.Resampling.BOX).tobytes()
        spread = max(high - low for low, high in _extremes(colours))
        return look_of(grid.tobytes(), (mean[0], mean[1], mean[2]), spread)


def _extremes(colours: Image.Image) -> list[tuple[int, int]]:
    """Return the lowest and the highest level of each colour."""
    return [band.getextrema() for band in colours.split()]  # type: ignore[misc]
