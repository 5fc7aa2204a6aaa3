"""Contents that gemtag itself changed: a picture with other words in it is still the same asset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it is now: absolute path, bytes, time in ns."""

    path: bytes
    size: int
    mtime_ns: int


async def is_content(lib: Library, sha256: bytes) -> bool:
    """Whether the library knows a content."""
    return await lib.row("SELECT 1 FROM asset WHERE sha256 = ?", (sha256,)) is not None


async def becomes(
    lib: Library, asset: int, before: bytes, after: bytes, files: Sequence[Written]
) -> bool:
    """Let an asset have another content, with all that is known of it; its files are as given.

    Returns:
        Whether it was done: not when the asset has moved on, or another has that content.

    Raises:
        LibraryError: when the library cannot be written.
    """
    size = files[0].size if files else 0
    async with lib.transaction() as db:
        done = await db.execute(
            "UPDATE asset SET sha256 = ?1, bytes = ?2 WHERE id = ?3 AND sha256 = ?4 "
            "AND NOT EXISTS (SELECT 1 FROM asset WHERE sha256 = ?1)",
            (after, size, asset, before),
        )
        if not done.rowcount:
            return False
        await db.executemany(
            "UPDATE file SET size = ?, mtime_ns = ? WHERE asset = ? AND name = ? "
            "AND folder = (SELECT id FROM folder WHERE path = ?)",
            [(f.size, f.mtime_ns, asset, *reversed(os.path.split(f.path))) for f in files],
        )
    return True
