"""Exports of a library: complete, atomic, repeatable, and never over anybody's file."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sqlite3
from pathlib import Path

import pytest
from store_kit import HandClock, a_track, add, image, opened, result

from gemtag_tui.core.errors import UsageError
from gemtag_tui.engine.export_tables import into_table, to_sqlite
from gemtag_tui.engine.exporting import ExportStoppedError, Watch, to_file
from gemtag_tui.engine.sidecars import Naming, to_sidecars
from gemtag_tui.interop.table import unguarded
from gemtag_tui.store import commits, export_rows, indexer
from gemtag_tui.store.export_foreign import Into
from gemtag_tui.store.export_rows import Wanted
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import Group

HOSTILE = [
    ("=cmd|' /C calc'!A0", "+1", b"=1+1.jpg"),
    ("\x1b]0;title\x07[bold]x[/]", "<b>&amp;", b"\x1b[31m.jpg"),
    ("\u202egpj.exe", "a|b/c", b"caf\xe9.jpg"),
    ("line\r\nline", "'quoted'", b'line\nbreak,".jpg'),
    ("x" * 1_000_000, "y" * 1_000_000, b"-rf"),
    ("lone \ud800 and nul \0", ";--", "naïve ☕.jpg".encode()),
]


@pytest.fixture
async def lib(tmp_path):
    pics = tmp_path / "pics"
    pics.mkdir()
    library = await opened(tmp_path)
    folder = bytes(pics)
    await add(library, *[image(name, n, folder) for n, (_, _, name) in enumerate(HOSTILE)])
    await add(library, image("copy.jpg", 0, folder))
    track = await a_track(library)
    results = [
        result(track, n + 1, summary, subject=(tag, "car"))
        for n, (summary, tag, _) in enumerate(HOSTILE)
    ]
    await commits.commit(library, Group(results=results))
    await indexer.catch_up(library)
    yield library
    await library.close()


ALL = Wanted()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def export(lib, form, dest, wanted=ALL, watch=None):
    async with await Library.open(lib.path, HandClock(), readonly=True) as reading:
        if form == "sqlite":
            return await to_sqlite(reading, dest, wanted, watch or Watch())
        return await to_file(reading, form, dest, wanted, watch or Watch())


@pytest.mark.parametrize("form", ["jsonl", "csv", "sqlite"])
async def test_the_same_library_gives_the_same_bytes(lib, tmp_path, form):
    one, two = tmp_path / "one", tmp_path / "two"
    assert await export(lib, form, one) == await export(lib, form, two) == len(HOSTILE)
    assert digest(one) == digest(two)
    assert await export(lib, form, one) == len(HOSTILE)
    assert digest(one) == digest(two)
    assert sorted(p.name for p in tmp_path.iterdir() if "gemtag" in p.name) == []


async def test_hostile_words_come_back_from_every_format(lib, tmp_path):
    for form in ("jsonl", "csv", "sqlite"):
        await export(lib, form, tmp_path / form)
    lines = [json.loads(line) for line in (tmp_path / "jsonl").read_bytes().splitlines()]
    with (tmp_path / "csv").open(encoding="utf-8", newline="") as file:
        csv.field_size_limit(10**7)
        table = list(csv.DictReader(file))
    rows = sqlite3.connect(tmp_path / "sqlite").execute(
        "SELECT summary, tags, path, path_bytes FROM asset_ai ORDER BY id DESC"
    )
    for line, cells, row, (summary, tag, name) in zip(
        lines, table, rows, reversed(HOSTILE), strict=True
    ):
        clean = summary.replace("\0", "\ufffd").replace("\ud800", "?")
        assert line["summary"] == unguarded(cells["summary"]) == row[0] == clean
        assert line["tags"] == json.loads(cells["tags_json"]) == json.loads(row[1])
        assert line["tags"]["subject"] == [tag, "car"]
        assert line["path"] == unguarded(cells["path"]) == row[2]
        whole = bytes.fromhex(line["path_bytes"]) if "path_bytes" in line else line["path"].encode()
        assert whole.rpartition(b"/")[2] == name
        assert row[3] in (None, whole)


async def test_by_query_and_since(lib, tmp_path):
    dest = tmp_path / "out.jsonl"
    assert await export(lib, "jsonl", dest, Wanted("line")) == 1
    assert await export(lib, "jsonl", dest, Wanted("nosuchword")) == 0
    assert dest.read_bytes() == b""
    assert await export(lib, "jsonl", dest, Wanted("", 1_790_000_001.0)) == 0
    assert await export(lib, "jsonl", dest, Wanted("", 1_790_000_000.0)) == len(HOSTILE)
    async with lib.transaction() as db:
        await db.execute(
            "INSERT INTO edit VALUES (2, ?, 1790000100.0, 'shell')",
            ('{"summary":"by hand","buckets":{"subject":{"add":["mine"]}}}',),
        )
        await db.execute(
            "INSERT INTO change (at, kind, verb, words, items) "
            "VALUES (1790000100.0, 'edit', 'summary', '', 1)"
        )
        await db.execute("INSERT INTO change_item VALUES (1, '2', NULL, NULL)")
    assert await export(lib, "jsonl", dest, Wanted("", 1_790_000_001.0)) == 1
    found = json.loads(dest.read_bytes())
    assert (found["summary"], found["tags"]["subject"][-1]) == ("by hand", "mine")
    async with lib.transaction() as db:
        await db.execute("INSERT INTO tag_rule VALUES ('subject', 'car', 'vehicle')")
        await db.execute(
            "INSERT INTO change (at, kind, verb, words, items) "
            "VALUES (1790000200.0, 'tags', 'rename', '', 1)"
        )
    assert await export(lib, "jsonl", dest, Wanted("", 1_790_000_150.0)) == len(HOSTILE)
    assert all(
        "vehicle" in json.loads(x)["tags"]["subject"] for x in dest.read_bytes().splitlines()
    )


async def test_an_export_shows_one_instant(lib, tmp_path, monkeypatch):
    monkeypatch.setattr(export_rows, "PAGE", 2)
    seen = []
    async with await Library.open(lib.path, HandClock(), readonly=True) as reading:
        async with export_rows.snapshot(reading):
            async for page in export_rows.pages(reading, Wanted()):
                async with lib.transaction() as db:
                    await db.execute("DELETE FROM asset_ai WHERE id <= 3")
                seen += [row.result for row in page]
        assert seen == [6, 5, 4, 3, 2, 1]
        async with export_rows.snapshot(reading):
            after = [
                row.result async for page in export_rows.pages(reading, Wanted()) for row in page
            ]
    assert after == [6, 5, 4]


@pytest.mark.parametrize("form", ["jsonl", "csv", "sqlite"])
async def test_a_stop_leaves_what_was_there(lib, tmp_path, form):
    dest = tmp_path / "out"
    if form != "sqlite":
        dest.write_text("before")
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(ExportStoppedError):
        await export(lib, form, dest, watch=Watch(stop=lambda: True))
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert form == "sqlite" or dest.read_text() == "before"


async def test_the_library_and_its_pictures_are_never_written_to(lib, tmp_path):
    picture = tmp_path / "pics" / "copy.jpg"
    picture.write_bytes(b"pixels")
    link = tmp_path / "link"
    link.symlink_to(picture)
    for dest in (lib.path, Path(f"{lib.path}-wal"), picture, link, tmp_path):
        for form in ("jsonl", "sqlite"):
            with pytest.raises(UsageError):
                await export(lib, form, dest)
    assert picture.read_bytes() == b"pixels"


async def test_sqlite_replaces_nothing_but_its_own(lib, tmp_path):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE t (x)")
    before = digest(other)
    with pytest.raises(UsageError, match="--into"):
        await export(lib, "sqlite", other)
    (tmp_path / "text").write_text("not a database")
    with pytest.raises(UsageError):
        await export(lib, "sqlite", tmp_path / "text")
    assert digest(other) == before


async def test_sqlite_tells_tags_and_every_place(lib, tmp_path):
    dest = tmp_path / "out.db"
    await export(lib, "sqlite", dest)
    db = sqlite3.connect(dest)
    assert db.execute("SELECT count(*) FROM asset_tag WHERE name = 'car'").fetchone() == (6,)
    names = [
        p.rpartition("/")[2] for (p,) in db.execute("SELECT path FROM asset_file WHERE asset = 1")
    ]
    assert sorted(names) == ["=1+1.jpg", "copy.jpg"]
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def other_application(path: Path, folder: Path) -> None:
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE photos (n INTEGER PRIMARY KEY, file TEXT, caption TEXT, stars INT);"
            'CREATE TABLE "odd "" name" (x); INSERT INTO "odd "" name" VALUES (1);'
            "CREATE VIEW shown AS SELECT * FROM photos; PRAGMA user_version = 42;"
            "CREATE TABLE log (n); CREATE TRIGGER told AFTER UPDATE ON photos "
            "BEGIN INSERT INTO log VALUES (new.n); END;"
        )
        rows = [
            (str(folder / "copy.jpg"), "old", 5),
            ("/elsewhere.jpg", "keep", 1),
            (None, None, 2),
        ]
        db.executemany("INSERT INTO photos (file, caption, stars) VALUES (?, ?, ?)", rows)


def everything(path: Path) -> list:
    db = sqlite3.connect(path)
    shape = db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
    marks = ("user_version", "application_id", "journal_mode")
    return [shape, *(db.execute(f"PRAGMA {mark}").fetchone() for mark in marks)]


async def test_another_application_s_table_gets_its_columns_and_nothing_else(lib, tmp_path):
    path = tmp_path / "other.db"
    other_application(path, tmp_path / "pics")
    shape = everything(path)
    into = Into("photos", "path", {"path": "file", "summary": "caption"})
    assert await into_table(lib, path, into, Wanted(), Watch()) == (1, 0)
    assert await into_table(lib, path, into, Wanted(), Watch()) == (0, 0)
    db = sqlite3.connect(path)
    assert db.execute("SELECT caption, stars FROM photos ORDER BY n").fetchall() == [
        (HOSTILE[0][0], 5), ("keep", 1), (None, 2),
    ]  # fmt: skip
    assert db.execute("SELECT * FROM log").fetchall() == [(1,)]
    more = Into("photos", "path", {"path": "file", "summary": "caption"}, insert=True)
    assert await into_table(lib, path, more, Wanted(), Watch()) == (0, 6)
    assert await into_table(lib, path, more, Wanted(), Watch()) == (0, 0)
    odd = db.execute("SELECT file FROM photos WHERE typeof(file) = 'blob'").fetchall()
    assert [value.rpartition(b"/")[2] for (value,) in odd] == [b"caf\xe9.jpg"]
    assert everything(path) == shape


@pytest.mark.parametrize(
    "into",
    [
        Into("nowhere", "path", {"path": "file"}),
        Into("shown", "path", {"path": "file"}),
        Into("photos", "path", {"path": "file", "summary": "nocolumn"}),
        Into("photos; DROP TABLE log", "path", {"path": "file"}),
        Into("photos", "path", {"path": "file", "summary": 'caption" = 1; --'}),
        Into("photos", "path", {"path": "file", "summary": "n"}),
    ],
)
async def test_what_does_not_fit_changes_nothing(lib, tmp_path, into):
    path = tmp_path / "other.db"
    other_application(path, tmp_path / "pics")
    before = digest(path)
    with pytest.raises(UsageError):
        await into_table(lib, path, into, Wanted(), Watch())
    assert digest(path) == before
    with pytest.raises(UsageError):
        await into_table(lib, tmp_path / "not there.db", into, Wanted(), Watch())
    assert not (tmp_path / "not there.db").exists()


async def test_places_of_an_asset_with_two_results_are_told_once(lib):
    found = await export_rows.places(lib, [1, 2, 1])
    assert [len(found[asset]) for asset in (1, 2)] == [2, 1]


async def test_a_sidecar_for_every_place_beside_the_picture_or_below_a_folder(lib, tmp_path):
    tally = await to_sidecars(lib, Naming(), Wanted(), Watch())
    names = set(os.listdir(bytes(tmp_path / "pics")))  # noqa: PTH208 (bytes)
    assert names == {name + b".xmp" for _, _, name in HOSTILE} | {b"copy.jpg.xmp"}
    assert (tally.made, tally.merged, tally.unchanged, tally.refused) == (7, 0, 0, 0)
    again = await to_sidecars(lib, Naming(bytes(tmp_path)), Wanted(), Watch())
    assert (again.made, again.unchanged) == (0, 7)
    away = tmp_path / "away"
    await to_sidecars(lib, Naming(bytes(away)), Wanted(), Watch())
    assert (away / str(tmp_path / "pics").lstrip("/") / "copy.jpg.xmp").exists()


async def test_sidecars_without_the_picture_s_ending_are_not_shared(lib, tmp_path):
    folder = tmp_path / "more"
    folder.mkdir()
    for name in ("a.jpg", "a.png"):
        (folder / name).touch()
    await add(lib, image("a.jpg", "x", bytes(folder)), image("a.png", "y", bytes(folder)))
    track = await a_track(lib)
    await commits.commit(lib, Group(results=[result(track, 7, "one"), result(track, 8, "two")]))
    tally = await to_sidecars(lib, Naming(None, replace_ending=True), Wanted("one"), Watch())
    assert tally.made == 0 or tally.refused == 0
    tally = await to_sidecars(lib, Naming(None, replace_ending=True), Wanted(), Watch())
    assert tally.refused == 1
    assert [p.name for p in folder.iterdir() if p.suffix == ".xmp"] == ["a.xmp"]


async def test_parquet_reads_back_or_says_what_is_missing(lib, tmp_path):
    dest = tmp_path / "out.parquet"
    try:
        from pyarrow import parquet
    except ImportError:
        with pytest.raises(UsageError, match="pyarrow"):
            await export(lib, "parquet", dest)
        assert not dest.exists()
        return
    assert await export(lib, "parquet", dest) == len(HOSTILE)
    rows = parquet.read_table(dest).to_pylist()
    assert dict(rows[-1]["tags"])["subject"] == ["+1", "car"]
    assert rows[3]["path_bytes"].endswith(b"/caf\xe9.jpg")
