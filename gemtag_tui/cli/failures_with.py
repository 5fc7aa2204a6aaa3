"""`gemtag failures retry --with`: once more with one setting changed, or of another model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemtag_tui.cli.failures import selection
from gemtag_tui.cli.library import with_library
from gemtag_tui.cli.of_track import the_track
from gemtag_tui.cli.output import json_line, say
from gemtag_tui.cli.words import count, money
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.cli.shell import Shell
    from gemtag_tui.store.library import Library
    from gemtag_tui.store.tracks import Track

_MODEL = "model="


def retry_with(shell: Shell, wish: str, *, dry: bool, **chosen: Any) -> None:
    """Have failures tried again with a changed setting, and say how many and how much.

    Raises:
        UsageError: it is nothing that can be wished.
    """
    told = (chosen.pop("model"), chosen.pop("profile"))
    selection(None, **chosen)
    act = _other if wish.startswith(_MODEL) else _changed

    async def run(library: Library) -> dict[str, Any]:
        from gemtag_tui.store.failure_rows import renew_causes  # noqa: PLC0415

        await renew_causes(library)
        track = await the_track(library, *told)
        if track is None:
            raise UsageError("Nothing failed yet: no model was asked.")
        return await act(shell, library, track, wish, dry, chosen)

    fields = with_library(shell, run)
    if shell.json:
        json_line({"command": "retry", "with": wish, **fields, "dry_run": dry})
    else:
        _say(fields, wish, dry=dry)


async def _changed(  # noqa: PLR0917 (what is wished of whom)
    shell: Shell, library: Library, track: Track, wish: str, dry: bool, chosen: dict[str, Any]
) -> dict[str, Any]:
    from gemtag_tui.engine.remedying import basis_of, cost_of, wish_of  # noqa: PLC0415
    from gemtag_tui.store import next_choice  # noqa: PLC0415

    wanted = selection(track, **chosen)
    read = await wish_of(library, track, wish)
    seen = await next_choice.reach(library, wanted, track, read)
    basis = await basis_of(library, track, shell.config)
    moved = 0 if dry else await next_choice.choose(library, wanted, track, read)
    return {
        "changed": moved,
        "reach": seen.count,
        "refused_before": seen.refused,
        "spent_usd": seen.spent_usd,
        "cost_usd": cost_of(read, seen, track, basis),
        "model": track.model,
    }


async def _other(  # noqa: PLR0917 (what is wished of whom)
    shell: Shell, library: Library, track: Track, wish: str, dry: bool, chosen: dict[str, Any]
) -> dict[str, Any]:
    from gemtag_tui.core.models import canonical_model  # noqa: PLC0415
    from gemtag_tui.core.remedies import each_usd  # noqa: PLC0415
    from gemtag_tui.engine.remedying import basis_of  # noqa: PLC0415
    from gemtag_tui.store import failures, selections  # noqa: PLC0415

    model = canonical_model(wish.removeprefix(_MODEL))
    if not model or model == track.model:
        raise UsageError("Name another model: --with model=NAME.")
    wanted = selection(track, **chosen)
    assets = await failures.assets(library, wanted)
    each = each_usd(await basis_of(library, track, shell.config), model=model)
    kept = None
    if assets and not dry:
        kept = await selections.select_these(library, assets, f"failures for {model}")
    return {
        "changed": 0 if kept is None else kept.assets,
        "reach": len(assets),
        "cost_usd": None if each is None else each * len(assets),
        "model": model,
        "selection": None if kept is None else kept.id,
    }


def _say(fields: dict[str, Any], wish: str, *, dry: bool) -> None:
    number = fields["reach"] if dry else fields["changed"]
    if left := fields.get("refused_before"):
        say(f"{count(left, 'failure')} refused so before: left out.")
    if not number:
        say("Nothing matched; nothing changed.")
        return
    cost = fields["cost_usd"]
    price = "price not known" if cost is None else f"about {money(cost)}"
    if dry:
        say(f"{count(number, 'failure')} would be tried with {plain(wish, 60)}, {price}.")
    elif fields.get("selection"):
        words = f"gemtag run --model {plain(fields['model'], 80)} --selection"
        say(
            f"{count(number, 'image')} kept as a list, {price}. Next: {words} {fields['selection']}"
        )
    else:
        say(f"{count(number, 'failure')} will be tried with {plain(wish, 60)}, {price}.")
        say("A run in progress takes them up; else `gemtag run` does. "
            "`gemtag failures undo` takes it back.")  # fmt: skip
