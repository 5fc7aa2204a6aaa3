"""`gemtag plan`: what it would take, before a cent is spent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gemtag_tui.cli.output import json_line
from gemtag_tui.cli.plan_values import Length, Moment
from gemtag_tui.cli.run import Money
from gemtag_tui.cli.shell import Shell, common

if TYPE_CHECKING:
    from gemtag_tui.engine.planning import Options, Plan, Selection, Wish
    from gemtag_tui.store.library import Library

LANES = ("auto", "interactive", "flex", "batch")
RESOLUTIONS = ("default", "low", "medium", "high")
LISTS = ("remaining", "tagged", "retry-later", "in-batches", "ignored", "known-bad", "unreadable",
         "unsupported", "too-large", "duplicates", "near")  # fmt: skip


@click.command()
@common
@click.option("--lane", type=click.Choice(LANES), help="Lane to plan for; auto recommends one.")
@click.option("--model", help="Model to plan for; the setting's when not given.")
@click.option("--resolution", type=click.Choice(RESOLUTIONS), help="Media resolution to plan for.")
@click.option("--deadline", type=Length(), metavar="TIME", help="Be done in 36h, 3d, or by a date.")
@click.option("--budget", type=Money(), metavar="USD", help="Recommend what costs at most this.")
@click.option("--prefer", type=click.Choice(("cheapest", "soonest")), help="What counts most.")
@click.option("--folder", type=click.Path(path_type=Path), help="Only what lies in this folder.")
@click.option("--since", type=Moment(), metavar="DATE", help="Only files changed since then.")
@click.option("--until", type=Moment(), metavar="DATE", help="Only files changed before then.")
@click.option("--query", default="", help="Only what this search finds, such as board:holidays.")
@click.option("--first", type=click.IntRange(min=1), help="Only the first so many that remain.")
@click.option("--sample", type=click.IntRange(min=1), help="Only a random sample of so many.")
@click.option("--list", "listing", type=click.Choice(LISTS), help="List the images of a number.")
@click.option("--pilot", is_flag=False, flag_value=50, type=click.IntRange(2, 5000), metavar="[N]",
              help="Tag a sample of N (50) and measure: this costs money.")  # fmt: skip
@click.option("--count", is_flag=False, flag_value=8, type=click.IntRange(1, 500), metavar="[N]",
              help="Have the API count the tokens of N pictures (8); free.")  # fmt: skip
@click.option("--seed", type=int, default=0, help="Another sample for --pilot and --count.")
@click.option("--max-cost", type=Money(), metavar="USD", help="Most that the pilot may cost.")
@click.pass_obj
def plan(
    shell: Shell,
    *,
    lane: str | None,
    model: str | None,
    resolution: str | None,
    deadline: float | None,
    budget: float | None,
    prefer: str | None,
    folder: Path | None,
    since: float | None,
    until: float | None,
    query: str,
    first: int | None,
    sample: int | None,
    listing: str | None,
    pilot: int | None,
    count: int | None,
    seed: int,
    max_cost: float | None,
) -> int:
    """Reckon cost and time of what remains. Sends nothing, but for --pilot and --count."""
    from gemtag_tui.core.plan_values import Options, Selection, Wish  # noqa: PLC0415

    own = {"plan.budget": budget, "plan.prefer": prefer, "model": model, "lane": lane}
    hours = None if deadline is None else deadline / 3600.0
    overrides: dict[str, object] = {**own, "plan.deadline_hours": hours}
    if listing is not None:
        from gemtag_tui.cli.plan_list import print_list  # noqa: PLC0415

        return print_list(shell, shell.load(overrides), listing)
    place = b"" if folder is None else os.fsencode(folder.absolute())
    selection = Selection(place, since or 0.0, until or 0.0, query)
    if pilot is not None:
        from gemtag_tui.cli.plan_pilot import run_pilot  # noqa: PLC0415

        given = {name: value for name, value in overrides.items() if value is not None}
        return run_pilot(shell, given, selection, size=pilot, seed=seed, max_cost=max_cost)
    if count is not None:
        from gemtag_tui.cli.plan_count import run_count  # noqa: PLC0415

        run_count(shell, overrides, selection, size=count, seed=seed, resolution=resolution or "")
    settings = shell.load(overrides).settings
    wish = Wish(settings.plan.deadline_hours * 3600.0, settings.plan.budget, settings.plan.prefer)
    options = Options(
        resolution=resolution or "", lane=settings.lane, first=first or 0, sample=sample or 0
    )
    return _plan(shell, overrides, selection, wish, options)


def _plan(
    shell: Shell, overrides: dict[str, object], selection: Selection, wish: Wish, options: Options
) -> int:
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.cli.plan_print import plan_fields, print_plan  # noqa: PLC0415
    from gemtag_tui.engine.planning import PlanBook, gather  # noqa: PLC0415

    loaded = shell.load(overrides)

    async def reckon(library: Library) -> Plan:
        facts = await gather(library, loaded, shell.config, shell.environ, selection)
        return PlanBook(facts).compute(wish, options)

    made = with_library(shell, reckon, readonly=True)
    if shell.json:
        json_line(plan_fields(made))
    else:
        print_plan(made)
    return 0
