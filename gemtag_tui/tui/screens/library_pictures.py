"""Bringing a picture to its place: after a pause, and only while it is still wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.store.browse import AssetRow
from gemtag_tui.tui.wanted_library import Picture
from gemtag_tui.tui.widgets.blocks import SIDES, side_for

if TYPE_CHECKING:
    from gemtag_tui.tui.source import Source
    from gemtag_tui.tui.widgets.grid import ThumbGrid
    from gemtag_tui.tui.widgets.picture import PictureView

SHARP_SIDE = 480
"""Pixels of the longer side of what the terminal's own graphics are given."""
PAUSE = 0.12
"""Seconds that an image has to stay before its picture is made: none are made in passing."""

Still = Callable[[], bool]


async def bring(source: Source, view: PictureView, row: AssetRow, still: Still) -> None:
    """Show an image's picture.

    Args:
        source: gives it.
        view: its place.
        row: the image.
        still: whether it is still wanted there.
    """
    if not view.display or not view.size.width:
        return
    await asyncio.sleep(PAUSE)
    if not still():
        return
    file, shown = None, Picture()
    try:
        if view.sharp:
            file = await source.picture_file(row, SHARP_SIDE)
        if file is None:
            shown = await source.picture(row, side_for(view.size.width, view.size.height))
    except GemtagError as error:
        shown = Picture(why=error.message)
    if not still() or not view.is_attached:
        return
    if file is not None:
        await view.show_file(file)
    else:
        view.show(shown)


async def bring_all(source: Source, grid: ThumbGrid, still: Still) -> None:
    """Show the pictures of the tiles that are seen, one after the other.

    Raises:
        GemtagError: no picture can be made at all.
    """
    await asyncio.sleep(PAUSE)
    for row in grid.seen():
        if not still():
            return
        grid.put(row.asset, await source.picture(row, SIDES[0]))
