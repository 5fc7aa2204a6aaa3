from __future__ import annotations

import contextlib
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_kit import a_track, add, image, opened, result

from gemtag_tui.core.verdicts import Tags
from gemtag_tui.store import commits, indexer, search
from gemtag_tui.store.query import expression
from gemtag_tui.store.rows import Group, NewResult
from gemtag_tui.store.schema import shipped, statements


@pytest.fixture
async def lib(tmp_path):
    library = await opened(tmp_path)
    yield library
    await library.close()


async def tagged(lib, *texts, model="m"):
    """One asset for each text, tagged with it."""
    track = await a_track(lib, model)
    await add(lib, *[image(f"{n}.jpg") for n in range(1, len(texts) + 1)])
    group = Group(
        results=[result(track, n, *text[:1], **text[1]) for n, text in enumerate(texts, 1)]
    )
    await commits.commit(lib, group)
    return track


async def found(lib, query, **more):
    return [row.asset for row in await search.search(lib, query, **more)]


async def test_words_phrases_tags_and_their_absence(lib):
    await tagged(
        lib,
        ("A red car on a road", {"subject": ("car", "road"), "colours": ("red",)}),
        ("A dark car at night", {"subject": ("car",), "colours": ("dark blue", "red")}),
        ("Café at the sea", {"subject": ("red car", "café")}),
    )
    assert await found(lib, "") == [3, 2, 1]
    assert await found(lib, "car") == [3, 2, 1]
    assert await found(lib, "CAR night") == [2]
    assert await found(lib, '"red car"') == [3, 1]
    assert await found(lib, "cafe") == [3]
    assert await found(lib, "tag:red") == [2, 1]
    assert await found(lib, 'tag:"dark blue"') == [2]
    assert await found(lib, "tag:blue") == []
    assert await found(lib, "car -night") == [3, 1]
    assert await found(lib, "-tag:red") == [3]
    assert await found(lib, "nigh") == []


async def test_a_phrase_does_not_reach_from_one_tag_into_the_next(lib):
    await tagged(lib, ("x", {"a": ("red", "car")}))
    assert await found(lib, '"red car"') == []


async def test_pages_go_on_after_the_last_result(lib):
    await tagged(lib, *[("same words", {"a": ("b",)})] * 5)
    for query in ("", "same", "tag:b"):
        first = await search.search(lib, query, limit=2)
        second = await search.search(lib, query, limit=9, after=first[-1].result)
        assert [row.asset for row in first + second] == [5, 4, 3, 2, 1]


async def test_only_one_track(lib):
    first = await tagged(lib, ("sun", {}), ("sun", {}))
    second = await a_track(lib, "other")
    await commits.commit(lib, Group(results=[result(second, 1, "sun and moon")]))
    assert await found(lib, "sun", track=first) == [2, 1]
    assert await found(lib, "sun", track=second) == [1]
    assert await found(lib, "", track=second) == [1]
    assert len(await search.search(lib, "sun")) == 3


async def test_a_replaced_result_is_found_by_its_new_words_only(lib):
    track = await tagged(lib, ("old words", {"a": ("gone", "kept")}))
    new = Tags("new words", {"a": ("kept",)})
    again = NewResult(1, track, new, "interactive", 2.0, replaces=True)
    await commits.commit(lib, Group(results=[again]))
    assert await found(lib, "old") == await found(lib, "tag:gone") == []
    assert await found(lib, "new tag:kept") == [1]
    rows = await lib.rows("SELECT name, assets FROM tag ORDER BY name")
    assert rows == [("gone", 0), ("kept", 1)]
    assert await lib.rows("SELECT asset, bucket, name FROM asset_tag") == [(1, "a", "kept")]


async def test_the_index_follows_behind_and_catches_up(lib):
    track = await a_track(lib)
    await add(lib, *[image(f"{n}.jpg") for n in range(20)])
    rows = [result(track, n, f"number{n}") for n in range(1, 21)]
    await commits.commit(lib, Group(results=rows, index=5))
    assert await indexer.backlog(lib) == 15
    assert await found(lib, "number5") == [5]
    assert await found(lib, "number6") == []
    assert await indexer.catch_up(lib) == 15
    assert await found(lib, "number20") == [20]


async def test_a_rebuilt_index_finds_the_same(lib):
    await tagged(lib, ("one sun", {"a": ("b", "c")}), ("two suns", {"a": ("c",)}))
    before = await lib.rows("SELECT * FROM tag")
    assert await indexer.rebuild(lib) == 2
    assert await lib.rows("SELECT * FROM tag") == before
    assert await found(lib, "sun") == [1]
    assert await found(lib, "tag:c") == [2, 1]


SIGNS = 'ab"*-|():^{}+ tag:\\\ud800\0é½'


@pytest.fixture(scope="module")
def index():
    """A search index as the library makes it, with one row."""
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        made = [s for one in shipped() for s in statements(one.sql) if "fts5" in s][-1]
        db.execute(made)
        db.execute("INSERT INTO search VALUES ('a b', '| a | b |', '\ue000all', '', '')")
        yield db


HARD = [
    '"', '""', "'", "(", ")", "*", "**", "a*", "-", "--", "-a", "^a", "NOT", "AND", "OR a",
    "NEAR(a b)", "a AND", "tag:", 'tag:"', "tag:*", "{a}:b", "summary:x", "a:b", ":", "+", "a+b",
    "\\", "%", "_", "\0", "a\0b", "\ud800", "🙂", "é", "日本", "١٢", "|", "| |", "tag:|", "½",
    "ⅷ", "\u0345", "  ", ";DROP",
]  # fmt: skip


@pytest.mark.parametrize("query", HARD)
async def test_no_query_is_an_error(lib, query):
    await tagged(lib, ("a b", {"a": ("b",)}))
    assert len(await search.search(lib, query)) <= 1


@given(st.one_of(st.text(max_size=40), st.text(st.sampled_from(SIGNS), max_size=20)))
def test_any_text_at_all_can_be_searched_for(index, query):
    for track in (None, 1):
        match = expression(query, track)
        if match is not None:
            found = index.execute("SELECT rowid FROM search WHERE search MATCH ?", (match,))
            assert isinstance(found.fetchall(), list)


def test_what_holds_no_word_finds_nothing_rather_than_everything():
    assert expression("!!!") is None


@pytest.mark.parametrize("text", ["a\0b", "lone \ud800 surrogate", "bidi \u202e"])
async def test_hostile_model_text_is_stored_and_found(lib, text):
    await tagged(lib, (f"{text} tree", {f"b{text}": (f"{text} oak", "oak")}))
    (row,) = await search.search(lib, "tree tag:oak")
    assert row.asset == 1
    assert "oak" in next(iter(row.tags.values()))


async def test_pages_read_no_more_than_they_show(lib):
    plans = []
    for sql, values in [
        (search.ALL, (9, 9)),
        (search.OF_TRACK, ("google", "m", "p", 9, 9)),
        (search.MATCHING, ("a", 9, 9)),
    ]:
        rows = await lib.rows("EXPLAIN QUERY PLAN " + sql, values)
        plans += [row[3] for row in rows]
    text = "\n".join(plans)
    assert "TEMP B-TREE" not in text
    assert all("VIRTUAL" in line for line in plans if line.startswith("SCAN search"))
    assert not any(line.startswith("SCAN") and "search" not in line for line in plans), text


async def test_show_tells_everything_of_an_asset(lib):
    await tagged(lib, ("red", {}), ("blue", {}))
    await add(lib, image("copy.jpg", "1.jpg"))
    detail = await search.show(lib, 1)
    assert [place.path for place in detail.files] == [b"/pics/1.jpg", b"/pics/copy.jpg"]
    assert [row.summary for row in detail.results] == ["red"]
    assert await search.show(lib, "/pics/copy.jpg") == detail
    assert await search.show(lib, "1") == detail
    assert await search.show(lib, detail.sha256.hex()) == detail
    assert await search.show(lib, "/pics/none.jpg") is None
    assert await search.show(lib, b"\xff\x00"[:1]) is None
