"""Scanning a folder in a process of its own, so that the screens never wait for a disk."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.store import work
from gemtag_tui.tui.wanted import ScanState
from gemtag_tui.tui.words import number

if TYPE_CHECKING:
    from gemtag_tui.store.library import Library

LOOK_SECONDS = 1.0
"""How often the library is asked how many files there are while a scan goes on."""
WORDS_KEPT = 16_000
STOPPED = 130
"""A scan's exit code when it was stopped: what it had recorded is kept."""


class ScanSource:
    """The part of the source that is about scanning."""

    lib: Library
    config_named: Path | None
    environ: Mapping[str, str]
    _scan: asyncio.subprocess.Process | None = None

    async def folder(self, text: str) -> str:
        """Return the absolute path that was typed.

        Raises:
            UsageError: there is nothing there, or it cannot be read.
        """
        return await asyncio.to_thread(_readable, text)

    async def scan(self, path: str) -> AsyncIterator[ScanState]:
        """Scan a folder, saying about once a second how it stands; the last one has ended.

        Raises:
            UsageError: a scan goes on already, or no process could be started.
        """
        if self._scan is not None:
            raise UsageError("A scan goes on already; X stops it.")
        before = (await work.library_counts(self.lib)).files
        child = self._scan = await self._start_scan(path)
        try:
            heard = asyncio.create_task(_hear(child))
            while not heard.done():
                await asyncio.wait({heard}, timeout=LOOK_SECONDS)
                files = (await work.library_counts(self.lib)).files
                added = max(0, files - before)
                if not heard.done():
                    yield ScanState(path=path, running=True, files=files, added=added)
            words, wrong = _ending(child.returncode, *heard.result())
            yield ScanState(
                path=path, running=False, files=files, added=added, words=words, wrong=wrong
            )
        finally:
            self._scan = None
            _interrupt(child)

    def stop_scan(self) -> None:
        """Tell the scan to end; what it found is kept, and another scan goes on from there."""
        if self._scan is not None:
            _interrupt(self._scan)

    async def _start_scan(self, path: str) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", "gemtag_tui", "--library", os.fspath(self.lib.path)]
        if self.config_named is not None:
            command += ["--config", os.fspath(self.config_named)]
        pipe = asyncio.subprocess.PIPE
        try:
            return await asyncio.create_subprocess_exec(
                *command, "scan", "--json", "--", path,
                stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe,
                start_new_session=True, env=dict(self.environ),
            )  # fmt: skip
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise UsageError(f"The scan could not be started: {why}.") from error


async def _hear(child: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """Return the end of what the scan wrote to stdout and to stderr."""
    assert child.stdout is not None and child.stderr is not None  # noqa: S101, PT018 - both piped
    out, err = await asyncio.gather(_tail(child.stdout), _tail(child.stderr))
    await child.wait()
    return out, err


async def _tail(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stream.read(4096):
        kept = (kept + chunk)[-WORDS_KEPT:]
    return kept


def _ending(code: int | None, out: bytes, err: bytes) -> tuple[str, bool]:
    """Words for a scan's end, and whether it ended badly."""
    counts = _counts(out)
    words = _count_words(counts) if counts else _last_line(err)
    wrong = counts is None and code not in {0, STOPPED}
    return words or f"The scan ended with code {code}.", wrong


def _counts(out: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(out.strip().rpartition(b"\n")[2])
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None


def _count_words(counts: Mapping[str, Any]) -> str:
    """The scan's own counts; the parts that are zero are left out, `found` never."""
    names = (
        "added",
        "changed",
        "missing",
        "unreadable",
        "duplicates",
        "near_duplicates",
        "skipped",
    )
    parts = [f"{number(_whole(counts.get('found')))} found"]
    some = [n for n in names if _whole(counts.get(n))]
    parts += [f"{number(_whole(counts[n]))} {n.replace('_', '-')}" for n in some]
    warnings = counts.get("warnings")
    if isinstance(warnings, list) and warnings:
        parts.append(f"first warning: {warnings[0]}")
    return ", ".join(parts)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _last_line(err: bytes) -> str:
    lines = err.decode("utf-8", "replace").replace("\r", "\n").strip().splitlines()
    return plain(lines[-1], 300) if lines else ""


def _interrupt(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGINT)


def _readable(text: str) -> str:
    typed = text.strip()
    if not typed:
        raise UsageError("Write a folder's path, like ~/Pictures.")
    path = Path(typed).expanduser().absolute()
    shown = plain(str(path), 60)
    try:
        found = path.exists()
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown} cannot be looked at: {error}.") from None
    if not found:
        raise UsageError(f"There is nothing at {shown}.")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{shown} may not be read.")
    return str(path)
