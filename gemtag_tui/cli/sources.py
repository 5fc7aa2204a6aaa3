"""`gemtag scan --manifest` and `--sqlite`: pictures that a list or another database names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gemtag_tui.cli.output import json_line, say
from gemtag_tui.cli.shell import Shell
from gemtag_tui.cli.words import count
from gemtag_tui.core.errors import UsageError

if TYPE_CHECKING:
    from gemtag_tui.engine.near import Found
    from gemtag_tui.engine.scan_values import ScanCounts
    from gemtag_tui.engine.sources import Entry, Told
    from gemtag_tui.store.context import Source


@dataclass(frozen=True, slots=True)
class Listed:
    """A source: its file, and for a database the query."""

    path: Path
    query: str | None = None

    @property
    def kind(self) -> Source:
        """What kind it is."""
        return "manifest" if self.query is None else "sqlite"

    def entries(self) -> Iterator[Entry]:
        """Read it."""
        from gemtag_tui.engine import sources  # noqa: PLC0415

        if self.query is None:
            return sources.manifest(self.path)
        return sources.database(self.path, self.query)


def listed(
    paths: tuple[bytes, ...], manifest: Path | None, sqlite: Path | None, query: str | None
) -> Listed | None:
    """Return the source that the options name, `None` when there are just paths.

    Raises:
        UsageError: the options do not go together.
    """
    if sum((bool(paths), manifest is not None, sqlite is not None)) != 1:
        words = "Give files and folders (PATH...), or one --manifest, or one --sqlite database."
        raise UsageError(words)
    if (sqlite is None) != (query is None):
        raise UsageError("--sqlite and --query go together: --query 'SELECT path, id FROM photos'.")
    if sqlite is not None:
        return Listed(sqlite, query)
    return None if manifest is None else Listed(manifest)


def scan_listed(shell: Shell, source: Listed, *, near: bool = False) -> int:
    """Add what a source names to the library and say what that came to."""
    from gemtag_tui.cli.near import near_fields, print_found  # noqa: PLC0415
    from gemtag_tui.cli.scan import FIELDS, INTERRUPTED, Watching, print_counts  # noqa: PLC0415

    watch = Watching()
    result = asyncio.run(_scan(shell, source, watch, near=near))
    watch.line.clear()
    if result is None:
        say("Stopped; what was recorded is kept. The same command goes on from there.")
        return INTERRUPTED
    counts, told, found = result
    if shell.json:
        fields = {name: getattr(counts, name) for name in FIELDS} | near_fields(found)
        json_line(fields | {"context": told.noted, "without_file": told.without_file})
        return 0
    print_counts(counts)
    print_found(found)
    say(f"{count(told.noted, 'picture')} with words from the source.")
    if told.without_file:
        say(f"{count(told.without_file, 'entry', 'entries')} without a file, such as:")
        for words in told.examples[:5]:
            say(f"  {words}")
    return 0


async def _scan(
    shell: Shell, source: Listed, watch: object, *, near: bool
) -> tuple[ScanCounts, Told, Found | None] | None:
    from gemtag_tui.cli.near import look_for  # noqa: PLC0415
    from gemtag_tui.cli.scan import Watching, stop_on_signals  # noqa: PLC0415
    from gemtag_tui.engine.clock import SystemClock  # noqa: PLC0415
    from gemtag_tui.engine.scan_sources import scan_entries  # noqa: PLC0415
    from gemtag_tui.engine.scanning import Place  # noqa: PLC0415

    assert isinstance(watch, Watching)  # noqa: S101 (for the types)
    settings = shell.load().settings
    place = Place(shell.library, shell.config, shell.environ)
    show = watch.show

    async def whole() -> tuple[ScanCounts, Told, Found | None]:
        counts, told = await scan_entries(
            place,
            settings,
            source.entries(),
            source.kind,
            source.path,
            clock=SystemClock(),
            on_progress=show,
        )
        return counts, told, await look_for(shell, once=near, watch=watch)

    work = asyncio.ensure_future(whole())
    stop_on_signals(work)
    try:
        return await work
    except asyncio.CancelledError:
        return None
