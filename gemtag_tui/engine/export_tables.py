"""Results into SQLite: a file of their own, or a table of another application."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gemtag_tui.core.exported import Exported
from gemtag_tui.engine.exporting import Watch, ahead, ready, refuse_own, stopped
from gemtag_tui.interop.whole_file import part_beside, sync_file
from gemtag_tui.store import export_rows
from gemtag_tui.store.export_foreign import ForeignTable, Into
from gemtag_tui.store.export_rows import Wanted
from gemtag_tui.store.export_sqlite import SqliteExport, refuse_strangers

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library


class _Taker(Protocol):
    def write(self, rows: list[Exported], places: dict[int, list[bytes]]) -> None: ...


async def to_sqlite(lib: Library, dest: Path, wanted: Wanted, watch: Watch) -> int:
    """Write results to an SQLite file of their own; returns how many.

    Raises:
        UsageError: the file cannot be written, or is somebody else's.
        ExportStoppedError: it was stopped; nothing was put in place.
        LibraryError: the library cannot be read.
    """
    await refuse_own(lib, dest)
    refuse_strangers(dest)
    with part_beside(dest) as part:
        out = SqliteExport(part)
        try:
            written = await _pour(lib, wanted, out, watch)
            out.finish()
        finally:
            out.close()
        sync_file(part)
    return written


async def into_table(
    lib: Library, dest: Path, into: Into, wanted: Wanted, watch: Watch
) -> tuple[int, int]:
    """Put results into another application's table; returns the rows updated and added.

    Raises:
        UsageError: it cannot be done; nothing was changed.
        ExportStoppedError: it was stopped; nothing was changed.
        LibraryError: the library cannot be read.
    """
    await refuse_own(lib, dest)
    out = ForeignTable(dest, into)
    try:
        await _pour(lib, wanted, out, watch)
        return out.finish()
    finally:
        out.close()


async def _pour(lib: Library, wanted: Wanted, out: _Taker, watch: Watch) -> int:
    written = 0
    await ready(lib, wanted)
    pages = ahead(export_rows.pages(lib, wanted))
    async with export_rows.snapshot(lib), contextlib.aclosing(pages):
        async for page in pages:
            out.write(page, await export_rows.places(lib, [row.asset for row in page]))
            written += len(page)
            watch.on_progress(written)
            if watch.stop():
                raise stopped(written)
    return written
