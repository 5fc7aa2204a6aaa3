"""Batch jobs as the library keeps them, and what can be done about them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.text import plain
from gemtag_tui.store import batches
from gemtag_tui.store.lock import is_held_by_someone
from gemtag_tui.tui.wanted import BatchDetail, BatchView

if TYPE_CHECKING:
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.store.batches import OddLine
    from gemtag_tui.store.library import Library

MOST = 2_000
ODD_SHOWN = 100
START_SECONDS = 5.0
_STEP = 0.05


class BatchSource:
    """The part of the source that is about batch jobs."""

    lib: Library
    config_named: Path | None
    environ: Mapping[str, str]
    _batches: tuple[int, BatchView] | None = None

    if TYPE_CHECKING:  # given by the class that all parts come together in

        @property
        def settings(self) -> Settings: ...  # noqa: D102

        async def command(self, verb: str, argument: str = "") -> str: ...  # noqa: D102

    async def batch_view(self) -> BatchView:
        """All jobs; the same value while nothing was written."""
        version = await self.lib.data_version()
        if self._batches is None or self._batches[0] != version:
            view = BatchView(
                jobs=await batches.page(self.lib, limit=MOST),
                strangers=await batches.strangers(self.lib),
                stuck_hours=self.settings.batch.stuck_hours,
            )
            self._batches = (version, view)
        return self._batches[1]

    async def batch_detail(self, job: int) -> BatchDetail:
        """What happened to a job, its lines and its images."""
        return BatchDetail(
            job=job,
            events=await batches.events(self.lib, job),
            lines=await batches.tallies(self.lib, job),
            images=await batches.item_states(self.lib, job),
        )

    async def batch_odd_lines(self, job: int) -> list[OddLine]:
        """The first lines of a job that were kept as they came."""
        return await batches.odd_lines(self.lib, job, limit=ODD_SHOWN)

    async def batches_landed(self, since: float) -> tuple[int, int]:
        """Jobs taken in since a time, and the images they tagged."""
        return await batches.landed_since(self.lib, since)

    async def batch_order(self, verb: str, job: str = "") -> str:
        """Have the engine do it, or a process of its own when none runs.

        Raises:
            UsageError: it cannot be done; says why.
        """
        if is_held_by_someone(self.lib.path):
            return await self.command(f"batch_{verb}", job)
        command = [*self._gemtag(), "batches", verb, "--json", *([job] if job else [])]
        pipe = asyncio.subprocess.PIPE
        try:
            child = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe,
                start_new_session=True, env=dict(self.environ),
            )  # fmt: skip
        except OSError as error:
            raise _not_started(error) from error
        out, err = await child.communicate()
        words = answer_in(out) or _last_line(err)
        if child.returncode:
            raise UsageError(words or f"It ended with code {child.returncode}.")
        return words or "All jobs were looked at."

    async def watch_batches(self) -> int:
        """Start `gemtag batches sync --watch`, which outlives the screens.

        Raises:
            UsageError: an engine runs, which does this by itself, or no process can be started.
        """
        if is_held_by_someone(self.lib.path):
            raise UsageError("An engine runs: it looks after the jobs by itself.")
        command = [*self._gemtag(), "batches", "sync", "--watch", "--json"]
        child = _started(command, self.environ)
        for _ in range(int(START_SECONDS / _STEP)):
            if child.poll() is not None or is_held_by_someone(self.lib.path):
                break
            await asyncio.sleep(_STEP)
        if child.poll():
            raise UsageError("It ended at once: `gemtag batches sync` in a shell says why.")
        child.returncode = 0  # it outlives us on purpose: nobody waits for it here
        return child.pid

    def _gemtag(self) -> list[str]:
        command = [sys.executable, "-m", "gemtag_tui", "--library", os.fspath(self.lib.path)]
        if self.config_named is not None:
            command += ["--config", os.fspath(self.config_named)]
        return command


def _started(command: list[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    nowhere = subprocess.DEVNULL
    try:
        return subprocess.Popen(
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere,
            start_new_session=True, env=dict(environ),
        )  # fmt: skip
    except OSError as error:
        raise _not_started(error) from error


def _not_started(error: OSError) -> UsageError:
    return UsageError(f"No process could be started: {error.strerror or type(error).__name__}.")


def answer_in(out: bytes) -> str:
    """Words of what a command printed: its message, or how many jobs it printed by state."""
    found: dict[str, int] = {}
    for line in out.splitlines():
        try:
            data: Any = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if isinstance(data, dict) and isinstance(data.get("message"), str):
            return plain(data["message"], 600)
        if isinstance(data, dict) and isinstance(data.get("state"), str):
            found[data["state"]] = found.get(data["state"], 0) + 1
    words = ", ".join(f"{count} {plain(state, 20)}" for state, count in found.items())
    return f"looked at: {words}" if words else ""


def _last_line(err: bytes) -> str:
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return plain(lines[-1], 400) if lines else ""
