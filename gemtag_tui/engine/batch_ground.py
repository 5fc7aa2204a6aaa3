"""What every part of the batch lane stands on."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gemtag_tui.engine.paths import make_private

if TYPE_CHECKING:
    import random

    from gemtag_tui.core.batch_operation import RemoteJob
    from gemtag_tui.core.calls import CallError
    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.price_own import OwnPrice
    from gemtag_tui.core.settings import Batch, Settings
    from gemtag_tui.gemini.batches import Made
    from gemtag_tui.gemini.files import StoredFile
    from gemtag_tui.store.library import Library


class JobsServer(Protocol):
    """Batch jobs on a server; `gemini.batches.BatchApi` is the real one."""

    async def create(self, model: str, display_name: str, input_file: str) -> Made:
        """Ask for a job, once."""
        ...

    async def get(self, name: str) -> RemoteJob | CallError:
        """Look at one job."""
        ...

    async def list_jobs(self) -> list[RemoteJob] | CallError:
        """Return all jobs that the key can see."""
        ...

    async def cancel(self, name: str) -> CallError | None:
        """Ask for a job to be cancelled."""
        ...

    async def delete(self, name: str) -> CallError | None:
        """Delete it."""
        ...


class FilesServer(Protocol):
    """Files on a server; `gemini.files.FilesApi` is the real one."""

    async def upload(
        self, path: Path, display_name: str, url: str, begun: Callable[[str], Awaitable[None]]
    ) -> StoredFile | CallError:
        """Send a file, going on where an earlier try stopped."""
        ...

    async def state(self, name: str) -> str:
        """Return where a file stands, "" when the server does not say."""
        ...

    async def delete(self, name: str) -> CallError | None:
        """Delete it."""
        ...

    async def download(self, name: str, target: Path) -> CallError | None:
        """Fetch a file to disk."""
        ...


def nothing(*_: object) -> None:
    """Hear news and do nothing."""


@dataclass(slots=True)
class Landed:
    """What one group of lines brought, for whoever counts a run; `failed` and `mended`: ids of
    assets, the latter tagged after an earlier failure.
    """

    tagged: int = 0
    failed: list[int] = field(default_factory=list)
    mended: list[int] = field(default_factory=list)
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0


@dataclass(slots=True)
class Ground:
    """What every part of the batch lane stands on.

    Attributes:
        provider: whose jobs are run: "google" or "simulator".
        run: id of the run that new rows belong to, `None` outside a run.
        own: the user's own prices.
        told: hears of every group of lines that was written.
        sure: jobs of which this process knows that nobody else asked for them: it recorded their
            intent itself, or has searched the listing for them. The library may be a copy of one
            that went on.
        leavings: jobs that an engine which died left half built, not undone yet.
    """

    lib: Library
    clock: Clock
    rng: random.Random
    settings: Settings
    jobs: JobsServer
    files: FilesServer
    provider: str
    run: int | None = None
    own: tuple[OwnPrice, ...] = ()
    told: Callable[[Landed], None] = field(default=nothing)
    sure: set[int] = field(default_factory=set)
    leavings: set[int] = field(default_factory=set)

    @property
    def batch(self) -> Batch:
        """The lane's settings."""
        return self.settings.batch

    @property
    def folder(self) -> Path:
        """Where input files and results lie: beside the library, for this user alone."""
        return make_private(batch_folder(self.lib.path))


def batch_folder(library: Path) -> Path:
    """Return where the batch lane keeps its files: `<library>-batches`."""
    return library.with_name(f"{library.stem}-batches")


def sync_folder(folder: Path) -> None:
    """Have a folder's entries survive a loss of power."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
