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
    inherited_from: int | None


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
    (_, asset, sha256, provider, model, profile, name, summary, tags, lane, served, cost_usd,
     tagged_at, missing, raw, edited, heir) = row  # fmt: skip
    path, odd = path_text(raw)
    return Line(
        asset,
        path,
        msgspec.UNSET if odd is None else odd,
        None if sha256 is None else sha256.hex(),
        provider,
        model,
        name,
        summary,
        _raw(tags),
        lane,
        cost_usd,
        tagged_at,
        profile,
        served,
        missing == 1,
        edited,
        heir,
    )


def _raw(tags: str) -> msgspec.Raw:
    """Take stored JSON over as it is: on one line, unless a hand edited it."""
    if "\n" in tags or "\r" in tags:
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(tags)))
    return msgspec.Raw(tags)
