"""`gemtag export exiftool` and `undo`: words into the pictures themselves, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gemtag_tui.cli.export import export, wanted, watching, which
from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import json_line, line, path_fields, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.core.exported import Exported
    from gemtag_tui.engine.embedding import Embedded
    from gemtag_tui.store.library import Library


@export.command()
@common
@click.option("--preview", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--write", is_flag=True, help="Write, keeping a copy of every picture.")
@which
@click.pass_obj
def exiftool(shell: Shell, query: str, since: float, *, preview: bool, write: bool) -> int:
    """Write into the pictures' own metadata, through ExifTool where it is installed.

    A copy of every picture as it was is kept beside the library; `gemtag export undo` puts them
    back. What others wrote in a picture stays.
    """
    if preview == write:
        raise UsageError("Say --preview to see what would be written, or --write to write it.")

    async def run(library: Library) -> Embedded:
        from gemtag_tui.engine.embedding import embed  # noqa: PLC0415

        show = _show_json if shell.json else _show
        with watching(shell, "picture") as watch:
            return await embed(library, wanted(query, since), watch, write=write, show=show)

    done = with_library(shell, run, readonly=not write)
    _tell(shell, done, "written" if write else "would be written")
    if done.stopped:
        say("Stopped; the same command goes on.")
        return 130
    return 1 if done.refused else 0


@export.command()
@common
@click.pass_obj
def undo(shell: Shell) -> int:
    """Put the pictures back that the last `gemtag export exiftool --write` wrote into."""

    async def run(library: Library) -> Embedded:
        from gemtag_tui.engine.embedding import undo as put_back  # noqa: PLC0415

        return await put_back(library)

    done = with_library(shell, run)
    _tell(shell, done, "put back")
    return 1 if done.refused else 0


def _show(picture: bytes, row: Exported) -> None:
    line(f"{plain(picture)}\n  {plain(row.summary, 200)}\n  {plain(row.tags, 400)}")


def _show_json(picture: bytes, row: Exported) -> None:
    json_line({"id": row.asset, **path_fields(picture)}, flush=False)


def _tell(shell: Shell, done: Embedded, verb: str) -> None:
    for words in done.words:
        say(words)
    if shell.json:
        json_line(
            {
                "event": "end",
                "pictures": done.written,
                "unchanged": done.unchanged,
                "refused": done.refused,
                "journal": None if done.journal is None else plain(str(done.journal)),
            }
        )
        return
    pictures = count(done.written, "picture")
    say(f"{pictures} {verb}, {done.unchanged:,} unchanged, {done.refused:,} left alone.")
