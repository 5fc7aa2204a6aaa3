"""What the screen sends to a terminal, measured on a pty with a real library."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
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


def made(path):
    """Make a library that was last seen on its run screen."""

    async def make():
        async with await Library.open(path, SystemClock()) as lib:
            await prefs.put(lib, "tui", '{"screen": "run"}')

    asyncio.run(make())
    return path


def at_work(path):
    """Whether the stand-in has written a state."""
    with closing(sqlite3.connect(path)) as db:
        return bool(db.execute("SELECT count(*) FROM live").fetchone()[0])


@contextmanager
def engine(path):
    """The stand-in at work; given once it has written something."""
    process = subprocess.Popen([sys.executable, "-m", "tests.tui.busy_engine", str(path)])
    try:
        end = time.monotonic() + 30
        while not at_work(path):
            assert process.poll() is None
            assert time.monotonic() < end
            select.select([], [], [], 0.05)
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


def keeps_to_its_bytes(path, columns, rows, most):
    with terminal(path, columns, rows) as (_, master):
        first = read_for(master, 30, until=b"spent")
        assert b"running" in first
        read_for(master, 4)
        live = read_for(master, SECONDS)
    assert 100 * SECONDS < len(live) <= most * SECONDS


def sends_nothing_when_nothing_changes(path):
    with terminal(path, 80, 24) as (_, master):
        assert b"quit" in read_for(master, 30, until=b"quit")
        read_for(master, 12)  # until the message of welcome has gone
        assert read_for(master, 5) == b""


def ends_at_a_hang_up(path):
    with terminal(path, 80, 24) as (process, master):
        assert b"spent" in read_for(master, 30, until=b"spent")
        process.send_signal(signal.SIGHUP)
        read_for(master, 10)
        assert process.wait(10) == 129


def harms_nothing_where_nobody_reads(path):
    fast = {"GEMTAG_SCREEN__TICK_SECONDS": "0.25"}
    with terminal(path, 120, 40, **fast) as (process, master):
        assert b"spent" in read_for(master, 30, until=b"spent")
        stop_reading(process)
        read_for(master, 2)
        assert read_for(master, 10) == b""
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 143


def says_on_leaving_that_the_run_goes_on(path):
    with terminal(path, 80, 24) as (process, master):
        assert b"spent" in read_for(master, 30, until=b"spent")
        read_for(master, 2)
        os.write(master, b"q")
        said = read_for(master, 15, until=b"opens it again.")
        assert b"The run goes on (started" in said
        assert process.wait(10) == 0


def test_terminals_side_by_side(tmp_path):
    """Six at once, for each mostly waits: five on one run, which all of them leave alone."""
    run, still = made(tmp_path / "run.db"), made(tmp_path / "still.db")
    checks = {
        "small": (keeps_to_its_bytes, run, 80, 24, 2000),
        "large": (keeps_to_its_bytes, run, 120, 40, 4000),
        "still": (sends_nothing_when_nothing_changes, still),
        "hang-up": (ends_at_a_hang_up, run),
        "stopped": (harms_nothing_where_nobody_reads, run),
        "left": (says_on_leaving_that_the_run_goes_on, run),
    }
    with engine(run) as busy, ThreadPoolExecutor(len(checks)) as pool:
        done = {name: pool.submit(*check) for name, check in checks.items()}
        wrong = {name: error for name, one in done.items() if (error := one.exception())}
        assert busy.poll() is None
    assert not wrong, wrong
