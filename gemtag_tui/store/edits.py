"""People's corrections of single assets: kept apart from results, above every model's word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from gemtag_tui.core import edits as core
from gemtag_tui.core.edits import Overlay, overlay_from, overlay_text
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.normalise import MAX_SUMMARY, MAX_TAG, clean_text
from gemtag_tui.core.text import plain, storable
from gemtag_tui.store import changes, indexer
from gemtag_tui.store.changes import Change
from gemtag_tui.store.search_plan import known_buckets

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library

effective = core.effective
"""See `gemtag_tui.core.edits.effective`; the overlay is `edit.overlay`."""

KIND = "edit"
_CHUNK = 2_000
_Change = Callable[[int, Overlay], Overlay]

_READ = """
    SELECT a.id, e.overlay FROM json_each(?) j CROSS JOIN asset a ON a.id = j.value
    LEFT JOIN edit e ON e.asset = a.id ORDER BY a.id
"""
_WRITE = """
    INSERT INTO edit VALUES (?, ?, ?, ?) ON CONFLICT (asset) DO UPDATE SET
    overlay = excluded.overlay, edited_at = excluded.edited_at, who = excluded.who
"""
_CASED = """
    SELECT 1 FROM profile p, json_each(p.body, '$.buckets') b
    WHERE json_valid(p.body) AND json_extract(b.value, '$.name') = ?
    AND json_extract(b.value, '$.keep_case')
"""


async def add_tags(
    lib: Library, assets: Iterable[int], bucket: str, names: Iterable[str], who: str = ""
) -> int:
    """Give assets some tags; returns how many assets that changed.

    Raises:
        UsageError: the bucket or a tag cannot be used.
        LibraryError: when the library cannot be written.
    """
    tags = await as_tags(lib, bucket, names)
    words = f"add {bucket}: {', '.join(tags)}"
    change: _Change = lambda _, old: core.tags_changed(old, bucket, add=tags)  # noqa: E731
    return await _write(lib, assets, change, "add", words, who)


async def remove_tags(
    lib: Library, assets: Iterable[int], bucket: str, names: Iterable[str], who: str = ""
) -> int:
    """Take some tags away from assets, under all names that are shown as these."""
    given = [storable(name) for name in names]
    rows = await lib.rows(
        "SELECT name FROM tag_rule WHERE bucket = ? AND target IN (SELECT value FROM json_each(?))",
        (bucket, msgspec.json.encode(given).decode()),
    )
    tags = [*given, *(row[0] for row in rows)]
    words = f"remove {bucket}: {', '.join(given)}"
    change: _Change = lambda _, old: core.tags_changed(old, bucket, remove=tags)  # noqa: E731
    return await _write(lib, assets, change, "remove", words, who)


async def set_bucket(
    lib: Library, assets: Iterable[int], bucket: str, names: Iterable[str], who: str = ""
) -> int:
    """Let a bucket of assets hold exactly these tags, whatever a model says."""
    tags = await as_tags(lib, bucket, names)
    words = f"set {bucket}: {', '.join(tags)}"
    change: _Change = lambda _, old: core.bucket_set(old, bucket, tags)  # noqa: E731
    return await _write(lib, assets, change, "set", words, who)


async def set_summary(
    lib: Library, assets: Iterable[int], summary: str | None, who: str = ""
) -> int:
    """Give assets this summary; `None`: the model's stands again."""
    text = None if summary is None else clean_text(storable(summary), MAX_SUMMARY)
    words = "summary as the model said it" if text is None else f"summary: {text[:80]}"
    change: _Change = lambda _, old: core.summary_set(old, text)  # noqa: E731
    return await _write(lib, assets, change, "summary", words, who)


async def reset(lib: Library, assets: Iterable[int], who: str = "") -> int:
    """Take away all corrections of assets (this too can be undone)."""
    return await _write(lib, assets, lambda *_: Overlay(), "reset", "corrections gone", who)


async def put(
    lib: Library, edits: Sequence[tuple[int, Overlay]], verb: str, words: str, who: str = ""
) -> int:
    """Put corrections in the place of what assets had; returns how many that changed."""
    by_asset = dict(edits)
    return await _write(lib, by_asset, lambda asset, _: by_asset[asset], verb, words, who)


async def as_tags(lib: Library, bucket: str, names: Iterable[str]) -> list[str]:
    """Return what a person typed as tags of a bucket: cleaned, in its case.

    Raises:
        UsageError: there is no such bucket, or a tag without a letter.
    """
    known = await known_buckets(lib)
    if bucket not in known:
        words = f"There is no bucket {plain(bucket, 40)!r}; there are: {', '.join(known)}."
        raise UsageError(words)
    cased = await lib.row(_CASED, (bucket,))
    tags = []
    for name in names:
        tag = clean_text(storable(name), MAX_TAG)
        if not any(char.isalnum() for char in tag):
            raise UsageError(f"{plain(name, 40)!r} is no tag: it needs a letter or a digit.")
        tags.append(tag if cased else tag.lower())
    return list(dict.fromkeys(tags))


async def overlays(lib: Library, assets: Iterable[int]) -> dict[int, Overlay]:
    """Return the corrections of assets; those without any are left out."""
    rows = await lib.rows(
        "SELECT asset, overlay FROM edit WHERE asset IN (SELECT value FROM json_each(?))",
        (_array(assets),),
    )
    return {row[0]: overlay_from(row[1]) for row in rows}


async def undo(lib: Library, number: int | None = None) -> tuple[Change, int]:
    """Take a change of corrections back: the newest that holds, or one by its id.

    Returns:
        The change, and how many assets are as before it.

    Raises:
        UsageError: there is none, or a later one changed the same assets.
    """
    async with lib.transaction() as db:
        change = await changes.to_undo(db, KIND, number)
        now, kept = lib.clock.now(), await changes.items(db, change.id)
        await _store(db, [(int(item), before) for item, before, _ in kept], now, "undo")
        await changes.undone(db, change.id, now)
    return change, len(kept)


async def _write(  # noqa: PLR0917 (one inner way for all verbs)
    lib: Library, assets: Iterable[int], change: _Change, verb: str, words: str, who: str
) -> int:
    """Change corrections, note what was there, and index the results anew: all or nothing."""
    async with lib.transaction() as db:
        moved = []
        for asset, before in await db.execute_fetchall(_READ, (_array(assets),)):
            after = overlay_text(change(asset, overlay_from(before)))
            if after != before:
                moved.append((asset, before, after))
        if moved:
            now = lib.clock.now()
            listed = [(str(asset), before, after) for asset, before, after in moved]
            await changes.note(db, now, KIND, verb, words, listed)
            await _store(db, [(asset, after) for asset, _, after in moved], now, who)
    return len(moved)


async def _store(
    db: aiosqlite.Connection, moved: list[tuple[int, str | None]], now: float, who: str
) -> None:
    for at in range(0, len(moved), _CHUNK):
        part = moved[at : at + _CHUNK]
        await db.executemany(_WRITE, [(a, text, now, who) for a, text in part if text])
        await db.executemany(
            "DELETE FROM edit WHERE asset = ?", [(a,) for a, text in part if not text]
        )
        await indexer.anew(db, [asset for asset, _ in part])


def _array(numbers: Iterable[int]) -> str:
    return "[" + ",".join(str(int(number)) for number in numbers) + "]"
