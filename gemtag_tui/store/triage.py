"""What a person decides about failures: try again, leave alone, open again, and take that back.

Every decision is one transaction, and noted in the journal with what was there before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.text import storable
from gemtag_tui.store import changes, next_tries, rejudged
from gemtag_tui.store.bulk import counted_once
from gemtag_tui.store.changes import Change

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.core.next_try import Wish
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

KIND = "failures"


@dataclass(frozen=True, slots=True)
class Selection:
    """Failures by what they have in common; what is left out does not narrow. Empty: all.

    Attributes:
        ids: these alone.
        kind: of this kind.
        head: whose message begins so (see `FailureGroup.head`).
        track: of this track, or found without asking a model.
        standing: that stand so, among those that can be moved.
        job: that a batch job's lines came to.
        text: with these words in their message or their file's name.
        but: not these.
    """

    ids: tuple[int, ...] = ()
    kind: FailureKind | None = None
    head: str | None = None
    track: Track | None = None
    standing: Standing | None = None
    job: int | None = None
    text: str = ""
    but: tuple[int, ...] = ()


Chosen = Selection | Sequence[Selection]
"""Failures by one selection, or those of several together."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an action on failures would reach.

    Attributes:
        count: failures.
        local: of these, found without asking a model: another try is another look by a scan.
        raw: of these, with a stored answer.
        spent_usd: spent on them so far.
    """

    count: int
    local: int
    raw: int
    spent_usd: float


_REACH = {
    "retry": (Standing.OPEN, Standing.KNOWN_BAD),
    "ignore": (Standing.OPEN, Standing.KNOWN_BAD),
    "reopen": (Standing.IGNORED, Standing.KNOWN_BAD),
    "rejudge": (Standing.OPEN, Standing.KNOWN_BAD),
}


def selected(selection: Chosen, verb: str) -> tuple[str, list[Any]]:
    """Return the condition on a failure `b` that a verb reaches it, and its values."""
    return _where(selection, _REACH[verb])


async def preview(lib: Library, selection: Chosen, verb: str) -> Preview:
    """Return what `retry`, `ignore`, `reopen` or `rejudge` would reach; changes nothing."""
    where, values = _where(selection, _REACH[verb])
    row = await lib.row(
        "SELECT count(*), coalesce(sum(b.provider = ''), 0), coalesce(sum(b.raw IS NOT NULL), 0), "
        f"coalesce(sum(b.cost_usd), 0.0) FROM failure b WHERE {where}",
        values,
    )
    return Preview(*row) if row else Preview(0, 0, 0, 0.0)


async def retry(lib: Library, selection: Chosen) -> int:
    """Have open and known-bad failures tried again by the next run; returns how many.

    Those found without asking a model stay as they are until the next scan, which looks at the
    content of their files again (see `awaiting_scan`).

    Raises:
        LibraryError: when the library cannot be written.
    """
    return await _move(lib, selection, "retry", Standing.OPEN)


async def reopen(lib: Library, selection: Chosen) -> int:
    """Take back that failures are known bad or ignored; otherwise as `retry`."""
    return await _move(lib, selection, "reopen", Standing.OPEN)


async def ignore(lib: Library, selection: Chosen) -> int:
    """Leave assets alone whose failure is open or known bad; returns how many."""
    return await _move(lib, selection, "ignore", Standing.IGNORED)


async def awaiting_scan(lib: Library) -> int:
    """Return how many files the next scan looks at again because a person said so."""
    row = await lib.row("SELECT count(*) FROM file WHERE size = -1")
    return 0 if row is None else int(row[0])


def _where(chosen: Chosen, standings: tuple[Standing, ...]) -> tuple[str, list[Any]]:
    """The condition that a failure `b` stands so and is in one of the selections."""
    names = ", ".join(f"'{standing.value}'" for standing in standings)
    found = [_one(each) for each in ([chosen] if isinstance(chosen, Selection) else chosen)]
    among = " OR ".join(f"({where})" for where, _ in found) or "0"
    values = [value for _, own in found for value in own]
    return f"b.live = 1 AND b.standing IN ({names}) AND ({among})", values


def _one(selection: Selection) -> tuple[str, list[Any]]:
    parts: list[tuple[str, list[Any]]] = []
    if selection.ids:
        parts.append(("b.id IN (SELECT value FROM json_each(?))", [_listed(selection.ids)]))
    if selection.but:
        parts.append(("b.id NOT IN (SELECT value FROM json_each(?))", [_listed(selection.but)]))
    same = (("kind", selection.kind), ("standing", selection.standing))
    parts += [(f"b.{name} = ?", [value.value]) for name, value in same if value is not None]
    if selection.job is not None:
        parts.append(("b.job = ?", [selection.job]))
    if selection.head is not None:
        parts.append(("b.head = ?", [selection.head]))
    if selection.track is not None:
        own = selection.track
        words = "(b.provider = ? AND b.model = ? AND b.profile = ? OR b.provider = '')"
        parts.append((words, [own.provider, own.model, own.profile]))
    if selection.text:
        parts.append((SAYS, [like(selection.text)] * 2))
    where = " AND ".join(part for part, _ in parts) or "1"
    return where, [value for _, values in parts for value in values]


def _listed(ids: Sequence[int]) -> str:
    return "[" + ",".join(str(int(number)) for number in ids) + "]"


SAYS = """(b.message LIKE ? ESCAPE '\\' OR EXISTS (
    SELECT 1 FROM asset a CROSS JOIN file f ON f.id = a.file
    WHERE a.id = b.asset AND CAST(f.name AS TEXT) LIKE ? ESCAPE '\\'))"""
"""That a failure `b` has words in its message or its file's name."""


def like(text: str) -> str:
    """Return what `SAYS` takes, twice, for some words."""
    sign = storable(text).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{sign}%"


async def assets(lib: Library, selection: Chosen) -> list[int]:
    """Return the assets of failures, ignored ones too, that a model was asked about."""
    where, values = _where(selection, (Standing.OPEN, Standing.KNOWN_BAD, Standing.IGNORED))
    rows = await lib.rows(
        f"SELECT DISTINCT b.asset FROM failure b WHERE {where} AND b.provider <> '' ORDER BY 1",
        values,
    )
    return [int(row[0]) for row in rows]


_NOTE = """
    INSERT INTO change_item
    SELECT ?, b.id, json_array(b.standing, b.next_retry, b.attempts, b.cost_usd),
        json_array(iif(b.provider = '', ?, ?), iif(b.provider = '', b.next_retry, ?),
            b.attempts, b.cost_usd)
    FROM failure b WHERE {where}
"""
_MOVED = "(SELECT CAST(item AS INTEGER) FROM change_item WHERE change = ?)"
_WORK = f"""
    UPDATE work SET state = ?, due = NULL WHERE +state IN (0, 1, 4, 5) AND (track, asset) IN (
        SELECT t.id, b.asset FROM failure b CROSS JOIN track t
        ON t.provider = b.provider AND t.model = b.model AND t.profile = b.profile
        CROSS JOIN asset a ON a.id = b.asset
        WHERE a.bad = 0 AND b.provider <> '' AND b.id IN {_MOVED})
"""
_FAILURES = f"""
    UPDATE failure SET standing = iif(provider = '', ?, ?),
        next_retry = iif(provider = '', next_retry, ?) WHERE id IN {_MOVED}
"""
_LOOK_AGAIN = f"""
    UPDATE file SET size = -1 WHERE missing_at IS NULL AND asset IN (
        SELECT asset FROM failure WHERE provider = '' AND id IN {_MOVED})
"""
_SETTLE = f"""
    UPDATE work SET (state, due) = (
        SELECT p.state, p.due FROM place p WHERE p.track = work.track AND p.asset = work.asset)
    WHERE track IN (SELECT id FROM track)
    AND asset IN (SELECT asset FROM failure WHERE id IN {_MOVED} {{which}})
"""
_LOCAL = "SELECT EXISTS (SELECT 1 FROM asset WHERE bad = 1)"
"""Whether there can be failures that were found without asking a model."""
_UNSPENT = """
    SELECT b.id FROM change_item i CROSS JOIN failure b ON b.id = CAST(i.item AS INTEGER)
    WHERE i.change = ? AND i.after = json_array(b.standing, b.next_retry, b.attempts, b.cost_usd)
    AND b.live = 1 AND NOT EXISTS (
        SELECT 1 FROM batch_item h JOIN track t ON t.id = h.track WHERE h.asset = b.asset
        AND h.state = 0 AND t.provider = b.provider AND t.model = b.model AND t.profile = b.profile)
"""
_BACK = """
    UPDATE failure SET (standing, next_retry) = (
        SELECT i.before ->> 0, CAST(i.before ->> 1 AS REAL) FROM change_item i
        WHERE i.change = ? AND i.item = CAST(failure.id AS TEXT))
    WHERE id IN (SELECT value FROM json_each(?))
"""


async def _move(lib: Library, selection: Chosen, verb: str, to: Standing) -> int:
    where, values = _where(selection, _REACH[verb])
    async with lib.transaction() as db:
        return await moved(db, where, values, verb, to, lib.clock.now())


async def moved(  # noqa: PLR0917 (one transaction's parts)
    db: aiosqlite.Connection,
    where: str,
    values: list[Any],
    verb: str,
    to: Standing,
    now: float,
    *,
    wish: Wish | None = None,
    words: str = "",
) -> int:
    """Note the failures, then move their assets' places, then the failures themselves.

    Args:
        db: inside a transaction.
        where: a condition on a failure `b`; `values` are its values.
        verb: what is decided.
        to: how they will stand.
        now: Unix seconds.
        wish: what their next tries are made with; `None`: as the profile says.
        words: for people; the verb when empty.
    """
    again = to is Standing.OPEN
    local = Standing.KNOWN_BAD if again else to
    due = now if again else None
    change = await changes.begin(db, now, KIND, verb, verb)
    note = _NOTE.format(where=where)
    done = await db.execute(note, [change, local.value, to.value, due, *values])
    if done.rowcount <= 0:
        await changes.end(db, change)
        return 0
    await next_tries.forget(db, change)
    async with counted_once(db, done.rowcount):
        await db.execute(_WORK, (0 if again else 5, change))
    if wish is not None:
        await next_tries.put(db, change, wish)
    await db.execute(_FAILURES, (local.value, to.value, due, change))
    ((found_here,),) = await db.execute_fetchall(_LOCAL)
    if found_here:
        if again:
            await db.execute(_LOOK_AGAIN, (change,))
        await db.execute(_SETTLE.format(which="AND provider = ''"), (change,))
    await changes.end(db, change)
    told = f"{words}, {done.rowcount:,}" if words else f"{verb} {done.rowcount:,}"
    await db.execute("UPDATE change SET words = ? WHERE id = ?", (told, change))
    return int(done.rowcount)


async def undo(lib: Library, number: int | None = None) -> tuple[Change, int, int]:
    """Take a decision about failures back: the newest that holds, or one by its id.

    Failures that were tried again since, or are in a batch job now, stay as they are.

    Returns:
        The change, how many failures are as before it, and how many could not be.

    Raises:
        UsageError: there is none, or a later one changed the same failures.
    """
    async with lib.transaction() as db:
        change = await changes.to_undo(db, KIND, number)
        if change.verb == rejudged.VERB:
            held = await rejudged.take_back(db, change.id)
            await changes.undone(db, change.id, lib.clock.now())
            return change, held, change.items - held
        rows: Any = await db.execute_fetchall(_UNSPENT, (change.id,))
        ids = "[" + ",".join(str(row[0]) for row in rows) + "]"
        await db.execute(_BACK, (change.id, ids))
        await next_tries.put_back(db, change.id, ids)
        settle = _SETTLE.format(which="AND id IN (SELECT value FROM json_each(?))")
        async with counted_once(db, len(rows)):
            await db.execute(settle, (change.id, ids))
        await changes.undone(db, change.id, lib.clock.now())
    back = ids.count(",") + 1 if ids != "[]" else 0
    return change, back, change.items - back
