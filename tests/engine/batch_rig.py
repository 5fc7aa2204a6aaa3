"""A library of small pictures, a simulator and the batch lane between them, on one fake clock."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import random
from importlib import resources
from pathlib import Path

from gemtag_tui.core.models import rules_for
from gemtag_tui.core.profile_text import parse_profile
from gemtag_tui.core.settings import Batch, Calls, Limits, Settings
from gemtag_tui.engine.batch_build import Builder
from gemtag_tui.engine.batch_ground import Ground
from gemtag_tui.engine.batch_lane import BatchLane
from gemtag_tui.engine.control import Control
from gemtag_tui.engine.preparer import Preparer
from gemtag_tui.engine.pricing import Pricing
from gemtag_tui.gemini.batches import BatchApi
from gemtag_tui.gemini.files import FilesApi
from gemtag_tui.gemini.key import Secret
from gemtag_tui.gemini.remote import Remote
from gemtag_tui.gemini.request import RequestForm
from gemtag_tui.imaging.child import ImagingPool
from gemtag_tui.imaging.values import PrepareRules
from gemtag_tui.simulator import Batches, Simulator, SimulatorConfig
from gemtag_tui.store import scans, tracks, work
from gemtag_tui.store.library import Library
from gemtag_tui.store.scans import Content, Seen

MODEL = "gemini-3.5-flash-lite"
PROFILE = parse_profile(
    resources.files("gemtag_tui.core").joinpath("default_profile.toml").read_text("utf-8"),
    "default",
)
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQ"
    "ERMUFRUVDA8XGBYUGBIUFRT/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgED"
    "AwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RF"
    "RkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJ"
    "ytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APyqr//Z"
)
"""A grey picture of 8 by 8 pixels; bytes after its end make it another content."""


class TestClock:
    """Time that moves when somebody sleeps, or is told to."""

    __test__ = False

    def __init__(self, now: float = 1_790_000_000.0, pause: float = 0.0) -> None:
        self.at, self.pause = now, pause

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds

    async def sleep(self, seconds: float) -> None:
        """Let time pass; `pause`: while threads and children get on with their work.

        Without one, who looks every few seconds makes a day of every second that real work takes:
        files on the server expire before they are used, and failures come due again.
        """
        await asyncio.sleep(self.pause)
        self.at += max(0.0, seconds)


def settings(**batch) -> Settings:
    return Settings(
        batch=Batch(**{"poll_seconds": 5.0, "first_job": 0, **batch}),
        limits=Limits(tier="tier2"),
        calls=Calls(retry_hours=500.0),  # time runs off while real work is waited for
    )


async def fill(lib: Library, folder: Path, count: int, start: int = 0) -> None:
    """Write distinct small pictures and record them as a scan would."""
    folder.mkdir(exist_ok=True)
    seen = []
    for number in range(start, start + count):
        data = JPEG + b"%08d" % number
        path = folder / f"p{number:06}.jpg"
        path.write_bytes(data)
        content = Content(hashlib.sha256(data).digest(), "jpeg", 8, 8)
        name = path.name.encode()
        seen.append(Seen(bytes(folder), name, len(data), path.stat().st_mtime_ns, content))
    await scans.record(lib, seen)


class Rig:
    """One library, one simulator, and engines that come and go."""

    def __init__(self, lib: Library, clock: TestClock, sim: Simulator, own: Settings, pool) -> None:
        self.lib, self.clock, self.sim, self.settings, self.pool = lib, clock, sim, own, pool
        self.control = Control()
        self.told = []
        self.warned = []
        self.track = None

    async def start(self) -> None:
        body = (PROFILE.id, PROFILE.name, PROFILE.body)
        self.track = await tracks.ensure_track(self.lib, "simulator", MODEL, *body)

    @contextlib.asynccontextmanager
    async def ground(self):
        remote = Remote(Secret("test"), self.sim.base_url)
        try:
            yield Ground(
                lib=self.lib,
                clock=self.clock,
                rng=random.Random(1),
                settings=self.settings,
                jobs=BatchApi(remote),
                files=FilesApi(remote, self.clock.sleep),
                provider="simulator",
                told=self.told.append,
            )
        finally:
            await remote.close()

    def builder(self, ground) -> Builder:
        form = RequestForm(PROFILE, rules_for(MODEL))
        preparer = Preparer(self.pool, PrepareRules())
        return Builder(ground, self.track, form, preparer, Pricing(MODEL, "batch", self.clock))

    async def run(self, **more) -> None:
        """One run of the lane to its end."""
        self.control = Control()
        async with self.ground() as ground:
            lane = BatchLane(
                ground, self.builder(ground), self.control, warn=self.warned.append, **more
            )
            await lane.run()

    async def counts(self):
        return await work.counts(self.lib, self.track.id)


@contextlib.asynccontextmanager
async def rigged(
    tmp_path: Path, count: int = 30, own: Settings | None = None, config=None, pause=0.0, **sim
):
    clock = TestClock(pause=pause)
    config = config or SimulatorConfig(pixels=False, batches=Batches(**sim))
    pool = ImagingPool(1)
    try:
        async with (
            Simulator(config, clock=clock) as simulator,
            await Library.open(tmp_path / "library.db", clock) as lib,
        ):
            await fill(lib, tmp_path / "pics", count)
            rig = Rig(lib, clock, simulator, own or settings(), pool)
            await rig.start()
            yield rig
    finally:
        await pool.aclose()
