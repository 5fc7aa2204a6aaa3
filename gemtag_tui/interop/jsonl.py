"""Results as JSON, one object a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, NamedTuple

import msgspec

from gemtag_tui.core.exported import Exported, Shared, Slim, path_text

_MOST_SHARED = 20_000
"""Kinds of results that are kept in memory."""


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
    made_with: str


class _Short(msgspec.Struct, gc=False):
    """A `Line` in fewer parts: a part in JSON already may have the next members behind it."""

    id: int
    path: str
    path_bytes: str | msgspec.UnsetType
    sha256: str | None
    provider: msgspec.Raw
    """Until `profile`."""
    summary: str
    tags: msgspec.Raw
    lane: msgspec.Raw
    cost_usd: float
    tagged_at: float
    profile_id: msgspec.Raw
    """Until the end."""


class _Between(NamedTuple):
    """The parts of a `_Short` that many have in common."""

    provider: msgspec.Raw
    lane: msgspec.Raw
    profile_id: msgspec.Raw


class JsonLines:
    """Writes results as lines of JSON in UTF-8.

    Args:
        file: where they go.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._encode = msgspec.json.Encoder().encode_lines
        self._between: dict[Shared, _Between] = {}

    def write(self, rows: Sequence[Exported]) -> None:
        """Write one line for each result."""
        self._file.write(self._encode([line_of(row) for row in rows]))

    def write_slim(self, rows: Sequence[Slim]) -> None:
        """Write the same lines for results in another form."""
        between, lines = self._between, []
        for asset, raw, sha256, shared, summary, tags, cost_usd, tagged_at in rows:
            path, odd = path_text(raw)
            parts = between.get(shared) or self._parts(shared)
            lines.append(
                _Short(
                    asset,
                    path,
                    msgspec.UNSET if odd is None else odd,
                    None if sha256 is None else sha256.hex(),
                    parts[0],
                    summary,
                    _raw(tags),
                    parts[1],
                    cost_usd,
                    tagged_at,
                    parts[2],
                )
            )
        self._file.write(self._encode(lines))

    def _parts(self, shared: Shared) -> _Between:
        if len(self._between) >= _MOST_SHARED:
            self._between.clear()
        parts = self._between[shared] = _between(shared)
        return parts

    def close(self) -> None:
        """Nothing is held back."""


def _between(shared: Shared) -> _Between:
    one = {
        "provider": shared.provider,
        "model": shared.model,
        "profile": shared.profile_name,
    }
    last = {
        "profile_id": shared.profile,
        "served_model": shared.served_model,
        "missing": shared.missing,
        "edited": shared.edited,
        "inherited_from": shared.inherited_from,
        "made_with": shared.made_with,
    }
    return _Between(_members(one), _members({"lane": shared.lane}), _members(last))


def _members(named: dict[str, Any]) -> msgspec.Raw:
    """Return members of an object without the braces and the first one's name."""
    return msgspec.Raw(msgspec.json.encode(named)[1:-1].partition(b":")[2])


def line_of(row: Exported) -> Line:
    """Return a result as the contract names its parts."""
    (_, asset, sha256, provider, model, profile, name, summary, tags, lane, served, cost_usd,
     tagged_at, missing, raw, edited, heir, made) = row  # fmt: skip
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
        made,
    )


def _raw(tags: str) -> msgspec.Raw:
    """Take stored JSON over as it is: on one line, unless a hand edited it."""
    if "\n" in tags or "\r" in tags:
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(tags)))
    return msgspec.Raw(tags)
