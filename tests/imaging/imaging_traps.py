# ruff: noqa: PTH102, PTH110, PTH115, PTH119, PTH123 - names are bytes
"""Tasks that misbehave the way a decoder fed with hostile bytes does; they run in children."""

from __future__ import annotations

import os
import signal
import sys
import time

from gemtag_tui.imaging import probe


def tricky_probe(paths: list[bytes], limits: object) -> list[object]:
    for path in paths:
        _trip(os.path.basename(path))
    return probe.probe_many(paths, limits)


def _trip(name: bytes) -> None:
    if name.startswith(b"crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith(b"hang"):
        time.sleep(1000)
    if name.startswith(b"greedy"):
        bytearray(8 * 1024**3)
    if name.startswith(b"noisy"):
        os.write(2, b"TIFFReadDirectory: Warning\n" * 10_000)


def crash_once(path: bytes, *_: object) -> str:
    if os.path.exists(path):
        return "done"
    with open(os.devnull, "wb"):
        os.mkdir(path)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def whereabouts(*_: object) -> tuple[int, bool, str]:
    import resource

    return (
        resource.getrlimit(resource.RLIMIT_AS)[0],
        "PIL" in sys.modules,
        os.readlink("/proc/self/fd/2"),
    )


def always_die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
