"""Results for the plainest and largest exports: all of them, with as little as possible a row.

A row of a million costs SQLite a microsecond to find and Python half of one for every value that it
is handed. So what nearly all rows have in common is compared within SQLite, and handed over only
where it differs; and the thread that reads goes on to whatever is made of the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gemtag_tui.core.edits import effective
from gemtag_tui.core.exported import Shared, Slim
from gemtag_tui.store.export_rows import EDITED, EDITS, PAGE, RENAMED, RULES, Wanted, joined
from gemtag_tui.store.library import READER_PRAGMAS
from gemtag_tui.store.search_docs import rules_from
from gemtag_tui.store.trouble import explain, is_trouble
from gemtag_tui.store.uri import uri

T = TypeVar("T")

_MOST_KEPT = 20_000
"""Folders, and kinds of rows, that are kept in memory."""
_ROWS = """
    SELECT r.asset, a.sha256,
        CASE WHEN r.provider = ?1 AND r.model = ?2 AND r.profile = ?3 AND r.lane = ?4
            AND r.served_model = ?5 AND a.files > 0 AND r.inherited_from IS NULL
            AND r.made_with = '' THEN NULL
        ELSE json_array(r.provider, r.model, r.profile, r.lane, r.served_model, a.files = 0,
            r.inherited_from, r.made_with) END,
        r.summary, r.tags, r.cost_usd, r.tagged_at, f.folder, f.name, {overlay}
    FROM asset_ai r CROSS JOIN asset a ON a.id = r.asset LEFT JOIN file f ON f.id = a.file {edits}
    WHERE true {since} ORDER BY r.id DESC
"""
_LAST = "SELECT provider, model, profile, lane, served_model FROM asset_ai ORDER BY id DESC LIMIT 1"
_decode = msgspec.json.Decoder(dict[str, list[str]]).decode
_encode = msgspec.json.Encoder().encode
_kind = msgspec.json.Decoder(tuple[str, str, str, str, str, int, int | None, str]).decode


class SlimRows:
    """Reads all results from one instant, newest first; to be used by one thread at a time.

    Args:
        path: the library.
        wanted: which results; without a query.

    Raises:
        LibraryError: the library cannot be read.
    """

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self._path = path
        self._folders: dict[int | None, bytes] = {None: b""}
        self._kinds: dict[tuple[str | None, bool], Shared] = {}
        self._db = self._tried(lambda: _connected(path))
        try:
            self._cursor = self._tried(lambda: self._begun(wanted))
        except BaseException:
            self._db.close()
            raise

    def page(self) -> list[Slim]:
        """Return the next results; none at the end.

        Raises:
            LibraryError: the library cannot be read.
        """
        return self._tried(lambda: self._made(self._cursor.fetchmany(PAGE)))

    def close(self) -> None:
        """Let go of the library."""
        self._db.close()

    def _tried(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.Error as error:
            if is_trouble(error):
                raise explain(error, self._path) from error
            raise

    def _begun(self, wanted: Wanted) -> sqlite3.Cursor:
        self._db.execute("BEGIN")
        usual = self._db.execute(_LAST).fetchone() or ("",) * 5
        self._names = dict(self._db.execute("SELECT id, name FROM profile").fetchall())
        self._rules = rules_from(self._db.execute(RULES).fetchall())
        self._usual = _encode((*usual, 0, None, "")).decode()
        edited = self._db.execute(EDITS).fetchone()[0]
        since, values = self._since(wanted)
        sql = _ROWS.format(
            overlay="e.overlay" if edited else "NULL",
            edits="LEFT JOIN edit e ON e.asset = r.asset" if edited else "",
            since=since.replace("?", "?6"),
        )
        return self._db.execute(sql, (*usual, *values))

    def _since(self, wanted: Wanted) -> tuple[str, tuple[float, ...]]:
        if not wanted.since or self._db.execute(RENAMED, (wanted.since,)).fetchone()[0]:
            return "", ()
        return EDITED, (wanted.since,)

    def _made(self, rows: list[Any]) -> list[Slim]:
        """Spelled out, as a million rows come through here."""
        rules, folders, kinds, made = self._rules, self._folders, self._kinds, []
        for asset, sha256, kind, summary, tags, cost, at, folder, name, overlay in rows:
            if rules or overlay is not None:
                summary, changed = effective(summary, _decode(tags), overlay, rules)  # noqa: PLW2901
                tags = _encode(changed).decode()  # noqa: PLW2901
            shared = kinds.get((kind, overlay is not None)) or self._shared(kind, overlay)
            path = folders.get(folder) or self._folder(folder)
            made.append((asset, path + (name or b""), sha256, shared, summary, tags, cost, at))
        return made

    def _folder(self, number: int | None) -> bytes:
        """Return a folder's path with a separator at its end."""
        if number is None:
            return b""
        if len(self._folders) > _MOST_KEPT:
            self._folders.clear()
        (path,) = self._db.execute("SELECT path FROM folder WHERE id = ?", (number,)).fetchone()
        self._folders[number] = joined(path, b"")
        return self._folders[number]

    def _shared(self, kind: str | None, overlay: str | None) -> Shared:
        if len(self._kinds) > _MOST_KEPT:
            self._kinds.clear()
        provider, model, profile, lane, served, missing, heir, made = _kind(kind or self._usual)
        name, edited = self._names.get(profile, ""), overlay is not None
        shared = Shared(
            provider, model, profile, name, lane, served, missing == 1, edited, heir, made
        )
        self._kinds[kind, edited] = shared
        return shared


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(uri(path, "ro"), uri=True, isolation_level=None, check_same_thread=False)
    try:
        for pragma in READER_PRAGMAS:
            db.execute(pragma)
    except BaseException:
        db.close()
        raise
    return db
