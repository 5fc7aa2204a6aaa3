"""The child's side: what a process that decodes strangers' bytes may use, and for how long."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
import warnings
from typing import Any, Final

from msgspec import Struct

HAS_ALARM: Final = hasattr(signal, "setitimer")
"""Where the system has timers, a child ends itself at its deadline, even if the engine is dead."""

_IGNORED: Final = ("SIGINT", "SIGHUP", "SIGTERM")
"""Meant for the engine, but sent to its whole group: it decides when its children end."""


_LEAVE_SECONDS: Final = 5.0


class Confines(Struct, frozen=True):
    """What one task may use."""

    deadline: float
    """Seconds."""
    memory_bytes: int | None
    """Address space of the child; ``None``: not limited."""


def run_task(task: str, args: tuple[Any, ...], confines: Confines) -> tuple[int, Any]:
    """Run one task inside a child.

    Args:
        task: ``module:function``; imported here, so that the engine itself never imports Pillow.
        args: for the function.
        confines: what it may use.

    Returns:
        The child's process number, and what the function returned.
    """
    _confine(confines.memory_bytes)
    module, _, name = task.partition(":")
    function = getattr(importlib.import_module(module), name)
    _alarm(confines.deadline)
    try:
        return os.getpid(), function(*args)
    finally:
        _alarm(0.0)


def ping() -> None:
    """Do nothing, to show that children can run at all."""


def leave() -> None:
    """Take leave of the engine, which then kills this child.

    A child that just exited would race with the event loop over who collects its status.
    """
    os.close(1)
    time.sleep(_LEAVE_SECONDS)
    os._exit(0)


def _alarm(seconds: float) -> None:
    """Have the system kill this process after so many seconds; zero calls it off."""
    if HAS_ALARM:
        signal.setitimer(signal.ITIMER_REAL, seconds)


_confined: list[int | None] = []


def _confine(memory_bytes: int | None) -> None:
    """Set this process's limits, once in its life."""
    if _confined:
        return
    _confined.append(memory_bytes)
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    _take_signals()
    _silence()
    _limit_resources(memory_bytes)


def _take_signals() -> None:
    for name in _IGNORED:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if HAS_ALARM:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _silence() -> None:
    """C libraries write straight to descriptor 2, where nobody reads."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)


def _limit_resources(memory_bytes: int | None) -> None:
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    wanted = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)]
    if memory_bytes is not None and hasattr(resource, "RLIMIT_AS"):
        wanted.append((resource.RLIMIT_AS, memory_bytes))
    for what, most in wanted:
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(what, (least, hard))
        except (ValueError, OSError):
            continue  # some systems know the limit's name and nothing more
