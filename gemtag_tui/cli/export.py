"""`gemtag export`: results out of the library, whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import click
import msgspec

from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import json_line, say
from gemtag_tui.cli.search import result_fields, results
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.search import Found

CSV_COLUMNS = (
    "id",
    "path",
    "sha256",
    "provider",
    "model",
    "profile",
    "summary",
    "tags",
    "lane",
    "cost_usd",
    "tagged_at",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would take a cell that starts so for a formula."""


class Writer(Protocol):
    """Writes results in one format."""

    def write(self, found: Found) -> None:
        """Write one result."""


class JsonLines:
    """One JSON object a line."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, found: Found) -> None:
        """Write one line."""
        self._file.write(msgspec.json.encode(result_fields(found)).decode() + "\n")


class Table:
    """CSV for spreadsheets: tags as "bucket: a, b; bucket: c"."""

    def __init__(self, file: IO[str]) -> None:
        self._rows = csv.writer(file)
        self._rows.writerow(CSV_COLUMNS)

    def write(self, found: Found) -> None:
        """Write one row."""
        fields = result_fields(found)
        fields["tags"] = "; ".join(
            f"{bucket}: {', '.join(tags)}" for bucket, tags in found.tags.items() if tags
        )
        self._rows.writerow(_cell(fields[name]) for name in CSV_COLUMNS)


FORMATS: dict[str, type[JsonLines | Table]] = {"jsonl": JsonLines, "csv": Table}


@click.command()
@common
@click.argument("form", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.argument("dest", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--query", default="", help="Only what a search for this finds.")
@click.pass_obj
def export(shell: Shell, form: str, dest: Path, query: str) -> None:
    """Write results as jsonl or csv to a file, or with - to stdout.

    The file is put in its place when it is complete. This version knows these two formats.
    """

    async def write(library: Library, writer: Writer) -> int:
        written = 0
        async for found in results(library, query):
            writer.write(found)
            written += 1
        return written

    if str(dest) == "-":
        with_library(shell, lambda lib: write(lib, FORMATS[form](sys.stdout)), readonly=True)
        return
    with _whole_file(dest) as file:
        number = with_library(shell, lambda lib: write(lib, FORMATS[form](file)), readonly=True)
    if shell.json:
        json_line({"format": form, "dest": plain(str(dest)), "written": number})
    else:
        say(f"{count(number, 'result')} written to {plain(str(dest))}.")


@contextlib.contextmanager
def _whole_file(dest: Path) -> Iterator[IO[str]]:
    """Give a file that takes its name only once it is complete and on disk."""
    try:
        handle, name = tempfile.mkstemp(dir=dest.parent, prefix=f".{dest.name}.")
    except OSError as error:
        raise UsageError(f"{plain(str(dest))} cannot be written: {error.strerror}.") from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(dest)
    except OSError as error:
        raise UsageError(f"{plain(str(dest))} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def _cell(value: object) -> object:
    """Return a cell that no spreadsheet runs."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value
