"""Starting the engine as a process of its own, which no terminal can take down."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def start_engine(
    library: Path,
    config: Path | None = None,
    options: Sequence[str] = (),
    *,
    log: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Start `gemtag run` in a session of its own and return its process id.

    Args:
        library: the library file.
        config: the settings file, `None` for the default one.
        options: further words for `gemtag run`, such as `["--lane", "interactive"]`.
        log: where its own words go; nowhere when `None` (the engine keeps its log file besides).
        environ: its environment, this process's own when `None`.

    Raises:
        OSError: when no process could be started.
    """
    command = [sys.executable, "-m", "gemtag_tui", "--library", os.fspath(library)]
    if config is not None:
        command += ["--config", os.fspath(config)]
    command += ["run", *options]
    output = open(log, "ab", buffering=0) if log is not None else None  # noqa: PTH123, SIM115
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,
            stderr=output or subprocess.DEVNULL,
            start_new_session=True,
            close_fds=True,
            env=dict(environ) if environ is not None else None,
        )
    finally:
        if output is not None:
            output.close()
    child.returncode = 0  # it outlives us on purpose: no warning, and nobody waits for it here
    return child.pid
