"""The images behind each number of a plan, page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.store import failures, work
from gemtag_tui.store.work import State, joined

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

STATES = {
    "remaining": (State.TODO, State.RETRY, State.BATCH, State.NEAR),
    "tagged": (State.TAGGED,),
    "retry-later": (State.RETRY,),
    "in-batches": (State.BATCH,),
    "ignored": (State.IGNORED,),
}
KINDS = {
    "known-bad": None,
    "unreadable": FailureKind.UNREADABLE,
    "unsupported": FailureKind.UNSUPPORTED,
    "too-large": FailureKind.TOO_LARGE,
}
NAMES = (*STATES, *KINDS, "duplicates")
"""What can be listed."""
_PAGE = 1_000

_UNTRIED = """
    SELECT a.id, o.path, f.name FROM asset a JOIN file f ON f.id = a.file
    JOIN folder o ON o.id = f.folder WHERE a.files > 0 AND a.bad = 0 AND a.id > ?
    ORDER BY a.id LIMIT ?
"""
_COPIED = """
    SELECT a.id, o.path, f.name, f.id FROM asset a CROSS JOIN file f ON f.asset = a.id
    CROSS JOIN folder o ON o.id = f.folder
    WHERE a.files > 1 AND a.id > ? AND f.missing_at IS NULL AND f.id <> a.file
    AND a.id <= coalesce((SELECT max(id) FROM
        (SELECT id FROM asset WHERE files > 1 AND id > ? ORDER BY id LIMIT ?)), 0)
    ORDER BY a.id, f.id
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """One image of a list, with why it is there where that says something."""

    id: int
    path: bytes
    kind: str = ""
    message: str = ""


async def listed(lib: Library, track: Track | None, name: str) -> AsyncGenerator[Listed, None]:
    """Give the images behind a number, by rising id.

    Args:
        lib: the library.
        track: whose; `None` while there is none.
        name: one of `NAMES`.

    Raises:
        KeyError: there is no such list.
    """
    if name == "duplicates":
        async for one in _copies(lib):
            yield one
    elif name in KINDS:
        async for one in _bad(lib, track, KINDS[name]):
            yield one
    elif track is None and name == "remaining":
        async for one in _untried(lib):
            yield one
    elif track is not None:
        for state in STATES[name]:
            async for one in _in_state(lib, track.id, state):
                yield one


async def _in_state(lib: Library, track: int, state: State) -> AsyncGenerator[Listed, None]:
    after = 0
    while some := await work.list_state(lib, track, state, after, _PAGE):
        for one in some:
            yield Listed(one.asset, one.path)
        after = some[-1].asset


async def _untried(lib: Library) -> AsyncGenerator[Listed, None]:
    after = 0
    while some := await lib.rows(_UNTRIED, (after, _PAGE)):
        for asset, folder, name in some:
            yield Listed(asset, joined(folder, name))
        after = some[-1][0]


async def _copies(lib: Library) -> AsyncGenerator[Listed, None]:
    after = 0
    while some := await lib.rows(_COPIED, (after, after, _PAGE)):
        for asset, folder, name, _ in some:
            yield Listed(asset, joined(folder, name))
        after = some[-1][0]


async def _bad(
    lib: Library, track: Track | None, kind: FailureKind | None
) -> AsyncGenerator[Listed, None]:
    after = 0
    while some := await failures.page(
        lib, track=track, standing=Standing.KNOWN_BAD, kind=kind, after=after, limit=_PAGE
    ):
        for one in some:
            yield Listed(one.asset, one.path, str(one.kind), one.message)
        after = some[-1].id
