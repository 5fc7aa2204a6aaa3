"""Scanning what a list or another application's database names."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from gemtag_tui.core.clock import Clock
from gemtag_tui.core.settings import Settings
from gemtag_tui.engine.scan_values import ScanCounts, ScanProgress
from gemtag_tui.engine.scanning import Place, scan_paths
from gemtag_tui.engine.sources import Entry, Names, Told, batches, folder_of, note_entries, settle
from gemtag_tui.store.context import Source
from gemtag_tui.store.library import Library

_AT_ONCE = 2_000
_ADDED_UP = (
    "found", "added", "changed", "unchanged", "missing", "unreadable", "duplicates", "skipped",
    "seconds",
)  # fmt: skip


async def scan_entries(
    place: Place,
    settings: Settings,
    entries: Iterator[Entry],
    source: Source,
    beside: Path,
    *,
    clock: Clock,
    on_progress: Callable[[ScanProgress], None] | None = None,
) -> tuple[ScanCounts, Told]:
    """Add the pictures that a source names to a library, and keep what it says of them.

    Files that are not there are counted and left out. Entries without a path are matched with the
    library's files at and below the source's folder, by their id or the name of their picture.

    Args:
        place: the library and what is beside it.
        settings: the settings in force.
        entries: what the source names.
        source: what kind it is.
        beside: the source's file.
        clock: times the scan.
        on_progress: told after every few thousand files.

    Raises:
        GemtagError: the source cannot be read, or the library cannot be used.
    """
    counts, told = ScanCounts(), Told()
    names: Names | None = None
    async for some in batches(entries, _AT_ONCE):
        paths = _there(some)
        if paths:
            once = await scan_paths(place, settings, paths, clock=clock, on_progress=on_progress)
            _add(counts, once)
        async with await Library.open(place.library, clock) as lib:
            if names is None and any(entry.path is None for entry in some):
                names = await asyncio.to_thread(Names, lib.path, folder_of(beside))
            await note_entries(lib, source, some, told, names)
            if told.noted:
                await settle(lib)
    return counts, told


def _there(some: Iterable[Entry]) -> list[bytes]:
    return [entry.path for entry in some if entry.path is not None and os.path.lexists(entry.path)]


def _add(counts: ScanCounts, once: ScanCounts) -> None:
    more: Mapping[str, float] = msgspec.structs.asdict(once)
    for name in _ADDED_UP:
        setattr(counts, name, getattr(counts, name) + more[name])
    counts.warnings += once.warnings[: 20 - len(counts.warnings)]
