"""Writing into pictures: previewed, kept, undone, and never paid for again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from store_kit import HandClock, a_track, add, opened, result

from gemtag_tui.core.errors import UsageError
from gemtag_tui.engine.embedding import embed, journal_place, undo
from gemtag_tui.engine.exporting import Watch
from gemtag_tui.simulator.drawing import draw_pictures
from gemtag_tui.store import commits
from gemtag_tui.store.export_rows import Wanted
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import Group
from gemtag_tui.store.scans import Content, Seen

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed"
)


def seen(path: bytes) -> Seen:
    with open(path, "rb") as file:  # noqa: PTH123 (bytes)
        data = file.read()
    status = os.stat(path)  # noqa: PTH116 (bytes)
    content = Content(hashlib.sha256(data).digest(), "jpeg", 1, 1)
    return Seen(*os.path.split(path), status.st_size, status.st_mtime_ns, content)


@pytest.fixture
async def world(tmp_path):
    """A tagged picture in two places, one of them with a hostile name, and one more."""
    one, two = [p for p in draw_pictures(tmp_path / "p", 12) if p.suffix == ".jpg"][:2]
    copy = bytes(one.parent) + b"/-caf\xe9\n[b].jpg"
    shutil.copyfile(one, copy)
    library = await opened(tmp_path)
    await add(library, seen(bytes(one)), seen(copy), seen(bytes(two)))
    track = await a_track(library)
    results = [
        result(track, 1, "=cmd & <b>\x1b[31m", subject=("car", "dark\nblue")),
        result(track, 2, "two"),
    ]
    await commits.commit(library, Group(results=results))
    yield library, [bytes(one), copy, bytes(two)]
    await library.close()


def digests(paths):
    return [hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).digest() for path in paths]


def tags(path):
    done = subprocess.run(
        ["exiftool", "-json", "-XMP-dc:all", path], capture_output=True, check=True
    )
    return json.loads(done.stdout)[0]


@needs_exiftool
async def test_a_preview_writes_nothing(world, tmp_path):
    lib, paths = world
    before = digests(paths)
    shown = []
    async with await Library.open(lib.path, HandClock(), readonly=True) as reading:
        done = await embed(
            reading, Wanted(), Watch(), write=False, show=lambda path, _: shown.append(path)
        )
    assert (done.written, done.refused, done.journal) == (3, 0, None)
    assert sorted(shown) == sorted(paths)
    assert digests(paths) == before
    assert not journal_place(lib.path).exists()


@needs_exiftool
async def test_written_known_again_and_undone(world):
    lib, paths = world
    before = digests(paths)
    done = await embed(lib, Wanted(), Watch(), write=True)
    assert (done.written, done.refused) == (3, 0), done.words
    after = digests(paths)
    assert not set(after) & set(before)
    assert after[0] == after[1]
    assert tags(paths[0])["Subject"] == ["car", "dark\nblue"]
    assert tags(paths[0])["Description"] == "=cmd & <b>\ufffd[31m"
    rows = await lib.rows("SELECT sha256 FROM asset ORDER BY id")
    assert [row[0] for row in rows] == [after[0], after[2]]
    files = await lib.rows("SELECT size, mtime_ns FROM file ORDER BY id")
    now = [os.stat(path) for path in paths]  # noqa: PTH116 (bytes)
    assert [tuple(row) for row in files] == [(s.st_size, s.st_mtime_ns) for s in now]
    again = await embed(lib, Wanted(), Watch(), write=True)
    assert (again.written, again.unchanged) == (0, 3)
    back = await undo(lib)
    assert (back.written, back.refused) == (3, 0)
    assert digests(paths) == before
    rows = await lib.rows("SELECT sha256 FROM asset ORDER BY id")
    assert [row[0] for row in rows] == [before[0], before[2]]
    with pytest.raises(UsageError):
        await undo(lib)
    assert not [name for name in os.listdir(os.path.dirname(paths[0])) if b".gemtag" in name]  # noqa: PTH120, PTH208


@needs_exiftool
async def test_of_two_models_results_the_newest_is_written_once(world):
    lib, paths = world
    other = await a_track(lib, model="other")
    await commits.commit(lib, Group(results=[result(other, 1, "newer", subject=("boat",))]))
    done = await embed(lib, Wanted(), Watch(), write=True)
    assert (done.written, done.refused) == (3, 0), done.words
    assert [tags(path)["Description"] for path in paths[:2]] == ["newer"] * 2
    assert (await undo(lib)).written == 3


@needs_exiftool
async def test_what_changed_meanwhile_is_left_alone(world):
    lib, paths = world
    with open(paths[1], "ab") as file:  # noqa: PTH123 (bytes)
        file.write(b"\0")
    before = digests(paths)
    done = await embed(lib, Wanted(), Watch(), write=True)
    assert (done.written, done.refused) == (1, 1)
    assert digests(paths)[:2] == before[:2]
    with open(paths[2], "ab") as file:  # noqa: PTH123 (bytes)
        file.write(b"\0")
    changed = digests(paths)
    back = await undo(lib)
    assert back.refused == 1
    assert digests(paths) == changed


@needs_exiftool
async def test_what_a_picture_says_already_stays(world):
    lib, paths = world
    subprocess.run(
        ["exiftool", "-overwrite_original", "-XMP-dc:Subject=mine", "-XMP:Rating=3", paths[2]],
        check=True, capture_output=True,
    )  # fmt: skip
    await add(lib, seen(paths[2]))
    track = await a_track(lib)
    await commits.commit(lib, Group(results=[result(track, 3, "three")]))
    done = await embed(lib, Wanted(), Watch(), write=True)
    assert done.refused == 0, done.words
    assert tags(paths[2])["Subject"] == ["mine", "car", "red"]


async def test_without_exiftool_words_say_so(world, monkeypatch):
    lib, paths = world
    before = digests(paths)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="not installed"):
        await embed(lib, Wanted(), Watch(), write=True)
    assert digests(paths) == before
