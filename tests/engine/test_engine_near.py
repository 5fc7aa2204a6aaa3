"""Looking at pictures for near-duplicates: stopped, resumed, turned off, beside an engine."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from gemtag_tui.core.near import Kind, Look
from gemtag_tui.core.settings import Images, Settings
from gemtag_tui.engine import near
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.store import near_groups, near_looks, scans, tracks, work
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import EngineLock

MANY = 600


class Eyes:
    """Sees pairs of pictures that look the same; stops after some batches."""

    def __init__(self, batches: int) -> None:
        self.left = batches
        self.looked = 0

    async def look_many(self, files):
        if not self.left:
            raise asyncio.CancelledError
        self.left -= 1
        self.looked += len(files)
        return [None if one.path.endswith(b"/7") else self.look(one.path) for one in files]

    def look(self, path):
        word = str(int(path.rsplit(b"/", 1)[1]) // 2).encode()
        bits = int.from_bytes(hashlib.sha256(word).digest()[:8], "big")
        return Look(Kind.TELLING, bits, 0x808080)


@pytest.fixture
async def lib(tmp_path):
    async with await Library.open(tmp_path / "library.db", SystemClock()) as library:
        seen = [
            scans.Seen(b"/p", b"%d" % n, 9, 9, scans.Content(b"%032d" % n, "jpeg", 64, 48))
            for n in range(MANY)
        ]
        await scans.record(library, seen)
        yield library


async def test_what_was_looked_at_is_kept_when_it_is_stopped(lib):
    with pytest.raises(asyncio.CancelledError):
        await near.look_at(lib, Eyes(1), MANY)
    assert await near_looks.count_missing(lib) == MANY - 256 + 1  # one file had changed
    eyes = Eyes(9)
    words = []
    assert await near.look_at(lib, eyes, MANY, words.append) == MANY - 256
    assert eyes.looked == MANY - 256 + 1
    assert "0 of 600" in words[0]
    assert await near_looks.count_missing(lib) == 1


async def seen_and_grouped(lib, settings=None, *, once=False):
    """Group what the eyes saw; the picture they could not see is out of the way."""
    await near.look_at(lib, Eyes(9), MANY)
    async with lib.transaction() as db:
        await db.execute("UPDATE asset SET bad = 1 WHERE id = 8")
    return await near.after_scan(lib, settings or Settings(), once=once)


async def test_pictures_are_grouped_once_and_again_only_when_anything_is_new(lib):
    track = await tracks.ensure_track(lib, "google", "m", "p", "p", "{}")
    on = Settings(images=Images(near_duplicates=True))
    found = await seen_and_grouped(lib, on)
    assert (found.groups, found.duplicates, found.looked) == (MANY // 2 - 1, MANY // 2 - 1, 0)
    counts = await work.counts(lib, track.id)
    assert counts.near_waiting == found.duplicates
    words = []
    await near.after_scan(lib, on, told=words.append)
    assert words == []
    wider = Settings(images=Images(near_duplicates=True, near_distance=6))
    await near.after_scan(lib, wider, told=words.append)
    assert any("grouping" in said for said in words)


async def test_off_it_does_nothing_and_lets_go_what_the_setting_had_grouped(lib):
    track = await tracks.ensure_track(lib, "google", "m", "p", "p", "{}")
    assert await near.after_scan(lib, Settings()) is None
    await seen_and_grouped(lib, Settings(images=Images(near_duplicates=True)))
    assert await near.after_scan(lib, Settings()) is None
    assert (await work.counts(lib, track.id)).near_waiting == 0
    assert await near_groups.count(lib) == (0, 0)


async def test_what_a_person_asked_for_once_holds_while_the_setting_is_off(lib):
    track = await tracks.ensure_track(lib, "google", "m", "p", "p", "{}")
    await seen_and_grouped(lib, once=True)
    waiting = (await work.counts(lib, track.id)).near_waiting
    assert waiting > 200
    await near.after_scan(lib, Settings())
    await near.make_ready(lib, track.id, Settings())
    assert (await work.counts(lib, track.id)).near_waiting == waiting


async def test_beside_an_engine_nothing_is_taken_out_of_its_hands(lib):
    track = await tracks.ensure_track(lib, "google", "m", "p", "p", "{}")
    with EngineLock(lib.path):
        await seen_and_grouped(lib, once=True)
        assert (await work.counts(lib, track.id)).near_waiting == 0
    await near.make_ready(lib, track.id, Settings())
    assert (await work.counts(lib, track.id)).near_waiting > 200


async def test_a_run_of_a_library_without_groups_takes_one_look(lib):
    looks = []
    real = lib.row

    async def row(sql, values=()):
        looks.append(sql)
        return await real(sql, values)

    lib.row = row
    await near.make_ready(lib, 1, Settings())
    assert len(looks) == 1
    assert await near_looks.in_force(lib) is None
