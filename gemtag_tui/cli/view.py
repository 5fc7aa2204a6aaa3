"""Opening the full-screen view."""

from __future__ import annotations

from gemtag_tui.cli.shell import Shell


def open_view(shell: Shell) -> int:
    """Show the library full-screen until the person leaves; a run goes on without it."""
    shell.load()
    shell.start_logging()
    from gemtag_tui.tui.app import run_tui  # noqa: PLC0415 - it brings Textual along

    return run_tui(shell.library, shell.config if shell.config_named else None)
