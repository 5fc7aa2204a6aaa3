"""What a screen over the library reads besides rows: contents, orders, and who said what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core.exported import Exported
from gemtag_tui.store import export_rows
from gemtag_tui.store.browse import among
from gemtag_tui.store.work import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_decode = msgspec.json.Decoder(dict[str, list[str]]).decode
_PAGE = 2_000


class By(StrEnum):
    """What rows can be put in order by."""

    NAME = "name"
    COST = "cost"
    SIZE = "size"


_ORDER = {
    By.NAME: "f.name COLLATE NOCASE, j.value",
    By.COST: "r.cost_usd DESC, j.value DESC",
    By.SIZE: "a.bytes DESC, j.value DESC",
}
_JOINS = "LEFT JOIN file f ON f.id = a.file"
_SORT_RESULTS = f"""
    SELECT j.value FROM json_each(?) j CROSS JOIN asset_ai r ON r.id = j.value
    CROSS JOIN asset a ON a.id = r.asset {_JOINS} ORDER BY {{}}
"""
_SORT_ASSETS = f"""
    SELECT j.value FROM json_each(?1) j CROSS JOIN asset a ON a.id = j.value {_JOINS}
    LEFT JOIN asset_ai r ON r.asset = a.id AND r.provider = ?2 AND r.model = ?3 AND r.profile = ?4
    ORDER BY {{}}
"""
_SAID = """
    SELECT r.id, r.provider, r.model, p.name, r.summary, r.tags, r.lane, r.cost_usd, r.tagged_at
    FROM asset_ai r JOIN profile p ON p.id = r.profile WHERE r.asset = ? ORDER BY r.id DESC
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What one track's model said of an asset, before any correction."""

    result: int
    provider: str
    model: str
    profile_name: str
    summary: str
    tags: dict[str, list[str]]
    lane: str
    cost_usd: float
    tagged_at: float


async def said(lib: Library, asset: int) -> list[Said]:
    """Return what every track's model said of an asset, the newest first."""
    rows = await lib.rows(_SAID, (asset,))
    return [Said(*[*row[:5], _decode(row[5]), *row[6:]]) for row in rows]


async def digests(lib: Library, assets: Iterable[int]) -> dict[int, bytes]:
    """Return the SHA-256 of assets whose content could be read."""
    rows = await lib.rows(
        "SELECT a.id, a.sha256 FROM json_each(?) j CROSS JOIN asset a ON a.id = j.value "
        "WHERE a.sha256 IS NOT NULL",
        (_array(assets),),
    )
    return {int(row[0]): bytes(row[1]) for row in rows}


async def assets_of(lib: Library, results: Iterable[int]) -> list[int]:
    """Return the assets of results, in their order, each once."""
    rows = await lib.rows(
        "SELECT r.asset FROM json_each(?) j CROSS JOIN asset_ai r ON r.id = j.value ORDER BY j.key",
        (_array(results),),
    )
    return list(dict.fromkeys(int(row[0]) for row in rows))


async def in_scope(
    lib: Library, track: Track | None, states: Sequence[State], limit: int
) -> list[int]:
    """Return the first assets in some states of a track (none: all), by rising id."""
    if track is None:
        rows = await lib.rows("SELECT id FROM asset WHERE files > 0 ORDER BY id LIMIT ?", (limit,))
    else:
        rows = await lib.rows(
            f"SELECT asset FROM work WHERE track = ?{among(states)} ORDER BY asset LIMIT ?",
            (track.id, limit),
        )
    return [int(row[0]) for row in rows]


async def in_order(
    lib: Library, keys: Sequence[int], by: By, *, assets: bool, track: Track | None
) -> list[int]:
    """Return results' ids (or assets') in an order; all of them are read for it."""
    if not assets:
        rows = await lib.rows(_SORT_RESULTS.format(_ORDER[by]), (_array(keys),))
    else:
        owner = ("", "", "") if track is None else (track.provider, track.model, track.profile)
        rows = await lib.rows(_SORT_ASSETS.format(_ORDER[by]), (_array(keys), *owner))
    return [int(row[0]) for row in rows]


async def exported(lib: Library, assets: Sequence[int]) -> AsyncIterator[list[Exported]]:
    """Yield all results of some assets as exports are given them, in the assets' order."""
    maker = await export_rows.Maker.of(lib)
    for at in range(0, len(assets), _PAGE):
        ids = await lib.rows(
            "SELECT r.id FROM json_each(?) j CROSS JOIN asset_ai r ON r.asset = j.value "
            "ORDER BY j.key, r.id DESC",
            (_array(assets[at : at + _PAGE]),),
        )
        rows = await lib.rows(
            export_rows.THESE.format(""), (_array(one for (one,) in map(tuple, ids)),)
        )
        if rows:
            yield await maker.made(rows)


def _array(numbers: Iterable[int]) -> str:
    return "[" + ",".join(str(int(number)) for number in numbers) + "]"
