"""Opening a library, showing the screens on it, and saying good-bye."""

from __future__ import annotations

import asyncio
import locale
import os
import sys
from pathlib import Path

from gemtag_tui.core.errors import GemtagError
from gemtag_tui.tui import curtain
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.words import clock


def refusal() -> str:
    """Why no screen can be shown here, "" when one can."""
    if not (sys.stdin.isatty() and sys.__stderr__ is not None and sys.__stderr__.isatty()):
        return "The screens need a terminal. `gemtag status` and `gemtag run` work without one."
    if os.environ.get("TERM") == "dumb":
        return (
            "This terminal says it cannot draw (TERM=dumb). `gemtag status` and `gemtag run` print"
            " plain lines; if it can draw, set TERM to what it is."
        )
    return ""


def needs_ascii() -> bool:
    """Whether the locale has ASCII signs only."""
    return "utf" not in locale.getpreferredencoding(do_setlocale=False).lower()


def farewell(look: Look) -> str:
    """What is said after leaving, "" when nothing goes on."""
    if not look.engine:
        return ""
    started = look.snapshot.started_at or (look.run.started_at if look.run else 0)
    since = f" (started {clock(started, look.now)})" if started else ""
    return f"The run goes on{since}. gemtag opens it again."


def run(
    library_path: Path,
    config_path: Path | None,
    *,
    no_mouse: bool = False,
    first_screen: str = "",
    goes_on: bool = True,
) -> int:
    """Show the screens until the person leaves; returns the exit code."""
    why = refusal()
    if why:
        print(why, file=sys.stderr)
        return 2
    curtain.draw(library_path, ascii_only=needs_ascii())
    try:
        code, words = asyncio.run(_run(library_path, config_path, no_mouse, first_screen))
    except BaseException:
        curtain.lift()
        raise
    if words and goes_on:
        print(words)
    return code


async def _run(
    library_path: Path, config_path: Path | None, no_mouse: bool, first_screen: str
) -> tuple[int, str]:
    from gemtag_tui.tui.app import GemtagApp  # noqa: PLC0415 - Textual is heavy
    from gemtag_tui.tui.library_source import LibrarySource  # noqa: PLC0415

    async with LibrarySource.open(library_path, config_path) as source:
        screen = source.settings.screen
        app = GemtagApp(
            source,
            tick=screen.tick_seconds,
            ascii_only=screen.ascii or needs_ascii(),
            theme=screen.theme,
            first_screen=first_screen,
        )
        await app.run_async(mouse=screen.mouse and not no_mouse)
        words = ""
        if app.return_code == 0:
            try:
                words = farewell(await source.look())
            except GemtagError:
                words = ""
    return app.return_code or 0, words
