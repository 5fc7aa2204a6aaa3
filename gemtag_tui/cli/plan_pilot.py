"""`gemtag plan --pilot`: tags a sample under a budget shown first, and says what it told."""

from __future__ import annotations

import asyncio
import sys
from math import isfinite
from typing import TYPE_CHECKING, Any

import click

from gemtag_tui.cli.output import is_terminal, json_line, line, say
from gemtag_tui.cli.plan_print import plan_fields, print_plan
from gemtag_tui.cli.words import count, duration, money
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.cli.shell import Shell
    from gemtag_tui.core.pilot import Interval
    from gemtag_tui.core.plan_values import Selection
    from gemtag_tui.engine.config import Loaded
    from gemtag_tui.engine.piloting import Outcome, Sample
    from gemtag_tui.store.library import Library


def run_pilot(
    shell: Shell,
    overrides: dict[str, object],
    selection: Selection,
    *,
    size: int,
    seed: int,
    max_cost: float | None,
) -> int:
    """Choose a sample, say what it may cost, tag it, and print what it told.

    Returns:
        The run's exit code, 0 when nothing remains.
    """
    loaded = shell.load(overrides)
    sample = _choose(shell, loaded, selection, size=size, seed=seed, max_cost=max_cost)
    if not sample.picked:
        say("Nothing remains to be tagged: there is nothing to try.")
        return 0
    _announce(sample)
    if is_terminal(sys.stdin) and not shell.json:
        click.confirm("Start?", abort=True, err=True)
    code = _run(shell, loaded, overrides, sample)
    outcome = _conclude(shell, loaded, sample, seed)
    if outcome is None:
        raise UsageError("No image of the sample was answered: see `gemtag status` for why.")
    if shell.json:
        json_line(outcome_fields(outcome))
    else:
        _print(outcome, sample.lane)
    return code


def _choose(
    shell: Shell,
    loaded: Loaded,
    selection: Selection,
    *,
    size: int,
    seed: int,
    max_cost: float | None,
) -> Sample:
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.engine.piloting import choose_sample  # noqa: PLC0415

    async def chosen(library: Library) -> Sample:
        return await choose_sample(
            library,
            loaded,
            shell.config,
            shell.environ,
            selection,
            size=size,
            seed=seed,
            max_cost=max_cost,
        )

    return with_library(shell, chosen, readonly=True)


def _announce(sample: Sample) -> None:
    cost, number = sample.plan.cost, count(len(sample.picked), "image")
    expected = f"about {money(cost.likely)}" if cost else "at an unknown price"
    cap = f", at most {money(sample.cap)}" if sample.cap else ""
    say(f"A pilot of {number} through {sample.lane}: {expected}{cap}. Its results are kept.")
    if sample.note:
        say(sample.note)


def _run(shell: Shell, loaded: Loaded, overrides: dict[str, Any], sample: Sample) -> int:
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.engine.request import RunRequest  # noqa: PLC0415
    from gemtag_tui.engine.run import run_engine  # noqa: PLC0415
    from gemtag_tui.store import pilots  # noqa: PLC0415

    async def kept(library: Library) -> int:
        return await pilots.keep_list(library, sample.picked)

    request = RunRequest(
        library=shell.library,
        settings=loaded.settings,
        origins={name: str(origin) for name, origin in loaded.origins.items()},
        config=shell.config,
        overrides=overrides,
        lane=sample.lane,
        limit=len(sample.picked),
        max_cost=sample.cap or None,
        no_wait=True,
        selection=with_library(shell, kept),
    )
    shell.start_logging("engine")
    return asyncio.run(run_engine(request, lambda _event, _snapshot: None))


def _conclude(shell: Shell, loaded: Loaded, sample: Sample, seed: int) -> Outcome | None:
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.engine.piloting import conclude  # noqa: PLC0415

    async def concluded(library: Library) -> Outcome | None:
        return await conclude(
            library, loaded, shell.config, shell.environ, sample=sample, seed=seed
        )

    return with_library(shell, concluded)


def outcome_fields(outcome: Outcome) -> dict[str, Any]:
    """Return what a pilot told, beside the plan with its results in it."""
    found = outcome.found
    return {
        "pilot": {
            "images": found.images,
            "tagged": found.tagged,
            "tokens_in": _interval(found.tokens_in),
            "tokens_out": _interval(found.tokens_out),
            "cost_each_usd": _interval(found.cost),
            "calls_each": _interval(found.calls),
            "failure_share": {kind: _interval(one) for kind, one in found.failures.items()},
            "cost_usd": _interval(outcome.cost),
            "seconds": _interval(outcome.seconds),
            "level": 0.95,
        },
        "plan": plan_fields(outcome.plan),
    }


def _interval(found: Interval) -> dict[str, float | None]:
    ends = {"low": found.low, "likely": found.likely, "high": found.high}
    return {name: value if isfinite(value) else None for name, value in ends.items()}


def _print(outcome: Outcome, lane: str) -> None:
    found, cost, seconds = outcome.found, outcome.cost, outcome.seconds
    line(f"Pilot: {found.tagged:,} of {count(found.images, 'image')} tagged.")
    line(f"Tokens an image: {_range(found.tokens_in)} in, {_range(found.tokens_out)} out (95 %).")
    high = money(cost.high) if isfinite(cost.high) else "?"
    line(
        f"All that remains through {lane}: {money(cost.likely)} ({money(cost.low)} to {high}), "
        f"{_time(seconds.likely)} ({_time(seconds.low)} to {_time(seconds.high)})."
    )
    for kind, share in found.failures.items():
        ends = f"{share.low:.0%} to {share.high:.0%}"
        line(f"    fails as {plain(kind)}: {share.likely:.0%} ({ends})")
    for asset in outcome.looked_at:
        for result in asset.results[:1]:
            line(f"    {plain(asset.files[0].path if asset.files else str(asset.asset))}")
            line(f"        {plain(result.summary, 200)}")
    line()
    print_plan(outcome.plan)


def _range(found: Interval) -> str:
    high = f"{found.high:,.0f}" if isfinite(found.high) else "?"
    return f"{found.likely:,.0f} ({found.low:,.0f} to {high})"


def _time(seconds: float) -> str:
    return duration(seconds) if isfinite(seconds) else "for ever"
