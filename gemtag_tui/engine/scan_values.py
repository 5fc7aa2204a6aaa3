"""What a scan counts, and what its walk through the folders brings."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from gemtag_tui.store.known import Listing


class ScanCounts(msgspec.Struct, kw_only=True):
    """What a scan came to. `found == added + changed + unchanged`.

    `unreadable` and `duplicates` are parts of these: of all that lies under the paths when the scan
    reached its end, of what was added and changed while it goes on or when it was stopped.

    Attributes:
        found: files that are images by name or by content.
        added: of these, new, or back after they had been missing.
        changed: of these, with another size or time than before.
        unchanged: of these, as before; they cost no more than a look at size and time.
        missing: files that were there at the last scan and are not now.
        unreadable: files that cannot be used, for whatever reason.
        duplicates: copies of a content that another file in the library holds.
        skipped: no image by name nor by content, or no regular file.
        seconds: how long it took.
        stopped: it did not reach its end; a rerun goes on from there.
        warnings: what could not be looked at, in words for people; at most twenty.
    """

    found: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    unreadable: int = 0
    duplicates: int = 0
    skipped: int = 0
    seconds: float = 0.0
    stopped: bool = False
    warnings: list[str] = []


class ScanProgress(msgspec.Struct, kw_only=True):
    """How far a scan is; `folder` is where it is now. The counts go on changing."""

    counts: ScanCounts
    folder: bytes
    folders: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """A file to look into. `known`: it was recorded before, and has changed."""

    folder: bytes
    name: bytes
    size: int
    mtime_ns: int
    known: bool


@dataclass(slots=True)
class Chunk:
    """What some thousand entries of folders came to.

    Attributes:
        folder: the last one.
        folders: listed.
        unchanged: files as before.
        skipped: entries that are no regular files.
        fresh: files to look into.
        back: ids of files that were missing and are there again, unchanged.
        vanished: ids of files that are not where they were.
        vanished_folders: ids of folders that are gone with all their files.
        listings: of folders that are not known by theirs yet.
        warnings: what could not be looked at.
    """

    folder: bytes = b""
    folders: int = 0
    unchanged: int = 0
    skipped: int = 0
    fresh: list[Fresh] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    vanished: list[int] = field(default_factory=list)
    vanished_folders: list[int] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """Roughly how much is in it."""
        return self.unchanged + self.skipped + len(self.fresh) + len(self.vanished) + self.folders
