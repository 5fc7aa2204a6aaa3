"""Opening the full-screen view."""

from __future__ import annotations

from gemtag_tui.cli.shell import Shell


def open_view(shell: Shell, *, first_screen: str = "", goes_on: bool = True) -> int:
    """Show the library full-screen until the person leaves.

    Args:
        shell: what the command line says.
        first_screen: the screen to begin with; "" for the one shown last.
        goes_on: whether a run goes on without the screens, which is then said.
    """
    shell.load()
    shell.start_logging()
    from gemtag_tui.tui.wiring import run  # noqa: PLC0415 - it brings Textual along

    config = shell.config if shell.config_named else None
    return run(shell.library, config, first_screen=first_screen, goes_on=goes_on)
