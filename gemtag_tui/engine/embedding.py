"""Writing into pictures, on request: with a preview, a copy of each kept, and a way back.

All files with one content are written, or none of them: the library takes the new content for the
same asset, so that nothing is paid for again.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.exported import Exported
from gemtag_tui.core.text import plain
from gemtag_tui.engine.exporting import Watch, ready
from gemtag_tui.interop import journal as journals
from gemtag_tui.interop.exiftool import ExifTool
from gemtag_tui.interop.journal import Entry, Journal, digest
from gemtag_tui.interop.xmp_merge import made, merged
from gemtag_tui.interop.xmp_read import SidecarError
from gemtag_tui.interop.xmp_words import words_of
from gemtag_tui.store import export_rows, rehash
from gemtag_tui.store.export_rows import Wanted
from gemtag_tui.store.known import Bits
from gemtag_tui.store.rehash import Written

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

_tags = msgspec.json.Decoder(dict[str, list[str]]).decode


@dataclass(slots=True)
class Embedded:
    """What became of pictures. `journal` is where the copies are, `None` for a preview."""

    written: int = 0
    unchanged: int = 0
    refused: int = 0
    stopped: bool = False
    journal: Path | None = None
    words: list[str] = field(default_factory=list)

    def refuse(self, picture: bytes, why: str) -> None:
        """Count a picture that was left as it was."""
        self.refused += 1
        if len(self.words) < 50:
            self.words.append(f"{plain(picture)} {plain(why, 300)}; it was left as it is.")


def journal_place(library: Path) -> Path:
    """Return the folder of a library's journals."""
    return library.with_name(f"{library.name}-pictures")


async def embed(
    lib: Library,
    wanted: Wanted,
    watch: Watch,
    *,
    write: bool,
    show: Callable[[bytes, Exported], None] = lambda _path, _row: None,
) -> Embedded:
    """Put the newest result of each asset into all of its files.

    Args:
        lib: the library; opened for writing when `write` is set.
        wanted: which results.
        watch: told of the progress, asked for a stop after every picture.
        write: otherwise this is a preview, and nothing is written anywhere.
        show: told of each picture that is, or would be, written.

    Raises:
        UsageError: ExifTool is not there, or the copies cannot be kept.
        LibraryError: the library cannot be used.
    """
    tool = await asyncio.to_thread(ExifTool)
    await ready(lib, wanted)
    done, journal = Embedded(), None
    if write:
        journal = _journal(lib)
        done.journal = journal.folder
    try:
        await _all(lib, wanted, watch, _Hand(tool, journal, done, show))
    finally:
        if journal is not None:
            journal.close()
    return done


def _journal(lib: Library) -> Journal:
    place = journal_place(lib.path)
    number = 1 + max((int(p.name) for p in place.glob("[0-9]*") if p.name.isdigit()), default=0)
    try:
        return Journal(place / f"{number:05d}")
    except OSError as error:
        words = f"No copies can be kept in {plain(str(place))}: {error.strerror}. Nothing was done."
        raise UsageError(words) from error


@dataclass(frozen=True, slots=True)
class _Hand:
    tool: ExifTool
    journal: Journal | None
    done: Embedded
    show: Callable[[bytes, Exported], None]


async def _all(lib: Library, wanted: Wanted, watch: Watch, hand: _Hand) -> None:
    met = Bits()
    async for page in export_rows.pages(lib, wanted):
        places = await export_rows.places(lib, [row.asset for row in page])
        for row in page:
            if row.asset in met or row.sha256 is None:
                continue
            met.add(row.asset)
            await _asset(lib, row, places[row.asset], hand)
            watch.on_progress(hand.done.written)
            if watch.stop():
                hand.done.stopped = True
                return


async def _asset(lib: Library, row: Exported, places: list[bytes], hand: _Hand) -> None:
    if not places or row.sha256 is None:
        return
    with tempfile.TemporaryDirectory(prefix="gemtag-") as folder:
        try:
            new = await asyncio.to_thread(_new_copy, hand.tool, row, places[0], Path(folder))
            if new is not None and await rehash.is_content(lib, bytes.fromhex(digest(new))):
                raise SidecarError("would become the same as another picture of the library")
        except (SidecarError, OSError) as error:
            hand.done.refuse(places[0], str(error))
            return
        if new is None:
            hand.done.unchanged += len(places)
            return
        for picture in places:
            hand.show(picture, row)
        if hand.journal is not None:
            await _replace_all(lib, row, places, new, hand)
        else:
            hand.done.written += len(places)


def _new_copy(tool: ExifTool, row: Exported, picture: bytes, folder: Path) -> bytes | None:
    """Make a copy of a picture with the words in it, `None` when it has them already."""
    if row.sha256 is None or digest(picture) != row.sha256.hex():
        raise SidecarError("is not as it was scanned: scan it again first")
    words = words_of(row.summary, _tags(row.tags))
    old = tool.packet(picture)
    packet = merged(old, words) if old else made(words)
    if packet is None:
        return None
    (folder / "packet.xmp").write_bytes(packet)
    new = os.fsencode(folder / "picture") + os.path.splitext(picture)[1]  # noqa: PTH122 (bytes)
    tool.write(picture, folder / "packet.xmp", new)
    return new


async def _replace_all(
    lib: Library, row: Exported, places: list[bytes], new: bytes, hand: _Hand
) -> None:
    assert hand.journal is not None  # noqa: S101 (for the types)
    assert row.sha256 is not None  # noqa: S101
    after, entries = digest(new), list[Entry]()
    try:
        for picture in places:
            if digest(picture) != row.sha256.hex():
                raise SidecarError("is not as it was scanned: scan it again first")
            entries.append(hand.journal.keep(row.asset, picture, row.sha256.hex(), after))
            journals.replace(new, picture)
    except (SidecarError, OSError) as error:
        _put_all_back(hand.journal.folder, entries)
        hand.done.refuse(picture, str(error))
        return
    await rehash.becomes(lib, row.asset, row.sha256, bytes.fromhex(after), _as_now(places))
    hand.done.written += len(places)


def _put_all_back(folder: Path, entries: list[Entry]) -> None:
    for entry in reversed(entries):
        journals.put_back(folder, entry)


def _as_now(places: list[bytes]) -> list[Written]:
    found = [(path, os.stat(path)) for path in places]  # noqa: PTH116 (bytes)
    return [Written(path, status.st_size, status.st_mtime_ns) for path, status in found]


async def undo(lib: Library) -> Embedded:
    """Put the pictures of the newest journal back as they were.

    Pictures that were changed since stay as they are; the journal stays open then.

    Raises:
        UsageError: there is nothing to undo.
        LibraryError: the library cannot be used.
    """
    found = journals.open_journals(journal_place(lib.path))
    if not found:
        raise UsageError("Nothing was written into pictures that could be undone.")
    done = Embedded(journal=found[-1])
    back: dict[tuple[int, str, str], list[bytes]] = {}
    for entry in journals.entries(found[-1]):
        try:
            await asyncio.to_thread(journals.put_back, found[-1], entry)
        except OSError as error:
            done.refuse(entry.picture, error.strerror or "cannot be put back")
            continue
        done.written += 1
        back.setdefault((entry.asset, entry.before, entry.after), []).append(entry.picture)
    for (asset, before, after), places in back.items():
        now, then = bytes.fromhex(after), bytes.fromhex(before)
        await rehash.becomes(lib, asset, now, then, _as_now(places))
    if not done.refused:
        journals.mark_undone(found[-1])
    return done
