from __future__ import annotations

import asyncio
import hashlib
import os
import random
import sqlite3
from pathlib import Path

import pytest

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.failures import Standing
from gemtag_tui.engine import scan as scan_module
from gemtag_tui.engine import scan_walk
from gemtag_tui.engine.scan import Scanner
from gemtag_tui.imaging.values import Probed, Refused
from gemtag_tui.store import failures, known, tracks, work
from gemtag_tui.store.failures import Selection
from gemtag_tui.store.library import Library
from gemtag_tui.store.work import joined


class StillClock:
    def now(self) -> float:
        return 1_790_000_000.0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Reader:
    """Takes every file that begins with "picture" for one, and remembers what it opened."""

    def __init__(self) -> None:
        self.opened: list[bytes] = []

    async def probe_many(self, paths):
        self.opened += paths
        return [self.probe(path) for path in paths]

    def probe(self, path):
        try:
            body = Path(os.fsdecode(path)).read_bytes()
        except OSError:
            return Refused("unreadable", "the file is gone")
        at = os.lstat(path)
        digest = hashlib.sha256(body).digest()
        if body.startswith(b"picture"):
            return Probed(
                digest, at.st_size, at.st_mtime_ns, "png", "image/png", 3, 2, 1, 1, passable=True
            )
        return Refused("unreadable", "damaged", digest, at.st_size, at.st_mtime_ns)


class World:
    def __init__(self, root: Path, lib: Library) -> None:
        self.root = root / "pics"
        self.root.mkdir()
        self.lib = lib
        self.reader = Reader()

    def put(self, name: str, body: str | None = None) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"picture {name if body is None else body}")
        return path

    async def scan(self, *paths: Path, **more):
        self.reader.opened.clear()
        follow = more.pop("follow_links", False)
        scanner = Scanner(self.lib, self.reader, StillClock(), follow_links=follow)
        return await scanner.run([os.fsencode(p) for p in paths or (self.root,)], **more)

    async def live(self) -> set[bytes]:
        return set(await self.recorded())

    async def recorded(self) -> dict[bytes, tuple[int, int]]:
        """Size and time of every live file, by its path below the root."""
        rows = await self.lib.rows(
            "SELECT o.path, f.name, f.size, f.mtime_ns FROM file f "
            "JOIN folder o ON o.id = f.folder WHERE f.missing_at IS NULL"
        )
        root = os.fsencode(self.root)
        return {os.path.relpath(joined(*row[:2]), root): (row[2], row[3]) for row in rows}


@pytest.fixture
async def world(tmp_path):
    lib = await Library.open(tmp_path / "library.db", StillClock())
    yield World(tmp_path, lib)
    await lib.close()


def told(counts):
    names = ("found", "added", "changed", "unchanged", "missing")
    return tuple(getattr(counts, name) for name in names)


async def test_a_tree_is_found_and_an_unchanged_one_is_not_opened_again(world):
    for name in ("a.jpg", "b/c.png", "b/d/e.webp"):
        world.put(name)
    first = await world.scan()
    assert told(first) == (3, 3, 0, 0, 0)
    assert not first.stopped
    second = await world.scan()
    assert told(second) == (3, 0, 0, 3, 0)
    assert world.reader.opened == []


async def test_copies_broken_files_and_what_is_no_image(world):
    world.put("a.jpg", "same")
    world.put("b.jpg", "same")
    (world.root / "broken.jpg").write_text("junk")
    (world.root / "notes.txt").write_text("junk")
    os.mkfifo(world.root / "pipe.jpg")
    (world.root / "link.jpg").symlink_to("a.jpg")
    (world.root / "folder.jpg").mkdir()
    for _ in range(2):
        counts = await world.scan()
        assert (counts.found, counts.unreadable, counts.duplicates, counts.skipped) == (3, 1, 1, 3)
    (row,) = await failures.page(world.lib)
    assert row.path.endswith(b"broken.jpg")


async def test_changed_files_are_looked_into_again(world):
    path = world.put("a.jpg", "one")
    world.put("b.jpg")
    await world.scan()
    path.write_text("picture two, longer")
    assert told(await world.scan()) == (2, 0, 1, 1, 0)
    assert world.reader.opened == [os.fsencode(path)]
    assert told(await world.scan()) == (2, 0, 0, 2, 0)


async def test_what_vanished_is_marked_and_comes_back(world):
    track = await tracks.ensure_track(world.lib, "google", "m", "p", "p", "{}")
    path = world.put("sub/a.jpg")
    world.put("b.jpg")
    await world.scan()
    path.rename(world.root.parent / "away.jpg")
    path.parent.rmdir()
    assert told(await world.scan()) == (1, 0, 0, 1, 1)
    assert told(await world.scan()) == (1, 0, 0, 1, 0)
    counts = await work.counts(world.lib, track.id)
    assert (counts.total, counts.missing) == (1, 1)
    path.parent.mkdir()
    (world.root.parent / "away.jpg").rename(path)
    back = await world.scan()
    assert told(back) == (2, 1, 0, 1, 0)
    assert world.reader.opened == []
    assert (await work.counts(world.lib, track.id)).total == 2


async def test_scanning_one_folder_says_nothing_of_another(world):
    world.put("a/1.jpg")
    gone = world.put("b/2.jpg")
    await world.scan()
    gone.unlink()
    assert (await world.scan(world.root / "a")).missing == 0
    assert (await world.scan(world.root / "b")).missing == 0  # empty: a disk that is not there?
    assert (await world.scan()).missing == 1


async def test_a_root_that_is_empty_all_at_once_is_left_alone_and_said(world):
    names = ["a.jpg", "b/c.jpg"]
    paths = [world.put(name) for name in names]
    await world.scan()
    for path in paths:
        path.unlink()
    (world.root / "b").rmdir()
    counts = await world.scan()
    assert counts.missing == 0
    assert "is empty" in counts.warnings[0]
    assert len(await world.live()) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
async def test_a_folder_that_cannot_be_listed_keeps_its_files(world):
    world.put("shut/a/b.jpg")
    await world.scan()
    (world.root / "shut").chmod(0)
    try:
        counts = await world.scan()
    finally:
        (world.root / "shut").chmod(0o700)
    assert counts.missing == 0
    assert "cannot be listed" in counts.warnings[0]


async def test_a_folder_that_fails_while_listed_keeps_its_files(world, monkeypatch):
    world.put("bad/a/b.jpg")
    world.put("good/c.jpg").unlink()
    (world.root / "good").joinpath("d.jpg").write_text("picture")
    await world.scan()
    (world.root / "good" / "d.jpg").unlink()
    real = os.scandir

    def scandir(path):
        if path.endswith(b"bad"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(scan_walk.os, "scandir", scandir)
    counts = await world.scan()
    assert counts.missing == 1
    assert "bad cannot be listed (Permission denied)" in counts.warnings[0]
    assert await world.live() == {b"bad/a/b.jpg"}


async def test_a_path_can_be_a_file_and_must_exist(world):
    path = world.put("a/one.jpg")
    world.put("a/two.jpg")
    assert told(await world.scan(path)) == (1, 1, 0, 0, 0)
    assert told(await world.scan()) == (2, 1, 0, 1, 0)
    assert told(await world.scan(path)) == (1, 0, 0, 1, 0)
    with pytest.raises(UsageError, match=r"none\.jpg cannot be scanned"):
        await world.scan(path, world.root / "none.jpg")


async def test_roots_may_lie_in_each_other(world):
    path = world.put("a/b/one.jpg")
    world.put("two.jpg")
    counts = await world.scan(path.parent, world.root, path, world.root / "a", world.root)
    assert told(counts) == (2, 2, 0, 0, 0)
    path.unlink()
    counts = await world.scan(path.parent, world.root)
    assert told(counts) == (1, 0, 0, 1, 1)


async def test_links_are_followed_when_asked_and_no_circle_is_endless(world):
    world.put("real/a.jpg")
    outside = world.root.parent / "outside.jpg"
    outside.write_text("picture outside")
    (world.root / "real" / "up").symlink_to(world.root)
    (world.root / "self").symlink_to("self")
    (world.root / "file.jpg").symlink_to(outside)
    assert (await world.scan()).found == 1
    counts = await world.scan(follow_links=True)
    assert (counts.found, counts.added) == (2, 1)
    assert b"../outside.jpg" in await world.live()
    assert (await world.scan()).missing == 0


async def test_names_of_any_bytes(world):
    root = os.fsencode(world.root)
    names = [
        b"\xff\xfe.jpg",
        b"new\nline.jpg",
        b"-rf.jpg",
        "e\u0301.jpg".encode(),
        "é.jpg".encode(),
    ]
    for name in names:
        Path(os.fsdecode(joined(root, name))).write_bytes(b"picture " + name)
    await world.scan()
    assert await world.live() == set(names)
    assert (await world.scan()).unchanged == len(names)


async def test_a_stopped_scan_marks_nothing_and_is_gone_on_with(world, monkeypatch):
    monkeypatch.setattr(scan_walk, "_CHUNK", 5)
    monkeypatch.setattr(scan_module, "_BATCH", 5)
    for number in range(40):
        world.put(f"{number % 4}/{number}.jpg")
    await world.scan()
    for number in range(20):
        (world.root / f"{number % 4}/{number}.jpg").unlink()
        world.put(f"{number % 4}/new{number}.jpg")
    seen = []
    stopped = await world.scan(on_progress=seen.append, should_stop=lambda: len(seen) >= 2)
    assert stopped.stopped
    assert stopped.missing == 0
    recorded = len(world.reader.opened)
    assert 0 < recorded < 20
    rest = await world.scan()
    assert len(world.reader.opened) == 20 - recorded
    assert (rest.missing, rest.found, rest.stopped) == (20, 40, False)
    rows = await world.lib.rows("SELECT outcome FROM scan ORDER BY id")
    assert rows == [("done",), ("stopped",), ("done",)]


async def test_a_cancelled_scan_leaves_nothing_running(world):
    for number in range(30):
        world.put(f"{number}.jpg")
    started = asyncio.Event()

    class Stuck(Reader):
        async def probe_many(self, paths):
            started.set()
            await asyncio.Event().wait()

    world.reader = Stuck()
    task = asyncio.ensure_future(world.scan())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await world.lib.rows("SELECT outcome FROM scan") == [("stopped",)]
    assert {t for t in asyncio.all_tasks() if not t.done()} == {asyncio.current_task()}
    world.reader = Reader()
    assert (await world.scan()).added == 30


async def test_a_prober_that_fails_ends_the_scan_with_its_error(world):
    class Broken(Reader):
        async def probe_many(self, paths):
            raise UsageError("no children")

    world.put("a.jpg")
    world.reader = Broken()
    with pytest.raises(UsageError, match="no children"):
        await world.scan()


async def test_a_large_folder_is_matched_by_names(world, monkeypatch):
    monkeypatch.setattr(known, "_WHOLE", 10)
    monkeypatch.setattr(known, "_NAMES", 7)
    monkeypatch.setattr(known, "_PAGE", 9)
    for number in range(60):
        world.put(f"{number}.jpg")
    await world.scan()
    for number in range(0, 60, 3):
        (world.root / f"{number}.jpg").unlink()
    assert told(await world.scan()) == (40, 0, 0, 40, 20)
    assert len(await world.live()) == 40


async def test_what_a_person_wants_looked_at_again_is(world):
    path = world.root / "a.jpg"
    path.write_text("junk")
    await world.scan()
    assert (await world.scan()).unreadable == 1
    assert world.reader.opened == []
    await failures.retry(world.lib, Selection())
    assert (await world.scan()).changed == 1
    assert world.reader.opened == [os.fsencode(path)]
    (row,) = await failures.page(world.lib, standing=Standing.KNOWN_BAD)
    assert row.attempts == 2


async def test_a_file_that_goes_while_it_is_scanned_is_not_recorded(world):
    path = world.put("a.jpg")
    world.put("b.jpg")

    class Late(Reader):
        async def probe_many(self, paths):
            path.unlink(missing_ok=True)
            return await super().probe_many(paths)

    world.reader = Late()
    assert told(await world.scan()) == (1, 1, 0, 0, 0)


async def test_progress_tells_where_the_scan_is(world):
    world.put("a.jpg")
    seen = []
    await world.scan(on_progress=seen.append)
    assert seen[-1].folder == os.fsencode(world.root)
    assert seen[-1].folders == 1


async def test_an_unchanged_folder_is_known_without_a_look_at_its_records(world, monkeypatch):
    for name in ("a.jpg", "b.jpg", "c/d.jpg"):
        world.put(name)
    await world.scan()

    monkeypatch.setattr(known, "_LIVE", "SELECT nothing FROM file")
    assert told(await world.scan()) == (3, 0, 0, 3, 0)
    world.put("c/e.jpg")
    with pytest.raises(sqlite3.OperationalError, match="nothing"):
        await world.scan()


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_between_scans_is_noticed(world, seed):
    rng = random.Random(seed)
    names = [f"{folder}{number}.jpg" for folder in ("", "a/", "a/b/") for number in range(4)]
    world.put("kept.jpg")
    for turn in range(10):
        for name in rng.sample(names, rng.randint(0, 3)):
            if rng.random() < 0.5:
                body = rng.choice(["one", "two", "no picture", f"{turn}"])
                world.put(name, body).touch()
                os.utime(world.root / name, ns=(0, rng.randint(1, 3)))
            else:
                (world.root / name).unlink(missing_ok=True)
        if rng.random() < 0.2:
            async with world.lib.transaction() as db:
                await db.execute("UPDATE file SET size = -1 WHERE id = 1")
        await world.scan()
        files = {os.fsencode(path.relative_to(world.root)): path for path in on_disk(world.root)}
        status = {name: path.stat() for name, path in files.items()}
        assert await world.recorded() == {
            name: (at.st_size, at.st_mtime_ns) for name, at in status.items()
        }


def on_disk(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]
