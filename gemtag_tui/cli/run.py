"""`gemtag run`: this process becomes the engine, and says how it goes."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gemtag_tui import __version__
from gemtag_tui.cli.output import ProgressLine, json_line, line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count
from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.failures import Standing
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.core.snapshot import RunSnapshot
    from gemtag_tui.engine.request import RunRequest
    from gemtag_tui.store.library import Library

log = logging.getLogger("gemtag.cli")

LANES = ("auto", "interactive", "flex", "batch")


class Money(click.ParamType[float]):
    """A sum in US dollars above zero; a dollar sign before it is fine."""

    name = "usd"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the sum."""
        try:
            usd = float(str(value).strip().lstrip("$"))
        except ValueError:
            usd = 0.0
        if not 0 < usd < float("inf"):
            self.fail(f"{plain(str(value), 40)!r} is no sum of dollars above zero.", param, ctx)
        return usd


@click.command()
@common
@click.option("--lane", type=click.Choice(LANES), help="Lane; the setting's when not given.")
@click.option("--limit", type=click.IntRange(min=1), help="Most images to settle.")
@click.option("--split", type=click.IntRange(min=1), metavar="N",
              help="The first N one by one, the rest through batch jobs beside them.")  # fmt: skip
@click.option("--max-cost", type=Money(), metavar="USD", help="End when this run has cost so much.")
@click.option("--concurrency", type=click.IntRange(1, 1000), help="Most calls at once.")
@click.option("--model", help="Model; the setting's when not given.")
@click.option("--profile", help="Profile, by name or file; the setting's when not given.")
@click.option("--query", metavar="QUERY", help="Only what a search finds, such as 'path:cats'.")
@click.option("--selection", type=click.IntRange(min=1), help="Only a list kept before, by its id.")
@click.option("--no-wait", is_flag=True, help="End instead of waiting for a new day's quota.")
@click.option("--detach", is_flag=True, help="Go on without this terminal.")
@click.pass_obj
def run(
    shell: Shell,
    *,
    lane: str | None,
    limit: int | None,
    split: int | None,
    max_cost: float | None,
    concurrency: int | None,
    model: str | None,
    profile: str | None,
    no_wait: bool,
    detach: bool,
    query: str | None,
    selection: int | None,
) -> int:
    """Tag what remains.

    Ends with 0 when all is done, 1 when some images failed, 2 when something has to be set right
    first, 3 when a limit ended it early, 130 when it was interrupted. Everything is always kept.
    """
    given = {"lane": lane, "concurrency": concurrency, "model": model, "profile": profile}
    overrides = {name: value for name, value in given.items() if value is not None}
    request = _request(shell, overrides, limit, max_cost, no_wait)
    request = replace(request, split=split or 0)
    request = _chosen(shell, request, query, selection)
    return _detached(shell, request) if detach else _engine(shell, request)


def _request(
    shell: Shell,
    overrides: dict[str, Any],
    limit: int | None,
    max_cost: float | None,
    no_wait: bool,
) -> RunRequest:
    from gemtag_tui.engine.request import RunRequest  # noqa: PLC0415

    if not shell.library.exists():
        raise UsageError("There is no library yet: `gemtag scan PATH` makes one.")
    loaded = shell.load(overrides)
    return RunRequest(
        library=shell.library,
        settings=loaded.settings,
        origins={name: str(origin) for name, origin in loaded.origins.items()},
        config=shell.config,
        overrides=overrides,
        lane=loaded.settings.lane,
        limit=limit,
        max_cost=max_cost,
        no_wait=no_wait,
    )


def _chosen(
    shell: Shell, request: RunRequest, query: str | None, selection: int | None
) -> RunRequest:
    if query is None:
        return replace(request, selection=selection or 0)
    if selection:
        raise UsageError("Give --query or --selection, not both.")
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.cli.search import up_to_date  # noqa: PLC0415
    from gemtag_tui.store.selections import Selected, select_assets  # noqa: PLC0415

    async def select(library: Library) -> Selected:
        await up_to_date(library)
        return await select_assets(library, query)

    found = with_library(shell, select)
    if not found.assets:
        raise UsageError(f"The search {plain(query, 200)!r} finds no images.")
    say(f"Selection {found.id}: {count(found.assets, 'image')}.")
    return replace(request, selection=found.id)


def _engine(shell: Shell, request: RunRequest) -> int:
    from gemtag_tui.engine.run import run_engine  # noqa: PLC0415 - it brings the whole engine along

    shell.start_logging("engine")
    log.info(
        "gemtag %s begins a run, lane %s, model %s",
        __version__,
        request.lane,
        request.settings.model,
    )
    teller = Teller(as_json=shell.json)
    code = asyncio.run(run_engine(request, teller.tell, alone=True))
    log.info("the run ended with %d", code)
    if teller.last is not None and not shell.json:
        from gemtag_tui.cli.ending import ending_lines  # noqa: PLC0415

        _print_quietly(ending_lines(teller.last, _causes(shell, teller.last)))
    return code


def _causes(shell: Shell, snapshot: RunSnapshot) -> dict[str, int]:
    """Return how many images stand as failed, by kind, most frequent first."""
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.store import failures, tracks  # noqa: PLC0415

    async def counted(library: Library) -> dict[str, int]:
        track = await tracks.find_track(
            library, snapshot.provider, snapshot.model, snapshot.profile_id
        )
        found: Counter[str] = Counter()
        for group in [] if track is None else await failures.groups(library, track):
            if group.standing is not Standing.IGNORED:
                found[group.kind.value] += group.count
        return dict(found.most_common())

    return with_library(shell, counted, readonly=True)


def _print_quietly(words: list[str]) -> None:
    with suppress(OSError):  # whoever read this has gone; the run is what counts
        for one in words:
            line(one)
        sys.stdout.flush()


def _detached(shell: Shell, request: RunRequest) -> int:
    """Check here what can be checked, so that mistakes are told to whoever made them."""
    from gemtag_tui.engine.launch import start_engine  # noqa: PLC0415
    from gemtag_tui.engine.preflight import make_ready  # noqa: PLC0415
    from gemtag_tui.store.lock import EngineLock  # noqa: PLC0415

    make_ready(request, shell.environ)
    with EngineLock(request.library):
        pass
    config = request.config if shell.config_named else None
    pid = start_engine(request.library, config, options_of(request))
    if shell.json:
        json_line({"event": "started", "pid": pid})
    else:
        line(str(pid))
        say(f"The engine runs as process {pid}. Watch it with `gemtag` or `gemtag status`;")
        say("`gemtag pause`, `gemtag resume` and `gemtag stop` command it.")
    return 0


def options_of(request: RunRequest) -> list[str]:
    """Return the words of a command line that asks for the same run."""
    options = ["--lane", request.lane]
    for name in ("concurrency", "model", "profile"):
        if name in request.overrides:
            options += [f"--{name}", str(request.overrides[name])]
    if request.limit is not None:
        options += ["--limit", str(request.limit)]
    if request.split:
        options += ["--split", str(request.split)]
    if request.selection:
        options += ["--selection", str(request.selection)]
    if request.max_cost is not None:
        options += ["--max-cost", repr(request.max_cost)]
    return [*options, "--no-wait"] if request.no_wait else options


class Teller:
    """Says how a run goes. A reader that has gone away never touches the run.

    Args:
        as_json: lines of JSON on stdout instead of words.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._progress = ProgressLine()
        self._warned: set[str] = set()
        self.last: RunSnapshot | None = None

    def tell(self, event: str, snapshot: RunSnapshot) -> None:
        """Take "progress" about once a second and "end" once."""
        from gemtag_tui.cli.fields import progress_words, status_fields  # noqa: PLC0415

        if self._as_json:
            self._data({"event": event, **status_fields(snapshot)})
        elif event == "end":
            self._progress.clear()
            self.last = snapshot
        else:
            self._warn(snapshot)
            self._progress.show(progress_words(snapshot))

    def _data(self, value: dict[str, Any]) -> None:
        try:
            json_line(value)
        except OSError:
            self._as_json = False  # nobody reads on: words to stderr, if anybody is there

    def _warn(self, snapshot: RunSnapshot) -> None:
        for words in snapshot.warnings:
            if words not in self._warned:
                self._warned.add(words)
                self._progress.clear()
                say(plain(words))
