"""Thumbnails made once, by content, and kept on disk within a bound.

The files are our own: a child process made them of a stranger's picture, and whoever reads them
checks them all the same.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final, Literal

from gemtag_tui.imaging.child import ImagingPool
from gemtag_tui.imaging.pixels import MOST_SIDE
from gemtag_tui.imaging.values import MIB, Refused

Form = Literal["pixels", "jpeg"]

BOUND: Final = 64 * MIB
"""Bytes kept; some 5,000 of the small ones."""
CHECK_EVERY: Final = 64
"""Thumbnails written between two looks at the bound."""
SLACK: Final = 0.8
"""Of the bound, what is left when room was made."""
_MOST_READ: Final = MOST_SIDE * MOST_SIDE * 3 + 1024


class PixelPool(ImagingPool):
    """Makes plain pixels instead of JPEGs."""

    thumbnail_task = "gemtag_tui.imaging.thumb:pixels"


class Thumbnails:
    """Makes and keeps thumbnails.

    Args:
        folder: where they are kept; made when it is needed.
        bound: most bytes of all of them.
        workers: child processes at work at once.
        deadline: seconds for one picture.
    """

    def __init__(
        self, folder: Path, *, bound: int = BOUND, workers: int = 1, deadline: float = 10.0
    ) -> None:
        self._folder, self._bound = folder, bound
        self._pools: dict[Form, ImagingPool] = {
            "pixels": PixelPool(workers, deadline=deadline),
            "jpeg": ImagingPool(workers, deadline=deadline),
        }
        self._written = CHECK_EVERY - 1

    async def get(self, path: bytes, digest: bytes, side: int, form: Form) -> bytes | Refused:
        """Return a thumbnail, made now when it is not there yet.

        Args:
            path: the picture's file.
            digest: SHA-256 of its content, 32 bytes: under which it is kept.
            side: pixels of the longer side.
            form: as `imaging.pixels` packs them, or a JPEG.

        Raises:
            ImagingUnavailableError: when no child process can be run.
        """
        place = self.place(digest, side, form)
        if (kept := _read(place)) is not None:
            return kept
        made = await self._pools[form].thumbnail(path, side)
        if isinstance(made, bytes):
            self._keep(place, made)
        return made

    def place(self, digest: bytes, side: int, form: Form) -> Path:
        """Return where a thumbnail is kept."""
        name = f"{digest.hex()[:40]}-{side}.{'gtp' if form == 'pixels' else 'jpg'}"
        return self._folder / name[:2] / name

    def _keep(self, place: Path, data: bytes) -> None:
        """Put it in its place; a disk that takes nothing costs only the time to make it again."""
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=place.parent, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(place)
        except OSError:
            return
        self._written += 1
        if self._written >= CHECK_EVERY:
            self._written = 0
            prune(self._folder, self._bound)


def _read(place: Path) -> bytes | None:
    """Return what is kept, and note that it was wanted."""
    try:
        with place.open("rb") as file:
            data = file.read(_MOST_READ)
        os.utime(place)
    except OSError:
        return None
    return data


def prune(folder: Path, bound: int) -> int:
    """Remove those not wanted for longest when all take more than `bound` bytes.

    Returns:
        How many were removed.
    """
    found = []
    for place in folder.glob("??/*"):
        try:
            status = place.stat()
        except OSError:
            continue
        found.append((status.st_mtime_ns, status.st_size, place))
    total = sum(size for _, size, _ in found)
    if total <= bound:
        return 0
    gone = 0
    for _, size, place in sorted(found, key=lambda one: one[0]):
        if total <= bound * SLACK:
            break
        place.unlink(missing_ok=True)
        total -= size
        gone += 1
    return gone
