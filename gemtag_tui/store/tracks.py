"""Tracks: a provider, a model and a profile, which results are kept apart by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemtag_tui.core.text import storable

if TYPE_CHECKING:
    import aiosqlite

    from gemtag_tui.store.library import Library

_CHUNK = 20_000
_COLUMNS = "t.id, t.provider, t.model, t.profile, p.name"
_FROM = "FROM track t JOIN profile p ON p.id = t.profile"


@dataclass(frozen=True, slots=True)
class Track:
    """One track. `profile` is the profile's id, `profile_name` what people call it."""

    id: int
    provider: str
    model: str
    profile: str
    profile_name: str = ""


async def ensure_track(  # noqa: PLR0917 (the parts of one key)
    lib: Library,
    provider: str,
    model: str,
    profile_id: str,
    profile_name: str,
    profile_body: str,
) -> Track:
    """Return the track, and give every asset its place in it where it has none yet.

    A new track over a large library takes seconds; it is filled in chunks, and filling goes on
    where it was cut off.

    Args:
        lib: the library.
        provider: `google` or `simulator`.
        model: the model's name.
        profile_id: the profile's id, by content.
        profile_name: what people call it; the newest name is kept.
        profile_body: the complete profile as JSON.

    Raises:
        LibraryError: when the library cannot be written.
    """
    async with lib.transaction() as db:
        await db.execute(
            "INSERT INTO profile VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            (profile_id, storable(profile_name), storable(profile_body), lib.clock.now()),
        )
        await db.execute(
            "INSERT INTO track (provider, model, profile) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (provider, model, profile_id),
        )
    track = await find_track(lib, provider, model, profile_id)
    assert track is not None  # noqa: S101 (written just above; tracks are never deleted)
    while await _fill(lib, track.id):
        pass
    return track


async def _fill(lib: Library, track: int) -> bool:
    """Give the next assets their place; `False` when all have one."""
    row = await lib.row("SELECT filled FROM track WHERE id = ?", (track,))
    if row is None or row[0] is None:
        return False
    async with lib.transaction() as db:
        return await _fill_chunk(db, track)


async def _fill_chunk(db: aiosqlite.Connection, track: int) -> bool:
    ((after,),) = await db.execute_fetchall("SELECT filled FROM track WHERE id = ?", (track,))
    ((last,),) = await db.execute_fetchall(
        "SELECT max(id) FROM (SELECT id FROM asset WHERE id > ? ORDER BY id LIMIT ?)",
        (after, _CHUNK),
    )
    if last is not None:
        await db.execute(
            "INSERT INTO work (track, asset, state, due) "
            "SELECT p.track, p.asset, p.state, p.due FROM asset a CROSS JOIN place p "
            "ON p.asset = a.id AND p.track = ? "
            "WHERE a.id > ? AND a.id <= ? AND a.files > 0 ON CONFLICT DO NOTHING",
            (track, after, last),
        )
    await db.execute("UPDATE track SET filled = ? WHERE id = ?", (last, track))
    return last is not None


async def find_track(lib: Library, provider: str, model: str, profile_id: str) -> Track | None:
    """Return a track that is there already."""
    row = await lib.row(
        f"SELECT {_COLUMNS} {_FROM} WHERE t.provider = ? AND t.model = ? AND t.profile = ?",
        (provider, model, profile_id),
    )
    return _track(row)


async def track_by_id(lib: Library, track_id: int) -> Track | None:
    """Return a track by its id."""
    return _track(await lib.row(f"SELECT {_COLUMNS} {_FROM} WHERE t.id = ?", (track_id,)))


async def list_tracks(lib: Library) -> list[Track]:
    """Return all tracks, oldest first."""
    return [Track(*row) for row in await lib.rows(f"SELECT {_COLUMNS} {_FROM} ORDER BY t.id")]


LATEST = f"""
    SELECT {_COLUMNS} {_FROM}
    ORDER BY coalesce((SELECT max(r.id) FROM run r WHERE r.track = t.id), 0) DESC, t.id DESC LIMIT 1
"""
"""The track of the last run, else the newest; there are a handful of tracks."""


async def latest_track(lib: Library) -> Track | None:
    """Return the track of the last run, else the newest one."""
    return _track(await lib.row(LATEST))


async def named_track(lib: Library, model: str = "", profile: str = "") -> Track | None:
    """Return the track of the last run among those of a model and a profile, "" for any.

    Args:
        lib: the library.
        model: its name.
        profile: its name or its id.
    """
    where = "t.model = coalesce(nullif(?1, ''), t.model) AND (?2 IN ('', t.profile, p.name))"
    sql = LATEST.replace("ORDER", f"WHERE {where} ORDER", 1)
    return _track(await lib.row(sql, (model, profile)))


async def profile_body(lib: Library, profile_id: str) -> str | None:
    """Return a stored profile as JSON, complete enough to send the same requests again."""
    row = await lib.row("SELECT body FROM profile WHERE id = ?", (profile_id,))
    return None if row is None else str(row[0])


def _track(row: Any | None) -> Track | None:
    return None if row is None else Track(*row)
