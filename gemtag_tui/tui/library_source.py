"""The real source: a library, its settings file, and the engine that may be running on it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

import msgspec

from gemtag_tui.core.errors import LibraryError, UsageError
from gemtag_tui.core.settings import Settings
from gemtag_tui.core.snapshot import Counts, RunSnapshot
from gemtag_tui.core.text import plain
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.config import Loaded, load_settings
from gemtag_tui.engine.launch import start_engine
from gemtag_tui.engine.logs import log_path
from gemtag_tui.engine.paths import config_path, log_folder, make_private
from gemtag_tui.store import batch_glance, commands, indexer, live, prefs, runs, tracks, work
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import is_held_by_someone
from gemtag_tui.tui.source import Offer
from gemtag_tui.tui.source_again import AgainSource
from gemtag_tui.tui.source_assets import AssetSource
from gemtag_tui.tui.source_batches import BatchSource
from gemtag_tui.tui.source_failures import FailureSource
from gemtag_tui.tui.source_holds import HoldsSource
from gemtag_tui.tui.source_log import LogSource
from gemtag_tui.tui.source_plan import PlanSource
from gemtag_tui.tui.source_scan import ScanSource
from gemtag_tui.tui.source_tracks import TrackSource
from gemtag_tui.tui.state import LastRun, Look

ANSWER_SECONDS = 5.0
LOOK_SECONDS = 0.05
LEARN_AFTER, LEARN_PAUSE = 2.0, 0.005
"""Seconds: behind the first paint, and between two steps."""


class LibrarySource(
    LogSource,
    HoldsSource,
    PlanSource,
    ScanSource,
    FailureSource,
    AssetSource,
    BatchSource,
    TrackSource,
    AgainSource,
):
    """Everything the screens ask for, from one open library.

    Args:
        lib: open for reading and writing; the source does not close it.
        config: the settings file as a person named it, `None` for the usual one.
        environ: where settings and the key are looked for.
    """

    def __init__(
        self, lib: Library, config: Path | None, environ: Mapping[str, str] | None = None
    ) -> None:
        self.lib = lib
        self.environ = os.environ if environ is None else environ
        self.config_named = config
        self.config = config_path(config, self.environ)
        self.loaded: Loaded = self.load()
        self._seen: tuple[int, bool] | None = None
        self._look = Look()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, library: Path, config: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> AsyncIterator[Self]:
        """Open a library, made when it is not there, and close it afterwards.

        Raises:
            GemtagError: the library or the settings cannot be used.
        """
        try:
            make_private(library.parent)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise LibraryError(f"{plain(str(library.parent))} cannot be made: {why}.") from error
        async with await Library.open(library, SystemClock()) as lib:
            learning = asyncio.create_task(_learn(lib))
            try:
                yield cls(lib, config, environ)
            finally:
                learning.cancel()
                await asyncio.gather(learning, return_exceptions=True)

    def load(self) -> Loaded:
        """Read the settings again."""
        return load_settings(self.config, self.environ)

    @property
    def log_path(self) -> Path:
        """The log of what is not the engine."""
        return log_path(log_folder(self.lib.path), "shell")

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.loaded.settings

    # Looking

    async def look(self) -> Look:
        """Read the state when something was written since, else only the lock and the clock."""
        engine = is_held_by_someone(self.lib.path)
        seen = (await self.lib.data_version(), engine)
        if seen != self._seen:
            self._look = await self._read(engine)
            self._seen = seen
        look = self._look
        return Look(
            now=time.time(),
            snapshot=look.snapshot,
            engine=engine,
            run=look.run,
            tabs=look.tabs,
            title=look.title,
            cap=look.cap,
        )

    async def _read(self, engine: bool) -> Look:
        run = await runs.last(self.lib)
        snapshot = await live.read(self.lib) or RunSnapshot()
        if not engine or not snapshot.run:
            snapshot = msgspec.structs.replace(snapshot, counts=await self._counts_of(run))
        counts = snapshot.counts
        last = None
        if run is not None:
            last = LastRun(
                id=run.id,
                state=run.state,
                lane=run.lane,
                started_at=run.started_at,
                ended_at=run.ended_at,
                exit_code=run.exit_code,
                message=run.message,
            )
        own_cap = run.options.get("max_cost") if run is not None else None
        return Look(
            snapshot=snapshot,
            run=last,
            tabs={
                "failures": counts.known_bad + counts.retry_later,
                "batches": await batch_glance.under_way(self.lib),
            },
            title=plain(self.lib.path.stem, 30),
            cap=float(own_cap or self.settings.budget.run),
        )

    async def _counts_of(self, run: runs.RunRow | None) -> Counts:
        track = await tracks.track_by_id(self.lib, run.track) if run is not None else None
        track = track or await tracks.latest_track(self.lib)
        if track is None:
            return await work.library_counts(self.lib)
        return await work.counts(self.lib, track.id)

    # Small things kept

    async def pref(self, name: str) -> str:
        """A small string kept in the library."""
        return await prefs.get(self.lib, name)

    async def keep_pref(self, name: str, value: str) -> None:
        """Keep a small string in the library."""
        await prefs.put(self.lib, name, value)

    # Steering

    async def command(self, verb: str, argument: str = "") -> str:
        """Send a command and wait some seconds for the engine's answer.

        Raises:
            UsageError: no engine runs.
        """
        if not is_held_by_someone(self.lib.path):
            raise UsageError("Nothing runs. S on the Run screen starts a run.")
        number = await commands.send(self.lib, verb, argument, f"tui {os.getpid()}")
        until = time.monotonic() + ANSWER_SECONDS
        while (answer := await commands.outcome(self.lib, number)) is None:
            if time.monotonic() > until:
                return "sent; the engine has not answered yet"
            await asyncio.sleep(LOOK_SECONDS)
        return answer

    async def offer(self, lane: str = "") -> Offer:
        """Reckon what a start would do, in the lane of the settings when none is named."""
        from gemtag_tui.engine.planning import make_plan  # noqa: PLC0415 - heavy, and seldom

        self.loaded = self.load()
        wanted = lane or self.settings.lane
        plan = await make_plan(self.lib, self.loaded, self.config, self.environ, wanted)
        name = wanted if wanted != "auto" else plan.recommended
        found = next((one for one in plan.lanes if one.lane == name), plan.lanes[0])
        images = plan.counts.remaining - plan.counts.in_batches
        cost = None if found.cost is None else found.cost.likely
        obstacle = ""
        if not plan.counts.total:
            obstacle = "the library is empty; 1 Plan adds a folder."
        elif images <= 0:
            obstacle = "nothing remains to be tagged."
        elif not plan.key_where:
            obstacle = (
                "no key: set GEMINI_API_KEY (aistudio.google.com/apikey) and open gemtag again."
            )
        elif not found.available:
            obstacle = found.notes[0] if found.notes else f"the {found.lane} lane cannot be run."
        return Offer(images=max(0, images), cost=cost, lane=found.lane, obstacle=obstacle)

    async def start(
        self, args: Sequence[str] = (), environ: Mapping[str, str] | None = None
    ) -> int:
        """Start the engine as a process of its own.

        Args:
            args: words for `gemtag run`.
            environ: its environment, our own when `None`.

        Raises:
            UsageError: an engine runs already, or no process can be started.
        """
        if is_held_by_someone(self.lib.path):
            raise UsageError("An engine runs on this library already.")
        log = log_folder(self.lib.path) / "engine.out"
        try:
            make_private(log.parent)
            pid = start_engine(
                self.lib.path, self.config_named, list(args),
                log=log, environ=environ or self.environ,
            )  # fmt: skip
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise UsageError(f"The engine could not be started: {why}.") from error
        await self._until_it_lives(log)
        return pid

    async def _until_it_lives(self, log: Path) -> None:
        """Wait for the engine's lock; an engine that ends at once has said why.

        Raises:
            UsageError: with the engine's own last words.
        """
        until = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < until:
            if is_held_by_someone(self.lib.path):
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise UsageError(_last_words(log) or "The engine has not come up yet; see its log.")


async def _learn(lib: Library) -> None:
    """Bring an older library's index up to what is searched quickest, beside everything else."""
    await asyncio.sleep(LEARN_AFTER)
    with suppress(LibraryError):  # the next start goes on
        await indexer.improve(lib, LEARN_PAUSE)


def _last_words(log: Path) -> str:
    try:
        return log.read_bytes()[-400:].decode("utf-8", "replace").strip().rpartition("\n")[2]
    except OSError:
        return ""
