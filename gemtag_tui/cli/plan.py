"""`gemtag plan`: what it would take, before a cent is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gemtag_tui.cli.output import json_line, line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count, duration, money
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.engine.planning import LanePlan, Plan
    from gemtag_tui.store.library import Library

LANES = ("auto", "interactive", "flex", "batch")


@click.command()
@common
@click.option("--lane", type=click.Choice(LANES), help="Lane to plan for; auto recommends one.")
@click.option("--model", help="Model to plan for; the setting's when not given.")
@click.pass_obj
def plan(shell: Shell, lane: str | None, model: str | None) -> None:
    """Reckon cost and time of what remains. Sends nothing and needs no key."""
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.engine.planning import make_plan  # noqa: PLC0415

    loaded = shell.load({"model": model, "lane": lane})

    async def reckon(library: Library) -> Plan:
        return await make_plan(library, loaded, shell.config, shell.environ, loaded.settings.lane)

    made = with_library(shell, reckon, readonly=True)
    if shell.json:
        json_line(plan_fields(made))
    else:
        _print(made)


def plan_fields(plan: Plan) -> dict[str, Any]:
    """Return the plan as the contract names its parts."""
    counts, tokens = plan.counts, plan.tokens
    return {
        "total": counts.total,
        "tagged": counts.tagged,
        "remaining": counts.remaining,
        "duplicates": counts.duplicates,
        "known_bad": counts.known_bad,
        "ignored": counts.ignored,
        "tokens_per_image": {
            "prompt": round(tokens.prompt),
            "image": round(tokens.image),
            "output": round(tokens.output),
            "basis": tokens.basis,
        },
        "lanes": [_lane_fields(one) for one in plan.lanes],
        "recommended": plan.recommended,
        "reason": plan.reason,
        "warnings": list(plan.warnings),
        "model": plan.model,
        "profile": plan.profile,
        "provider": plan.provider,
    }


def _lane_fields(lane: LanePlan) -> dict[str, Any]:
    cost, length = lane.cost, lane.duration
    return {
        "lane": lane.lane,
        "available": lane.available,
        "cost_usd": cost.likely if cost else None,
        "cost_low": cost.low if cost else None,
        "cost_high": cost.high if cost else None,
        "seconds": length.seconds if length else None,
        "binding_limit": length.binding if length else "",
        "notes": list(lane.notes),
    }


def _print(plan: Plan) -> None:
    counts, tokens = plan.counts, plan.tokens
    line(
        f"{counts.remaining:,} of {counts.total:,} images remain "
        f"({counts.tagged:,} tagged, {counts.known_bad:,} known bad, "
        f"{count(counts.duplicates, 'duplicate')} for nothing)."
    )
    line(f"Model {plan.model}, profile {plain(plan.profile)}.")
    line(
        f"Tokens an image: {tokens.prompt:,.0f} prompt + {tokens.image:,.0f} image, "
        f"{tokens.output:,.0f} answer ({tokens.basis})."
    )
    for lane in plan.lanes:
        _print_lane(lane, chosen=lane.lane == plan.recommended)
    line(f"Recommended: {plan.recommended}. {plan.reason}")
    for words in plan.warnings:
        say(f"Note: {plain(words)}")


def _print_lane(lane: LanePlan, *, chosen: bool) -> None:
    mark = "*" if chosen else " "
    cost = lane.cost
    price = f"{money(cost.likely)} ({money(cost.low)} to {money(cost.high)})" if cost else "price ?"
    length = lane.duration
    time = f"about {duration(length.seconds)}" if length else ""
    limit = f", limit: {length.binding}" if length and length.binding else ""
    able = "" if lane.available else "  not available"
    line(f"{mark} {lane.lane:<12} {price:<34} {time}{limit}{able}")
    for note in lane.notes:
        line(f"    {plain(note)}")
