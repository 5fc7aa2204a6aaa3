"""A whole engine in this process: real library, disk and HTTP, against a simulator beside it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import random
import time
from pathlib import Path

import msgspec
from PIL import Image

from gemtag_tui.core.settings import Calls, Limits, Settings
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.request import RunRequest
from gemtag_tui.engine.run import run_engine
from gemtag_tui.imaging.probe import probe
from gemtag_tui.imaging.values import Limits as ImageLimits
from gemtag_tui.imaging.values import Probed
from gemtag_tui.simulator import Simulator, SimulatorConfig
from gemtag_tui.simulator.config import parse_config
from gemtag_tui.store import failures, runs, scan_rows, scans, tracks, work
from gemtag_tui.store.library import Library

FREE = Limits(rpm=1_000_000, tpm=2_000_000_000, rpd=1_000_000_000, spend_per_10min=100_000.0)


def jpeg(number: int) -> bytes:
    """A small picture like no other."""
    chance = random.Random(number)
    image = Image.new("RGB", (64, 48), tuple(chance.randrange(256) for _ in range(3)))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue() + b"\0" + str(number).encode()


def make_pictures(folder: Path, count: int, first: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / f"{number:05}.jpg").write_bytes(jpeg(number))


async def scan(lib: Library, folder: Path) -> None:
    """Record a folder as a scan does."""
    seen = []
    for path in sorted(folder.iterdir()):
        found = probe(os.fsencode(path), ImageLimits())
        if isinstance(found, Probed):
            content = scan_rows.Content(found.sha256, found.format, found.width, found.height)
        else:
            content = scan_rows.Broken(found.kind, found.message, found.sha256)
        place = (os.fsencode(folder), os.fsencode(path.name))
        seen.append(scan_rows.Seen(*place, found.size, found.mtime_ns, content))
    await scans.record(lib, seen)


class Shop:
    """A library, pictures and a simulator."""

    def __init__(self, home: Path, simulator: Simulator) -> None:
        self.home = home
        self.library = home / "library.db"
        self.pictures = home / "pictures"
        self.simulator = simulator
        self.told: list = []

    async def add(self, count: int, first: int = 0, folder: str = "pictures") -> None:
        make_pictures(self.home / folder, count, first)
        async with await Library.open(self.library, SystemClock()) as lib:
            await scan(lib, self.home / folder)

    def configure(self, **sections) -> None:
        self.simulator.reconfigure(parse_config(sections))

    def request(self, **more) -> RunRequest:
        settings = more.pop("settings", Settings())
        limits = more.pop("limits", FREE)
        calls = more.pop("calls", Calls(timeout=5.0))
        settings = msgspec.structs.replace(settings, limits=limits, calls=calls)
        config = self.home / "config.toml"
        return RunRequest(library=self.library, settings=settings, config=config, **more)

    async def run(self, **more) -> int:
        """Run to the end; what was told is in `told`."""
        self.told = []
        request = self.request(**more)
        return await run_engine(request, lambda *news: self.told.append(news), rng=random.Random(1))

    @contextlib.asynccontextmanager
    async def running(self, **more):
        """Start a run, and see it end."""
        task = asyncio.ensure_future(self.run(**more))
        try:
            yield task
            await asyncio.wait_for(task, 30)
        finally:
            task.cancel()
            await asyncio.wait({task})

    @property
    def end(self):
        event, snapshot = self.told[-1]
        assert event == "end"
        return snapshot

    @property
    def last(self):
        return self.told[-1][1]

    def paid(self) -> dict[str, int]:
        return self.simulator.stats()["paid_by_image"]

    def calls(self) -> int:
        return self.simulator.stats()["paths"].get("generateContent", 0)

    @contextlib.asynccontextmanager
    async def opened(self):
        async with await Library.open(self.library, SystemClock()) as lib:
            yield lib

    async def look(self):
        """Counts of the latest track, its failures, and the last run's row."""
        async with self.opened() as lib:
            track = await tracks.latest_track(lib)
            counts = await work.counts(lib, track.id)
            assert (
                counts.total == counts.tagged + counts.remaining + counts.known_bad + counts.ignored
            )
            rows = await failures.page(lib, track=track)
            return counts, rows, await runs.last(lib)


@contextlib.asynccontextmanager
async def a_shop(home: Path, monkeypatch, **config):
    async with Simulator(SimulatorConfig(pixels=False)) as simulator:
        for name in list(os.environ):
            if name.startswith(("GEMTAG_", "GEMINI_", "GOOGLE_")):
                monkeypatch.delenv(name)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", simulator.base_url)
        monkeypatch.setenv("GEMINI_API_KEY", "abcdefgh12")
        shop = Shop(home, simulator)
        if config:
            shop.configure(pixels=False, **config)
        yield shop


async def until(condition, seconds: float = 10.0) -> None:
    """Wait for a condition, which may be a coroutine function."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < end, "it did not come true in time"
        await asyncio.sleep(0.02)
