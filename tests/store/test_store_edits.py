from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_kit import add, image, opened, result

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.store import changes, commits, edits, facets, indexer, search, tags, tracks
from gemtag_tui.store.rows import Group, NewResult

PROFILE = '{"buckets":[{"name":"subject"},{"name":"colours"},{"name":"seen","keep_case":true}]}'


async def stocked(path, *texts):
    lib = await opened(path)
    track = await tracks.ensure_track(lib, "google", "m", "p_1", "default", PROFILE)
    await add(lib, *[image(f"{n}.jpg") for n in range(1, len(texts) + 1)])
    rows = [result(track, n, "words", **buckets) for n, buckets in enumerate(texts, 1)]
    await commits.commit(lib, Group(results=rows))
    return lib, track


@pytest.fixture
async def lib(tmp_path):
    library, _ = await stocked(
        tmp_path,
        {"subject": ("car",), "colours": ("red",)},
        {"subject": ("bus",), "colours": ("crimson", "blue")},
        {"subject": ("red",), "colours": ("red", "crimson")},
    )
    yield library
    await library.close()


async def found(lib, query):
    return [row.asset for row in await search.search(lib, query)]


async def counted(lib, bucket="colours", query=""):
    listed = await facets.narrowed(lib, query)
    return {one.name: one.count for f in listed if f.bucket == bucket for one in f.values}


async def test_an_edit_is_found_shown_and_survives_a_new_result(lib):
    assert await edits.add_tags(lib, [1, 2], "colours", ["Dark  Green"]) == 2
    assert await edits.remove_tags(lib, [1], "colours", ["red"]) == 1
    assert await edits.set_summary(lib, [1], "A beetle\u202e by the sea") == 1
    assert await found(lib, 'colours:"dark green"') == [2, 1]
    assert await found(lib, "colours:red") == [3]
    assert await found(lib, "beetle edited") == [1]
    assert await found(lib, "-edited") == [3]
    assert await counted(lib) == {"dark green": 2, "crimson": 2, "blue": 1, "red": 1}
    track = await tracks.latest_track(lib)
    again = NewResult(
        1, track, Tags("new", {"colours": ("red", "white")}), "flex", 9.0, replaces=True
    )
    await commits.commit(lib, Group(results=[again]))
    (row,) = await search.search(lib, "beetle")
    assert (row.summary, row.tags["colours"], row.edited) == (
        "A beetle by the sea",
        ["white", "dark green"],
        True,
    )
    assert await found(lib, "new") == []
    assert await found(lib, "colours:white") == [1]
    await indexer.rebuild(lib)
    assert await found(lib, "beetle colours:white") == [1]
    detail = await search.show(lib, 1)
    assert detail.overlay.summary == "A beetle by the sea"
    assert detail.results[0].edited


async def test_edits_are_undone_one_after_the_other(lib):
    await edits.set_bucket(lib, [1, 2, 3], "seen", ["Hello", "WORLD"])
    await edits.add_tags(lib, [2], "seen", ["more"])
    first, second = (await changes.latest(lib, "edit"))[::-1]
    assert (first.items, first.verb, second.items) == (3, "set", 1)
    with pytest.raises(UsageError, match="later change"):
        await edits.undo(lib, first.id)
    assert (await edits.undo(lib))[1] == 1
    assert await found(lib, "seen:hello -seen:more") == [3, 2, 1]
    assert (await edits.undo(lib))[0].id == first.id
    assert await lib.rows("SELECT * FROM edit") == []
    assert await found(lib, "edited") == []
    with pytest.raises(UsageError, match="Nothing"):
        await edits.undo(lib)


async def test_what_is_no_tag_and_no_bucket(lib):
    with pytest.raises(UsageError, match="no bucket"):
        await edits.add_tags(lib, [1], "shapes", ["round"])
    with pytest.raises(UsageError, match="no tag"):
        await edits.add_tags(lib, [1], "colours", ["!!"])
    assert await edits.add_tags(lib, [99], "colours", ["x"]) == 0
    assert await changes.latest(lib) == []


async def test_a_merge_shows_finds_and_counts_as_one(lib):
    (seen,) = await tags.preview(lib, ["colours:crimson"], "red")
    assert (seen.results, seen.merged, seen.names) == (2, True, ("crimson",))
    assert await found(lib, "colours:red") == [3, 1]
    await tags.rename(lib, ["colours:crimson"], "red")
    assert await found(lib, "colours:red") == await found(lib, "colours:crimson") == [3, 2, 1]
    assert await found(lib, "tag:red") == [3, 2, 1]
    assert await found(lib, "red") == [3, 2, 1]
    assert await counted(lib) == {"red": 3, "blue": 1}
    assert await counted(lib, query="words") == {"red": 3, "blue": 1}
    assert (await search.search(lib, "tag:bus"))[0].tags["colours"] == ["red", "blue"]
    track = await tracks.latest_track(lib)
    await add(lib, image("new.jpg"))
    await commits.commit(lib, Group(results=[result(track, 4, colours=("crimson", "red"))]))
    assert await counted(lib) == {"red": 4, "blue": 1}
    assert await edits.remove_tags(lib, [4], "colours", ["red"]) == 1
    assert await found(lib, "colours:red") == [3, 2, 1]
    assert await counted(lib) == {"red": 3, "blue": 1}
    shown = await lib.rows(
        "SELECT asset, name FROM asset_tag WHERE bucket = 'colours' ORDER BY 1, 2"
    )
    assert shown == [(1, "red"), (2, "blue"), (2, "red"), (3, "red")]
    await edits.undo(lib)
    await tags.undo(lib)
    assert await counted(lib) == {"red": 3, "crimson": 3, "blue": 1}
    assert await found(lib, "colours:crimson") == [4, 3, 2]


async def test_renaming_back_leaves_no_circle(lib):
    await tags.rename(lib, ["colours:red"], "ruby")
    await tags.rename(lib, ["colours:ruby", "colours:crimson"], "red")
    assert await tags.synonyms(lib) == [("colours", "red", ["crimson", "ruby"])]
    with pytest.raises(UsageError, match="already"):
        await tags.rename(lib, ["colours:red"], "red")
    with pytest.raises(UsageError, match="No tag"):
        await tags.rename(lib, ["colours:violet"], "red")
    assert [v.name for v in await tags.vocabulary(lib, "colours", least=2)] == ["red"]


NAMES = st.sampled_from("abcd")


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.lists(NAMES, max_size=3, unique=True), min_size=3, max_size=6),
    st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=2), NAMES), min_size=1, max_size=5),
)
def test_merging_counts_what_is_found_and_undoing_gives_all_back(tmp_path_factory, results, merges):
    async def act():
        lib, _ = await stocked(
            tmp_path_factory.mktemp("m"), *[{"colours": tuple(one) or ("z",)} for one in results]
        )
        async with lib:
            states = [await state(lib)]
            for names, target in merges:
                try:
                    await tags.rename(lib, [f"colours:{name}" for name in names], target)
                except UsageError:
                    continue
                states.append(await state(lib))
                for name, number in states[-1][0].items():
                    assert len(await found(lib, f"colours:{name}")) == number
            while len(states) > 1:
                states.pop()
                await tags.undo(lib)
                assert await state(lib) == states[-1]

    async def state(lib):
        rules = await lib.rows("SELECT * FROM tag_rule ORDER BY 1, 2")
        shown = [row.tags for row in await search.search(lib)]
        return await counted(lib), rules, shown

    asyncio.run(act())
