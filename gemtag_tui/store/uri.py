"""A library's path as SQLite wants to be given it."""

from __future__ import annotations

from pathlib import Path


def uri(path: Path, mode: str) -> str:
    """Return a file URI that opens exactly `path`, whatever bytes are in its name.

    Args:
        path: any path; made absolute.
        mode: `ro`, `rw` or `rwc`.
    """
    return f"{path.absolute().as_uri()}?mode={mode}"
