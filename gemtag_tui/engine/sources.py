"""Pictures and what is said of them from beside folders: sidecars, lists, other databases."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from gemtag_tui.core.context import Context, context_from
from gemtag_tui.core.text import plain
from gemtag_tui.interop import sources
from gemtag_tui.store import context, indexer
from gemtag_tui.store.context import ContextReader, Noted, Source
from gemtag_tui.store.foreign import rows_of
from gemtag_tui.store.library import Library

T = TypeVar("T")

TOGETHER = 500
EXPORTS = frozenset(
    f"{name}.{kind}".encode()
    for name in ("pins", "pinterest", "pinterest_pins", "pinterest-pins")
    for kind in ("csv", "json", "jsonl")
)
"""Names of exports that lie beside the pictures; others are given with --manifest."""
_ENDING = b".json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture as a list names it; without a path it is looked for by `marks`."""

    path: bytes | None
    context: Context
    marks: tuple[str, ...] = ()


@dataclass(slots=True)
class Told:
    """What sources came to: files that they say something of, and entries without a file."""

    noted: int = 0
    without_file: int = 0
    examples: list[str] = field(default_factory=list)


def manifest(path: Path) -> Iterator[Entry]:
    """Yield what a list names; relative paths start from its folder.

    Raises:
        UsageError: it cannot be read.
    """
    folder = folder_of(path)
    return (_entry(one, folder) for one in sources.entries(path))


def database(path: Path, query: str) -> Iterator[Entry]:
    """Yield the pictures that a query on another application's database names.

    The path is the column with one of the usual names, else the first column.

    Raises:
        UsageError: it cannot be asked that.
    """
    folder = folder_of(path)
    for row in rows_of(path, query):
        found = _entry(row, folder)
        if found.path is None and row:
            first = next(iter(row.values()))
            found = Entry(sources.path_of({"path": first}, folder), found.context, found.marks)
        yield found


def folder_of(path: Path) -> bytes:
    """Return the folder that a list's relative paths start from."""
    return os.fsencode(path.absolute().parent)


def _entry(told: Mapping[str, Any], folder: bytes) -> Entry:
    marks = tuple(sources.marks_of(told))
    return Entry(sources.path_of(told, folder), context_from(told), marks)


async def batches(entries: Iterator[T], size: int = TOGETHER) -> AsyncIterator[list[T]]:
    """Yield entries by the batch, read in a thread of their own."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "source") as thread:
        while batch := await loop.run_in_executor(thread, _some, entries, size):
            yield batch


def _some(entries: Iterator[T], size: int) -> list[T]:
    return list(islice(entries, size))


async def note_entries(
    lib: Library, source: Source, entries: Sequence[Entry], told: Told, names: Names | None = None
) -> None:
    """Keep what a list says of files that the library knows.

    Args:
        lib: the library.
        source: what kind of list it is.
        entries: some of it.
        told: is added to.
        names: where entries without a path are looked for.
    """
    files = await context.files_at(lib, [e.path for e in entries if e.path is not None])
    rows = []
    for entry in entries:
        file = files.get(entry.path) if entry.path is not None else None
        if file is None and entry.path is None and names is not None:
            file = names.find(entry.marks)
        if file is None:
            _miss(told, entry)
        elif not entry.context.empty:
            rows.append(Noted(file, entry.context))
    rows = context.distinct(rows)
    if rows:
        await context.note(lib, source, rows)
        told.noted += len(rows)


def _miss(told: Told, entry: Entry) -> None:
    told.without_file += 1
    if len(told.examples) < TOGETHER // 25:
        shown = entry.path if entry.path is not None else " ".join(entry.marks)
        told.examples.append(plain(shown, 200))


class Names:
    """The library's files below a folder, by what a list without paths may call them."""

    def __init__(self, library: Path, root: bytes) -> None:
        self._files: dict[str, int] = {}
        reader = ContextReader(library)
        try:
            for name, file in reader.files_below(root):
                for mark in sources.marks_in(name):
                    self._files.setdefault(mark, file)
        finally:
            reader.close()

    def find(self, marks: Iterable[str]) -> int | None:
        """Return a file with one of these marks."""
        return next((self._files[mark] for mark in marks if mark in self._files), None)


async def note_below(
    lib: Library, roots: Sequence[bytes], should_stop: Callable[[], bool] = lambda: False
) -> Told:
    """Read the sidecars and the exports beside the library's pictures at and below some paths.

    A sidecar that has not changed since it was read costs a look at its size and time.

    Raises:
        LibraryError: the library cannot be used.
    """
    told, exports = Told(), list[bytes]()
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "sidecars") as thread:
        reader = await loop.run_in_executor(thread, ContextReader, lib.path)
        try:
            found = _sidecars(reader, roots, exports)
            while rows := await loop.run_in_executor(thread, _some, found, TOGETHER):
                await context.note(lib, "sidecar", rows)
                told.noted += sum(not row.context.empty for row in rows)
                if should_stop():
                    return told
        finally:
            await asyncio.shield(loop.run_in_executor(thread, reader.close))
    for path in exports:
        await note_list(lib, Path(os.fsdecode(path)), told)
    if told.noted:
        await settle(lib)
    return told


async def settle(lib: Library) -> None:
    """Bring the search index up to date with what was noted."""
    await indexer.catch_up(lib)


async def note_list(lib: Library, path: Path, told: Told) -> None:
    """Keep what a list beside the pictures says of them; entries without a path go by their id.

    Raises:
        UsageError: it cannot be read.
    """
    folder = folder_of(path)
    names: Names | None = None
    async for some in batches(manifest(path)):
        if names is None and any(entry.path is None for entry in some):
            names = await asyncio.to_thread(Names, lib.path, folder)
        await note_entries(lib, "manifest", some, told, names)


def _sidecars(
    reader: ContextReader, roots: Sequence[bytes], exports: list[bytes]
) -> Iterator[Noted]:
    for root in roots:
        if not os.path.isdir(root):  # noqa: PTH112 (bytes)
            folder, name = os.path.split(os.path.abspath(root))  # noqa: PTH100 (bytes)
            for number, path in reader.folders_below(folder):
                if path == folder:
                    yield from _changed(reader, number, path, [name])
                    yield from _bare(reader, number, path, [os.path.splitext(name)[0]])  # noqa: PTH122
                break
            continue
        top = os.path.abspath(root)  # noqa: PTH100 (bytes)
        exports += _exports(top)  # it may hold nothing else
        for number, folder in reader.folders_below(top):
            if folder != top:
                exports += _exports(folder)
            yield from _in_folder(reader, number, folder)


def _exports(folder: bytes) -> list[bytes]:
    paths = [os.path.join(folder, name) for name in sorted(EXPORTS)]  # noqa: PTH118 (bytes)
    return [path for path in paths if os.path.isfile(path)]  # noqa: PTH113 (bytes)


def _in_folder(reader: ContextReader, number: int, folder: bytes) -> Iterator[Noted]:
    try:
        with os.scandir(folder) as entries:
            while some := [entry.name for entry in islice(entries, TOGETHER)]:
                pictures = [n[: -len(_ENDING)] for n in some if n.lower().endswith(_ENDING)]
                if pictures:
                    yield from _changed(reader, number, folder, pictures)
                    yield from _bare(reader, number, folder, pictures)
    except OSError:
        return


def _changed(
    reader: ContextReader, number: int, folder: bytes, pictures: Sequence[bytes]
) -> Iterator[Noted]:
    """Read the sidecars of some pictures that are not as they were when they were read last."""
    for name, (file, size, mtime_ns) in reader.sidecars(number, pictures).items():
        path = os.path.join(folder, name + _ENDING)  # noqa: PTH118 (bytes)
        if noted := _read(path, file, size, mtime_ns):
            yield noted


def _bare(
    reader: ContextReader, number: int, folder: bytes, stems: Sequence[bytes]
) -> Iterator[Noted]:
    """Read `image.json` for the one picture `image.*` that has no `image.jpg.json` beside it."""
    for stem in stems:
        if stem + _ENDING in EXPORTS:
            continue
        same = reader.by_stem(number, stem)
        if len(same) != 1:
            continue
        ((name, file, size, mtime_ns),) = same
        if os.path.lexists(os.path.join(folder, name + _ENDING)):  # noqa: PTH118 (bytes)
            continue
        path = os.path.join(folder, stem + _ENDING)  # noqa: PTH118 (bytes)
        if noted := _read(path, file, size, mtime_ns):
            yield noted


def _read(path: bytes, file: int, size: int | None, mtime_ns: int | None) -> Noted | None:
    """Read a sidecar unless it is as it was when it was read last."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    if (status.st_size, status.st_mtime_ns) == (size, mtime_ns):
        return None
    read = sources.sidecar(path)
    return None if read is None else Noted(file, *read)
