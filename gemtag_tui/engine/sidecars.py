"""Sidecars for the pictures of a library: which result, which places, which names."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.exported import Exported
from gemtag_tui.core.text import plain
from gemtag_tui.engine.exporting import ExportStoppedError, Watch, ahead, ready
from gemtag_tui.engine.sidecar_hands import CHILDREN_FROM, Hands
from gemtag_tui.interop.sidecar_batch import Job
from gemtag_tui.interop.sidecars import Tally
from gemtag_tui.store import export_rows
from gemtag_tui.store.export_rows import Wanted
from gemtag_tui.store.known import Bits

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

_SEP = os.fsencode(os.sep)


@dataclass(frozen=True, slots=True)
class Naming:
    """Where sidecars go.

    Attributes:
        root: pictures in or below this folder get theirs beside them; for others it goes under this
            folder, by their whole path. `None`: beside every picture.
        replace_ending: `image.xmp` instead of `image.jpg.xmp`.
    """

    root: bytes | None = None
    replace_ending: bool = False

    def path(self, picture: bytes) -> bytes:
        """Return the sidecar's path for a picture's."""
        stem = os.path.splitext(picture)[0] if self.replace_ending else picture  # noqa: PTH122
        beside = stem + b".xmp"
        if self.root is None or beside.startswith(self.root.rstrip(_SEP) + _SEP):
            return beside
        drive, tail = os.path.splitdrive(beside)
        return os.path.join(self.root, drive.replace(b":", b""), tail.lstrip(_SEP))  # noqa: PTH118


async def to_sidecars(
    lib: Library,
    naming: Naming,
    wanted: Wanted,
    watch: Watch,
    *,
    children_from: int = CHILDREN_FROM,
) -> Tally:
    """Make or merge a sidecar for every live file of every asset with a result.

    Of several results the newest one speaks. Sidecars that are in place when this is stopped stay.

    Args:
        lib: the library.
        naming: where they go.
        wanted: for which results.
        watch: told of the progress, asked for a stop.
        children_from: sidecars from which on child processes help.

    Raises:
        UsageError: the folder cannot be used.
        ExportStoppedError: it was stopped.
        LibraryError: the library cannot be read.
    """
    if naming.root is not None:
        _make_folder(Path(os.fsdecode(naming.root)))
    await ready(lib, wanted)
    async with Hands(make_room=naming.root is not None, children_from=children_from) as hands:
        stop = await _hand_out(lib, naming, wanted, watch, hands)
        tally = await hands.finish()
        watch.on_progress(hands.done)
    if stop:
        words = f"{hands.done:,} sidecars were looked after. The same command goes on."
        raise ExportStoppedError(words)
    return tally


async def _hand_out(
    lib: Library, naming: Naming, wanted: Wanted, watch: Watch, hands: Hands
) -> bool:
    """Give out what is to be done; whether that was stopped."""
    met = Bits()
    pages = ahead(export_rows.pages(lib, wanted))
    async with export_rows.snapshot(lib), contextlib.aclosing(pages):
        async for page in pages:
            rows = _first_ones(page, met)
            places = await export_rows.places(lib, [row.asset for row in rows])
            await hands.put([job for row in rows for job in _jobs(naming, row, places[row.asset])])
            watch.on_progress(hands.done)
            if watch.stop():
                return True
    return False


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        words = f"{plain(str(folder))} cannot be used as a folder: {error.strerror}."
        raise UsageError(words) from error


def _first_ones(page: Sequence[Exported], met: Bits) -> list[Exported]:
    rows = []
    for row in page:
        if row.asset not in met:
            met.add(row.asset)
            rows.append(row)
    return rows


def _jobs(naming: Naming, row: Exported, places: list[bytes]) -> list[Job]:
    return [
        Job(naming.path(picture), row.summary, row.tags, _owner(naming, picture))
        for picture in places
    ]


def _owner(naming: Naming, picture: bytes) -> str:
    return os.fsdecode(os.path.basename(picture)) if naming.replace_ending else ""  # noqa: PTH119 (bytes)
