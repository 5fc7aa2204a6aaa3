"""What countTokens said of some pictures, kept by model and profile until these change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.estimate import Counted
from gemtag_tui.store import prefs
from gemtag_tui.store.work import Candidate, candidate

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

_NAME = "counted:"
_ALL = "SELECT name, value FROM setting WHERE name >= ? AND name < ?"
_CANDIDATES = """
    SELECT a.id, o.path, f.name, coalesce(a.sha256, x''), a.type, a.width, a.height, f.size,
        f.mtime_ns
    FROM asset a CROSS JOIN file f ON f.id = a.file CROSS JOIN folder o ON o.id = f.folder
    WHERE a.id IN (SELECT value FROM json_each(?)) ORDER BY a.id
"""


async def keep(lib: Library, provider: str, model: str, profile: str, counted: Counted) -> None:
    """Keep a count; a profile's id holds its media resolution and all that it asks for.

    Raises:
        LibraryError: the library cannot be written.
    """
    name = f"{_NAME}{provider}/{model}/{profile}"
    await prefs.put(lib, name, msgspec.json.encode(counted).decode())


async def kept(lib: Library, provider: str) -> dict[tuple[str, str], Counted]:
    """Return the counts of a provider, by model and profile id."""
    begin = f"pref:{_NAME}{provider}/"
    found = {}
    for name, value in await lib.rows(_ALL, (begin, begin + "\x7f")):
        model, _, profile = name.removeprefix(begin).rpartition("/")
        found[model, profile] = msgspec.json.decode(value, type=Counted)
    return found


async def candidates(lib: Library, assets: Sequence[int]) -> list[Candidate]:
    """Return assets with the files that stand for them."""
    rows = await lib.rows(_CANDIDATES, (f"[{','.join(map(str, assets))}]",))
    return [candidate(row) for row in rows]
