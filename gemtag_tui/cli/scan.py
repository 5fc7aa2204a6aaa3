"""`gemtag scan`: files and folders become assets."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gemtag_tui.cli.near import look_alone, look_for, near_fields, print_found
from gemtag_tui.cli.output import ProgressLine, json_line, line, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.sources import listed, scan_listed
from gemtag_tui.cli.words import count, duration
from gemtag_tui.core.text import plain

if TYPE_CHECKING:
    from gemtag_tui.engine.near import Found
    from gemtag_tui.engine.scan_values import ScanCounts, ScanProgress

T = TypeVar("T")

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
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(path_type=bytes))
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A list of pictures: CSV, JSON or JSONL with paths, ids, and what is known of them.",
)
@click.option(
    "--sqlite",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Another application's database, asked by --query and never written to.",
)
@click.option("--query", help="A SELECT for --sqlite: SELECT path, id, title FROM photos.")
@click.option(
    "--near", is_flag=True, help="Group pictures that look the same; alone: of what is there."
)
@click.pass_obj
def scan(shell: Shell, /, paths: tuple[bytes, ...], near: bool, **more: Any) -> int:
    """Add files and folders, or look again at those already there.

    Unchanged files cost a look at their size and time. Ctrl+C keeps what was recorded; the same
    command goes on from there. What sidecars beside the pictures (image.jpg.json) and lists say of
    them, such as board and title, is kept and can be searched.
    """
    if near and not (paths or any(more.values())):
        shell.start_logging()
        return look_alone(shell)
    source = listed(paths, **more)
    shell.start_logging()
    if source is not None:
        return scan_listed(shell, source, near=near)
    watch = Watching()
    result = asyncio.run(_scan(shell, list(paths), watch, near=near))
    watch.line.clear()
    if result is None:
        say("Stopped; what was recorded is kept. The same command goes on from there.")
        return INTERRUPTED
    counts, found = result
    if shell.json:
        json_line({name: getattr(counts, name) for name in FIELDS} | near_fields(found))
    else:
        print_counts(counts)
        print_found(found)
    return 0


class Watching:
    """Shows how far a scan is."""

    def __init__(self) -> None:
        self.line = ProgressLine()

    def show(self, progress: ScanProgress) -> None:
        """Show this much."""
        counts = progress.counts
        self.line.show(
            f"{counts.found:,} found, {counts.added:,} added, {counts.unchanged:,} unchanged: "
            f"{plain(progress.folder)}"
        )


async def _scan(
    shell: Shell, paths: list[bytes], watch: Watching, *, near: bool
) -> tuple[ScanCounts, Found | None] | None:
    """Scan until the end or a stop signal; `None` when it was stopped."""
    from gemtag_tui.engine.clock import SystemClock  # noqa: PLC0415
    from gemtag_tui.engine.scanning import Place, scan_paths  # noqa: PLC0415

    settings = shell.load().settings
    place = Place(shell.library, shell.config, shell.environ)

    async def whole() -> tuple[ScanCounts, Found | None]:
        counts = await scan_paths(
            place, settings, paths, clock=SystemClock(), on_progress=watch.show
        )
        return counts, await look_for(shell, once=near, watch=watch)

    work = asyncio.ensure_future(whole())
    stop_on_signals(work)
    try:
        return await work
    except asyncio.CancelledError:
        return None


def stop_on_signals(work: asyncio.Future[T]) -> None:
    """Cancel some work when the process is told to stop."""
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, ValueError, AttributeError):
            loop.add_signal_handler(getattr(signal, name), work.cancel)


def print_counts(counts: ScanCounts) -> None:
    """Say what a scan came to."""
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
