"""`gemtag search` and `gemtag show`: results as lines, and everything known of one asset."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.of_track import of_track, the_track
from gemtag_tui.cli.output import columns, json_line, line, path_fields, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import clock, money, size
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.next_try import words_of
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.search import AssetDetail, Found
    from gemtag_tui.store.tracks import Track

PAGE = 500


@click.command(context_settings={"ignore_unknown_options": True})
@common
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@click.option("--limit", type=click.IntRange(min=1), help="Most results.")
@click.option("--facets", "by_tag", is_flag=True, help="The buckets and their tags instead.")
@of_track
@click.pass_obj
def search(  # noqa: PLR0917 (its options)
    shell: Shell,
    query: tuple[str, ...],
    limit: int | None,
    by_tag: bool,
    model: str,
    profile: str,
) -> None:
    """Find results, the newest first; without words, everything tagged.

    Words must all be there; "a phrase" in quotes; bea* for words that begin so; tag:beach for a
    tag, colours:red for one of a bucket; path:, board:, model:, profile:, lane:; after: and
    before: a day (2026-11-22); untagged, failed, edited; - before any of these leaves it out.
    """
    if by_tag:
        _facets(shell, " ".join(query), limit)
        return

    async def print_all(library: Library) -> int:
        shown, track = 0, await the_track(library, model, profile) if model or profile else None
        async for found in results(library, " ".join(query), limit, track):
            json_line(result_fields(found), flush=False) if shell.json else _print(found)
            shown += 1
        return shown

    shown = with_library(shell, print_all, readonly=True)
    if not shown and not shell.json:
        say("Nothing found." if query else "Nothing is tagged yet.")


async def up_to_date(library: Library) -> None:
    """Index what is not yet, so that everything tagged can be found."""
    from gemtag_tui.store import indexer  # noqa: PLC0415
    from gemtag_tui.store.library import Library as Opened  # noqa: PLC0415

    left = await indexer.backlog(library)
    if left:
        if left > 20_000:
            say(f"Bringing the search index up to date: {left:,} results …")
        async with await Opened.open(library.path, library.clock, create=False) as writable:
            await indexer.catch_up(writable)


def _facets(shell: Shell, query: str, limit: int | None) -> None:
    from gemtag_tui.store import facets  # noqa: PLC0415

    async def read(library: Library) -> list[facets.Facet]:
        await up_to_date(library)
        return await facets.narrowed(library, query, most=limit or 20)

    for one in with_library(shell, read, readonly=True):
        if shell.json:
            tags = {value.name: value.count for value in one.values}
            json_line({"bucket": one.bucket, "tags": tags, "exact": one.exact, "more": one.more})
            continue
        about = "" if one.exact else "~"
        words = [f"{plain(value.name)} {about}{value.count:,}" for value in one.values]
        line(f"{one.bucket}: {', '.join(words)}{' …' if one.more else ''}")


async def results(
    library: Library, query: str, limit: int | None = None, track: Track | None = None
) -> AsyncIterator[Found]:
    """Yield results page by page, so that memory stays small at any size; of a track or of all."""
    from gemtag_tui.store import search as store  # noqa: PLC0415
    from gemtag_tui.store.search_plan import plan  # noqa: PLC0415

    await up_to_date(library)
    made = await plan(library, query, track)
    after: int | None = None
    left = limit
    while left is None or left > 0:
        page = await store.search(library, made, after=after, limit=min(PAGE, left or PAGE))
        for found in page:
            yield found
        if not page:
            break
        after = store.key_of(page[-1])
        left = None if left is None else left - len(page)
    for words in made.notes:
        say(words)


def result_fields(found: Found) -> dict[str, Any]:
    """Return a result as the contract names its parts; what an untagged asset lacks is null."""
    fields = {
        "id": found.asset,
        **path_fields(found.path),
        "sha256": found.sha256.hex() if found.sha256 else None,
        "provider": found.provider,
        "model": found.model,
        "profile": found.profile_name,
        "summary": found.summary,
        "tags": found.tags,
        "lane": found.lane,
        "cost_usd": found.cost_usd,
        "tagged_at": found.tagged_at,
        "profile_id": found.profile,
        "served_model": found.served_model,
        "missing": found.missing,
        "edited": found.edited,
        "inherited_from": found.inherited_from,
        "made_with": found.made_with,
    }
    return fields if found.result else fields | dict.fromkeys(_OF_RESULTS)


_OF_RESULTS = (
    "provider", "model", "profile", "summary", "lane", "cost_usd", "tagged_at", "profile_id",
    "served_model",
)  # fmt: skip


def _print(found: Found) -> None:
    line(f"{found.asset:>6}  {plain(found.path)}{'  (missing)' if found.missing else ''}")
    line(f"{'':>6}  {plain(found.summary)}")
    words = [plain(tag) for tags in found.tags.values() for tag in tags]
    line(f"{'':>6}  {', '.join(words)}")


@click.command()
@common
@click.argument("what", metavar="PATH|ID", type=click.Path(path_type=bytes))
@of_track
@click.pass_obj
def show(shell: Shell, what: bytes, model: str, profile: str) -> None:
    """Print everything known of one image: by its file, or by its id."""

    async def find(library: Library) -> AssetDetail | None:
        from gemtag_tui.store import search as store  # noqa: PLC0415

        found = await store.show(library, what)
        if found is None or not (model or profile):
            return found
        return _of(found, await the_track(library, model, profile))

    detail = with_library(shell, find, readonly=True)
    if detail is None:
        raise UsageError(f"The library knows no image {plain(os.fsdecode(what), 300)!r}.")
    if shell.json:
        json_line(detail_fields(detail))
    else:
        _print_detail(detail)


def _of(detail: AssetDetail, track: Track | None) -> AssetDetail:
    """Return what is known with the results and failures of one track alone."""
    if track is None:
        return detail
    own = (track.provider, track.model, track.profile)
    return replace(
        detail,
        results=[r for r in detail.results if (r.provider, r.model, r.profile) == own],
        failures=[b for b in detail.failures if (b.provider or own[0], b.model or own[1],
                                                 b.profile or own[2]) == own],
    )  # fmt: skip


def detail_fields(detail: AssetDetail) -> dict[str, Any]:
    """Return the newest result's fields, and beside them all that is known besides."""
    from gemtag_tui.cli.failures import failure_fields  # noqa: PLC0415

    places = [path_fields(one.path) | {"missing_at": one.missing_at} for one in detail.files]
    newest = result_fields(detail.results[0]) if detail.results else _untagged(detail)
    return newest | {
        "type": detail.type,
        "width": detail.width,
        "height": detail.height,
        "bytes": detail.bytes,
        "added_at": detail.added_at,
        "files": places,
        "edit": _edit_fields(detail),
        "results": [result_fields(one) for one in detail.results],
        "failures": [failure_fields(one) for one in detail.failures],
    }


def _edit_fields(detail: AssetDetail) -> dict[str, Any] | None:
    """Return what a person changed, `null` when nothing."""
    if detail.overlay.empty:
        return None
    buckets = {
        name: {"set": one.set, "add": one.add, "remove": one.remove}
        for name, one in detail.overlay.buckets.items()
    }
    kept = {"summary": detail.overlay.summary, "buckets": buckets}
    return kept | {"edited_at": detail.edited_at}


def _untagged(detail: AssetDetail) -> dict[str, Any]:
    path = path_fields(detail.files[0].path) if detail.files else {"path": ""}
    sha256 = detail.sha256.hex() if detail.sha256 else None
    known: dict[str, Any] = {"id": detail.asset, **path, "sha256": sha256, "tags": {}}
    return known | {"edited": not detail.overlay.empty} | dict.fromkeys(_OF_RESULTS)


def _print_detail(detail: AssetDetail) -> None:
    rows: list[tuple[str, object]] = [("id", detail.asset)]
    for place in detail.files:
        gone = "" if place.missing_at is None else f"  (missing since {clock(place.missing_at)})"
        rows.append(("file", plain(place.path) + gone))
    rows.append(("picture", f"{detail.type} {detail.width}×{detail.height}, {size(detail.bytes)}"))
    rows.append(("sha256", detail.sha256.hex() if detail.sha256 else "not readable"))
    if not detail.overlay.empty:
        rows.append(("edited", clock(detail.edited_at)))
    for result in detail.results:
        rows += _result_rows(result)
    for bad in detail.failures:
        words = f"{bad.kind.value} ({bad.standing.value}, tried {bad.attempts}×): {bad.message}"
        rows.append(("failure", words))
    columns(rows)


def _result_rows(result: Found) -> list[tuple[str, object]]:
    paid = f"{result.lane} lane, {money(result.cost_usd)}"
    if result.inherited_from is not None:
        paid = f"inherited from near-duplicate {result.inherited_from}"
    if result.made_with:
        paid += f", tried with {words_of(result.made_with)}"
    served = f" (served by {result.served_model})" if result.served_model != result.model else ""
    return [
        ("", ""),
        ("tagged", f"{clock(result.tagged_at)}, {paid}"),
        ("by", f"{result.provider}/{result.model}/{result.profile_name}{served}"),
        ("summary", result.summary),
        *((name, ", ".join(tags)) for name, tags in result.tags.items() if tags),
    ]
