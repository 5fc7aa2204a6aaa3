"""Syncing batch jobs without a run: look at all, take in what has ended."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemtag_tui.core.errors import GemtagError, KeyMissingError, StoppedError
from gemtag_tui.engine import batch_account
from gemtag_tui.engine.batch_desk import Desk, clean_up, recover
from gemtag_tui.engine.batch_ends import let_go_words
from gemtag_tui.engine.batch_ground import Ground
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.own_prices import own_prices
from gemtag_tui.engine.preflight import DEFAULT_HOST, GOOGLE, KEY_HELP, PROVIDER_PREF
from gemtag_tui.gemini.batches import BatchApi
from gemtag_tui.gemini.files import FilesApi
from gemtag_tui.gemini.key import find_key
from gemtag_tui.gemini.remote import Remote
from gemtag_tui.store import batches, prefs
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import EngineLock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gemtag_tui.core.clock import Clock
    from gemtag_tui.core.settings import Settings
    from gemtag_tui.gemini.key import Secret
    from gemtag_tui.store.batches import JobRow

_PATIENCE = 3600.0
_STEP = 0.5


@dataclass(frozen=True, slots=True)
class Synced:
    """What one sync found. `landed`: jobs taken in by it; `troubles` and `notes`: in words."""

    jobs: list[JobRow] = field(default_factory=list)
    landed: list[JobRow] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def server_ground(
    lib: Library,
    settings: Settings,
    key: Secret,
    environ: Mapping[str, str],
    *,
    clock: Clock | None = None,
    provider: str = "",
    config: Path | None = None,
) -> AsyncIterator[Ground]:
    """Give what the batch lane stands on, over the address that the environment names.

    Args:
        lib: the library.
        settings: the settings in force.
        key: of the API.
        environ: where the address is looked for.
        clock: the library's, if there is none.
        provider: who answers, if it is known.
        config: the settings file, beside which the user's own prices lie.
    """
    clock = clock or lib.clock
    remote = Remote.from_environ(key, environ)
    try:
        jobs = BatchApi(remote, settings.calls.timeout)
        yield Ground(
            lib=lib,
            clock=clock,
            rng=random.Random(),  # noqa: S311 (jitter)
            settings=settings,
            jobs=jobs,
            files=FilesApi(remote, clock.sleep),
            provider=provider or await _provider(lib, remote, jobs),
            own=own_prices(config),
        )
    finally:
        await remote.close()


async def _provider(lib: Library, remote: Remote, jobs: BatchApi) -> str:
    """Return who answers: a simulator says so with every reply."""
    if remote.address.host == DEFAULT_HOST:
        return GOOGLE
    await jobs.list_jobs()
    known = await prefs.get(lib, f"{PROVIDER_PREF}{remote.address.root}", GOOGLE)
    return remote.provider or known


@contextlib.asynccontextmanager
async def opened_ground(
    library: Path,
    settings: Settings,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Ground]:
    """Give the ground for a command of its own: key, library and the engine's lock.

    Raises:
        KeyMissingError: there is no key.
        LibraryBusyError: an engine runs, which does all this by itself.
    """
    environ = os.environ if environ is None else environ
    key = find_key(environ)
    if key is None:
        raise KeyMissingError(f"No Gemini API key was found. {KEY_HELP}")
    clock = clock or SystemClock()
    with EngineLock(library):
        async with (
            await Library.open(library, clock, create=False) as lib,
            server_ground(lib, settings, key.secret, environ, clock=clock, config=config) as ground,
        ):
            yield ground


async def sync_once(ground: Ground, *, force: bool = True) -> Synced:
    """Look at every unfinished job once and take each as far as it goes without waiting.

    Args:
        ground: library, server and settings.
        force: look also at jobs whose next look is not due.
    """
    await recover(ground)
    troubles: list[str] = []
    try:
        await batch_account.reconcile(ground)
    except StoppedError as error:
        troubles.append(error.message)
    before = await batches.unfinished(ground.lib, ground.provider)
    if force:
        await _make_due(ground, before)
    desk = Desk(ground)
    deadline = ground.clock.monotonic() + _PATIENCE
    try:
        while ground.clock.monotonic() < deadline:
            try:
                await desk.tick()
            except GemtagError as error:
                troubles.append(error.message)
            if not desk.busy:
                break
            await desk.wait(_STEP)
    finally:
        await desk.drain(5.0)
    await clean_up(ground)
    after = [await batches.by_id(ground.lib, job.id) for job in before]
    there = [job for job in after if job is not None]
    landed = [job for job in there if job.ingested_at is not None]
    return Synced(there, landed, troubles)


async def _make_due(ground: Ground, jobs: list[JobRow]) -> None:
    from gemtag_tui.store import batch_jobs  # noqa: PLC0415

    for job in jobs:
        await batch_jobs.note(ground.lib, job, look_at=0.0)


async def watch(ground: Ground, told: Callable[[Synced], None]) -> None:
    """Sync until no job is waited for; `told` hears of every round.

    A rescued job is not waited for: its images went elsewhere. A later sync takes in what it may
    still bring.
    """
    force = True
    while True:
        synced = await sync_once(ground, force=force)
        left = await batches.unfinished(ground.lib, ground.provider)
        waits = [job for job in left if not job.is_let_go]
        if left and not waits:
            synced.notes.append(let_go_words(left))
        told(synced)
        force = False
        if not waits:
            return
        await ground.clock.sleep(max(0.5, ground.batch.poll_seconds))
