"""SQLite's troubles, put into words that say what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gemtag_tui.core.errors import LibraryError
from gemtag_tui.core.text import plain

_WORDS = (
    ("locked", "is locked by another program that does not let go; close it and try again"),
    ("busy", "is locked by another program that does not let go; close it and try again"),
    ("full", "cannot grow: the disk is full. Free some space; everything written so far is kept"),
    ("readonly", "cannot be written: check the permissions of the file and of its folder"),
    ("attempt to write", "cannot be written: check the permissions of the file and of its folder"),
    (
        "unable to open",
        "cannot be opened: check that it is a file and that you may read and write it",
    ),
    ("not a database", "is not a gemtag library; name another file with --library"),
    ("malformed", "is damaged; put back a backup of it, or start a new one with --library"),
    ("disk i/o", "cannot be read or written: the disk reports an error"),
)


def explain(error: sqlite3.Error, path: Path) -> LibraryError:
    """Return the typed error for what SQLite said about the library at `path`."""
    said = str(error)
    words = next((w for sign, w in _WORDS if sign in said.lower()), f"cannot be used: {said}")
    return LibraryError(f"{plain(str(path))} {words}.")
