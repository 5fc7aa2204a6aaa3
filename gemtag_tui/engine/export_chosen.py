"""An export of results that a person marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.engine.exporting import FileForm, Watch, pour, refuse_own, writer_for
from gemtag_tui.interop.whole_file import whole_file
from gemtag_tui.store import export_rows, library_pages

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library


async def chosen_to_file(
    lib: Library, form: FileForm, dest: Path, assets: Sequence[int], watch: Watch
) -> int:
    """Write all results of some assets to a file, put in its place when it is complete.

    Returns:
        How many were written.

    Raises:
        UsageError: the file cannot be written, or would be one of the library's own.
        LibraryError: the library cannot be read.
    """
    await refuse_own(lib, dest)
    with whole_file(dest) as file:
        writer = writer_for(form, file)
        async with export_rows.snapshot(lib):
            written = await pour(library_pages.exported(lib, assets), writer.write, watch)
        writer.close()
    return written
