"""Samples are drawn from what remains, the same for the same seed, and tell what became of them."""

from __future__ import annotations

from store_kit import HandClock, a_track, add, image, opened

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.pilot import Picked, choose, findings_of
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.engine.planning import drift_words
from gemtag_tui.store import commits, parts, pilots, runs, selections
from gemtag_tui.store.parts import Part
from gemtag_tui.store.pilots import PilotRow
from gemtag_tui.store.rows import Group, LedgerRow, NewFailure, NewResult

AT = 1_790_000_000.0


def tagged(track, asset):
    return NewResult(asset, track, Tags("s", {}), "interactive", AT, Usage(700, 280, 90), 1e-3)


def call(asset, status="ok", cost=1e-3):
    return LedgerRow(AT, "google", "m", "interactive", status, asset, 700, 90, cost)


async def test_a_sample_is_drawn_from_what_remains(tmp_path):
    async with await opened(tmp_path, HandClock(AT)) as lib:
        await add(lib, *(image(f"{n}.jpg", folder=b"/f%d" % (n % 7)) for n in range(300)))
        track = await a_track(lib)
        await commits.commit(lib, Group(results=[tagged(track, 5), tagged(track, 9)]))
        pool = await pilots.drawn(lib, track.id, 1_000, 3)
        assert len(pool) == 298
        assert not {5, 9} & set(pool)
        assert len(await pilots.drawn(lib, None, 1_000, 3)) == 300
        some = await pilots.drawn(lib, track.id, 100, 3)
        assert 60 < len(some) <= 100
        assert some == await pilots.drawn(lib, track.id, 100, 3)
        assert some != await pilots.drawn(lib, track.id, 100, 4)
        probes = await pilots.probes(lib, pool)
        assert {one.folder for one in probes} == {f"/f{n}" for n in range(7)}
        picked = choose(probes, 20)
        chosen = await pilots.keep_list(lib, [*picked, Picked(5, "tagged by now")])
        page = await parts.todo_page(lib, track.id, Part(selection=chosen), 0, 50)
        assert [one.asset for one in page] == [one.asset for one in picked]
        assert await pilots.is_sample(lib, chosen)
        other = await selections.select_these(lib, [1, 2])
        assert not await pilots.is_sample(lib, other.id)
        assert not await pilots.is_sample(lib, 0)


async def test_what_became_of_a_sample_counts_every_attempt_and_drift_is_spoken_of(tmp_path):
    async with await opened(tmp_path, HandClock(AT)) as lib:
        await add(lib, *(image(f"{n}.jpg") for n in range(6)))
        track = await a_track(lib)
        run = await runs.begin(lib, track, "interactive", {}, 1)
        bad = NewFailure(3, track, FailureKind.SAFETY, "no", Standing.KNOWN_BAD, AT)
        ledger = [call(1), call(2, "overloaded", 0.0), call(2), call(3, "safety", 5e-4)]
        group = Group(results=[tagged(track, 1), tagged(track, 2)], failures=[bad],
                      ledger=ledger, run=run)  # fmt: skip
        await commits.commit(lib, group)
        row = PilotRow(0, track.id, run, "interactive", 0, AT, 1.0)
        await pilots.keep(lib, row, [Picked(n, "jpeg/768") for n in (1, 2, 3, 4)])
        kept = await pilots.latest(lib, track.id)
        found = await pilots.tried(lib, kept)
        assert [(t.asset, t.calls, t.failure) for t in found] == [
            (1, 1, ""), (2, 2, ""), (3, 1, "safety")
        ]  # fmt: skip
        told = findings_of(found)
        assert (told.images, told.tagged) == (3, 2)
        assert told.cost.likely * 3 == 2.5e-3
        assert await drift_words(lib, track.id) == ""
        later = await runs.begin(lib, track, "interactive", {}, 1)
        async with lib.transaction() as db:
            await db.execute("UPDATE run SET done = 90, cost_usd = 9.0 WHERE id = ?", (later,))
        assert "more than the pilot of 3" in await drift_words(lib, track.id)
