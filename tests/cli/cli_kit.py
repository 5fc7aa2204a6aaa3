"""Running gemtag's commands in the test's own process, and in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gemtag_tui.cli.main import main

MINE = ("GEMTAG_", "GOOGLE_", "GEMINI_", "XDG_")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def run_here(capsys, *words) -> Said:
    """Run a command line in this process."""
    capsys.readouterr()
    code = main([os.fspath(word) for word in words])
    out, err = capsys.readouterr()
    return Said(code, out, err)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return this environment with a home of its own and nothing of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(MINE)}
    return kept | {"HOME": str(home), "PYTHONWARNINGS": "default"} | more


def run_apart(home: Path, *words, **more) -> Said:
    """Run a command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gemtag_tui", *map(os.fspath, words)],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=100,
    )
    return Said(done.returncode, done.stdout, done.stderr)
