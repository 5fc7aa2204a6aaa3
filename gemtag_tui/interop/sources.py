"""Sources beside folders: sidecars in JSON, and lists of pictures in CSV, JSON or JSONL."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import msgspec

from gemtag_tui.core.context import Context, context_from
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

MOST_SIDECAR = 4 * 2**20
MOST_LIST = 512 * 2**20
"""Bytes of a list that is one JSON document: it has to be read as a whole."""
_LONGEST_LINE = 16 * 2**20
PATHS = ("path", "file", "filepath", "file_path", "local_path", "filename", "image_path")
"""Columns that can hold a picture's path."""
_LISTS = ("pins", "items", "images", "data", "files")
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def sidecar(path: bytes) -> tuple[Context, int, int] | None:
    """Read a sidecar `image.jpg.json`: what it says, its size, its time in ns.

    What cannot be read, or is no JSON object, says nothing; `None` when it is no regular file.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _NO_FOLLOW)
    except OSError:
        return None
    with open(handle, "rb") as file:  # noqa: PTH123 (a handle)
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None
        said = Context()
        if status.st_size <= MOST_SIDECAR:
            said = _said(file.read(MOST_SIDECAR + 1))
    return said, status.st_size, status.st_mtime_ns


def _said(data: bytes) -> Context:
    try:
        told = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return Context()
    return context_from(told) if isinstance(told, dict) else Context()


def entries(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a list: CSV with a row of names, JSON lines, or one JSON document.

    Raises:
        UsageError: it cannot be read, or is none of these.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _entries(path, file)
    except OSError as error:
        raise UsageError(f"{plain(str(path))} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, csv.Error, RecursionError, UnicodeError) as error:
        words = f"{plain(str(path))} cannot be read as a list: {plain(str(error), 200)}."
        raise UsageError(words) from error


def _entries(path: Path, file: TextIO) -> Iterator[Mapping[str, Any]]:
    start = file.read(4096).lstrip()[:1]
    file.seek(0)
    if start == "[" or (start == "{" and path.suffix.lower() == ".json"):
        yield from _document(path)
    elif start == "{":
        yield from _lines(path, file)
    else:
        csv.field_size_limit(_LONGEST_LINE)
        yield from csv.DictReader(file)


def _lines(path: Path, file: TextIO) -> Iterator[Mapping[str, Any]]:
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if line.strip():
            entry = msgspec.json.decode(line.encode("utf-8", "surrogateescape"))
            if not isinstance(entry, dict):
                raise UsageError(f"{plain(str(path))}, line {number}: not a JSON object.")
            yield entry


def _document(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.stat().st_size > MOST_LIST:
        words = f"{plain(str(path))} is too large for one JSON document; write an object a line."
        raise UsageError(words)
    whole = msgspec.json.decode(path.read_bytes())
    if isinstance(whole, dict):
        whole = next((whole[n] for n in _LISTS if isinstance(whole.get(n), list)), [whole])
    if not isinstance(whole, list):
        raise UsageError(f"{plain(str(path))} holds no list.")
    yield from (entry for entry in whole if isinstance(entry, dict))


def path_of(entry: Mapping[str, Any], folder: bytes) -> bytes | None:
    """Return the absolute path that an entry names; a relative one starts from `folder`.

    `path_bytes` in hex, as gemtag's own exports write it, wins over text.
    """
    given = {str(name).strip().casefold(): value for name, value in entry.items()}
    raw = _raw_path(given)
    if not raw or b"\0" in raw:
        return None
    return os.path.abspath(os.path.join(folder, raw))  # noqa: PTH100, PTH118 (bytes)


def _raw_path(given: Mapping[str, Any]) -> bytes | None:
    if isinstance(odd := given.get("path_bytes"), str) and odd:
        try:
            return bytes.fromhex(odd)
        except ValueError:
            return None
    for name in PATHS:
        value = given.get(name)
        if isinstance(value, bytes) and value:
            return value
        if isinstance(value, str) and value and "://" not in value[:12]:
            return _encoded(value)
    return None


def _encoded(text: str) -> bytes | None:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def marks_of(entry: Mapping[str, Any]) -> list[str]:
    """Return what a file of an entry without a path may be called: its id, its picture's name."""
    context = context_from(entry)
    marks = [context.external_id] if context.external_id else []
    for value in entry.values():
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            last = value.partition("?")[0].rpartition("/")[2]
            marks += [last] if "." in last else []
    return marks


def marks_in(name: bytes) -> set[str]:
    """Return what of a file's name such a mark can be: all of it, its stem, an id inside."""
    text = os.fsdecode(name)
    stem = text.rpartition(".")[0] or text
    inside = {
        part for part in stem.replace("-", "_").split("_") if part.isdigit() and len(part) > 5
    }
    return {text, stem, *inside}
