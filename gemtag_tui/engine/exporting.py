"""One export as a whole: from one instant of the library, with progress and a stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from gemtag_tui.core.errors import GemtagError, UsageError
from gemtag_tui.core.exported import Exported
from gemtag_tui.core.text import plain
from gemtag_tui.interop.whole_file import whole_file
from gemtag_tui.store import export_rows, indexer
from gemtag_tui.store.export_rows import Wanted
from gemtag_tui.store.library import Library

FileForm = Literal["jsonl", "csv", "parquet"]
_BESIDE = ("", "-wal", "-shm", "-journal", ".lock")
"""What belongs to a library, by the ends of the names."""


class ExportStoppedError(GemtagError):
    """A person stopped an export before its end."""

    title = "Stopped"
    exit_code = 130


class Writer(Protocol):
    """Takes results in one format."""

    def write(self, rows: Sequence[Exported]) -> None:
        """Write some results."""

    def close(self) -> None:
        """Write what was held back."""


@dataclass(slots=True)
class Watch:
    """What an export tells while it goes on, and is told.

    Attributes:
        on_progress: called after every page with the results written so far.
        stop: asked as often; true ends the export.
    """

    on_progress: Callable[[int], None] = field(default=lambda _: None)
    stop: Callable[[], bool] = field(default=lambda: False)


async def to_file(
    lib: Library, form: FileForm, dest: Path | BinaryIO, wanted: Wanted, watch: Watch
) -> int:
    """Write results to one file, which is put in its place when it is complete.

    Args:
        lib: the library.
        form: the file's format.
        dest: its path, or a stream that is written as it goes.
        wanted: which results.
        watch: told of the progress, asked for a stop.

    Returns:
        How many were written.

    Raises:
        UsageError: the file cannot be written, or would be one of the library's own.
        ExportStoppedError: it was stopped; nothing was put in place.
        LibraryError: the library cannot be read.
    """
    if isinstance(dest, Path):
        await refuse_own(lib, dest)
    await ready(lib, wanted)
    with whole_file(dest) if isinstance(dest, Path) else contextlib.nullcontext(dest) as file:
        if form == "jsonl" and not wanted.query.strip():
            return await all_lines(lib, file, wanted, watch)
        writer = writer_for(form, file)
        async with export_rows.snapshot(lib):
            written = await pour(export_rows.pages(lib, wanted), writer.write, watch)
        writer.close()
    return written


async def all_lines(lib: Library, file: BinaryIO, wanted: Wanted, watch: Watch) -> int:
    """Write results as lines of JSON, without a query: the same thread reads and writes.

    Raises:
        ExportStoppedError: the watch said so.
        LibraryError: the library cannot be read.
    """
    from gemtag_tui.interop.jsonl import JsonLines  # noqa: PLC0415
    from gemtag_tui.store.export_slim import SlimRows  # noqa: PLC0415

    lines, written = JsonLines(file), 0
    rows = await asyncio.to_thread(SlimRows, lib.path, wanted)

    def page() -> int:
        found = rows.page()
        lines.write_slim(found)
        return len(found)

    try:
        while number := await _to_its_end(page):
            written += number
            watch.on_progress(written)
            if watch.stop():
                raise _in_vain(written)
    finally:
        rows.close()
    return written


async def _to_its_end(work: Callable[[], int]) -> int:
    """Run work in a thread; it is over when this is, also when this task is cancelled."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def writer_for(form: FileForm, file: BinaryIO) -> Writer:
    """Return what writes results in a format."""
    if form == "jsonl":
        from gemtag_tui.interop.jsonl import JsonLines  # noqa: PLC0415

        return JsonLines(file)
    if form == "csv":
        from gemtag_tui.interop.table import Table  # noqa: PLC0415

        return Table(file)
    from gemtag_tui.interop.parquet import Parquet  # noqa: PLC0415

    return Parquet(file)


async def pour(
    pages: AsyncIterator[list[Exported]], write: Callable[[list[Exported]], None], watch: Watch
) -> int:
    """Hand page after page to `write`, while the next one is being read.

    Raises:
        ExportStoppedError: the watch said so.
    """
    written = 0
    async with contextlib.aclosing(ahead(pages)) as rows:
        async for page in rows:
            write(page)
            written += len(page)
            watch.on_progress(written)
            if watch.stop():
                raise _in_vain(written)
    return written


def _in_vain(written: int) -> ExportStoppedError:
    return ExportStoppedError(f"{written:,} results were read; nothing was put in place.")


def stopped(written: int) -> ExportStoppedError:
    """Return the error for an export that was stopped before anything was put in place."""
    return ExportStoppedError(f"{written:,} results were read; nothing was written.")


async def ahead(pages: AsyncIterator[list[Exported]]) -> AsyncGenerator[list[Exported], None]:
    """Yield pages, with the next one already asked for; close it in any case."""
    coming = asyncio.ensure_future(_next(pages))
    try:
        while (page := await coming) is not None:
            coming = asyncio.ensure_future(_next(pages))
            yield page
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def _next(pages: AsyncIterator[list[Exported]]) -> list[Exported] | None:
    return await anext(pages, None)


async def ready(lib: Library, wanted: Wanted) -> None:
    """Bring the search index up to date where a query is going to rely on it.

    Raises:
        LibraryError: the library cannot be written.
    """
    if wanted.query.strip() and await indexer.backlog(lib):
        async with await Library.open(lib.path, lib.clock, create=False) as writable:
            await indexer.catch_up(writable)


async def refuse_own(lib: Library, dest: Path) -> None:
    """Refuse to put an export in the place of the library or of one of its pictures.

    Raises:
        UsageError: it would be.
    """
    library, places = _real(lib.path), _names(dest)
    for path in places:
        if path.startswith(library) and path[len(library) :] in _BESIDE:
            raise UsageError(f"{plain(path)} is the library itself; name another file.")
        folder, name = os.path.split(os.fsencode(path))
        if await export_rows.is_known_file(lib, folder, name):
            raise UsageError(f"{plain(path)} is a picture of the library; name another file.")


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _names(dest: Path) -> list[str]:
    """Return where a path leads, and the path itself, which may be a link."""
    return sorted({os.path.realpath(dest), os.path.abspath(dest)})  # noqa: PTH100 (links stay)
