"""A look at a library without asyncio, for `gemtag status`: in and out in milliseconds."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gemtag_tui.core.batch_words import Holder
from gemtag_tui.core.errors import LibraryError, LibraryOlderError
from gemtag_tui.core.snapshot import Counts, RunSnapshot
from gemtag_tui.core.text import plain
from gemtag_tui.store import live, runs
from gemtag_tui.store.batch_holders import QUARANTINED, holders_from
from gemtag_tui.store.lock import is_held_by_someone
from gemtag_tui.store.runs import RunRow
from gemtag_tui.store.schema import APPLICATION_ID, refuse_newer, shipped
from gemtag_tui.store.tracks import LATEST, Track
from gemtag_tui.store.trouble import explain
from gemtag_tui.store.uri import uri
from gemtag_tui.store.work import COUNTERS, counts_from


@dataclass(frozen=True, slots=True)
class Glance:
    """What a library says of itself.

    Attributes:
        snapshot: the engine's last state, `None` before the first run.
        counts: of `track`; without a track, everything in the library remains.
        run: the latest run.
        engine_alive: whether an engine holds the lock now.
        track: the one counted.
        locked: its batch jobs whose images wait for a person's word.
    """

    snapshot: RunSnapshot | None
    counts: Counts
    run: RunRow | None
    engine_alive: bool
    track: Track | None
    locked: list[Holder] = field(default_factory=list)


def glance(path: str | Path, track: tuple[str, str, str] | None = None) -> Glance:
    """Read a library's state.

    Args:
        path: the library.
        track: provider ("" for whichever was used last), model and profile id; otherwise the track
            of the last run, or the newest.

    Raises:
        LibraryNewerError: when a newer gemtag wrote it.
        LibraryError: when there is none or it cannot be read.
    """
    place = Path(path)
    if not place.exists():
        raise LibraryError(f"There is no library at {plain(str(path))}; `gemtag scan` makes one.")
    alive = is_held_by_someone(place)
    try:
        with contextlib.closing(sqlite3.connect(uri(place, "ro"), uri=True, timeout=5)) as db:
            _check(db, place)
            return _look(db, track, alive=alive)
    except sqlite3.Error as error:
        raise explain(error, place) from error


def _check(db: sqlite3.Connection, path: Path) -> None:
    ((mark,),) = db.execute("PRAGMA application_id").fetchall()
    ((version,),) = db.execute("PRAGMA user_version").fetchall()
    if mark != APPLICATION_ID:
        words = "is not a gemtag library; name another file with --library"
        raise LibraryError(f"{plain(str(path))} {words}.")
    newest = shipped()[-1].number
    refuse_newer(version, newest, path)
    if version < newest:
        raise LibraryOlderError(plain(str(path)))


def _look(db: sqlite3.Connection, key: tuple[str, str, str] | None, *, alive: bool) -> Glance:
    db.execute("BEGIN")  # one moment for all that follows
    track = _track(db, key)
    number = (track.id if track else 0,)
    rows: list[Any] = db.execute(COUNTERS, number).fetchall()
    locked = holders_from(db.execute(QUARANTINED, number).fetchall())
    state = db.execute(live.READ).fetchone()
    run = runs.run_row(db.execute(runs.LAST).fetchone())
    snapshot = None if state is None else live.decode(state[0])
    return Glance(snapshot, counts_from(rows), run, alive, track, locked)


def _track(db: sqlite3.Connection, key: tuple[str, str, str] | None) -> Track | None:
    if key is None:
        row = db.execute(LATEST).fetchone()
    else:
        row = db.execute(
            "SELECT t.id, t.provider, t.model, t.profile, p.name FROM track t "
            "JOIN profile p ON p.id = t.profile "
            "WHERE ?1 IN ('', t.provider) AND t.model = ?2 AND t.profile = ?3 ORDER BY coalesce("
            "(SELECT max(r.id) FROM run r WHERE r.track = t.id), 0) DESC, t.id DESC LIMIT 1",
            key,
        ).fetchone()
    return None if row is None else Track(*row)
