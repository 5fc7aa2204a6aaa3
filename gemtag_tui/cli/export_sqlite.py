"""`gemtag export sqlite`: a file for another application, or rows in its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gemtag_tui.cli.export import export, wanted, watching, which
from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import json_line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.export_foreign import Into
    from gemtag_tui.store.export_rows import Wanted
    from gemtag_tui.store.library import Library

_BETWEEN = re.compile(r",(?=\s*\w+\s*=)")
"""Between two columns: names of columns may have commas, too."""


@export.command()
@common
@click.argument("dest", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--into", metavar="TABLE", help="Write into this table of DEST, which is there.")
@click.option(
    "--columns",
    metavar="FIELD=COLUMN,...",
    help="Which of its columns take what; fields: path, name, sha256, id, summary, tags, "
    "tags_json, model, provider, profile, lane, tagged_at, cost_usd.",
)
@click.option("--key", default="path", help="Field by which rows are found: path, sha256, id.")
@click.option("--insert", is_flag=True, help="Add rows for pictures that are not there.")
@which
@click.pass_obj
def sqlite(shell: Shell, /, dest: Path, query: str, since: float, **table: Any) -> None:
    """Write an SQLite file with a table asset_ai, for another application to attach or copy.

    With --into, rows of a table of DEST are updated instead, in one transaction, and nothing else
    in it changes: --into photos --columns path=file,summary=caption,tags=keywords.
    """
    results = wanted(query, since)
    if table["into"] is not None:
        _table(shell, dest, _into(**table), results)
    elif table["columns"] or table["insert"]:
        raise UsageError("--columns and --insert are for --into TABLE.")
    else:
        _whole(shell, dest, results)


def _whole(shell: Shell, dest: Path, results: Wanted) -> None:
    async def write(library: Library) -> int:
        from gemtag_tui.engine.export_tables import to_sqlite  # noqa: PLC0415

        with watching(shell) as watch:
            return await to_sqlite(library, dest, results, watch)

    number = with_library(shell, write, readonly=True)
    if shell.json:
        json_line({"format": "sqlite", "dest": plain(str(dest)), "written": number})
    else:
        say(f"{count(number, 'result')} written to {plain(str(dest))}.")


def _table(shell: Shell, dest: Path, into: Into, results: Wanted) -> None:
    async def write(library: Library) -> tuple[int, int]:
        from gemtag_tui.engine.export_tables import into_table  # noqa: PLC0415

        with watching(shell) as watch:
            return await into_table(library, dest, into, results, watch)

    updated, added = with_library(shell, write, readonly=True)
    if shell.json:
        shown = {"format": "sqlite", "dest": plain(str(dest)), "written": updated + added}
        json_line(shown | {"updated": updated, "added": added})
    else:
        say(f"{count(updated, 'row')} updated, {added:,} added in {plain(str(dest))}.")


def _into(into: str, columns: str | None, key: str, *, insert: bool) -> Into:
    from gemtag_tui.store.export_foreign import FIELDS, KEYS, Into  # noqa: PLC0415

    pairs = [part.partition("=") for part in _BETWEEN.split(columns or "") if part.strip()]
    chosen = {field.strip(): column.strip() for field, _, column in pairs}
    for field, column in chosen.items():
        if field not in FIELDS or not column:
            raise UsageError(f"{plain(field, 60)!r} in --columns: write FIELD=COLUMN, FIELD one of "
                             f"{', '.join(FIELDS)}.")  # fmt: skip
    if key not in KEYS or key not in chosen:
        words = f"--key has to be one of {', '.join(KEYS)}, and --columns has to say which column "
        raise UsageError(words + "holds it, such as path=file.")
    if len({column.casefold() for column in chosen.values()}) < len(chosen):
        raise UsageError("--columns names a column twice.")
    return Into(into, key, chosen, insert)
