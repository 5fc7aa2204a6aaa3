"""What a demo is made of: settings, faults, the simulator's process, and its end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from gemtag_tui.cli.output import say
from gemtag_tui.cli.shell import Shell
from gemtag_tui.core.errors import GemtagError
from gemtag_tui.core.text import plain

MODULE = (sys.executable, "-m", "gemtag_tui")
DRAIN_SECONDS = 12.0
DEMO_KEY = "a-key-for-the-simulator"
LATENCY = 0.8
"""Seconds an answer takes, as a small model does."""


class DemoError(GemtagError):
    """The demo cannot go on."""

    title = "Demo"


def pace(images: int, seconds: float) -> int:
    """Return the requests a minute at which this many images take that long."""
    return max(1, round(images / seconds * 60))


def write_config(folder: Path, images: int, seconds: float) -> Path:
    """Write the demo's settings: a limit of its own sets the pace."""
    path = folder / "config.toml"
    path.write_text(
        f"# Settings of this demo; they go with it.\n[limits]\nrpm = {pace(images, seconds)}\n",
        "utf-8",
    )
    return path


def write_faults(folder: Path, images: int, seconds: float) -> Path:
    """Write what the simulator does wrong: a little of what the real service does."""
    path = folder / "faults.json"
    latency = min(LATENCY, seconds / 4)
    faults = {
        "limits": {"rpm": pace(images, seconds) + 10},
        "latency": {"mean": latency, "jitter": latency / 2},
        "faults": [
            {"fault": "blocked", "share": 0.03, "by": "image", "seed": 7, "value": "SAFETY"},
            {"fault": "overloaded", "share": 0.03},
            {"fault": "bare_429", "share": 0.01},
        ],
    }
    path.write_bytes(msgspec.json.encode(faults))
    return path


def surroundings(address: str) -> dict[str, str]:
    """Return this environment, pointed at the simulator, without the user's keys and settings."""
    mine = ("GEMTAG_", "GOOGLE_", "GEMINI_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    return kept | {"GOOGLE_GEMINI_BASE_URL": address, "GEMINI_API_KEY": DEMO_KEY}


@contextmanager
def simulator(faults: Path) -> Iterator[str]:
    """Run the simulator as a process that ends with this one, and give its address."""
    words = ("simulate", "--port", "0", "--faults", str(faults), "--until-eof", "--json")
    process = subprocess.Popen(
        [*MODULE, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl+C is for the run: answers still come while it drains
    )
    try:
        yield _address(process)
    finally:
        _end(process)


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    first = process.stdout.readline()
    try:
        return str(msgspec.json.decode(first)["url"])
    except (msgspec.DecodeError, KeyError, TypeError):
        raise DemoError("The simulator did not start; its own words stand above.") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def child(shell: Shell, *words: str, quiet: bool = False) -> int:
    """Run one of gemtag's commands in a process of its own and return its exit code."""
    where = ["--library", str(shell.library), "--config", str(shell.config)]
    asked = ["--json"] if shell.json and not quiet else []
    output = subprocess.DEVNULL if quiet else None
    with subprocess.Popen(
        [*MODULE, *where, *words, *asked], stdout=output, env=shell.environ
    ) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)  # it may have had one: then the second cancels
            process.wait(DRAIN_SECONDS)
            raise


def keep_logs(shell: Shell, code: int) -> int:
    """Keep the logs of a demo that went wrong, which would go with it; return the code."""
    from gemtag_tui.engine.paths import default_library, log_folder, make_private  # noqa: PLC0415

    kept = log_folder(default_library()) / "demo"
    with suppress(OSError):
        make_private(kept)
        for log in shell.logs.glob("*.log"):
            shutil.copy(log, kept)
        say(f"The demo's logs are kept in {plain(str(kept))}.")
    return code


def stop_engine(shell: Shell) -> None:
    """End the demo's engine, if one runs: ask, wait, and at last insist."""
    from gemtag_tui.store.lock import is_held_by_someone  # noqa: PLC0415

    if not is_held_by_someone(shell.library):
        return
    pid = engine_pid(shell)
    for number in (signal.SIGTERM, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(OSError):
            os.kill(pid, number)
        if _gone(shell.library, 2.0):
            return


def engine_pid(shell: Shell) -> int:
    """Return the process id of the last run."""
    from gemtag_tui.cli.library import with_library  # noqa: PLC0415
    from gemtag_tui.store import runs  # noqa: PLC0415

    last = with_library(shell, runs.last, readonly=True)
    if last is None:
        raise DemoError("The engine holds its lock but has no run; end its process by hand.")
    return last.pid


def _gone(library: Path, seconds: float) -> bool:
    from gemtag_tui.store.lock import is_held_by_someone  # noqa: PLC0415

    until = time.monotonic() + seconds
    while is_held_by_someone(library):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
