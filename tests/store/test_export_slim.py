"""Lines of JSON the short way: byte for byte those of the long way, from one instant."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_kit import HandClock, a_track, add, image, opened, result

from gemtag_tui.core.errors import LibraryError
from gemtag_tui.core.exported import Exported, Shared
from gemtag_tui.engine.exporting import ExportStoppedError, Watch, to_file
from gemtag_tui.interop.jsonl import JsonLines
from gemtag_tui.store import commits, export_rows, export_slim
from gemtag_tui.store.export_rows import Wanted
from gemtag_tui.store.export_slim import SlimRows
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import Group

NAMES = [b"a.jpg", b"caf\xe9.jpg", b'\x1b[31m".jpg', "naïve ☕ \u2028.jpg".encode(), b"n\nl\\.jpg"]
WORDS = ["", 'say "hi" \\ / \b\f\x7f\x01', "\u2028\u2029<&>", "☕ 𝄞", "line\r\nline"]
EDIT = '{"summary":"by \\"hand\\"","buckets":{"subject":{"add":["mine\\n"]}}}'


@pytest.fixture
async def lib(tmp_path):
    library = await opened(tmp_path)
    for n, name in enumerate(NAMES * 3):
        await add(library, image(b"%d " % n + name, n, b"/pics" if n % 2 else b"/"))
    one, two = await a_track(library), await a_track(library, model="other")
    results = [
        result(track, n + 1, WORDS[n % len(WORDS)], subject=(WORDS[(n + 1) % len(WORDS)], "car"))
        for track in (one, two)
        for n in range(len(NAMES) * 3)
    ]
    await commits.commit(library, Group(results=results))
    async with library.transaction() as db:
        await db.execute("UPDATE asset_ai SET lane = 'batch' WHERE id % 5 = 0")
        await db.execute("UPDATE asset_ai SET served_model = 'x\"y' WHERE id % 7 = 0")
        await db.execute("UPDATE asset_ai SET cost_usd = 1.0 / (id * id * id * 1000)")
        await db.execute("UPDATE asset_ai SET tagged_at = tagged_at + id / 1048576.0")
        await db.execute("UPDATE asset_ai SET inherited_from = 1 WHERE id = 9")
        await db.execute("UPDATE asset_ai SET made_with = 'resolution=low' WHERE id = 11")
        await db.execute("UPDATE asset SET files = 0, file = NULL WHERE id = 3")
        await db.execute("UPDATE asset SET sha256 = NULL WHERE id = 4")
        await db.execute("""UPDATE asset_ai SET tags = '{"b":\n["t"]}' WHERE id = 6""")
    yield library
    await library.close()


async def both(lib, wanted):
    """Return the lines of the long way and of the short one."""
    long, short = io.BytesIO(), io.BytesIO()
    writer = JsonLines(long)
    async with await Library.open(lib.path, HandClock(), readonly=True) as reading:
        async with export_rows.snapshot(reading):
            async for page in export_rows.pages(reading, wanted):
                writer.write(page)
        assert await to_file(reading, "jsonl", short, wanted, Watch()) == len(
            short.getvalue().splitlines()
        )
    return long.getvalue(), short.getvalue()


@pytest.mark.parametrize("since", [0.0, 1_790_000_000.000_01, 1_790_000_050.0, 2e9])
@pytest.mark.parametrize("touched", ["", "edited", "renamed", "edited and renamed"])
async def test_the_short_way_writes_the_same_bytes(lib, monkeypatch, since, touched):
    monkeypatch.setattr(export_slim, "PAGE", 4)
    async with lib.transaction() as db:
        if "edited" in touched:
            await db.execute(f"INSERT INTO edit VALUES (2, '{EDIT}', 1790000100.0, 'shell')")
            await db.execute(
                "INSERT INTO change (at, kind, verb, words, items) "
                "VALUES (1790000100.0, 'edit', 'summary', '', 1)"
            )
            await db.execute("INSERT INTO change_item VALUES (1, '2', NULL, NULL)")
        if "renamed" in touched:
            await db.execute(
                "INSERT INTO tag_rule (bucket, name, target) VALUES ('subject', 'car', 'auto')"
            )
    long, short = await both(lib, Wanted("", since))
    assert long == short
    lines = [json.loads(line) for line in short.splitlines()]
    if not since:
        assert len(lines) == len(NAMES) * 6
        assert {line["lane"] for line in lines} > {"batch"}
        assert {line["model"] for line in lines} > {"other"}
        assert any(line["edited"] for line in lines) == ("edited" in touched)
        assert any("auto" in line["tags"].get("subject", ()) for line in lines) == (
            "renamed" in touched
        )
        assert [line["id"] for line in lines if line["missing"]] == [3, 3]
        assert [line["inherited_from"] for line in lines if line["inherited_from"]] == [1]
        assert [line["id"] for line in lines if line["made_with"] == "resolution=low"] == [11]


async def test_forgetting_what_was_kept_changes_nothing(lib, monkeypatch):
    monkeypatch.setattr(export_slim, "_MOST_KEPT", 0)
    long, short = await both(lib, Wanted())
    assert long == short


async def test_all_lines_are_of_one_instant(lib, monkeypatch):
    monkeypatch.setattr(export_slim, "PAGE", 4)
    rows = SlimRows(lib.path, Wanted())
    found = rows.page()
    async with lib.transaction() as db:
        await db.execute("DELETE FROM asset_ai WHERE id < 20")
        await db.execute("UPDATE folder SET path = CAST(x'2f6d6f766564' || path AS BLOB)")
    while page := rows.page():
        found += page
    rows.close()
    assert len(found) == len(NAMES) * 6
    assert not [row for row in found if row[1].startswith(b"/moved")]


async def test_a_stop_puts_nothing_in_place(lib, tmp_path, monkeypatch):
    monkeypatch.setattr(export_slim, "PAGE", 4)
    told = []
    with pytest.raises(ExportStoppedError):
        await to_file(lib, "jsonl", tmp_path / "out", Wanted(), Watch(told.append, lambda: True))
    assert told == [4]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".gemtag", "out"))]


async def test_a_cancelled_export_is_over_before_its_file_is_closed(lib, tmp_path, monkeypatch):
    monkeypatch.setattr(export_slim, "PAGE", 1)
    watch = Watch(lambda _: task.cancel())
    task = asyncio.ensure_future(to_file(lib, "jsonl", tmp_path / "out", Wanted(), watch))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".gemtag", "out"))]


def test_a_damaged_library_is_told_of(tmp_path):
    path = tmp_path / "library.db"
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(LibraryError):
        SlimRows(path, Wanted())


text = st.text(st.characters(codec="utf-8"), max_size=8)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.binary(max_size=12),
    st.none() | st.binary(min_size=32, max_size=32),
    st.tuples(text, text, text, text, text, text, text, st.booleans(), st.booleans()),
    st.none() | st.integers(1, 2**60),
    text,
    st.dictionaries(text, st.lists(text, max_size=2), max_size=2),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_row_makes_the_same_line(path, sha256, common, heir, summary, tags, cost, at):
    provider, model, profile, name, lane, served, made, missing, edited = common
    stored = json.dumps(tags, ensure_ascii=False)
    long, short = io.BytesIO(), io.BytesIO()
    row = Exported(
        *(7, 5, sha256, provider, model, profile, name, summary, stored, lane, served, cost, at),
        *(int(missing), path, edited, heir, made),
    )
    shared = Shared(provider, model, profile, name, lane, served, missing, edited, heir, made)
    JsonLines(long).write([row])
    JsonLines(short).write_slim([(5, path, sha256, shared, summary, stored, cost, at)])
    assert long.getvalue() == short.getvalue()
