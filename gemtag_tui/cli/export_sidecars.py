"""`gemtag export xmp`: a sidecar for every tagged picture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gemtag_tui.cli.export import export, wanted, watching, which
from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import json_line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.interop.sidecars import Tally
    from gemtag_tui.store.library import Library


@export.command()
@common
@click.argument("dest", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--replace-ending", is_flag=True, help="image.xmp instead of image.jpg.xmp.")
@which
@click.pass_obj
def xmp(shell: Shell, dest: Path | None, query: str, since: float, *, replace_ending: bool) -> int:
    """Write XMP sidecars, merged into those that are there.

    Without DEST each lies beside its picture. With DEST, pictures in and below that folder get
    theirs beside them, and for others it goes under DEST by the picture's whole path. What others
    wrote in a sidecar stays; tags that gemtag wrote earlier and that are gone now are taken away.
    """

    async def write(library: Library) -> Tally:
        from gemtag_tui.engine.sidecars import Naming, to_sidecars  # noqa: PLC0415

        with watching(shell, "sidecar") as watch:
            naming = Naming(root, replace_ending)
            return await to_sidecars(library, naming, wanted(query, since), watch)

    root = None if dest is None else os.fsencode(dest.absolute())
    tally = with_library(shell, write, readonly=True)
    _tell(shell, dest, tally)
    return 1 if tally.refused else 0


def _tell(shell: Shell, dest: Path | None, tally: Tally) -> None:
    for words in tally.words:
        say(words)
    if shell.json:
        place = None if dest is None else plain(str(dest))
        written = tally.made + tally.merged
        json_line(
            {
                "format": "xmp",
                "dest": place,
                "written": written,
                "made": tally.made,
                "merged": tally.merged,
                "unchanged": tally.unchanged,
                "refused": tally.refused,
            }
        )
        return
    say(
        f"{count(tally.made, 'sidecar')} made, {tally.merged:,} merged, "
        f"{tally.unchanged:,} unchanged, {tally.refused:,} left alone."
    )
