"""`gemtag demo`: everything at once, on pictures made on the spot, and nothing is paid."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from gemtag_tui.cli.output import is_terminal, say
from gemtag_tui.cli.shell import Shell, common
from gemtag_tui.cli.words import count, duration

DEFAULT_IMAGES = 120
SECONDS_TO_WATCH, SECONDS_TO_WAIT = 60.0, 25.0
"""How long tagging takes on the screens, and without a terminal, where there is less to see."""
ENDED_WELL = {0, 1}
"""Some of the demo's pictures are blocked on purpose."""
_OVER = """That was the demo: its library, its simulator and its pictures are thrown away.
With pictures of your own: `gemtag doctor`, then `gemtag scan FOLDER` and `gemtag plan`."""


@click.command()
@common
@click.option("--images", type=click.IntRange(1, 10_000), default=DEFAULT_IMAGES, show_default=True)
@click.option(
    "--seconds",
    type=click.FloatRange(0.5, 86_400),
    default=None,
    help=f"How long tagging takes, about; {SECONDS_TO_WATCH:.0f}, {SECONDS_TO_WAIT:.0f} without"
    " a terminal.",
)
@click.option("--seed", type=int, default=0, help="Another seed draws other pictures.")
@click.pass_obj
def demo(shell: Shell, images: int, seconds: float | None, seed: int) -> int:
    """Try gemtag without a key: pictures made on the spot, a stand-in for Gemini, all thrown away.

    Without a terminal it runs to its end and prints how it goes.
    """
    from gemtag_tui.cli.demo_parts import (  # noqa: PLC0415
        keep_logs,
        simulator,
        stop_engine,
        surroundings,
        write_config,
        write_faults,
    )
    from gemtag_tui.simulator.drawing import draw_pictures  # noqa: PLC0415 - it brings Pillow along

    seconds = seconds or (SECONDS_TO_WATCH if _has_screens(shell) else SECONDS_TO_WAIT)
    with _signals_end_it(), tempfile.TemporaryDirectory(prefix="gemtag-demo-") as name:
        folder = Path(name)
        say(f"Drawing {count(images, 'picture')} …")
        draw_pictures(folder / "pictures", images, seed)
        config = write_config(folder, images, seconds)
        with simulator(write_faults(folder, images, seconds)) as address:
            own = Shell(folder / "library.db", config, shell.json, surroundings(address))
            try:
                code = _go(own, folder / "pictures", seconds)
                return code if code in ENDED_WELL else keep_logs(own, code)
            finally:
                stop_engine(own)


def _has_screens(shell: Shell) -> bool:
    return not shell.json and is_terminal(sys.stdout) and sys.stdin.isatty()


def _go(shell: Shell, pictures: Path, seconds: float) -> int:
    from gemtag_tui.cli.demo_parts import child  # noqa: PLC0415

    os.environ.clear()
    os.environ.update(shell.environ)
    code = child(shell, "scan", str(pictures), quiet=True)
    if code:
        return code
    if _has_screens(shell):
        from gemtag_tui.cli.view import open_view  # noqa: PLC0415
        from gemtag_tui.engine.launch import start_engine  # noqa: PLC0415

        start_engine(shell.library, shell.config, ["--lane", "interactive"])
        code = open_view(shell, first_screen="run", goes_on=False)
        say(_OVER)
        return code
    say(f"Tagging takes about {duration(seconds)}; the simulator answers, nothing is paid.")
    code = child(shell, "run", "--lane", "interactive")
    say(_OVER)
    return 0 if code in ENDED_WELL else code


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """Let a closed terminal or a kill take the same way out as Ctrl+C, and clean up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    environ = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environ)
        for number, handler in before.items():
            signal.signal(number, handler)
