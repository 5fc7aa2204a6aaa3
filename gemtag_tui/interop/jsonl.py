"""Results as JSON, one object a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from gemtag_tui.core.exported import Exported, path_text


class Line(msgspec.Struct, gc=False):
    """One line; the names and their order are a promise to scripts."""

    id: int
    path: str
    path_bytes: str | msgspec.UnsetType
    sha256: str | None
    provider: str
    model: str
    profile: str
    summary: str
    tags: msgspec.Raw
    lane: str
    cost_usd: float
    tagged_at: float
    profile_id: str
    served_model: str
    missing: bool
    edited: bool


class JsonLines:
    """Writes results as lines of JSON in UTF-8.

    Args:
        file: where they go.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._encode = msgspec.json.Encoder().encode_lines

    def write(self, rows: Sequence[Exported]) -> None:
        """Write one line for each result."""
        self._file.write(self._encode([line_of(row) for row in rows]))

    def close(self) -> None:
        """Nothing is held back."""


def line_of(row: Exported) -> Line:
    """Return a result as the contract names its parts."""
    path, odd = path_text(row.path)
    return Line(
        row.asset,
        path,
        msgspec.UNSET if odd is None else odd,
        None if row.sha256 is None else row.sha256.hex(),
        row.provider,
        row.model,
        row.profile_name,
        row.summary,
        _raw(row.tags),
        row.lane,
        row.cost_usd,
        row.tagged_at,
        row.profile,
        row.served_model,
        bool(row.missing),
        row.edited,
    )


def _raw(tags: str) -> msgspec.Raw:
    """Take stored JSON over as it is: on one line, unless a hand edited it."""
    if "\n" in tags or "\r" in tags:
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(tags)))
    return msgspec.Raw(tags)
