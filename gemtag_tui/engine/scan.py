"""Scanning: folders become assets, and files that cannot be used become failures with a reason."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec

from gemtag_tui.core.clock import Clock
from gemtag_tui.core.failures import FailureKind
from gemtag_tui.engine.scan_values import Chunk, Fresh, ScanCounts, ScanProgress
from gemtag_tui.engine.scan_walk import Walk, absolute_roots
from gemtag_tui.imaging.probe import is_skipped
from gemtag_tui.imaging.values import Probed, Refused
from gemtag_tui.store import listings, scans
from gemtag_tui.store.known import KnownReader, Listing
from gemtag_tui.store.library import Library
from gemtag_tui.store.scans import Broken, Content, Seen
from gemtag_tui.store.work import joined

_BATCH = 256
"""Files probed and then recorded together: one transaction, four children's turns."""
_IN_FLIGHT = 3
_WARNINGS = 20
_LISTINGS = 50_000
"""Folders that one scan learns to know by their listing; the next one learns the others."""


class Prober(Protocol):
    """Says what files are; `gemtag_tui.imaging.child.ImagingPool` is one."""

    async def probe_many(self, paths: Sequence[bytes]) -> list[Probed | Refused]:
        """Return one outcome for each path, in their order."""


class Scanner:
    """Brings a library up to date with folders and files.

    What was recorded stays recorded when a scan is stopped: the next one only looks at size and
    time of it. Missing files are marked when the end is reached, never before.

    Args:
        lib: the library.
        prober: says what files are.
        clock: times the scan.
        follow_links: follow links to files and folders.
    """

    def __init__(
        self, lib: Library, prober: Prober, clock: Clock, *, follow_links: bool = False
    ) -> None:
        self._lib = lib
        self._prober = prober
        self._clock = clock
        self._follow = follow_links
        self._counts = ScanCounts()
        self._pending: list[Fresh] = []
        self._flying: set[asyncio.Task[None]] = set()
        self._folders = 0
        self._listings: list[Listing] = []

    async def run(
        self,
        paths: Sequence[bytes],
        on_progress: Callable[[ScanProgress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> ScanCounts:
        """Scan files and folders; one scanner runs once.

        Args:
            paths: files and folders, as the system gives them.
            on_progress: told after every few thousand files.
            should_stop: asked as often; true ends the scan with all that was recorded kept.

        Raises:
            UsageError: when a path does not exist.
            LibraryError: when the library cannot be written.
            ImagingUnavailableError: when no child process can be run.
        """
        began = self._clock.monotonic()
        roots = await asyncio.to_thread(absolute_roots, paths)
        scan = await scans.begin(self._lib, roots)
        self._counts.stopped = True
        try:
            done = await self._walk(scan, roots, on_progress, should_stop)
            await self._land_all()
            if done:
                self._counts.missing = await scans.sweep_missing(self._lib, scan)
                await listings.remember(self._lib, self._listings)
                below = await scans.standing_below(self._lib, roots)
                self._counts.unreadable, self._counts.duplicates = below
                self._counts.stopped = False
        finally:
            await self._give_up()
            self._counts.seconds = self._clock.monotonic() - began
            outcome = "stopped" if self._counts.stopped else "done"
            await scans.finish(self._lib, scan, outcome, msgspec.structs.asdict(self._counts))
        return self._counts

    async def _walk(
        self,
        scan: int,
        roots: Sequence[bytes],
        on_progress: Callable[[ScanProgress], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> bool:
        async with _walking(self._lib, roots, follow_links=self._follow) as chunks:
            async for chunk in chunks:
                await self._take(scan, chunk)
                if on_progress is not None:
                    on_progress(self._progress(chunk))
                if should_stop is not None and should_stop():
                    return False
        return True

    def _progress(self, chunk: Chunk) -> ScanProgress:
        return ScanProgress(counts=self._counts, folder=chunk.folder, folders=self._folders)

    async def _take(self, scan: int, chunk: Chunk) -> None:
        self._count(chunk)
        if chunk.back:
            await scans.mark_back(self._lib, chunk.back)
        if chunk.vanished:
            await scans.note_vanished(self._lib, scan, chunk.vanished)
        for folder in chunk.vanished_folders:
            await scans.note_vanished_folder(self._lib, scan, folder)
        self._listings += chunk.listings[: _LISTINGS - len(self._listings)]
        self._pending += chunk.fresh
        while len(self._pending) >= _BATCH:
            await self._launch()

    def _count(self, chunk: Chunk) -> None:
        counts = self._counts
        counts.found += chunk.unchanged + len(chunk.back)
        counts.added += len(chunk.back)
        counts.unchanged += chunk.unchanged
        counts.skipped += chunk.skipped
        self._folders += chunk.folders
        counts.warnings += chunk.warnings[: _WARNINGS - len(counts.warnings)]

    async def _launch(self) -> None:
        """Start on a batch, once there is room for one more."""
        while len(self._flying) >= _IN_FLIGHT:
            await self._land()
        batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
        self._flying.add(asyncio.create_task(self._batch(batch)))

    async def _land(self) -> None:
        """Wait for a batch to end; what went wrong in it goes wrong here."""
        ended, self._flying = await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()

    async def _land_all(self) -> None:
        while self._pending:
            await self._launch()
        while self._flying:
            await self._land()

    async def _give_up(self) -> None:
        """After an error or a cancellation: nothing is left running."""
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)
        self._flying.clear()

    async def _batch(self, batch: list[Fresh]) -> None:
        paths = [joined(file.folder, file.name) for file in batch]
        outcomes = await self._prober.probe_many(paths)
        seen: list[Seen] = []
        for file, path, outcome in zip(batch, paths, outcomes, strict=True):
            if _is_gone(path, outcome):
                continue
            if is_skipped(path, outcome) and not file.known:
                self._counts.skipped += 1
                continue
            seen.append(_seen(file, outcome))
        recorded = await scans.record(self._lib, seen)
        self._counts.found += len(seen)
        self._counts.added += recorded.added
        self._counts.changed += recorded.changed
        self._counts.unreadable += recorded.unreadable
        self._counts.duplicates += recorded.duplicates


def _seen(file: Fresh, outcome: Probed | Refused) -> Seen:
    """Join what the folder said with what the content is, whose size and time hold."""
    size, mtime_ns = outcome.size, outcome.mtime_ns
    if isinstance(outcome, Probed):
        what = Content(outcome.sha256, outcome.format, outcome.width, outcome.height)
        return Seen(file.folder, file.name, size, mtime_ns, what)
    if not mtime_ns:
        size, mtime_ns = file.size, file.mtime_ns
    broken = Broken(FailureKind(outcome.kind), outcome.message, outcome.sha256)
    return Seen(file.folder, file.name, size, mtime_ns, broken)


def _is_gone(path: bytes, outcome: Probed | Refused) -> bool:
    """Whether a file went away between being listed and being opened."""
    return isinstance(outcome, Refused) and not outcome.mtime_ns and not os.path.lexists(path)


@asynccontextmanager
async def _walking(
    lib: Library, roots: Sequence[bytes], *, follow_links: bool
) -> AsyncIterator[AsyncIterator[Chunk]]:
    """Walk in one thread, which alone uses the walk's connection, a chunk at a time."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "scan") as thread:
        reader = await loop.run_in_executor(thread, KnownReader, lib.path)
        walk = Walk(reader, roots, follow_links=follow_links).chunks()

        async def chunks() -> AsyncIterator[Chunk]:
            while (chunk := await loop.run_in_executor(thread, _next, walk)) is not None:
                yield chunk

        try:
            yield chunks()
        finally:
            await asyncio.shield(loop.run_in_executor(thread, _end, walk, reader))


def _end(walk: Generator[Chunk, None, None], reader: KnownReader) -> None:
    walk.close()  # a folder may be open in it
    reader.close()


def _next(walk: Iterator[Chunk]) -> Chunk | None:
    return next(walk, None)
