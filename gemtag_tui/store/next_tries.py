"""What pictures' next tries are made with: chosen, taken back, used up. All inside transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemtag_tui.core.failures import LOCAL_KINDS, Standing
from gemtag_tui.core.next_try import MOST_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import aiosqlite

    from gemtag_tui.core.next_try import Wish
    from gemtag_tui.store.rows import NewFailure, NewResult
    from gemtag_tui.store.tracks import Track

_ANY = "SELECT EXISTS (SELECT 1 FROM next_try)"
_OWN = "t.provider = b.provider AND t.model = b.model AND t.profile = b.profile"
_SAME = "x.asset = b.asset AND x.provider = b.provider AND x.model = b.model"
HAD = f"""coalesce((
    SELECT max(CAST(substr(x.setting, 8) AS INTEGER)) FROM refusal x
    WHERE {_SAME} AND x.profile = b.profile AND x.setting GLOB 'output=*'), 0)"""
"""The most room that a failure `b` was refused with."""
REFUSED = f"""EXISTS (
    SELECT 1 FROM refusal x
    WHERE {_SAME} AND x.profile = b.profile AND x.setting = ?)"""
"""That a failure `b` was refused with a setting."""
_CHANGED = "(SELECT CAST(item AS INTEGER) FROM change_item WHERE change = ?)"
_AMONG = "(SELECT value FROM json_each(?))"
_PLACES = f"SELECT t.id, b.asset FROM failure b CROSS JOIN track t ON {_OWN} WHERE b.id IN "
_REMEMBER = f"""
    UPDATE change_item SET before = json_insert(before, '$[4]', (
        SELECT n.setting FROM failure b CROSS JOIN track t ON {_OWN}
        CROSS JOIN next_try n ON n.track = t.id AND n.asset = b.asset
        WHERE b.id = CAST(change_item.item AS INTEGER)))
    WHERE change = ?1 AND CAST(item AS INTEGER) IN (
        SELECT b.id FROM next_try n CROSS JOIN track t ON t.id = n.track
        CROSS JOIN failure b ON b.asset = n.asset AND {_OWN})
"""
_CLEAR = "DELETE FROM next_try WHERE (track, asset) IN "
_PUT = f"""
    INSERT INTO next_try (track, asset, setting)
    SELECT t.id, b.asset, {{setting}} FROM failure b CROSS JOIN track t ON {_OWN}
    CROSS JOIN work w ON w.track = t.id AND w.asset = b.asset
    WHERE w.state = 0 AND b.id IN {_CHANGED}
    ON CONFLICT (track, asset) DO UPDATE SET setting = excluded.setting, job = NULL
"""
_PUT_BACK = f"""
    INSERT INTO next_try (track, asset, setting)
    SELECT t.id, b.asset, i.before ->> 4 FROM change_item i
    CROSS JOIN failure b ON b.id = CAST(i.item AS INTEGER) CROSS JOIN track t ON {_OWN}
    WHERE i.change = ? AND i.before ->> 4 IS NOT NULL AND b.id IN {_AMONG}
    ON CONFLICT (track, asset) DO UPDATE SET setting = excluded.setting, job = NULL
"""
_MADE = """
    UPDATE asset_ai SET made_with = ? WHERE asset = ? AND provider = ? AND model = ?
    AND profile = ? AND tagged_at = ? AND job IS NULL
"""
_SPENT = "DELETE FROM next_try WHERE track = ? AND asset = ?"
_REFUSAL = "INSERT OR REPLACE INTO refusal VALUES (?, ?, ?, ?, ?, ?, ?)"
_IN_JOB = "SELECT EXISTS (SELECT 1 FROM next_try WHERE job = ?)"
_JOB = f"UPDATE next_try SET job = ? WHERE track = ? AND asset IN {_AMONG}"
_LANDED = """
    UPDATE asset_ai SET made_with = n.setting FROM next_try n CROSS JOIN track t ON t.id = n.track
    WHERE n.job = ?1 AND asset_ai.asset = n.asset AND asset_ai.provider = t.provider
    AND asset_ai.model = t.model AND asset_ai.profile = t.profile AND asset_ai.job = ?1
"""
_FAILED = """
    UPDATE failure SET made_with = n.setting FROM next_try n CROSS JOIN track t ON t.id = n.track
    WHERE n.job = ?1 AND failure.asset = n.asset AND failure.provider = t.provider
    AND failure.model = t.model AND failure.profile = t.profile
    AND failure.job = ?1 AND failure.standing = 'known_bad'
"""
_REFUSED_IN = """
    INSERT OR REPLACE INTO refusal
    SELECT b.asset, b.provider, b.model, b.profile, n.setting, b.kind, b.last_seen
    FROM next_try n CROSS JOIN track t ON t.id = n.track CROSS JOIN failure b ON b.asset = n.asset
        AND b.provider = t.provider AND b.model = t.model AND b.profile = t.profile
    WHERE n.job = ?1 AND b.job = ?1 AND b.standing = 'known_bad' AND b.made_with = n.setting
"""
_DONE_IN = """
    DELETE FROM next_try WHERE job = ?1 AND (
        EXISTS (SELECT 1 FROM work w WHERE w.track = next_try.track AND w.asset = next_try.asset
            AND w.state = 3)
        OR EXISTS (SELECT 1 FROM failure b CROSS JOIN track t ON t.id = next_try.track
            WHERE b.asset = next_try.asset AND b.provider = t.provider AND b.model = t.model
            AND b.profile = t.profile AND b.job = ?1 AND b.standing = 'known_bad'))
"""
"""After the job's own rows are written, those of its pictures that it has settled."""


def condition(track: Track, wish: Wish) -> tuple[str, list[Any]]:
    """Return that a failure `b` is a track's, and not refused with what is wished; and values."""
    where = "b.provider = ? AND b.model = ? AND b.profile = ?"
    values: list[Any] = [track.provider, track.model, track.profile]
    if wish.fixed is None:
        return f"{where} AND {HAD} < {MOST_OUTPUT}", values
    return f"{where} AND NOT {REFUSED}", [*values, str(wish.fixed)]


def _setting(wish: Wish) -> tuple[str, list[Any]]:
    if wish.fixed is not None:
        return "?", [str(wish.fixed)]
    room = f"min({MOST_OUTPUT}, max(?, 2 * {HAD}))"
    return f"'output=' || {room}", [wish.more]


async def forget(db: aiosqlite.Connection, change: int) -> None:
    """Let the failures of a change be tried as they were; what was chosen is noted with it."""
    ((some,),) = await db.execute_fetchall(_ANY)
    if some:
        await db.execute(_REMEMBER, (change,))
        await db.execute(f"{_CLEAR}({_PLACES}{_CHANGED})", (change,))


async def put(db: aiosqlite.Connection, change: int, wish: Wish) -> None:
    """Choose what the failures of a change are tried with next, where they wait for a try."""
    setting, values = _setting(wish)
    await db.execute(_PUT.format(setting=setting), (*values, change))


async def put_back(db: aiosqlite.Connection, change: int, listed: str) -> None:
    """Choose what was chosen before a change for some of its failures (a JSON list of ids)."""
    await db.execute(f"{_CLEAR}({_PLACES}{_AMONG})", (listed,))
    await db.execute(_PUT_BACK, (change, listed))


async def made(db: aiosqlite.Connection, results: Sequence[NewResult]) -> None:
    """Note what results were made with; their settings are used up."""
    for new in results:
        track = new.track
        owner = (new.asset, track.provider, track.model, track.profile)
        await db.execute(_MADE, (new.made_with, *owner, new.tagged_at))
        await db.execute(_SPENT, (track.id, new.asset))


async def failed(db: aiosqlite.Connection, failures: Iterable[NewFailure]) -> None:
    """Remember what was refused with a setting; one that came to no answer is tried so again."""
    for new in failures:
        if new.standing is Standing.OPEN or new.job is not None:
            continue
        track = new.track
        if new.made_with and new.kind not in LOCAL_KINDS:
            owner = (new.asset, track.provider, track.model, track.profile)
            await db.execute(_REFUSAL, (*owner, new.made_with, new.kind.value, new.at))
        await db.execute(_SPENT, (track.id, new.asset))


async def into_job(db: aiosqlite.Connection, job: int, track: int, assets: Sequence[int]) -> None:
    """Note that a batch job tries some assets with what was chosen for them."""
    listed = "[" + ",".join(str(int(asset)) for asset in assets) + "]"
    await db.execute(_JOB, (job, track, listed))


async def landed(db: aiosqlite.Connection, job: int) -> None:
    """Note what came of a job's tries, once its rows are written."""
    ((some,),) = await db.execute_fetchall(_IN_JOB, (job,))
    if some:
        for sql in (_LANDED, _FAILED, _REFUSED_IN, _DONE_IN):
            await db.execute(sql, (job,))
