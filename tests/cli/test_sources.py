"""Sources: what is said of pictures is kept and found; other applications' files stay as is."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.context import LONGEST, Context, context_from
from gemtag_tui.core.errors import UsageError
from gemtag_tui.engine import sources as engine
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.interop import sources
from gemtag_tui.simulator.drawing import draw_pictures
from gemtag_tui.store import context
from gemtag_tui.store.foreign import rows_of
from gemtag_tui.store.library import Library

PIN = {
    "id": "858146903966145189",
    "board": {"name": "Red cars", "url": "/someone/red-cars/", "owner": {"username": "someone"}},
    "title": "",
    "grid_title": "A red car",
    "closeup_unified_description": "parked in the sun",
    "link": "https://example.org/cars",
    "pinner": {"full_name": "Some One", "username": "someone"},
    "category": "pinterest",
    "tags": ["car", "red", 3, None, {"x": 1}],
}


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    draw_pictures(folder, 3)
    return sorted(folder.rglob("*.*g*"))


def ask(tmp_path, question):
    async def asked():
        async with await Library.open(tmp_path / "library.db", SystemClock()) as lib:
            return await question(lib)

    return asyncio.run(asked())


def known(tmp_path) -> list[Context]:
    """Return all that is known of any picture."""

    async def read(lib):
        return [one for n in range(1, 5) for one in await context.of_asset(lib, n) if not one.empty]

    return ask(tmp_path, read)


def everything(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def test_a_pin_is_understood():
    found = context_from(PIN)
    assert found == Context(
        external_id="858146903966145189",
        board="Red cars",
        title="A red car",
        description="parked in the sun",
        author="Some One",
        link="https://example.org/cars",
        keywords=("car", "red", "3"),
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*PIN, "tags", "user", "name"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*PIN, "description", "section", "TAGS "]), json_values))
def test_whatever_is_told_becomes_short_plain_words(told):
    found = context_from(told)
    for words in (found.external_id, found.board, found.title, found.description, *found.keywords):
        assert isinstance(words, str)
        assert (words.encode() and len(words) <= LONGEST) or not words


def test_sidecars_are_read_once_and_again_when_they_change(gemtag, pictures, tmp_path):
    side = Path(f"{pictures[0]}.json")
    side.write_text(json.dumps(PIN | {"description": "x" * 1_000_000}))
    Path(f"{pictures[1]}.json").write_text("[" * 100_000)
    Path(f"{pictures[2]}.json").symlink_to("/etc/passwd")
    assert gemtag("scan", tmp_path / "pictures", "--json").json["added"] == 3
    (found,) = known(tmp_path)
    assert (found.board, len(found.description)) == ("Red cars", LONGEST)
    assert ask(tmp_path, context.boards) == [("Red cars", 1)]
    assert len(ask(tmp_path, lambda lib: context.on_board(lib, "Red cars"))) == 1
    (row,) = ask(
        tmp_path, lambda lib: lib.rows("SELECT asset, board FROM search_context WHERE board <> ''")
    )
    assert row[1] == "Red cars"
    told = ask(tmp_path, lambda lib: engine.note_below(lib, [bytes(tmp_path / "pictures")]))
    assert told.noted == 0
    side.write_text(json.dumps({"board": "Boats"}))
    gemtag("scan", pictures[0])
    assert [one.board for one in known(tmp_path)] == ["Boats"]


def test_a_sidecar_without_the_ending_belongs_to_the_one_picture_of_its_name(
    gemtag, pictures, tmp_path
):
    first, second, third = pictures[:3]
    first.with_suffix(".json").write_text(json.dumps({"title": "bare"}))
    second.with_suffix(".json").write_text(json.dumps({"title": "bare beside its own"}))
    Path(f"{second}.json").write_text(json.dumps({"title": "its own"}))
    third.with_suffix(".json").write_text(json.dumps({"title": "whose?"}))
    twin = third.with_suffix(".webp" if third.suffix != ".webp" else ".png")
    twin.write_bytes(first.read_bytes())
    (third.parent / "nobody.json").write_text(json.dumps({"title": "nobody's"}))
    assert gemtag("scan", str(tmp_path / "pictures")).code == 0
    assert {one.title for one in known(tmp_path)} == {"bare", "its own"}
    first.with_suffix(".json").write_text(json.dumps({"title": "changed since"}))
    assert gemtag("scan", str(first)).code == 0
    assert {one.title for one in known(tmp_path)} == {"changed since", "its own"}


def test_an_export_beside_the_pictures_is_matched_by_id(gemtag, tmp_path):
    folder = tmp_path / "pictures"
    first, second = draw_pictures(folder, 2)
    first.rename(first.with_name("pinterest_858146903966145189.jpg"))
    second.rename(second.with_name("abcdef.jpg"))
    pins = [PIN, {"id": "9", "board": "B", "image": "https://i.example.org/o/ab/abcdef.jpg?x=1"}]
    (folder / "pins.json").write_text(json.dumps({"pins": pins}))
    gemtag("scan", folder)
    found = {one.board for one in known(tmp_path)}
    assert found == {"Red cars", "B"}


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_a_manifest_names_pictures_and_what_is_known(gemtag, pictures, tmp_path, form):
    odd = os.fsencode(tmp_path) + b"/pictures/caf\xe9.jpg"
    os.rename(pictures[2], odd)  # noqa: PTH104 (bytes)
    rows = [
        {"path": str(pictures[0].relative_to(tmp_path)), "id": "7", "board": "=cmd|' /C calc'!A0"},
        {"path": str(pictures[1]), "id": "8", "board": "\x1b[31m\u202e[b]"},
        {"path_bytes": odd.hex(), "path": "x", "id": "9", "board": "odd"},
        {"path": "/no/such/picture.jpg", "id": "10", "board": "B"},
    ]
    path = tmp_path / f"list.{form}"
    if form == "csv":
        names = ["path", "id", "board", "path_bytes"]
        lines = [",".join(names), *(",".join(row.get(n, "") for n in names) for row in rows)]
        path.write_text("\ufeff" + "\n".join(lines))
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        path.write_text(json.dumps(rows))
    said = gemtag("scan", "--manifest", path, "--json")
    assert said.code == 0, said.err
    assert (said.json["added"], said.json["context"], said.json["without_file"]) == (3, 3, 1)
    found = {one.external_id: one.board for one in known(tmp_path)}
    assert found == {row["id"]: row["board"] for row in rows[:3]}
    again = gemtag("scan", "--manifest", path, "--json").json
    assert (again["added"], again["unchanged"]) == (0, 3)


@pytest.mark.parametrize("text", ["", "\0\0", "{not json", '{"a": 1}\n[]', "[1, 2", '"a\nb'])
def test_a_list_that_is_none_says_so_or_names_nothing(gemtag, tmp_path, text):
    path = tmp_path / "list.jsonl"
    path.write_text(text)
    said = gemtag("scan", "--manifest", path, "--json")
    assert said.code == 2 or said.json["found"] == 0
    assert "Traceback" not in said.err


def other_application(path: Path, pictures: list[Path], *, wal: bool) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    if wal:
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY, path, title TEXT, album TEXT)")
    rows = [(str(pictures[0]), "One", "A"), (bytes(pictures[1]), "Two", "B"), (None, "None", "C")]
    db.executemany("INSERT INTO photos (path, title, album) VALUES (?, ?, ?)", rows)
    db.commit()
    return db


@pytest.mark.parametrize("state", ["plain", "wal closed", "wal open", "wal left behind"])
def test_another_application_s_database_is_never_written_to(gemtag, pictures, tmp_path, state):
    home = tmp_path / "app"
    home.mkdir()
    path = home / "app.db"
    db = other_application(path, pictures, wal=state != "plain")
    if state == "wal left behind":
        copies = {p.name: p.read_bytes() for p in home.iterdir() if not p.name.endswith("-shm")}
        db.close()
        for name, data in copies.items():
            (home / name).write_bytes(data)
        (home / "app.db-shm").unlink(missing_ok=True)
    elif state != "wal open":
        db.close()
    skip = "app.db-shm"  # readers of a database in use note themselves there
    before = {k: v for k, v in everything(home).items() if k != skip or state != "wal open"}
    said = gemtag("scan", "--sqlite", path, "--query", "SELECT * FROM photos", "--json")
    assert said.code == 0, said.err
    assert (said.json["added"], said.json["context"], said.json["without_file"]) == (2, 2, 1)
    after = {k: v for k, v in everything(home).items() if k != skip or state != "wal open"}
    assert after == before
    found = {(one.external_id, one.title, one.board) for one in known(tmp_path)}
    assert found == {("1", "One", "A"), ("2", "Two", "B")}
    db.close()


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM photos",
        "UPDATE photos SET title = 'x' RETURNING path",
        "ATTACH 'made.db' AS made",
        "PRAGMA user_version = 7",
        "SELECT path FROM photos; DROP TABLE photos",
        "SELECT nothing FROM nowhere",
        "VACUUM INTO 'made.db'",
        "",
    ],
)
def test_only_a_select_is_asked(pictures, tmp_path, query, monkeypatch):
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "app"
    home.mkdir()
    other_application(home / "app.db", pictures, wal=False).close()
    before = everything(home)
    with pytest.raises(UsageError):
        list(rows_of(home / "app.db", query))
    assert everything(home) == before
    assert not (tmp_path / "made.db").exists()


def test_what_is_no_database_is_refused(tmp_path):
    for data in (b"", b"SQLite format 3\0", b"x" * 200):
        (tmp_path / "x.db").write_bytes(data)
        with pytest.raises(UsageError):
            list(rows_of(tmp_path / "x.db", "SELECT 1"))
    with pytest.raises(UsageError):
        list(rows_of(tmp_path / "not there.db", "SELECT 1"))
    assert not (tmp_path / "not there.db").exists()


def test_options_that_do_not_go_together(gemtag, tmp_path):
    for words in ([], [tmp_path, "--manifest", "x"], ["--sqlite", "x"], [tmp_path, "--query", "x"]):
        assert gemtag("scan", *words).code == 2


def test_a_path_is_found_whatever_its_column_is_called():
    assert sources.path_of({"File": "a/../b.jpg"}, b"/x") == b"/x/b.jpg"
    assert sources.path_of({"filename": b"caf\xe9"}, b"/x") == b"/x/caf\xe9"
    assert sources.path_of({"path": "https://example.org/a.jpg"}, b"/x") is None
    assert sources.path_of({"path": "a\0b"}, b"/x") is None
    assert sources.path_of({"path": 3}, b"/x") is None
