"""SQLite's troubles, put into words that say what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gemtag_tui.core.errors import LibraryError
from gemtag_tui.core.text import plain

_LOCKED = "is locked by another program that does not let go; close it and try again"
_WRITE = "cannot be written: check the permissions of the file and of its folder"
_OPEN = "cannot be opened: check that it is a file and that you may read and write it"
_WORDS = (
    ("locked", _LOCKED),
    ("busy", _LOCKED),
    ("full", "cannot grow: the disk is full. Free some space; everything written so far is kept"),
    ("readonly", _WRITE),
    ("attempt to write", _WRITE),
    (
        "unable to open",
        _OPEN,
    ),
    ("not a database", "is not a gemtag library; name another file with --library"),
    ("malformed", "is damaged; put back a backup of it, or start a new one with --library"),
    ("disk i/o", "cannot be read or written: the disk reports an error"),
)


def is_trouble(error: sqlite3.Error) -> bool:
    """Whether the file is at fault, and not a statement of ours."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def explain(error: sqlite3.Error, path: Path) -> LibraryError:
    """Return the typed error for what SQLite said about the library at `path`."""
    said = str(error)
    words = next((w for sign, w in _WORDS if sign in said.lower()), f"cannot be used: {said}")
    return LibraryError(f"{plain(str(path))} {words}.")
