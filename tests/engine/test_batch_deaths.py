from __future__ import annotations

import contextlib
import random
import tempfile
from pathlib import Path

import pytest
from batch_model import AFTER, BEFORE, DIE_AFTER, DIE_BEFORE, FINE, Died, ModelServer
from batch_rig import MODEL, PROFILE, TestClock, fill, settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gemtag_tui.core.batch_job import FINAL
from gemtag_tui.core.batch_plan import Caps
from gemtag_tui.core.models import rules_for
from gemtag_tui.engine.batch_build import Builder
from gemtag_tui.engine.batch_desk import recover, settle
from gemtag_tui.engine.batch_ground import Ground
from gemtag_tui.engine.preparer import Preparer
from gemtag_tui.engine.pricing import Pricing
from gemtag_tui.gemini.request import RequestForm
from gemtag_tui.imaging.child import ImagingPool
from gemtag_tui.imaging.values import PrepareRules
from gemtag_tui.store import batches, tracks, work
from gemtag_tui.store.library import Library

PICTURES = 5


class MortalLibrary(Library):
    """Dies before or after the transactions that a test names."""

    deaths: tuple[int, ...] = ()
    count = 0

    @contextlib.asynccontextmanager
    async def transaction(self):
        self.count += 1
        die = self.count in self.deaths
        early = die and self.count % 2 == 0
        async with super().transaction() as db:
            yield db
            if early:
                raise Died  # rolled back, as a death before the commit would
        if die:
            raise Died


class World:
    def __init__(self, lib, clock, server, pool, track):
        self.lib, self.clock, self.server, self.pool, self.track = lib, clock, server, pool, track

    def ground(self) -> Ground:
        own = settings(lookup_seconds=5.0)
        return Ground(
            self.lib, self.clock, random.Random(1), own, self.server, self.server, "google"
        )

    async def life(self) -> bool:
        """One engine's life; whether it came to the end of all work."""
        ground = self.ground()
        await recover(ground)
        form = RequestForm(PROFILE, rules_for(MODEL))
        preparer = Preparer(self.pool, PrepareRules())
        builder = Builder(ground, self.track, form, preparer, Pricing(MODEL, "batch", self.clock))
        for _ in range(200):
            jobs = await batches.unfinished(self.lib, "google")
            if not jobs:
                built = await builder.build(Caps(3, 10**9, 0), first=False)
                if built.job is None:
                    return True
                continue
            for job in jobs:
                await settle(ground, job.id)
            self.clock.advance(900)
        return False


@contextlib.asynccontextmanager
async def world(folder: Path, server: ModelServer, deaths=()):
    clock = TestClock()
    pool = ImagingPool(1)
    lib = await MortalLibrary.open(folder / "library.db", clock)
    try:
        await fill(lib, folder / "pics", PICTURES)
        track = await tracks.ensure_track(lib, "google", MODEL, PROFILE.id, "default", PROFILE.body)
        lib.count, lib.deaths = 0, tuple(deaths)
        yield World(lib, clock, server, pool, track)
    finally:
        await lib.close()
        await pool.aclose()


async def live_to_the_end(one: World) -> None:
    for _ in range(60):
        try:
            if await one.life():
                return
        except Died:
            continue
    pytest.fail("the work never came to an end")


async def check(one: World) -> None:
    counts = await work.counts(one.lib, one.track.id)
    assert (counts.tagged, counts.remaining, counts.total) == (PICTURES, 0, PICTURES)
    names = [job["display"] for job in one.server.jobs.values()]
    assert len(names) == len(set(names)), "an intent was submitted twice"
    assert set(one.server.paid.values()) == {1}, "a picture was paid twice"
    assert len(one.server.paid) == PICTURES
    jobs = await batches.page(one.lib)
    assert all(job.place in FINAL for job in jobs)
    assert sum(job.ingested for job in jobs) == PICTURES
    calls = await one.lib.row("SELECT sum(requests), sum(cost_usd) FROM request_ledger")
    assert calls[0] == PICTURES
    assert calls[1] == pytest.approx(sum(job.cost_usd for job in jobs))


FATES = st.lists(st.sampled_from([FINE, FINE, BEFORE, AFTER, DIE_BEFORE, DIE_AFTER]), max_size=30)


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(
    fates=FATES,
    deaths=st.sets(st.integers(1, 40), max_size=6),
    lag=st.integers(0, 2),
)
async def test_whatever_is_lost_and_whenever_it_dies(fates, deaths, lag):
    with tempfile.TemporaryDirectory() as folder:
        async with world(Path(folder), ModelServer(fates, lag), deaths) as one:
            await live_to_the_end(one)
            await check(one)


async def test_it_dies_at_every_transaction_once(tmp_path):
    """One death at each step in turn, from the first intent to the last row."""
    for number in range(1, 45):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with world(folder, ModelServer(), {number}) as one:
            await live_to_the_end(one)
            await check(one)


@pytest.mark.parametrize("fate", [BEFORE, AFTER, DIE_BEFORE, DIE_AFTER])
async def test_every_call_fails_once_in_every_way(tmp_path, fate):
    for number in range(14):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with world(folder, ModelServer([FINE] * number + [fate])) as one:
            await live_to_the_end(one)
            await check(one)
