"""`gemtag tags`: the tags of the whole library, renamed and merged everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.output import json_line, line, say
from gemtag_tui.cli.search import up_to_date
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import clock, count
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tags import Renaming

dry_option = click.option("--dry-run", "dry", is_flag=True, help="Only say what it would do.")


@click.group(invoke_without_command=True)
@common
@click.pass_context
def tags(ctx: click.Context) -> None:
    """List tags, give them other names everywhere, and make vocabularies of them."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all, bucket=None, limit=20, query="")


@tags.command("list")
@common
@click.argument("bucket", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--query", default="", help="Only of what a search finds.")
@click.pass_obj
def list_all(shell: Shell, bucket: str | None, limit: int, query: str) -> None:
    """Print the most frequent tags of each bucket, or of one."""
    from gemtag_tui.store import facets  # noqa: PLC0415

    async def read(library: Library) -> list[facets.Facet]:
        await up_to_date(library)
        return await facets.narrowed(library, query, most=limit)

    for one in with_library(shell, read, readonly=True):
        for value in one.values if bucket in {None, one.bucket} else ():
            if shell.json:
                fields = {"bucket": one.bucket, "tag": value.name, "count": value.count}
                json_line(fields | {"exact": one.exact}, flush=False)
            else:
                about = " " if one.exact else "~"
                line(f"{about}{value.count:>9,}  {one.bucket}:{plain(value.name)}")


@tags.command()
@common
@dry_option
@click.argument("old", metavar="[BUCKET:]TAG")
@click.argument("new", metavar="NEW")
@click.pass_obj
def rename(shell: Shell, old: str, new: str, dry: bool) -> None:
    """Show a tag under another name, in all results and those to come."""
    _rename(shell, (old,), new, dry=dry)


@tags.command()
@common
@dry_option
@click.argument("names", metavar="[BUCKET:]TAG...", nargs=-1, required=True)
@click.option("--into", required=True, metavar="TAG", help="The tag that all become.")
@click.pass_obj
def merge(shell: Shell, names: tuple[str, ...], into: str, dry: bool) -> None:
    """Make one tag of several, in all results and those to come."""
    _rename(shell, names, into, dry=dry)


def _rename(shell: Shell, names: tuple[str, ...], new: str, *, dry: bool) -> None:
    from gemtag_tui.store import tags as store  # noqa: PLC0415

    async def act(library: Library) -> list[Renaming]:
        await up_to_date(library)
        return await (store.preview if dry else store.rename)(library, names, new)

    for one in with_library(shell, act, readonly=dry):
        if shell.json:
            fields = {"bucket": one.bucket, "tags": one.names, "into": one.target}
            json_line(fields | {"results": one.results, "merged": one.merged, "dry_run": dry})
            continue
        shown = ", ".join(plain(name) for name in one.names)
        will = "would be" if dry else "is" if len(one.names) == 1 else "are"
        verb = "merged into" if one.merged else "called"
        words = f"{one.bucket}: {shown} {will} {verb} {plain(one.target)}"
        say(f"{words} in {count(one.results, 'result')}.")


@tags.command()
@common
@click.pass_obj
def synonyms(shell: Shell) -> None:
    """Print which names stand for which."""
    from gemtag_tui.store import tags as store  # noqa: PLC0415

    for bucket, target, names in with_library(shell, store.synonyms, readonly=True):
        if shell.json:
            json_line({"bucket": bucket, "tag": target, "synonyms": names}, flush=False)
        else:
            line(f"{bucket}:{plain(target)} = {', '.join(map(plain, names))}")


@tags.command()
@common
@click.argument("bucket")
@click.option("--least", type=click.IntRange(min=1), default=2, show_default=True,
              help="Results that a tag must have.")  # fmt: skip
@click.option("--most", type=click.IntRange(min=1), default=200, show_default=True,
              help="Tags, the most frequent first.")  # fmt: skip
@click.pass_obj
def vocabulary(shell: Shell, bucket: str, least: int, most: int) -> None:
    """Print a vocabulary made of a bucket's tags, as a profile takes it (TOML)."""
    from gemtag_tui.store import facets  # noqa: PLC0415
    from gemtag_tui.store import tags as store  # noqa: PLC0415

    async def read(library: Library) -> list[facets.Value]:
        await up_to_date(library)
        return await store.vocabulary(library, bucket, least=least, most=most)

    found = with_library(shell, read, readonly=True)
    if not found:
        raise UsageError(f"The bucket {plain(bucket, 40)!r} has no tag in {least} results.")
    if shell.json:
        words = [value.name for value in found]
        json_line({"bucket": bucket, "vocabulary": words, "results": [v.count for v in found]})
        return
    line("vocabulary = [")
    for value in found:
        line(f"    {_toml(value.name)}, # {value.count:,}")
    line("]")
    say(f"Put this into [[buckets]] name = {bucket!r} of a profile; later runs are held to it.")


def _toml(text: str) -> str:
    import msgspec  # noqa: PLC0415

    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")


@tags.command()
@common
@click.pass_obj
def changes(shell: Shell) -> None:
    """Print what was renamed, merged and edited, the newest first."""
    from gemtag_tui.store import changes as store  # noqa: PLC0415

    async def read(library: Library) -> list[store.Change]:
        return await store.latest(library)

    for one in with_library(shell, read, readonly=True):
        if shell.json:
            fields = {"id": one.id, "at": one.at, "kind": one.kind, "verb": one.verb}
            json_line(fields | {"words": one.words, "items": one.items, "undone_at": one.undone_at})
        else:
            gone = "  (undone)" if one.undone_at else ""
            line(f"{one.id:>5}  {clock(one.at)}  {one.kind:<8}  {plain(one.words, 200)}{gone}")


@tags.command()
@common
@click.option("--id", "number", type=int, metavar="N", help="This change, not the newest.")
@click.pass_obj
def undo(shell: Shell, number: int | None) -> None:
    """Take the last rename or merge back."""
    from gemtag_tui.store import tags as store  # noqa: PLC0415

    async def act(library: Library) -> tuple[Any, int]:
        return await store.undo(library, number)

    change, back = with_library(shell, act)
    if shell.json:
        json_line({"command": "undo", "undone": change.verb, "id": change.id, "changed": back})
    else:
        say(f"{count(back, 'name')} as before: {plain(change.words)}.")
