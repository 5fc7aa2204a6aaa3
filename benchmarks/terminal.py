"""gemtag's full screen on a pseudo-terminal, for the benchmarks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import rig

SIZES = ((80, 24), (120, 40))
TABS = re.compile(rb"Plan.*Run.*Batches.*Failures.*Library.*Limits", re.DOTALL)
TICK = os.sysconf("SC_CLK_TCK")


class Screen:
    """gemtag's full screen in a pseudo-terminal of its own."""

    def __init__(self, words: list[str], env: dict[str, str], size: tuple[int, int]) -> None:
        self.began = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ["TERM"] = "xterm-256color"
            os.execvpe(words[0], words, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def read(self, seconds: float) -> bytes:
        """What comes within so many seconds."""
        got, until = b"", time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                got += os.read(self.fd, 65536)
        return got

    def painted(self) -> float:
        """Seconds from the start until a frame with all tabs has come."""
        got = b""
        while not TABS.search(got):
            if time.perf_counter() > self.began + 30:
                raise TimeoutError(got[-500:])
            got += self.read(0.002)
        return time.perf_counter() - self.began

    def answered(self, keys: bytes, wanted: re.Pattern[bytes]) -> float:
        """Seconds from these keys until something is on the screen."""
        began, got = time.perf_counter(), b""
        os.write(self.fd, keys)
        while not wanted.search(got):
            if time.perf_counter() > began + 30:
                raise TimeoutError(got[-500:])
            got += self.read(0.002)
        return time.perf_counter() - began

    def cpu(self) -> float:
        """CPU seconds of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def watch(self, seconds: float) -> tuple[float, float]:
        """Bytes a second to the terminal and the share of a core in per cent."""
        used = self.cpu()
        got = len(self.read(seconds))
        return got / seconds, (self.cpu() - used) * 100 / seconds

    def memory(self) -> float:
        """Peak resident memory in MB."""
        words = Path(f"/proc/{self.pid}/status").read_text()
        return int(words.partition("VmHWM:")[2].split()[0]) / 1024

    def end(self) -> None:
        """Kill it and wait."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@contextlib.contextmanager
def shown(library: Path, size: tuple[int, int], url: str = "") -> Iterator[Screen]:
    env = {**rig.environment(url), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    screen = Screen(rig.gemtag(library), env, size)
    try:
        yield screen
    finally:
        screen.end()
