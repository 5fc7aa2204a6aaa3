"""`gemtag export`: results out of the library, whole or not at all."""

from __future__ import annotations

import asyncio
import importlib
import io
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import click

from gemtag_tui.cli.export_when import since_seconds
from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import ProgressLine, is_terminal, json_line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.engine.exporting import FileForm, Watch
    from gemtag_tui.store.export_rows import Wanted
    from gemtag_tui.store.library import Library

F = TypeVar("F", bound=Callable[..., Any])

DEST = click.argument("dest", type=click.Path(path_type=Path, allow_dash=True))


def which(command: F) -> F:
    """Give a command the options that say which results it is about."""
    command = click.option("--query", default="", help="Only what a search for this finds.")(
        command
    )
    return click.option(
        "--since",
        "since",
        callback=since_seconds,
        metavar="WHEN",
        help="Only what changed since: 2026-11-22, 2026-11-22T09:30, 36h, 7d, or Unix seconds.",
    )(command)


class _Formats(click.Group):
    """Loads the formats that have modules of their own when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names."""
        return list(dict.fromkeys([*super().list_commands(ctx), *LATER]))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one format's command."""
        if cmd_name in LATER:
            importlib.import_module(f"gemtag_tui.cli.{LATER[cmd_name]}")
        return super().get_command(ctx, cmd_name)


LATER = {
    "xmp": "export_sidecars",
    "sqlite": "export_sqlite",
    "exiftool": "export_exiftool",
    "undo": "export_exiftool",
}


@click.group(cls=_Formats)
@common
def export() -> None:
    """Write results to files, or with - to stdout; pictures are never written to.

    All of an export shows the library at one instant. A file is put in its place when it is
    complete; the same library gives the same bytes.
    """


@export.command()
@common
@DEST
@which
@click.pass_obj
def jsonl(shell: Shell, dest: Path, query: str, since: float) -> None:
    """Write one JSON object a line."""
    _to_file(shell, "jsonl", dest, query, since)


@export.command("csv")
@common
@DEST
@which
@click.pass_obj
def csv_(shell: Shell, dest: Path, query: str, since: float) -> None:
    """Write a table that no spreadsheet takes for formulas.

    A cell with an apostrophe in front is the text behind it.
    """
    _to_file(shell, "csv", dest, query, since)


@export.command()
@common
@DEST
@which
@click.pass_obj
def parquet(shell: Shell, dest: Path, query: str, since: float) -> None:
    """Write a Parquet file; needs the library pyarrow."""
    _to_file(shell, "parquet", dest, query, since)


def _to_file(shell: Shell, form: FileForm, dest: Path, query: str, since: float) -> None:
    async def write(library: Library) -> int:
        from gemtag_tui.engine.exporting import to_file  # noqa: PLC0415

        target: Path | BinaryIO = _stdout() if str(dest) == "-" else dest
        with watching(shell) as watch:
            return await to_file(library, form, target, wanted(query, since), watch)

    number = with_library(shell, write, readonly=True)
    if str(dest) == "-":
        return
    if shell.json:
        json_line({"format": form, "dest": plain(str(dest)), "written": number})
    else:
        say(f"{count(number, 'result')} written to {plain(str(dest))}.")


def wanted(query: str, since: float) -> Wanted:
    """Return which results the options ask for."""
    from gemtag_tui.store.export_rows import Wanted  # noqa: PLC0415

    return Wanted(query, since)


class watching:  # noqa: N801 - used like a function
    """Show the progress on a terminal, and end the export when a stop signal comes."""

    def __init__(self, shell: Shell, noun: str = "result") -> None:
        self._line = None if shell.json else ProgressLine()
        self._noun = noun
        self._stopped = False

    def __enter__(self) -> Watch:
        from gemtag_tui.engine.exporting import Watch  # noqa: PLC0415

        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            with suppress(NotImplementedError, ValueError, AttributeError, RuntimeError):
                loop.add_signal_handler(getattr(signal, name), self._stop)
        return Watch(self._show, lambda: self._stopped)

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.clear()

    def _stop(self) -> None:
        self._stopped = True

    def _show(self, written: int) -> None:
        if self._line is not None:
            self._line.show(f"{count(written, self._noun)} written")


def _stdout() -> BinaryIO:
    if is_terminal(sys.stdout):
        return cast("BinaryIO", _Harmless())
    stream = getattr(sys.stdout, "buffer", None)
    return cast("BinaryIO", _Text() if stream is None else stream)


class _Text(io.RawIOBase):
    """Bytes for a stdout that takes text alone."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        sys.stdout.write(self.made(bytes(data).decode("utf-8", "replace")))
        return len(data)

    def made(self, text: str) -> str:
        return text


class _Harmless(_Text):
    """The same for a terminal, which must never meet an escape sequence of a stranger's."""

    def made(self, text: str) -> str:
        return "\n".join(plain(one, 100_000) for one in text.replace("\r\n", "\n").split("\n"))
