"""One `gemtag scan` as a whole: the library, the children that look into files, the scanner."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gemtag_tui.core.clock import Clock
from gemtag_tui.core.settings import Settings
from gemtag_tui.engine.paths import make_private
from gemtag_tui.engine.preparer import image_limits
from gemtag_tui.engine.provider import ensure_first_track
from gemtag_tui.engine.scan import Scanner
from gemtag_tui.engine.scan_values import ScanCounts, ScanProgress
from gemtag_tui.engine.scan_walk import absolute_roots
from gemtag_tui.engine.sources import note_below
from gemtag_tui.imaging.child import ImagingPool
from gemtag_tui.store.library import Library

MOST_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scan works.

    Attributes:
        library: the library file.
        config: the settings file, beside which profiles lie.
        environ: where the API's address is looked for.
    """

    library: Path
    config: Path
    environ: Mapping[str, str]


async def scan_paths(
    place: Place,
    settings: Settings,
    paths: Sequence[bytes],
    *,
    clock: Clock,
    on_progress: Callable[[ScanProgress], None] | None = None,
) -> ScanCounts:
    """Add files and folders to a library, which is made when it is not there.

    What sidecars and exports beside the pictures say of them is kept too.

    Cancelling ends the scan with everything kept that was recorded.

    Args:
        place: the library and what is beside it.
        settings: the settings in force.
        paths: files and folders, as the system gives them.
        clock: times the scan.
        on_progress: told after every few thousand files.

    Raises:
        GemtagError: a path does not exist, or the library cannot be used.
    """
    absolute_roots(paths)  # a mistyped path leaves no empty library behind
    make_private(place.library.parent)
    images = settings.images
    async with await Library.open(place.library, clock) as lib:
        await ensure_first_track(lib, settings, place.config, place.environ)
        pool = ImagingPool(
            images.workers or min(MOST_WORKERS, os.cpu_count() or 1),
            deadline=images.decode_seconds,
            limits=image_limits(images),
        )
        try:
            scanner = Scanner(lib, pool, clock, follow_links=images.follow_links)
            counts = await scanner.run(paths, on_progress)
            await note_below(lib, paths)
            return counts
        finally:
            await pool.aclose()
