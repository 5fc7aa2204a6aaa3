"""Two tracks on the same images, side by side, and a person's choice between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core import edits as core
from gemtag_tui.core.edits import Overlay, renamed
from gemtag_tui.store import edits
from gemtag_tui.store.search import rules
from gemtag_tui.store.work import joined

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_decode = msgspec.json.Decoder(dict[str, list[str]]).decode

_PAIRS = """
    SELECT l.asset, o.path, f.name, l.summary, l.tags, l.cost_usd, r.summary, r.tags, r.cost_usd,
        e.overlay
    FROM asset_ai r CROSS JOIN asset_ai l
        ON l.asset = r.asset AND l.provider = ? AND l.model = ? AND l.profile = ?
    CROSS JOIN asset a ON a.id = r.asset
    LEFT JOIN file f ON f.id = a.file LEFT JOIN folder o ON o.id = f.folder
    LEFT JOIN edit e ON e.asset = r.asset
    WHERE r.provider = ? AND r.model = ? AND r.profile = ? AND r.id {beyond} ?
    ORDER BY r.id {order} LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Side:
    """What one track says: as the model said it, under the names by which tags are shown."""

    summary: str
    tags: dict[str, list[str]]
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket's tags by where they are."""

    name: str
    both: tuple[str, ...]
    left: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """An asset with two results; `overlay` is what a person has decided so far."""

    asset: int
    path: bytes
    left: Side
    right: Side
    buckets: tuple[Bucket, ...]
    overlay: Overlay

    @property
    def alike(self) -> bool:
        """Whether all tags are the same."""
        return not any(one.left or one.right for one in self.buckets)


async def pairs(
    lib: Library,
    left: Track,
    right: Track,
    *,
    after: int | None = None,
    assets: Iterable[int] | None = None,
    limit: int = 100,
) -> tuple[list[Pair], int | None]:
    """Return assets that both tracks have tagged, the right one's newest first.

    Args:
        lib: the library.
        left: one track.
        right: the other.
        after: where the last page ended (second of what it returned).
        assets: only these.
        limit: most rows.

    Returns:
        The pairs, and where to go on; `None` at the end.
    """
    owner = (left.provider, left.model, left.profile, right.provider, right.model, right.profile)
    sql = _PAIRS.format(beyond="<", order="DESC").replace("SELECT l.asset", "SELECT r.id, l.asset")
    values = [*owner, 2**62 if after is None else after]
    if assets is not None:
        sql = sql.replace("ORDER BY", "AND r.asset IN (SELECT value FROM json_each(?)) ORDER BY")
        values.append(msgspec.json.encode([int(one) for one in assets]).decode())
    rows = await lib.rows(sql, (*values, limit))
    known = await rules(lib)
    found = []
    for _, asset, folder, name, *said, overlay in rows:
        one = Side(said[0], renamed(_decode(said[1]), known), said[2])
        two = Side(said[3], renamed(_decode(said[4]), known), said[5])
        path = b"" if name is None else joined(folder, name)
        edit = core.overlay_from(overlay)
        found.append(Pair(asset, path, one, two, buckets_of(one.tags, two.tags), edit))
    return found, (rows[-1][0] if len(rows) == limit else None)


def buckets_of(left: dict[str, list[str]], right: dict[str, list[str]]) -> tuple[Bucket, ...]:
    """Return two results' tags bucket by bucket, in the left one's order."""
    return tuple(
        Bucket(
            name,
            tuple(tag for tag in left.get(name, []) if tag in right.get(name, [])),
            tuple(tag for tag in left.get(name, []) if tag not in right.get(name, [])),
            tuple(tag for tag in right.get(name, []) if tag not in left.get(name, [])),
        )
        for name in dict.fromkeys([*left, *right])
    )


async def accept(
    lib: Library,
    chosen: Track,
    assets: Sequence[int],
    buckets: Sequence[str] | None = None,
    *,
    summary: bool | None = None,
    who: str = "",
) -> int:
    """Let a track's word stand for some assets, whatever other models say; returns how many.

    Args:
        lib: the library.
        chosen: the track.
        assets: those without a result of this track stay as they are.
        buckets: only of these; `None`: of all.
        summary: the summary too; `None`: when all buckets are taken.
        who: tui or shell.

    Raises:
        LibraryError: when the library cannot be written.
    """
    listed = msgspec.json.encode([int(asset) for asset in assets]).decode()
    rows = await lib.rows(
        "SELECT asset, summary, tags FROM asset_ai WHERE provider = ? AND model = ? "
        "AND profile = ? AND asset IN (SELECT value FROM json_each(?))",
        (chosen.provider, chosen.model, chosen.profile, listed),
    )
    known = await edits.overlays(lib, [row[0] for row in rows])
    with_summary = buckets is None if summary is None else summary
    made = []
    for asset, words, text in rows:
        overlay, tags = known.get(asset, Overlay()), _decode(text)
        for name in tags if buckets is None else [b for b in buckets if b in tags]:
            overlay = core.bucket_set(overlay, name, tags[name])
        made.append((asset, core.summary_set(overlay, words) if with_summary else overlay))
    part = "all" if buckets is None else ", ".join(buckets)
    return await edits.put(lib, made, "accept", f"accept {part} of {chosen.model}", who)
