"""What every test's library has in common: it is made in a moment and waits for no disk.

A new library is a copy of one that all migrations made, and no commit is followed by an fsync: only
a machine that loses its power could tell. Tests of just these things are marked `real_library`.
"""

from __future__ import annotations

import gc
import sqlite3
import threading
from functools import cache

import pytest

from gemtag_tui.store import library, migrate, schema

_TURN = threading.Lock()
_STEPS = schema.shipped()
_RELAXED = tuple(
    pragma.replace("synchronous = FULL", "synchronous = OFF") for pragma in library._WRITER
)


def pytest_collection_finish():
    """Look for rubbish less often, and not among the modules: that is a third of a test's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@cache
def _newest() -> bytes:
    """An empty library of the newest shape."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    for step in _STEPS:
        for statement in schema.statements(step.sql):
            db.execute(statement)
        db.execute("INSERT INTO migration VALUES (?, ?, 0)", (step.number, step.name))
    db.execute(f"PRAGMA user_version = {_STEPS[-1].number:d}")
    return db.serialize()


def _fill(db: sqlite3.Connection, now: float) -> bool:
    """Make an empty file a library; one with anything in it is left as it is."""
    with _TURN:
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return False
        template = sqlite3.connect(":memory:")
        template.deserialize(_newest())
        template.execute("UPDATE migration SET applied_at = ?", (now,))
        template.execute(
            "UPDATE setting SET value = lower(hex(randomblob(4))) WHERE name = 'library_id'"
        )
        template.commit()
        template.backup(db)
        template.close()
        return True


async def _migrate_by_copy(connection, path, now, steps):
    if steps == _STEPS and await connection._execute(_fill, connection._conn, now):
        return
    await migrate.migrate(connection, path, now, steps)


@pytest.fixture(autouse=True)
def _libraries_in_a_moment(request, monkeypatch):
    if request.node.get_closest_marker("real_library") is None:
        monkeypatch.setattr(library, "_WRITER", _RELAXED)
        monkeypatch.setattr(library, "migrate", _migrate_by_copy)
