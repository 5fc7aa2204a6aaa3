"""Folders that a scan knows by a digest of their listing, without a look at the files' records."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from gemtag_tui.store.known import Listing, digest_of

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library

_CHUNK = 200
_RECORDED = (
    "SELECT name, size, mtime_ns FROM file WHERE folder = (SELECT id FROM folder WHERE path = ?) "
    "AND missing_at IS NULL"
)
_REMEMBER = "UPDATE folder SET listing = ?, listed = touched WHERE path = ?"


async def remember(lib: Library, found: Sequence[Listing]) -> None:
    """Know those folders by their listing whose records say the same.

    A folder that holds anything but pictures is never among them: its other files are not recorded.
    """
    for start in range(0, len(found), _CHUNK):
        await lib.at_once(partial(_remember, found[start : start + _CHUNK]))


async def _remember(found: Sequence[Listing], db: aiosqlite.Connection) -> None:
    for one in found:
        rows = await db.execute_fetchall(_RECORDED, (one.folder,))
        if digest_of([(name, size, mtime_ns) for name, size, mtime_ns in rows]) == one.digest:
            await db.execute(_REMEMBER, (one.digest, one.folder))
