"""What a library proves of a model: that it has answered, and in which profile's form."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from gemtag_tui.store.trouble import explain
from gemtag_tui.store.uri import uri

_ANSWERED = """
    SELECT max(day), provider FROM ledger_day WHERE model = ? AND tokens_out > 0
    GROUP BY provider ORDER BY provider <> 'google' LIMIT 1
"""
_TAGGED = """
    SELECT c.tagged FROM track t JOIN counter c ON c.track = t.id
    WHERE t.model = ? AND t.profile = ? AND t.provider = ?
"""
_LEARNED = """
    SELECT name, value FROM learned_limit WHERE model = ? AND provider = (
        SELECT provider FROM learned_limit WHERE model = ? ORDER BY provider <> 'google' LIMIT 1
    )
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proved.

    Attributes:
        day: the last Pacific day on which the model answered, "" for never.
        provider: that it answered through.
        tagged: images that it tagged there with the profile.
    """

    day: str = ""
    provider: str = ""
    tagged: int = 0


def proof(path: Path, model: str, profile: str) -> Proof:
    """Look up what a library proves of a model; Google's answers before a simulator's.

    Args:
        path: the library file.
        model: its canonical id.
        profile: a profile's id.

    Raises:
        LibraryError: it cannot be read.
    """
    try:
        with contextlib.closing(sqlite3.connect(uri(path, "ro"), uri=True, timeout=5)) as db:
            row = db.execute(_ANSWERED, (model,)).fetchone()
            if row is None:
                return Proof()
            found = db.execute(_TAGGED, (model, profile, row[1])).fetchone()
    except sqlite3.Error as error:
        raise explain(error, path) from error
    return Proof(row[0], row[1], 0 if found is None else int(found[0]))


def taught(path: Path, model: str) -> dict[str, float]:
    """Look up the limits of a model that refusals have taught; Google's before a simulator's.

    Args:
        path: the library file.
        model: its canonical id.

    Raises:
        LibraryError: it cannot be read.
    """
    try:
        with contextlib.closing(sqlite3.connect(uri(path, "ro"), uri=True, timeout=5)) as db:
            return dict(db.execute(_LEARNED, (model, model)).fetchall())
    except sqlite3.Error as error:
        raise explain(error, path) from error
