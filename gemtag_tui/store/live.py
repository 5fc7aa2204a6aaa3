"""The engine's state, as it last wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.snapshot import RunSnapshot

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

READ = "SELECT snapshot FROM live WHERE id = 1"

_decoder = msgspec.json.Decoder(RunSnapshot)


def decode(text: str) -> RunSnapshot | None:
    """Return a stored state; `None` when another version of gemtag wrote it in another shape."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


async def read(lib: Library) -> RunSnapshot | None:
    """Return the engine's last state; its `at` is the heartbeat. `None` before the first run."""
    row = await lib.row(READ)
    return None if row is None else decode(row[0])
