"""What the search index holds of a result, put in and taken out again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core import search_keys
from gemtag_tui.core.edits import Rules, laid_over, overlay_from
from gemtag_tui.core.text import storable
from gemtag_tui.store import search_spans, search_words
from gemtag_tui.store.search_spans import BLOCK

if TYPE_CHECKING:
    import aiosqlite

TEXT = (1, 2, 5)
"""Where in `Doc.words` the texts are: summary, tags and context."""
_MOST_FILES = 8
"""Paths of one asset that are searched."""
_CONTEXT_MAX = 4_000

_decode = msgspec.json.Decoder(dict[str, list[str]]).decode
_numbers = msgspec.json.Decoder(list[int]).decode
_words = msgspec.json.Decoder(list[str]).decode
_encode = msgspec.json.Encoder().encode

_RESULT = """r.id, r.asset, r.summary, r.tags, r.lane, r.tagged_at, t.id"""
_FROM = """
    FROM asset_ai r
    JOIN track t ON t.provider = r.provider AND t.model = r.model AND t.profile = r.profile
"""
_FILES = f"""
    (SELECT json_group_array(id) FROM (
        SELECT id FROM (SELECT id FROM file WHERE asset = r.asset AND missing_at IS NULL
            ORDER BY id LIMIT {_MOST_FILES})
        UNION SELECT a.file FROM asset a WHERE a.id = r.asset AND a.files = 0
            AND a.file IS NOT NULL))
"""
FRESH = f"""
    SELECT {_RESULT}, {_FILES}, '', '[]', (SELECT overlay FROM edit WHERE asset = r.asset) {_FROM}
"""
"""Results as they are to be indexed."""
KEPT = f"""
    SELECT {_RESULT}, d.files, d.context, d.boards, d.overlay
    {_FROM} JOIN search_doc d ON d.result = r.id
"""
"""Results as they are in the index."""

_PLACES = """
    SELECT f.id, o.path, f.name FROM file f JOIN folder o ON o.id = f.folder
    WHERE f.id IN (SELECT value FROM json_each(?))
"""
_CONTEXT = """
    SELECT asset, board, words FROM search_context
    WHERE asset IN (SELECT value FROM json_each(?))
"""
_ADD = "INSERT INTO search (rowid, summary, tags, keys, path, context) VALUES (?, ?, ?, ?, ?, ?)"
_REMOVE = """
    INSERT INTO search (search, rowid, summary, tags, keys, path, context)
    VALUES ('delete', ?, ?, ?, ?, ?, ?)
"""
_KEEP = "INSERT OR REPLACE INTO search_doc VALUES (?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM search_doc WHERE result = ?"
_TAG = """
    INSERT INTO tag VALUES (?, ?, ?, ?)
    ON CONFLICT (track, bucket, name) DO UPDATE SET assets = assets + excluded.assets
"""
_DOUBLE = """
    INSERT INTO tag_double VALUES (?, ?, ?, ?)
    ON CONFLICT (track, bucket, target) DO UPDATE SET assets = assets + excluded.assets
"""
_BLOCK = """
    INSERT INTO search_block VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (track, block) DO UPDATE SET results = results + excluded.results,
        first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)
"""


@dataclass(slots=True)
class Doc:
    """A result and what else is searched of it.

    Attributes:
        files: JSON list of the files whose paths are searched.
        context: words from beside the picture; `boards`: JSON list of board names.
        overlay: a person's edit.
    """

    result: int
    asset: int
    summary: str
    tags: str
    lane: str
    tagged_at: float
    track: int
    files: str
    context: str
    boards: str
    overlay: str | None
    shown: dict[str, list[str]] = field(default_factory=dict)
    words: tuple[int, str, str, str, str, str] = (0, "", "", "", "", "")

    @property
    def changing(self) -> tuple[str, str, str, str | None]:
        """All that can be different the next time."""
        return self.files, self.context, self.boards, self.overlay


async def docs(db: aiosqlite.Connection, sql: str, values: Sequence[Any]) -> list[Doc]:
    """Read results by one of the two queries above with a condition at its end."""
    found = [Doc(*row) for row in await db.execute_fetchall(sql, values)]
    if found and sql.startswith(FRESH):
        await _with_context(db, found)
    await _with_words(
        db, found, (0, 0) if sql.startswith(FRESH) else await search_spans.without(db)
    )
    return found


async def _with_context(db: aiosqlite.Connection, found: list[Doc]) -> None:
    """Add what sources know of a picture."""
    by_asset: dict[int, list[Any]] = {}
    assets = _encode([doc.asset for doc in found]).decode()
    for asset, board, words in await db.execute_fetchall(_CONTEXT, (assets,)):
        by_asset.setdefault(asset, []).append((board or "", words or ""))
    for doc in found:
        rows = by_asset.get(doc.asset, [])
        doc.context = storable(" | ".join(words for _, words in rows)[:_CONTEXT_MAX])
        doc.boards = _encode(sorted({storable(board) for board, _ in rows if board})).decode()


async def _with_words(
    db: aiosqlite.Connection, found: list[Doc], unmarked: tuple[int, int]
) -> None:
    paths: dict[int, str] = {}
    listed = [_numbers(doc.files) for doc in found]
    wanted = _encode([number for files in listed for number in files]).decode()
    for number, folder, name in await db.execute_fetchall(_PLACES, (wanted,)):
        paths[number] = storable(os.fsdecode(folder) + " " + os.fsdecode(name)).replace("|", " ")
    for doc, files in zip(found, listed, strict=True):
        path = " | ".join(paths.get(number, "") for number in files)
        _fill(doc, path, marked=not unmarked[0] < doc.result <= unmarked[1])


def _fill(doc: Doc, path: str, *, marked: bool) -> None:
    """Work out the searched words: the same facts always give the same words."""
    tags = _decode(doc.tags)
    summary = doc.summary
    if doc.overlay:
        summary, tags = laid_over(overlay_from(doc.overlay), summary, tags)
    doc.shown = tags
    text = " | ".join([name.replace("|", " ") for listed in tags.values() for name in listed])
    facts = [search_keys.track_key(doc.track), search_keys.lane_key(doc.lane)]
    if marked:
        facts.append(search_keys.block_key(doc.result // BLOCK))
    boards = _words(doc.boards) if doc.boards != "[]" else []
    facts += [key for board in boards for key in search_keys.board_keys(board)]
    facts += [search_keys.has_key(bucket) for bucket, names in tags.items() if names]
    if doc.overlay:
        facts.append(search_keys.EDITED)
    doc.words = (
        doc.result,
        summary.replace("|", " "),
        f"| {text} |" if text else "",
        search_keys.keys(tags, facts),
        path,
        " | ".join([doc.context.replace("|", " "), *boards]) if boards else doc.context,
    )


async def put_in(db: aiosqlite.Connection, new: list[Doc], rules: Rules) -> None:
    """Index results, and count them."""
    await db.executemany(_ADD, [doc.words for doc in new])
    await db.executemany(_KEEP, [(doc.result, *doc.changing) for doc in new])
    await search_words.count(db, [str(doc.words[at]) for doc in new for at in TEXT])
    await _count(db, new, rules, 1)


async def take_out(db: aiosqlite.Connection, old: list[Doc], rules: Rules) -> None:
    """Take results, read by `KEPT`, out of the index and its counts."""
    await db.executemany(_REMOVE, [doc.words for doc in old])
    await db.executemany(_FORGET, [(doc.result,) for doc in old])
    await _count(db, old, rules, -1)


async def _count(db: aiosqlite.Connection, some: list[Doc], rules: Rules, sign: int) -> None:
    tags: dict[tuple[int, str], Counter[str]] = {}
    doubles: Counter[tuple[int, str, str]] = Counter()
    blocks: dict[tuple[int, int], list[float]] = {}
    for doc in some:
        for bucket, names in doc.shown.items():
            once = set(names)
            listed = tags.get((doc.track, bucket))
            if listed is None:
                listed = tags[doc.track, bucket] = Counter()
            listed.update(once)
            known = rules.get(bucket)
            if known and not known.keys().isdisjoint(once):
                targets = Counter(known.get(name, name) for name in once)
                for target, number in targets.items():
                    doubles[doc.track, bucket, target] += number - 1
        times = blocks.setdefault((doc.track, doc.result // BLOCK), [])
        times.append(doc.tagged_at)
    for (track, bucket), listed in sorted(tags.items()):
        rows = [(track, bucket, name, sign * n) for name, n in sorted(listed.items())]
        await db.executemany(_TAG, rows)
    await db.executemany(_DOUBLE, [(*key, sign * n) for key, n in sorted(doubles.items()) if n])
    counts = [(*key, sign * len(at), min(at), max(at)) for key, at in sorted(blocks.items())]
    await db.executemany(_BLOCK, counts)


async def rules_of(db: aiosqlite.Connection) -> Rules:
    """Read under which names tags are shown."""
    return rules_from(await db.execute_fetchall("SELECT bucket, name, target FROM tag_rule"))


def rules_from(rows: Iterable[Any]) -> Rules:
    """Put rules in order by bucket."""
    found: dict[str, dict[str, str]] = {}
    for bucket, name, target in rows:
        found.setdefault(bucket, {})[name] = target
    return found
