"""`gemtag edit`: a person's word on images, above any model's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import json_line, say
from gemtag_tui.cli.search import up_to_date
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

WHO = "shell"


@click.command()
@common
@click.argument("what", metavar="[PATH|ID]...", type=click.Path(path_type=bytes), nargs=-1)
@click.option("--query", help="All that a search finds.")
@click.option("--summary", metavar="TEXT", help='The summary; "" for the model\'s own again.')
@click.option("--add", multiple=True, metavar="BUCKET:TAG", help="Add a tag.")
@click.option("--remove", multiple=True, metavar="BUCKET:TAG", help="Take a tag away.")
@click.option("--set", "sets", multiple=True, metavar="BUCKET:TAG,TAG", help="A bucket's tags.")
@click.option("--reset", is_flag=True, help="Take all corrections away.")
@click.option("--undo", is_flag=True, help="Take the last correction back.")
@click.option("--dry-run", "dry", is_flag=True, help="Only say how many images it is about.")
@click.pass_obj
def edit(shell: Shell, /, what: tuple[bytes, ...], query: str | None, **wanted: Any) -> None:
    """Correct the summary and tags of images; a correction survives every run.

    Each option is one step that --undo takes back.
    """
    changing = ("summary", "add", "remove", "sets", "reset")
    if wanted["undo"]:
        _undo(shell)
        return
    if not any(wanted[name] or wanted[name] == "" for name in changing):
        raise UsageError("Say what to change: --summary, --add, --remove, --set or --reset.")
    if not what and query is None:
        raise UsageError("Say which images: paths or ids, or --query.")

    async def act(library: Library) -> tuple[int, int]:
        await up_to_date(library)
        assets = await _chosen(library, what, query)
        return len(assets), 0 if wanted["dry"] else await _apply(library, assets, wanted)

    images, changed = with_library(shell, act)
    if shell.json:
        fields = {"command": "edit", "images": images, "changed": changed}
        json_line(fields | {"dry_run": wanted["dry"]})
    elif wanted["dry"]:
        say(f"{count(images, 'image')} would be edited. Nothing changed.")
    else:
        say(f"{changed:,} of {count(images, 'image')} changed. `gemtag edit --undo` takes it back.")


async def _chosen(library: Library, what: tuple[bytes, ...], query: str | None) -> list[int]:
    from gemtag_tui.store import search as store  # noqa: PLC0415
    from gemtag_tui.store.search_pages import find  # noqa: PLC0415
    from gemtag_tui.store.search_plan import plan  # noqa: PLC0415

    found: dict[int, None] = {}
    for one in what:
        detail = await store.show(library, one)
        if detail is None:
            raise UsageError(f"The library knows no image {plain(os.fsdecode(one), 300)!r}.")
        found[detail.asset] = None
    made = None if query is None else await plan(library, query)
    key: int | None = None
    while made is not None:
        page = await find(library, made, key=key, limit=2000)
        found |= dict.fromkeys([row.asset for row in await store.rows(library, page)])
        key = page.older
        if key is None:
            break
    return list(found)


async def _apply(library: Library, assets: list[int], wanted: dict[str, Any]) -> int:
    from gemtag_tui.store import edits  # noqa: PLC0415

    changed = [0]
    if wanted["reset"]:
        changed.append(await edits.reset(library, assets, WHO))
    if wanted["summary"] is not None:
        text = wanted["summary"] or None
        changed.append(await edits.set_summary(library, assets, text, WHO))
    for given in wanted["sets"]:
        bucket, tags = parts(given)
        names = [name for name in tags.split(",") if name.strip()]
        changed.append(await edits.set_bucket(library, assets, bucket, names, WHO))
    for verb, act in (("remove", edits.remove_tags), ("add", edits.add_tags)):
        for given in wanted[verb]:
            bucket, tag = parts(given)
            changed.append(await act(library, assets, bucket, [tag], WHO))
    return max(changed)


def parts(given: str) -> tuple[str, str]:
    """Return bucket and tag of what stands as BUCKET:TAG.

    Raises:
        UsageError: there is no colon.
    """
    bucket, colon, tag = given.partition(":")
    if not colon:
        raise UsageError(f"{plain(given, 60)!r} lacks its bucket: write BUCKET:TAG.")
    return bucket.strip(), tag.strip()


def _undo(shell: Shell) -> None:
    from gemtag_tui.store import edits  # noqa: PLC0415

    async def act(library: Library) -> tuple[Any, int]:
        return await edits.undo(library)

    change, back = with_library(shell, act)
    if shell.json:
        json_line({"command": "undo", "undone": change.verb, "id": change.id, "changed": back})
    else:
        say(f"{count(back, 'image')} as before: {plain(change.words)}.")
