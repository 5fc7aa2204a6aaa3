"""What the screen sends to a terminal, measured on a pty with a real library."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.store import prefs
from gemtag_tui.store.library import Library

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs a pty and /proc"),
]
SECONDS = 8


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "pictures.db"

    async def make():
        async with await Library.open(path, SystemClock()) as lib:
            await prefs.put(lib, "tui", '{"screen": "run"}')

    asyncio.run(make())
    return path


@contextmanager
def engine(path):
    """The stand-in at work; given once it has written something."""
    process = subprocess.Popen([sys.executable, "-m", "tests.tui.busy_engine", str(path)])
    try:
        time.sleep(3)
        assert process.poll() is None
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def terminal(path, columns, rows, **environ):
    """gemtag on a pty of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    command = [sys.executable, "-m", "gemtag_tui", "--library", str(path)]
    own = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **environ}
    config = {"GEMTAG_CONFIG": "", "HOME": str(path.parent), "XDG_CONFIG_HOME": str(path.parent)}
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, **own, **config},
    )
    try:
        yield process, master
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


def stop_reading(process):
    """Do to its terminal what Ctrl-S does: nothing more is taken from it."""
    with Path(f"/proc/{process.pid}/fd/2").open("wb", buffering=0) as side:
        termios.tcflow(side, termios.TCOOFF)


def read_for(master, seconds, until=b""):
    """Everything written in so many seconds, or until something is."""
    got, end = b"", time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([master], [], [], left)[0]:
            try:
                got += os.read(master, 65536)
            except OSError:
                break
            if until and until in got:
                break
    return got


@pytest.mark.parametrize(("columns", "rows", "most"), [(80, 24, 2000), (120, 40, 4000)])
def test_a_live_run_keeps_to_its_bytes(library, columns, rows, most):
    with engine(library), terminal(library, columns, rows) as (_, master):
        first = read_for(master, 30, until=b"spent")
        assert b"running" in first
        read_for(master, 4)
        live = read_for(master, SECONDS)
    assert 100 * SECONDS < len(live) <= most * SECONDS


def test_nothing_is_sent_when_nothing_changes(library):
    with terminal(library, 80, 24) as (_, master):
        assert b"quit" in read_for(master, 30, until=b"quit")
        read_for(master, 12)  # until the message of welcome has gone
        assert read_for(master, 5) == b""


def test_a_hang_up_ends_it_and_leaves_the_engine_alone(library):
    with engine(library) as busy, terminal(library, 80, 24) as (process, master):
        assert b"spent" in read_for(master, 30, until=b"spent")
        process.send_signal(signal.SIGHUP)
        read_for(master, 10)
        assert process.wait(10) == 129
        assert busy.poll() is None


def test_a_terminal_that_stops_reading_harms_nothing(library):
    fast = {"GEMTAG_SCREEN__TICK_SECONDS": "0.25"}
    with engine(library) as busy, terminal(library, 120, 40, **fast) as (process, master):
        assert b"spent" in read_for(master, 30, until=b"spent")
        stop_reading(process)
        read_for(master, 2)
        assert read_for(master, 10) == b""
        assert busy.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 143
        assert busy.poll() is None


def test_leaving_says_that_the_run_goes_on(library):
    with engine(library), terminal(library, 80, 24) as (process, master):
        assert b"spent" in read_for(master, 30, until=b"spent")
        read_for(master, 2)
        os.write(master, b"q")
        said = read_for(master, 15, until=b"opens it again.")
        assert b"The run goes on (started" in said
        assert process.wait(10) == 0
