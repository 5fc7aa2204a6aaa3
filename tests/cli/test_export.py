"""The export commands, on a library that was filled by hand."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3

import pytest

from gemtag_tui.cli.export_when import moment
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.store import commits, tracks
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import Group, NewResult


@pytest.fixture
def tagged(gemtag, pictures, tmp_path):
    """Run commands on a library whose pictures are tagged."""
    gemtag("scan", pictures)

    async def fill():
        async with await Library.open(tmp_path / "library.db", SystemClock()) as lib:
            track = await tracks.ensure_track(lib, "google", "m", "p_1", "default", "{}")
            rows = await lib.rows("SELECT id FROM asset WHERE bad = 0")
            words = Tags("=1+1 \x1b[31mred", {"subject": ("car",)})
            results = [NewResult(row[0], track, words, "batch", 1_790_000_000.0) for row in rows]
            await commits.commit(lib, Group(results=results))
            return len(results)

    return gemtag, asyncio.run(fill())


def test_every_format_from_the_shell(tagged, pictures, tmp_path):
    gemtag, number = tagged
    for form in ("jsonl", "csv", "sqlite"):
        said = gemtag("export", form, tmp_path / form, "--json")
        assert (said.code, said.json["written"]) == (0, number), said.err
    db = sqlite3.connect(tmp_path / "sqlite")
    assert db.execute("SELECT count(*) FROM asset_ai").fetchone() == (number,)
    said = gemtag("export", "xmp", tmp_path / "away", "--json")
    assert (said.code, said.json["made"]) == (0, number + 1)  # one of them lies in two places
    said = gemtag("export", "xmp", "--json")
    assert said.json["made"] == number + 1
    assert gemtag("export", "xmp", pictures, "--json").json["unchanged"] == number + 1
    (pictures / "copy.jpg.xmp").write_text("not XML")
    said = gemtag("export", "xmp", pictures, "--json")
    assert (said.code, said.json["refused"]) == (1, 1)
    assert "copy.jpg.xmp" in said.err


def test_to_stdout_by_query_and_since(tagged):
    gemtag, number = tagged
    assert len(gemtag("export", "jsonl", "-").lines) == number
    assert len(gemtag("export", "jsonl", "-", "--query", "tag:car").lines) == number
    assert gemtag("export", "jsonl", "-", "--query", "tag:boat").out == ""
    assert gemtag("export", "jsonl", "-", "--since", "1790000001").out == ""
    assert len(gemtag("export", "jsonl", "-", "--since", "2026-01-01").lines) == number
    assert gemtag("export", "jsonl", "-", "--since", "yesterday").code == 2
    assert "'=1+1" in gemtag("export", "csv", "-").out


def test_into_another_application_s_table(tagged, pictures, tmp_path):
    gemtag, _ = tagged
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE photos (file TEXT, caption TEXT)")
        db.execute("INSERT INTO photos VALUES (?, NULL)", (str(pictures / "copy.jpg"),))
    columns = ("--into", "photos", "--columns", "path=file,summary=caption")
    said = gemtag("export", "sqlite", other, *columns, "--json")
    assert (said.json["updated"], said.json["added"]) == (1, 0)
    assert db.execute("SELECT caption FROM photos").fetchone() == ("=1+1 \x1b[31mred",)
    for words in (
        ["--into", "photos"],
        ["--columns", "path=file"],
        ["--into", "photos", "--columns", "path=file,nothing=caption"],
        ["--into", "photos", "--columns", "path=file,summary=FILE"],
        ["--into", "photos", "--columns", "summary=caption"],
    ):
        assert gemtag("export", "sqlite", other, *words).code == 2


def test_columns_of_any_name_are_written(tagged, pictures, tmp_path):
    gemtag, _ = tagged
    other, table = tmp_path / "other.db", 'my "photos" [x]'
    with sqlite3.connect(other) as db:
        db.execute('CREATE TABLE "my ""photos"" [x]" ("file, path", "select", "tags=all")')
        db.execute(
            'INSERT INTO "my ""photos"" [x]" VALUES (?, 1, 2)', (str(pictures / "copy.jpg"),)
        )
    columns = "path=file, path, summary = select,tags_json=tags=all"
    said = gemtag("export", "sqlite", other, "--into", table, "--columns", columns, "--json")
    assert said.json["updated"] == 1
    row = db.execute('SELECT "select", "tags=all" FROM "my ""photos"" [x]"').fetchone()
    assert row[0] == "=1+1 \x1b[31mred"
    assert isinstance(json.loads(row[1]), dict)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_into_pictures_and_back(tagged, pictures):
    gemtag, _ = tagged
    before = {p: p.read_bytes() for p in pictures.rglob("*.jpg")}
    assert gemtag("export", "exiftool").code == 2
    said = gemtag("export", "exiftool", "--preview", "--json")
    assert {p: p.read_bytes() for p in before} == before
    assert said.lines[-1]["pictures"] == len(said.lines) - 1 > 0
    said = gemtag("export", "exiftool", "--write", "--json")
    assert said.lines[-1]["refused"] == 2  # a PNG that is called .jpg, and such a one's copy
    assert "looks more like a PNG" in said.err
    assert {p: p.read_bytes() for p in before} != before
    assert gemtag("scan", pictures, "--json").json["changed"] == 0
    assert gemtag("export", "undo").code == 0
    assert {p: p.read_bytes() for p in before} == before
    assert gemtag("scan", pictures, "--json").json["changed"] == 0
    assert gemtag("export", "undo").code == 2


def test_moments():
    assert moment("36h", 1_000_000) == 1_000_000 - 36 * 3600
    assert moment("1790000000", 0) == 1_790_000_000
    assert moment("2026-11-22T00:00:00+00:00", 0) == 1_795_305_600
    assert moment("soon", 0) is None
    assert moment("20261122", 0) == moment("2026-11-22", 0)


def test_json_names_are_those_of_search(tagged):
    gemtag, _ = tagged
    lines = gemtag("export", "jsonl", "-").lines
    found = gemtag("search", "--json").lines
    assert lines == json.loads(json.dumps(found))
