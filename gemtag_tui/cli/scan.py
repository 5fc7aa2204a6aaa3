"""`gemtag scan`: files and folders become assets."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from gemtag_tui.cli.output import ProgressLine, json_line, line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count, duration
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.engine.scan_values import ScanCounts, ScanProgress

INTERRUPTED = 130
FIELDS = (
    "found",
    "added",
    "changed",
    "unchanged",
    "missing",
    "unreadable",
    "duplicates",
    "skipped",
    "seconds",
    "warnings",
)


@click.command()
@common
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=bytes)
)
@click.pass_obj
def scan(shell: Shell, paths: tuple[bytes, ...]) -> int:
    """Add files and folders, or look again at those already there.

    Unchanged files cost a look at their size and time. Ctrl+C keeps what was recorded; the same
    command goes on from there.
    """
    shell.start_logging()
    watch = _Watch()
    counts = asyncio.run(_scan(shell, list(paths), watch))
    watch.line.clear()
    if counts is None:
        say("Stopped; what was recorded is kept. The same command goes on from there.")
        return INTERRUPTED
    if shell.json:
        json_line({name: getattr(counts, name) for name in FIELDS})
    else:
        _print(counts)
    return 0


class _Watch:
    """Shows how far a scan is."""

    def __init__(self) -> None:
        self.line = ProgressLine()

    def show(self, progress: ScanProgress) -> None:
        counts = progress.counts
        self.line.show(
            f"{counts.found:,} found, {counts.added:,} added, {counts.unchanged:,} unchanged: "
            f"{plain(progress.folder)}"
        )


async def _scan(shell: Shell, paths: list[bytes], watch: _Watch) -> ScanCounts | None:
    """Scan until the end or a stop signal; `None` when it was stopped."""
    from gemtag_tui.engine.clock import SystemClock  # noqa: PLC0415
    from gemtag_tui.engine.scanning import Place, scan_paths  # noqa: PLC0415

    settings = shell.load().settings
    place = Place(shell.library, shell.config, shell.environ)
    work = asyncio.ensure_future(
        scan_paths(place, settings, paths, clock=SystemClock(), on_progress=watch.show)
    )
    _stop_on_signals(work)
    try:
        return await work
    except asyncio.CancelledError:
        return None


def _stop_on_signals(work: asyncio.Future[ScanCounts]) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, ValueError, AttributeError):
            loop.add_signal_handler(getattr(signal, name), work.cancel)


def _print(counts: ScanCounts) -> None:
    line(
        f"{count(counts.found, 'image')} found in {duration(counts.seconds)}: "
        f"{counts.added:,} added, {counts.changed:,} changed, {counts.unchanged:,} unchanged."
    )
    line(
        f"{count(counts.duplicates, 'duplicate')} (paid for once), {counts.unreadable:,} unusable, "
        f"{counts.missing:,} missing, {counts.skipped:,} skipped (no images)."
    )
    for words in counts.warnings:
        say(plain(words))
    if counts.unreadable:
        say("`gemtag failures list` says why files cannot be used.")
