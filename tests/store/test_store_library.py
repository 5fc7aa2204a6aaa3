from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from store_kit import HandClock, a_track, add, image, opened

from gemtag_tui.core.errors import LibraryBusyError, LibraryError, LibraryNewerError
from gemtag_tui.store import commands, glance, limits, prefs, runs, work
from gemtag_tui.store.library import Library
from gemtag_tui.store.lock import EngineLock, is_held_by_someone, lock_path
from gemtag_tui.store.schema import Migration, shipped, statements

pytestmark = pytest.mark.real_library

NEWEST = shipped()[-1].number
MORE = Migration(
    NEWEST + 1, "more", "CREATE TABLE more (a INTEGER);\nINSERT INTO more VALUES (1);\n"
)


async def test_a_new_library_is_durable_and_marked(tmp_path):
    async with await opened(tmp_path) as lib:
        async with lib.transaction() as db:
            (sync,) = await db.execute_fetchall("PRAGMA synchronous")
            (keys,) = await db.execute_fetchall("PRAGMA foreign_keys")
        assert (sync[0], keys[0]) == (2, 1)
        assert await lib.row("PRAGMA journal_mode") == ("wal",)
        applied = [(step.number, step.name) for step in shipped()]
        assert await lib.rows("SELECT number, name FROM migration") == applied
        assert await lib.row("PRAGMA user_version") == (NEWEST,)
        with pytest.raises(sqlite3.Error):
            await lib.reader.execute("DELETE FROM asset")


async def test_opening_again_changes_nothing(tmp_path):
    for _ in range(2):
        async with await opened(tmp_path):
            pass
    assert sorted(p.name for p in tmp_path.iterdir()) == ["library.db"]


async def test_a_newer_library_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "library.db"
    async with await Library.open(path, HandClock(), steps=[*shipped(), MORE]):
        pass
    for readonly in (False, True):
        with pytest.raises(LibraryNewerError, match="Upgrade gemtag"):
            await Library.open(path, HandClock(), readonly=readonly, steps=shipped())


async def test_an_older_library_is_backed_up_then_migrated(tmp_path):
    async with await opened(tmp_path) as lib:
        await add(lib, image("a.jpg"))
    steps = [*shipped(), MORE]
    async with await Library.open(tmp_path / "library.db", HandClock(), steps=steps) as lib:
        assert await lib.rows("SELECT * FROM more") == [(1,)]
        assert await lib.row("SELECT max(number) FROM migration") == (NEWEST + 1,)
        assert (await work.library_counts(lib)).files == 1
    (backup,) = tmp_path.glob(f"library.db.backup-{NEWEST}-*")
    async with await Library.open(backup, HandClock(), readonly=True) as old:
        assert (await work.library_counts(old)).files == 1


async def test_a_migration_that_fails_leaves_the_library_as_it_was(tmp_path):
    async with await opened(tmp_path) as lib:
        await add(lib, image("a.jpg"))
    broken = Migration(NEWEST + 1, "broken", "CREATE TABLE half (a);\nCREATE TABLE half (a);\n")
    with pytest.raises(LibraryError):
        await Library.open(tmp_path / "library.db", HandClock(), steps=[*shipped(), broken])
    async with await opened(tmp_path) as lib:
        assert await lib.row("SELECT 1 FROM sqlite_master WHERE name = 'half'") is None
        assert await lib.row("PRAGMA user_version") == (NEWEST,)


async def test_many_open_a_new_library_at_once(tmp_path):
    libraries = await asyncio.gather(*[opened(tmp_path) for _ in range(6)])
    try:
        assert await libraries[0].row("SELECT count(*) FROM migration") == (len(shipped()),)
    finally:
        for lib in libraries:
            await lib.close()


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (a)")
    db.close()


def _text(path: Path) -> None:
    path.write_text("I am a diary, and long enough to be looked at." * 40)


@pytest.mark.parametrize("make", [_foreign, _text])
@pytest.mark.parametrize("readonly", [False, True])
async def test_what_is_not_ours_is_refused_and_left_as_it_is(tmp_path, make, readonly):
    path = tmp_path / "theirs.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="is not a gemtag library"):
        await Library.open(path, HandClock(), readonly=readonly)
    with pytest.raises(LibraryError, match="is not a gemtag library"):
        glance.glance(path)
    assert path.read_bytes() == before


async def test_places_where_no_library_can_be(tmp_path):
    with pytest.raises(LibraryError, match="is a folder"):
        await Library.open(tmp_path, HandClock())
    with pytest.raises(LibraryError, match="does not exist"):
        await Library.open(tmp_path / "no" / "library.db", HandClock())
    path = tmp_path / "none.db"
    with pytest.raises(LibraryError, match="There is no library"):
        await Library.open(path, HandClock(), create=False)
    with pytest.raises(LibraryError, match="There is no library"):
        glance.glance(path)
    assert not path.exists()


async def test_a_damaged_library_is_a_library_error(tmp_path):
    async with await opened(tmp_path) as lib:
        await add(lib, *[image(f"{n}.jpg") for n in range(50)])
    path = tmp_path / "library.db"
    body = bytearray(path.read_bytes())
    body[100:] = b"\xff" * (len(body) - 100)
    path.write_bytes(body)
    with pytest.raises(LibraryError):
        await Library.open(path, HandClock())


@pytest.mark.skipif(os.name == "nt", reason="names there are text")
async def test_odd_names_of_the_library_itself(tmp_path):
    for name in [b"caf\xe9.db", b"a?mode=memory#x.db", b"100%25.db", "ü ñ.db".encode()]:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        async with await Library.open(path, HandClock()):
            assert path.stat().st_size
        assert glance.glance(path).counts.total == 0


async def test_an_error_rolls_back_and_the_next_transaction_works(tmp_path):
    async with await opened(tmp_path) as lib:
        with pytest.raises(RuntimeError):  # noqa: PT012
            async with lib.transaction() as db:
                await db.execute("INSERT INTO setting VALUES ('a', 'b')")
                raise RuntimeError
        await prefs.put(lib, "c", "d")
        assert await lib.rows("SELECT name FROM setting WHERE name <> 'library_id'") == [
            ("pref:c",)
        ]
        assert await prefs.get(lib, "c") == "d"
        assert await prefs.get(lib, "none", "x") == "x"


@pytest.mark.parametrize("steps", range(8))
async def test_a_cancelled_transaction_leaves_no_half(tmp_path, steps):
    async with await opened(tmp_path) as lib:

        async def write():
            async with lib.transaction() as db:
                await db.execute("INSERT INTO setting VALUES ('a', '1')")
                await db.execute("INSERT INTO setting VALUES ('b', '2')")

        task = asyncio.ensure_future(write())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await prefs.put(lib, "after", "yes")
        names = {
            row[0] for row in await lib.rows("SELECT name FROM setting WHERE name <> 'library_id'")
        }
        assert names in ({"pref:after"}, {"a", "b", "pref:after"})


async def test_readers_see_that_something_was_written(tmp_path):
    async with await opened(tmp_path) as lib:
        before = await lib.data_version()
        assert await lib.data_version() == before
        await prefs.put(lib, "a", "b")
        assert await lib.data_version() != before


async def test_a_library_for_reading_only_is_never_written(tmp_path):
    async with await opened(tmp_path) as lib:
        await add(lib, image("a.jpg"))
        async with await Library.open(lib.path, HandClock(), readonly=True) as reading:
            assert (await work.library_counts(reading)).files == 1
            with pytest.raises(LibraryError, match="reading only"):
                await prefs.put(reading, "a", "b")


def test_statements_keep_triggers_whole():
    sql = "CREATE TABLE a (b);\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT 1;\nEND;\n"
    assert len(list(statements(sql))) == 2


async def test_only_one_engine_and_lookers_do_no_harm(tmp_path):
    path = tmp_path / "library.db"
    assert not is_held_by_someone(path)
    assert not lock_path(path).exists()
    first, second = EngineLock(path), EngineLock(path)
    first.acquire(0)
    assert is_held_by_someone(path)
    with pytest.raises(LibraryBusyError):
        second.acquire(0)
    assert is_held_by_someone(path)
    first.release()
    assert not is_held_by_someone(path)
    second.acquire(0)
    second.release()


def test_the_lock_is_the_same_by_any_name(tmp_path):
    (tmp_path / "real.db").touch()
    (tmp_path / "link.db").symlink_to("real.db")
    assert lock_path(tmp_path / "link.db") == lock_path(tmp_path / "real.db")


def test_a_dead_engine_holds_no_lock(tmp_path):
    path = tmp_path / "library.db"
    code = (
        "import sys; from gemtag_tui.store.lock import EngineLock;"
        "lock = EngineLock(sys.argv[1]); lock.acquire();"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as engine:
        assert engine.stdout.readline() == b"held\n"
        assert is_held_by_someone(path)
        engine.kill()
        engine.wait()
    assert not is_held_by_someone(path)


def test_a_glance_loads_neither_asyncio_nor_the_writer():
    code = "import sys, gemtag_tui.store.glance\n"
    code += "print(*{'asyncio', 'aiosqlite', 'filelock'} & {*sys.modules})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""


async def test_a_glance_tells_what_the_library_tells(tmp_path):
    async with await opened(tmp_path) as lib:
        await add(lib, image("a.jpg"))
        assert glance.glance(lib.path).counts == await work.library_counts(lib)
        track = await a_track(lib)
        run = await runs.begin(lib, track, "interactive", {"limit": 3}, 77)
        seen = glance.glance(lib.path)
        assert seen.counts == await work.counts(lib, track.id)
        assert (seen.run, seen.track) == (await runs.last(lib), track)
        assert (seen.run.id, seen.run.options) == (run, {"limit": 3})
        assert glance.glance(lib.path, ("google", "none", "p_1")).track is None


async def test_commands_are_answered_once(tmp_path):
    async with await opened(tmp_path) as lib:
        first = await commands.send(lib, "pause", who="shell 7")
        second = await commands.send(lib, "lane", "batch\0", "tui")
        assert [c.verb for c in await commands.open_commands(lib)] == ["pause", "lane"]
        await commands.answer(lib, first, "paused")
        await commands.answer(lib, first, "again")
        assert await commands.outcome(lib, first) == "paused"
        assert await commands.clear_stale(lib) == 1
        assert await commands.outcome(lib, second) == commands.STALE
        assert await commands.open_commands(lib) == []


async def test_runs_end_or_are_found_dead(tmp_path):
    async with await opened(tmp_path) as lib:
        track = await a_track(lib)
        assert await runs.last(lib) is None
        await runs.finish(lib, await runs.begin(lib, track, "batch", {}, 1), "done", 0, "ok")
        assert await runs.mark_died(lib) == 0
        await runs.begin(lib, track, "batch", {}, 2)
        assert await runs.mark_died(lib) == 1
        last = await runs.last(lib)
        assert (last.state, last.pid, last.ended_at is not None) == ("died", 2, True)


async def test_learned_limits_are_kept_and_forgotten(tmp_path):
    async with await opened(tmp_path) as lib:
        await limits.learn(lib, "google", "m", "rpm", 15.0, "said so")
        await limits.learn(lib, "google", "m", "rpm", 10.0)
        await limits.learn(lib, "google", "m", "rpd", 100.0)
        assert (await limits.learned(lib, "google", "m"))["rpm"].value == 10.0
        await limits.forget(lib, "google", "m", "rpm")
        assert set(await limits.learned(lib, "google", "m")) == {"rpd"}
        await limits.forget(lib, "google", "m")
        assert await limits.learned(lib, "google", "m") == {}


async def test_a_transaction_in_one_hop_is_kept_whole_or_not_at_all(tmp_path):
    async def write(db):
        await db.execute("INSERT INTO setting VALUES ('a', '1')")
        return await db.execute_fetchall("SELECT value FROM setting WHERE name = 'a'")

    async def fail(db):
        await db.execute("INSERT INTO setting VALUES ('b', '1')")
        raise KeyError("b")

    async with await opened(tmp_path) as lib:
        assert [tuple(row) for row in await lib.at_once(write)] == [("1",)]
        with pytest.raises(KeyError):
            await lib.at_once(fail)
        assert await lib.row("SELECT 1 FROM setting WHERE name = 'a'") is not None
        assert await lib.row("SELECT 1 FROM setting WHERE name = 'b'") is None


async def test_a_transaction_in_one_hop_may_wait_for_nothing_else(tmp_path):
    async def wander(db):
        await db.execute("INSERT INTO setting VALUES ('c', '1')")
        await asyncio.sleep(0)

    async with await opened(tmp_path) as lib:
        with pytest.raises(RuntimeError, match="waited for something"):
            await lib.at_once(wander)
        assert await lib.row("SELECT 1 FROM setting WHERE name = 'c'") is None
