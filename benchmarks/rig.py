"""What the benchmarks share: the simulator, the engine, and what a process cost.

Everything runs as processes of its own from this checkout, in a temporary folder, on loopback.
CPU and memory come from the kernel's account of the whole child (``os.wait4``), not from a clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TREE = Path(__file__).resolve().parents[1]
KEY = "benchmark-key-0123456789"
UNLIMITED = {
    "GEMTAG_LIMITS__RPM": "100000000",
    "GEMTAG_LIMITS__TPM": "100000000000",
    "GEMTAG_LIMITS__SPEND_PER_10MIN": "100000000",
}
"""Settings under which no window ever binds."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took: seconds of wall time and CPU, peak memory in MB, its exit code."""

    wall: float
    cpu: float
    peak_mb: float
    code: int


@dataclass(frozen=True, slots=True)
class Run:
    """An engine's run: what it cost, its lines of progress, and the end among them."""

    cost: Cost
    lines: list[dict[str, Any]]
    end: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator."""

    url: str
    process: subprocess.Popen[str]

    def stats(self, *, images: bool = False) -> dict[str, Any]:
        """What it counted so far."""
        with urllib.request.urlopen(f"{self.url}/_sim/stats?images={int(images)}") as answer:
            return dict(json.load(answer))

    def reset(self) -> None:
        """Forget what was counted; pictures seen stay known."""
        call = urllib.request.Request(f"{self.url}/_sim/reset", data=b"{}", method="POST")
        urllib.request.urlopen(call).close()


@contextlib.contextmanager
def simulator(
    folder: Path, config: Mapping[str, Any], *, aside: bool = False
) -> Iterator[Simulator]:
    """Start a simulator, ``pixels`` off unless asked for; it ends with the block.

    Args:
        folder: where its settings are written.
        config: its settings.
        aside: it gives way to all else on the machine, as a server elsewhere would not be felt.
    """
    file = folder / f"simulator-{time.monotonic_ns()}.json"
    file.write_text(json.dumps({"pixels": False, **config}))
    words = [sys.executable, "-m", "gemtag_tui.simulator", "--faults", str(file)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=TREE)
    assert process.stdout is not None
    if aside:
        os.setpriority(os.PRIO_PROCESS, process.pid, 15)
    try:
        yield Simulator(process.stdout.readline().strip(), process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def environment(url: str = "", extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without its own gemtag settings, aimed at a simulator.

    Modules are compiled once, as they are where gemtag was installed.
    """
    not_ours = ("GEMTAG_", "GOOGLE_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(not_ours)}
    kept |= {"PYTHONPATH": str(TREE), "GEMINI_API_KEY": KEY}
    return kept | ({"GOOGLE_GEMINI_BASE_URL": url} if url else {}) | dict(extra or {})


def gemtag(library: Path, *words: str) -> list[str]:
    """The command line of one gemtag command on a library."""
    return [sys.executable, "-m", "gemtag_tui", "--library", str(library),
            "--config", str(empty_config(library.parent)), *words]  # fmt: skip


def empty_config(folder: Path) -> Path:
    """A settings file that says nothing, so that no person's own is read."""
    place = folder / "config.toml"
    place.touch()
    return place


def measured(
    words: Sequence[str], env: Mapping[str, str], output: Path, stop_after: float = 0.0
) -> Cost:
    """Run a command to its end and return its cost.

    Args:
        words: the command line.
        env: all of its environment.
        output: where its stdout goes.
        stop_after: seconds after which it is asked to stop (SIGINT); 0 for never.
    """
    began = time.perf_counter()
    with output.open("w") as out:
        process = subprocess.Popen(words, env=dict(env), stdout=out, cwd=TREE)
    timer = threading.Timer(stop_after, process.send_signal, (signal.SIGINT,))
    timer.daemon = True
    if stop_after:
        timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    spent = usage.ru_utime + usage.ru_stime
    return Cost(time.perf_counter() - began, spent, usage.ru_maxrss / 1024, process.returncode)


def scan(library: Path, folder: Path) -> Cost:
    """Run ``gemtag scan`` and return its cost."""
    return measured(gemtag(library, "scan", str(folder), "--json"), environment(),
                    library.with_suffix(".scan"))  # fmt: skip


def run(
    library: Path, url: str, extra: Mapping[str, str], *words: str, stop_after: float = 0.0
) -> Run:
    """Run the engine to its end: ``gemtag run --json`` with the words given."""
    output = library.with_suffix(f".{time.monotonic_ns()}.lines")
    command = gemtag(library, "run", "--json", *words)
    cost = measured(command, environment(url, extra), output, stop_after)
    lines = [json.loads(one) for one in output.read_text().splitlines()]
    return Run(cost, lines, lines[-1] if lines else {})


def table(title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """Print rows of figure, goal and what was measured as Markdown."""
    print(f"\n{title}\n\n| figure | goal | measured |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    if share := _taken.share():
        print(f"| processor time that the machine gave to others meanwhile | - | {share:.0%} |")
    sys.stdout.flush()


class Taken:
    """How much of the processor time that was wanted here the machine gave to others.

    A machine shared with others counts it as "steal" (Linux); elsewhere nothing is known. Above a
    few in a hundred, the latest of many moments says more of them than of us.
    """

    def __init__(self) -> None:
        self._before = self._jiffies()

    def share(self) -> float:
        """The share since this was made, 0 where it is not known."""
        now = self._jiffies()
        wanted, taken = now[0] - self._before[0], now[1] - self._before[1]
        return taken / wanted if wanted else 0.0

    @staticmethod
    def _jiffies() -> tuple[int, int]:
        try:
            words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        except OSError:
            return 0, 0
        user, nice, system, _, _, interrupts, soft, taken = map(int, words)
        return user + nice + system + interrupts + soft + taken, taken


_taken = Taken()
