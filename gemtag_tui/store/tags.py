"""Tags of the whole library: listed, renamed and merged everywhere, and made into a vocabulary.

A rename is a rule: results stay as the model said them, and are shown, found and exported under the
new name, those that come later too. So it takes no longer for a million results than for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core import search_keys
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.store import changes, edits, facets
from gemtag_tui.store.changes import Change
from gemtag_tui.store.search_plan import known_buckets

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

KIND = "tags"
Key = tuple[str, str]

_COUNT = "SELECT coalesce(sum(assets), 0) FROM tag WHERE bucket = ? AND name = ? AND track = ?"
_MATCHING = "SELECT count(*) FROM search WHERE search MATCH ?"
_SET_DOUBLE = """
    INSERT INTO tag_double VALUES (?, ?, ?, ?)
    ON CONFLICT (track, bucket, target) DO UPDATE SET assets = excluded.assets
"""


@dataclass(frozen=True, slots=True)
class Renaming:
    """What a rename or merge does in one bucket.

    Attributes:
        names: that are shown as `target` from now on.
        results: results that have any of them.
        merged: the target is there already: `results` join its own.
    """

    bucket: str
    names: tuple[str, ...]
    target: str
    results: int
    merged: bool


async def preview(lib: Library, names: Sequence[str], target: str) -> list[Renaming]:
    """Return what renaming would do; changes nothing.

    Args:
        lib: the library.
        names: each `bucket:name`, or a name alone for all buckets that have it.
        target: the new name (without a bucket).

    Raises:
        UsageError: no tag is called so, or the target cannot be one.
    """
    found: dict[str, list[str]] = {}
    buckets = await known_buckets(lib)
    for given in names:
        bucket, _, name = given.partition(":")
        wanted = [bucket] if name and bucket in buckets else buckets
        name = name.strip() if name and bucket in buckets else given.strip()
        holders = [one for one in wanted if await _known(lib, one, name)]
        if not holders:
            raise UsageError(f"No tag is called {plain(given, 60)!r}: see `gemtag tags list`.")
        for one in holders:
            found.setdefault(one, []).append(name)
    made = [await _renaming(lib, bucket, own, target) for bucket, own in sorted(found.items())]
    made = [one for one in made if one.names]
    if not made:
        raise UsageError("These are all called so already; nothing would change.")
    return made


async def _known(lib: Library, bucket: str, name: str) -> bool:
    row = await lib.row(
        "SELECT EXISTS (SELECT 1 FROM tag WHERE bucket = ?1 AND name = ?2 AND assets > 0 "
        "AND track IN (SELECT id FROM track)) "
        "OR EXISTS (SELECT 1 FROM tag_rule WHERE bucket = ?1 AND ?2 IN (name, target))",
        (bucket, name),
    )
    return bool(row and row[0])


async def _renaming(lib: Library, bucket: str, names: list[str], target: str) -> Renaming:
    (tag,) = await edits.as_tags(lib, bucket, [target])
    rows = await lib.rows(
        "SELECT name FROM tag_rule WHERE bucket = ? AND target = ?", (bucket, tag)
    )
    there = {tag, *(row[0] for row in rows)}
    moved = tuple(name for name in dict.fromkeys(names) if name not in there)
    keys = [key for name in moved for key in await _keys(lib, bucket, name)]
    row = await lib.row(_MATCHING, (_any(keys),)) if keys else None
    merged = await _known(lib, bucket, tag)
    return Renaming(bucket, moved, tag, int(row[0]) if row else 0, merged)


async def _keys(lib: Library, bucket: str, name: str) -> list[str]:
    rows = await lib.rows(
        "SELECT name FROM tag_rule WHERE bucket = ? AND target = ?", (bucket, name)
    )
    stored = [name, *(row[0] for row in rows)]
    return [key for one in stored if (key := search_keys.bucket_key(bucket, one))]


def _any(keys: Iterable[str]) -> str:
    return " OR ".join(f'"{key}"' for key in keys)


async def rename(lib: Library, names: Sequence[str], target: str) -> list[Renaming]:
    """Show tags under another name everywhere; into a tag that is there already: merge them.

    Returns:
        What was done, as `preview` said it.

    Raises:
        UsageError: no tag is called so, or the target cannot be one.
    """
    made = await preview(lib, names, target)
    shown = ", ".join(f"{one.bucket}:{name}" for one in made for name in one.names)
    async with lib.transaction() as db:
        before = await _rules(db, [one.bucket for one in made])
        after = dict(before)
        for one in made:
            _direct(after, one)
        verb = "merge" if any(one.merged for one in made) else "rename"
        words = f"{verb} {shown} → {made[0].target}"
        await _put(lib, db, verb, words, before, after)
    return made


def _direct(rules: dict[Key, str], new: Renaming) -> None:
    """Point names, and all that pointed to them, to the target; the target points nowhere."""
    for key, old in list(rules.items()):
        if key[0] == new.bucket and old in new.names:
            rules[key] = new.target
    rules.update({(new.bucket, name): new.target for name in new.names})
    rules.pop((new.bucket, new.target), None)


async def _rules(db: aiosqlite.Connection, buckets: Sequence[str]) -> dict[Key, str]:
    rows = await db.execute_fetchall(
        "SELECT bucket, name, target FROM tag_rule "
        "WHERE bucket IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(buckets)).decode(),),
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def _put(  # noqa: PLR0917 (one transaction's parts)
    lib: Library,
    db: aiosqlite.Connection,
    verb: str,
    words: str,
    before: dict[Key, str],
    after: dict[Key, str],
) -> None:
    moved = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    listed = [
        (msgspec.json.encode(key).decode(), before.get(key), after.get(key))
        for key in sorted(moved)
    ]
    await changes.note(db, lib.clock.now(), KIND, verb, words, listed)
    await _store(db, {key: after.get(key) for key in moved})


async def _store(db: aiosqlite.Connection, rules: dict[Key, str | None]) -> None:
    targets: set[Key] = set()
    for (bucket, name), target in rules.items():
        old = await db.execute_fetchall(
            "SELECT target FROM tag_rule WHERE bucket = ? AND name = ?", (bucket, name)
        )
        targets |= {(bucket, row[0]) for row in old}
        if target is None:
            await db.execute("DELETE FROM tag_rule WHERE bucket = ? AND name = ?", (bucket, name))
        else:
            targets.add((bucket, target))
            row = (bucket, name, target)
            await db.execute("INSERT OR REPLACE INTO tag_rule VALUES (?, ?, ?)", row)
    for bucket, target in sorted(targets):
        await _recount(db, bucket, target)


async def _recount(db: aiosqlite.Connection, bucket: str, target: str) -> None:
    """Count the results that have more than one of the tags shown by one name."""
    rows = await db.execute_fetchall(
        "SELECT name FROM tag_rule WHERE bucket = ? AND target = ?", (bucket, target)
    )
    names = [target, *(row[0] for row in rows)]
    keys = [key for name in names if (key := search_keys.bucket_key(bucket, name))]
    for (track,) in await db.execute_fetchall("SELECT id FROM track"):
        doubles = 0
        if len(keys) > 1:
            sums = 0
            for name in names:
                ((number,),) = await db.execute_fetchall(_COUNT, (bucket, name, track))
                sums += number
            match = f'({_any(dict.fromkeys(keys))}) AND "{search_keys.track_key(track)}"'
            ((together,),) = await db.execute_fetchall(_MATCHING, (match,))
            doubles = max(0, sums - together)
        await db.execute(_SET_DOUBLE, (track, bucket, target, doubles))


async def undo(lib: Library, number: int | None = None) -> tuple[Change, int]:
    """Take a rename or merge back: the newest that holds, or one by its id.

    Returns:
        The change, and how many names are as before it.

    Raises:
        UsageError: there is none, or a later one changed the same names.
    """
    async with lib.transaction() as db:
        change = await changes.to_undo(db, KIND, number)
        kept = await changes.items(db, change.id)
        rules = {_key(item): before for item, before, _ in kept}
        await _store(db, rules)
        await changes.undone(db, change.id, lib.clock.now())
    return change, len(kept)


def _key(item: str) -> Key:
    bucket, name = msgspec.json.decode(item)
    return bucket, name


async def synonyms(lib: Library) -> list[tuple[str, str, list[str]]]:
    """Return bucket, name as shown, and the names shown as it, in that order."""
    rows = await lib.rows(
        "SELECT bucket, target, json_group_array(name) FROM tag_rule "
        "GROUP BY bucket, target ORDER BY bucket, target"
    )
    return [(row[0], row[1], sorted(msgspec.json.decode(row[2]))) for row in rows]


async def vocabulary(
    lib: Library, bucket: str, *, track: Track | None = None, least: int = 2, most: int = 500
) -> list[facets.Value]:
    """Return the tags that a bucket's vocabulary could be made of, the most used first.

    Args:
        lib: the library.
        bucket: its name.
        track: of this track's results; `None`: of all.
        least: results that a tag must have.
        most: tags.
    """
    found: dict[str, Any] = {one.bucket: one for one in await facets.whole(lib, track, most=most)}
    kept = found.get(bucket)
    return [] if kept is None else [one for one in kept.values if one.count >= least]
