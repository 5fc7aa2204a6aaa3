from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_kit import a_track, add, image, opened, result

from gemtag_tui.core import search_keys
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.query import QueryError, parse
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.store import (
    commits,
    facets,
    indexer,
    search,
    search_docs,
    search_outline,
    search_pages,
    search_parts,
    search_spans,
    search_words,
    tags,
)  # fmt: skip
from gemtag_tui.store.rows import Group, NewFailure, NewResult
from gemtag_tui.store.search_pages import find
from gemtag_tui.store.search_parts import LEARNING
from gemtag_tui.store.search_plan import plan, start_of


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


SIGNS = 'ab"*-|():^{}+ tag:colours\\\ud800\0é½'
HARD = [
    '"', '""', "'", "(", ")", "*", "**", "a*", "-", "--", "-a", "^a", "NOT", "AND", "OR a",
    "NEAR(a b)", "a AND", "tag:", 'tag:"', "tag:*", "{a}:b", "summary:x", "a:b", ":", "+", "a+b",
    "\\", "%", "_", "\0", "a\0b", "\ud800", "🙂", "é", "日本", "١٢", "|", "| |", "tag:|", "½",
    "ⅷ", "\u0345", "  ", ";DROP", "path:a", "board:a", "-path:a", "untagged", "failed -board:a",
    "model:m lane:batch -edited", "before:0001-01-01", "after:9999-12-31", "colours:*",
    "tag:\ue000all", "-untagged failed -a", "-before:2020-01-01 -failed",
    "untagged failed edited path:a", "-untagged untagged",
]  # fmt: skip


async def test_no_query_is_an_error_of_the_index(tmp_path):
    async with await opened(tmp_path) as lib:
        track = await tagged(lib, ("a b", {"a": ("b",)}))
        for query in HARD:
            for own in (None, track):
                with contextlib.suppress(QueryError):
                    assert len(await search.search(lib, query, track=own)) <= 1
                made = await plan(lib, parse(query, lenient=True), own)
                assert len(await search.search(lib, made)) <= 1
                assert (await find(lib, made, key=0, newer=True)).complete


@settings(deadline=None, max_examples=30)
@given(st.lists(st.one_of(
    st.text(max_size=40), st.text(st.sampled_from(SIGNS), max_size=20), st.sampled_from(HARD),
), min_size=10, max_size=10))  # fmt: skip
def test_any_text_at_all_can_be_searched_for(tmp_path_factory, queries):
    async def ask():
        async with await opened(tmp_path_factory.mktemp("any")) as lib:
            await tagged(lib, ("a b", {"a": ("b",)}))
            for query in queries:
                made = await plan(lib, parse(query, lenient=True))
                assert len(await search.search(lib, made)) <= 1

    asyncio.run(ask())


async def test_what_holds_no_word_finds_nothing_rather_than_everything(lib):
    await tagged(lib, ("a b", {"a": ("b",)}))
    assert await found(lib, parse("!!!", lenient=True)) == []


@pytest.mark.parametrize("text", ["a\0b", "lone \ud800 surrogate", "bidi \u202e"])
async def test_hostile_model_text_is_stored_and_found(lib, text):
    await tagged(lib, (f"{text} tree", {f"b{text}": (f"{text} oak", "oak")}))
    (row,) = await search.search(lib, "tree tag:oak")
    assert row.asset == 1
    assert "oak" in next(iter(row.tags.values()))


@pytest.mark.parametrize("query", ["", "red", "tag:red colours:red", "-red", "after:2020-01-01"])
async def test_pages_read_no_more_than_they_show(lib, query):
    track = await tagged(lib, ("red", {"colours": ("red",)}))
    plans = []
    for own in (None, track):
        made = await plan(lib, query, own)
        for newer in (False, True):
            sql, values = search_pages.statement(made, 0, 99, newer=newer)
            rows = await lib.rows("EXPLAIN QUERY PLAN " + sql, (*values, 9))
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


async def test_every_kind_of_term_finds_what_it_says(lib):
    track = await tagged(
        lib,
        ("a red car", {"subject": ("car",), "colours": ("red",)}),
        ("a red bus", {"subject": ("bus", "red"), "colours": ()}),
        ("नीली कार", {"colours": ("dark-blue",)}),
    )
    other = await a_track(lib, "other")
    await commits.commit(lib, Group(results=[result(other, 1, "again")]))
    assert await found(lib, "colours:red", track=track) == [1]
    assert await found(lib, "subject:red") == [2]
    assert await found(lib, "tag:red") == [1, 2, 1]
    assert await found(lib, "colours:*", track=track) == [3, 1]
    assert await found(lib, "-colours:* red", track=track) == [2]
    assert await found(lib, 'tag:"Dark Blue"') == [3]
    assert await found(lib, "कार") == [3]
    assert await found(lib, "नीला") == []
    assert await found(lib, "path:2.jpg") == await found(lib, "path:pics/2") == [2]
    assert await found(lib, "path:pics -path:2", track=track) == [3, 1]
    assert await found(lib, "model:OTHER") == [1]
    assert await found(lib, "profile:defa -model:other") == [3, 2, 1]
    assert await found(lib, "model:none") == []
    assert len(await found(lib, "lane:interactive")) == 4
    assert await found(lib, "lane:batch") == []
    assert await found(lib, "board:x") == []
    assert (await find(lib, "board:x")).notes
    with pytest.raises(QueryError, match="shapes"):
        await found(lib, "shapes:round")


async def test_days_are_exact_whatever_the_order_of_results(lib):
    track = await a_track(lib)
    await add(lib, *[image(f"{n}.jpg") for n in range(1, 5)])
    days = [start_of(day) + 3600 for day in ("2026-03-02", "2026-03-01", "2026-03-03")]
    tags = Tags("sun", {})
    rows = [NewResult(n, track, tags, "batch", at) for n, at in enumerate(days, 1)]
    await commits.commit(lib, Group(results=rows))
    assert await found(lib, "after:2026-03-02") == [3, 1]
    assert await found(lib, "before:2026-03-02 sun") == [2]
    assert await found(lib, "after:2026-03-02 before:2026-03-03", track=track) == [1]
    assert await found(lib, "-after:2026-03-02") == [2]
    assert await found(lib, "before:2026-03-01") == await found(lib, "after:2026-03-04") == []


async def test_assets_without_a_result(lib):
    track = await a_track(lib)
    await add(lib, *[image(f"{n}.jpg") for n in range(1, 7)])
    bad = [
        NewFailure(n, track, kind, "no", Standing.KNOWN_BAD, 5.0)
        for n, kind in (
            (2, FailureKind.BLOCKED),
            (3, FailureKind.UNREADABLE),
            (4, FailureKind.EMPTY),
        )
    ]
    await commits.commit(lib, Group(results=[result(track, 1)], failures=bad))
    await commits.commit(lib, Group(results=[result(track, 4)]))
    for own in (None, track):
        assert await found(lib, "untagged", track=own) == [6, 5, 3, 2]
        assert await found(lib, "failed", track=own) == [3, 2]
        assert await found(lib, "untagged -failed", track=own) == [6, 5]
        assert await found(lib, "untagged path:2.jpg", track=own) == [2]
        assert await found(lib, "untagged -path:pics/2", track=own) == [6, 5, 3]
        assert await found(lib, "-untagged", track=own) == await found(lib, "", track=own) == [4, 1]
        assert await found(lib, "untagged car", track=own) == []
        assert await found(lib, "untagged -car", track=own) == [6, 5, 3, 2]
        assert await found(lib, "-failed", track=own) == [4, 1]
    (row,) = await search.search(lib, "untagged path:6")
    assert (row.result, row.path, row.summary, row.tags) == (0, b"/pics/6.jpg", "", {})


async def test_pages_meet_in_both_directions(lib):
    await tagged(lib, *[("same words" if n % 3 else "other", {}) for n in range(30)])
    for query in ("", "same", "-other"):
        down, key = [], None
        while True:
            page = await find(lib, query, key=key, limit=4)
            down.append(page.keys)
            key = page.older
            if key is None or not page.keys:
                break
        up, key = [], 0
        while key is not None:
            page = await find(lib, query, key=key, newer=True, limit=4)
            up = [*page.keys, *up]
            key = page.newer if page.keys else None
        assert [one for page in down for one in page] == up
        assert len(up) == len(await search.search(lib, query))


async def test_a_search_out_of_time_says_where_to_go_on(lib, monkeypatch):
    monkeypatch.setattr(search_pages, "_WINDOW", 4)
    await tagged(lib, *[("rare" if n == 0 else "common", {}) for n in range(40)])
    page = await find(lib, "rare -failed", seconds=0.0)
    assert (page.keys, page.complete) == ((), False)
    assert page.older is not None
    assert (await find(lib, "rare -failed", key=page.older, seconds=9.0)).keys == (1,)
    assert await found(lib, "rare -failed") == [1]


async def test_a_picture_found_at_another_place_is_found_by_it(lib):
    await tagged(lib, ("red", {}), ("blue", {}))
    await add(lib, image("holiday.jpg", "1.jpg", b"/else"))
    assert await indexer.backlog(lib) == 1
    await indexer.catch_up(lib)
    assert await found(lib, "path:holiday") == await found(lib, "path:1.jpg") == [1]
    assert await indexer.rebuild(lib) == 2
    assert await found(lib, "path:else red") == [1]


async def test_counts_stay_right_through_replacing_and_rebuilding(lib):
    track = await tagged(lib, ("x", {"a": ("b", "c")}), ("y", {"a": ("c",)}))
    again = NewResult(1, track, Tags("z", {"a": ("d",)}), "flex", 9.0, replaces=True)
    await commits.commit(lib, Group(results=[again]))
    counts = "SELECT bucket, name, assets FROM tag WHERE assets > 0 ORDER BY name"
    blocks = "SELECT track, block, results FROM search_block"
    before = await lib.rows(counts), await lib.rows(blocks)
    assert before[0] == [("a", "c", 1), ("a", "d", 1)]
    assert before[1] == [(track.id, 0, 2)]
    await indexer.rebuild(lib)
    assert (await lib.rows(counts), await lib.rows(blocks)) == before


async def test_an_outline_knows_how_many_and_where(lib, monkeypatch):
    monkeypatch.setattr(search_outline, "PIECE", 8)
    monkeypatch.setattr(search_outline, "SEGMENTS", 6)
    monkeypatch.setattr(search_outline, "FEW", 20)
    await tagged(lib, *[("even" if n % 2 else "odd", {"a": ("x",)}) for n in range(120)])
    few = await search_outline.outline(lib, "even path:7.jpg")
    assert (few.total, few.exact) == (len(await found(lib, "even path:7.jpg")), True)
    many = await search_outline.outline(lib, "even")
    assert not many.exact
    assert 50 <= many.total <= 70
    for share in (0.0, 0.3, 0.7, 1.0):
        key = many.key_at(share)
        assert abs(key - 120 * (1 - share)) <= 12
        assert abs(many.share_of(key) - share) <= 0.1
    assert (await find(lib, "even", key=many.key_at(0.5), limit=1)).keys
    monkeypatch.setattr(facets, "EXACT", 20)
    monkeypatch.setattr(facets, "SAMPLE", 30)
    (about,) = await facets.narrowed(lib, "even")
    assert not about.exact
    assert 50 <= about.values[0].count <= 70
    assert (await search_outline.outline(lib, "nothing")).total == 0


@pytest.mark.parametrize("close", [range(100, 140), range(115, 120), range(80, 110)])
async def test_an_outline_misses_no_rows_that_lie_close_together(lib, monkeypatch, close):
    """Pieces of segments may all lie beside them; what the first look met counts all the same."""
    monkeypatch.setattr(search_outline, "PIECE", 2)
    monkeypatch.setattr(search_outline, "SEGMENTS", 4)
    monkeypatch.setattr(search_outline, "FEW", 4)
    await tagged(lib, *[("even" if n in close else "odd", {"a": ("x",)}) for n in range(140)])
    shape = await search_outline.outline(lib, "even")
    assert shape.total >= 4
    key = shape.key_at(0.0)
    assert (await find(lib, "even", key=key, limit=1)).keys == ((await find(lib, "even")).keys[0],)


async def older(lib):
    """Take from an index what older ones did not have; what a migration says of it."""
    last = (await lib.row("SELECT max(result) FROM search_doc"))[0]
    async with lib.transaction() as db:
        docs = await search_docs.docs(db, search_docs.KEPT, ())
        await search_docs.take_out(db, docs, {})
        await db.execute("INSERT INTO setting VALUES ('spans', ?)", (f"0,{last}",))
        for doc in docs:
            number, summary, listed, keys, *rest = doc.words
            keys = keys.replace(search_keys.block_key(0), "")
            doc.words = (number, summary, listed, keys, *rest)
        await search_docs.put_in(db, docs, {})
        await db.execute("DELETE FROM search_word")
        await db.execute("INSERT INTO setting VALUES ('words', '')")


def shaped(made):
    return made.spans, bool(made.loose)


async def test_an_older_index_is_improved_beside_its_use(lib, monkeypatch):
    monkeypatch.setattr(search_parts, "RARE", -1)
    track = await tagged(lib, ("café in the sun", {"a": ("sunny",)}), ("a red car", {}))
    await older(lib)
    assert await found(lib, "sun") == await found(lib, "sun*") == [1]
    assert await found(lib, "su*") == []
    made = await plan(lib, "su*", track)
    assert made.notes == (LEARNING,)
    assert not made.spans
    await commits.commit(lib, Group(results=[
        NewResult(1, track, Tags("a blue sun", {"a": ("b",)}), "interactive", 2.0, replaces=True)
    ]))  # fmt: skip
    assert await found(lib, "caf*") == await found(lib, '"in the sun"') == []
    await indexer.improve(lib)
    await indexer.improve(lib)
    made = await plan(lib, '"red car" -blue', track)
    assert shaped(made) == (True, True)
    assert made.notes == ()
    assert await found(lib, '"red car"') == await found(lib, "ca*") == [2]
    assert await found(lib, "bl* sun") == [1]
    assert (await lib.rows("SELECT name FROM setting WHERE name IN ('words', 'spans')")) == []
    async with lib.transaction() as db:  # nothing is left behind when all of it goes again
        await search_docs.take_out(db, await search_docs.docs(db, search_docs.KEPT, ()), {})
    for word in ("sun", "red", search_keys.block_key(0), search_keys.ALL):
        assert not await lib.rows("SELECT rowid FROM search WHERE search MATCH ?", (f'"{word}"',))


async def test_beginnings(lib, monkeypatch):
    await tagged(
        lib,
        ("Word of a wordsmith", {}),
        ("a sword", {"a": ("Wörter",)}),
        ("कार", {"a": ("faucet",)}),
    )
    assert await found(lib, "wor*") == [2, 1]
    assert await found(lib, "words*") == await found(lib, "WORDS* of") == [1]
    assert await found(lib, "wört*") == await found(lib, "wort*") == [2]
    assert await found(lib, "-wor*") == [3]
    assert await found(lib, "zebra*") == await found(lib, '"wor*"') == []
    await tags.rename(lib, ["a:faucet"], "water tap")
    assert await found(lib, "wat*") == [3]
    made = await plan(lib, "wor*")
    assert made.notes == ()
    monkeypatch.setattr(search_words, "MOST", 2)
    assert await found(lib, "wor*") == [2, 1]  # few enough for the index
    monkeypatch.setattr(search_words, "FEW", 2)
    made = await plan(lib, "wor*")
    assert "2 commonest of 3 words" in made.notes[0]
    assert await found(lib, "wor*")


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 9.0])
async def test_words_that_never_meet_are_looked_for_a_while_at_a_time(lib, monkeypatch, seconds):
    monkeypatch.setattr(search_parts, "RARE", -1)
    monkeypatch.setattr(search_spans, "BLOCK", 4)
    monkeypatch.setattr(search_docs, "BLOCK", 4)
    monkeypatch.setattr(search_pages, "_FIRST", 5)
    monkeypatch.setattr(search_pages, "_LEAST", 4)
    monkeypatch.setattr(search_pages, "_MOST", 20)
    texts = [("even all" if n % 2 else "odd all", {}) for n in range(60)]
    texts[13] = ("even odd all together", {})
    await tagged(lib, *texts)
    ticks = itertools.count()
    monkeypatch.setattr(lib.clock, "monotonic", lambda: next(ticks) * 1e-3, raising=False)
    expected = {
        "even odd": [14], '"even odd"': [14], '"odd even"': [], "odd even -together": [],
        '"even odd" -together': [], "even* odd": [14], "all -even -odd": [], '"all together"': [14],
    }  # fmt: skip
    for query, assets in expected.items():
        made, key, met, pages = await plan(lib, query), None, [], 0
        while True:
            page = await find(lib, made, key=key, seconds=seconds)
            met, key, pages = [*met, *page.keys], page.older, pages + 1
            if key is None:
                break
        assert met == assets, query
        assert pages > 3 or seconds > 1
        upwards = await find(lib, made, key=0, newer=True, seconds=9.0)
        assert list(upwards.keys) == assets
        shape = await search_outline.outline(lib, made)
        assert (shape.total, shape.exact) == (len(assets), True)
