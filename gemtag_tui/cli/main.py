"""The command `gemtag`: finds the command's module, runs it, and turns what goes wrong into words.

The modules of the commands are loaded when they are called, so that `gemtag status` is instant.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from gemtag_tui import __version__
from gemtag_tui.cli.output import is_terminal, prepare_streams, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.text import plain

INTERRUPTED = 130
WRONG = 2

COMMANDS = {
    "scan": "scan:scan",
    "plan": "plan:plan",
    "run": "run:run",
    "status": "status:status",
    "pause": "control:pause",
    "resume": "control:resume",
    "stop": "control:stop",
    "lane": "control:lane",
    "batches": "batches:batches",
    "failures": "failures:failures",
    "near": "near:near",
    "search": "search:search",
    "show": "search:show",
    "edit": "edit:edit",
    "tags": "tags:tags",
    "export": "export:export",
    "config": "config:config",
    "doctor": "doctor:doctor",
    "simulate": "simulate:simulate",
    "demo": "demo:demo",
}
"""Where each command lives, in the order in which help names them."""


class Commands(click.Group):
    """A group whose commands are loaded by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command."""
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, _, attribute = where.partition(":")
        loaded = importlib.import_module(f"gemtag_tui.cli.{module}")
        return getattr(loaded, attribute)  # type: ignore[no-any-return]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a wrong name gets a hint."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command {plain(args[0], 40)!r}.{_hint(args[0])}")
        return super().resolve_command(ctx, args)


@click.command(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command: the full-screen view of the library, attached to a run in progress.",
)
@common
@click.version_option(__version__, "--version", "-V", prog_name="gemtag")
@click.pass_context
def cli(ctx: click.Context) -> int | None:
    """Tag large image libraries with Google Gemini, and lose nothing on the way."""
    return _no_command(ctx) if ctx.invoked_subcommand is None else None


def entry() -> None:
    """Run the command line of this process and end it."""
    sys.exit(main(sys.argv[1:]))


def main(args: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    prepare_streams()
    shell = Shell()
    try:
        code = _invoke(list(args), shell)
        sys.stdout.flush()
    except click.ClickException as error:
        return _wrong_words(error)
    except GemtagError as error:
        say(f"{error.title}: {plain(error.message, 4000)}")
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("Interrupted; everything is kept.")
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:  # noqa: BLE001 - the edge: nothing is above it
        return _crash(shell, error)
    return code


def _invoke(args: list[str], shell: Shell) -> int:
    if "_GEMTAG_COMPLETE" in os.environ:
        cli.main(args, prog_name="gemtag")
    try:
        with cli.make_context("gemtag", args, obj=shell) as ctx:
            code = cli.invoke(ctx)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    return code if isinstance(code, int) else 0


def _no_command(ctx: click.Context) -> int:
    shell = ctx.ensure_object(Shell)
    if shell.json or not (is_terminal(sys.stdout) and sys.stdin.isatty()):
        from gemtag_tui.cli.status import print_status  # noqa: PLC0415

        code = print_status(shell)
        say("This is no terminal: `gemtag --help` names the commands that work without one.")
        return code
    from gemtag_tui.cli.view import open_view  # noqa: PLC0415

    return open_view(shell)


def _wrong_words(error: click.ClickException) -> int:
    words = io.StringIO()
    error.show(words)
    say(words.getvalue().rstrip())
    return WRONG


def _hint(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415

    close = get_close_matches(name, COMMANDS, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _reader_gone() -> int:
    """Whoever read our output has enough: end quietly, also when Python flushes at its exit."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _crash(shell: Shell, error: Exception) -> int:
    import logging  # noqa: PLC0415 - a tenth of the time that `status` may take

    from gemtag_tui.gemini.key import redact  # noqa: PLC0415

    path = shell.start_logging()
    logging.getLogger("gemtag.cli").error("A command ended in an error", exc_info=error)
    words = redact(f"{type(error).__name__}: {error}", *shell.secrets())
    say(f"gemtag met an error of its own: {plain(words, 300)}")
    say(
        f"Everything is kept. The details are in {plain(str(path))}" if path else "No log was kept."
    )
    return WRONG
