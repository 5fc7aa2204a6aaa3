from __future__ import annotations

import pytest
from store_kit import a_track, add, image, opened, result

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.store import (
    bulk,
    changes,
    commits,
    compare,
    failures,
    parts,
    search,
    selections,
    work,
)
from gemtag_tui.store.failure_rows import renew_causes
from gemtag_tui.store.failures import Selection
from gemtag_tui.store.parts import Part
from gemtag_tui.store.rows import Group, NewFailure
from gemtag_tui.store.work import State


@pytest.fixture
async def lib(tmp_path):
    library = await opened(tmp_path)
    yield library
    await library.close()


def bad(track, asset, kind=FailureKind.BLOCKED, message="no 12", **more):
    standing = more.pop("standing", Standing.KNOWN_BAD)
    return NewFailure(asset, track, kind, message, standing, 5.0, cost_usd=0.01, **more)


async def stocked(lib, *rows):
    track = await a_track(lib)
    await add(lib, *[image(f"{n}.jpg") for n in range(1, 8)])
    await commits.commit(
        lib, Group(failures=[bad(track, n, *row) for n, row in enumerate(rows, 1)])
    )
    return track


async def states(lib, track):
    sql = "SELECT state FROM work WHERE track = ? ORDER BY asset"
    return [row[0] for row in await lib.rows(sql, (track.id,))]


async def test_like_causes_stand_in_one_group_with_their_share(lib):
    track = await stocked(
        lib,
        (FailureKind.BLOCKED, "blocked at 10:30 for /pics/a b.jpg, id 5f2c77ab09123456"),
        (FailureKind.BLOCKED, "blocked at 11:45 for /pics/zz b.jpg, id 001c99cd09123456"),
        (FailureKind.UNREADABLE, "broken"),
        (
            FailureKind.EMPTY,
            "nothing",
        ),
    )
    groups = await failures.groups(lib, track)
    assert (groups[0].kind, groups[0].count, groups[0].share) == (FailureKind.BLOCKED, 2, 0.5)
    assert groups[0].cost_usd == pytest.approx(0.02)
    async with lib.transaction() as db:
        await db.execute("UPDATE failure SET head = message")
    assert await renew_causes(lib) == 2
    assert await renew_causes(lib) == 0
    assert (await failures.groups(lib, track))[0].count == 2


async def test_decisions_are_previewed_and_taken_back(lib):
    track = await stocked(lib, (), (FailureKind.UNREADABLE,), (FailureKind.EMPTY,))
    before = await lib.rows("SELECT * FROM failure"), await states(lib, track)
    seen = await failures.preview(lib, Selection(track=track), "retry")
    assert (seen.count, seen.local, seen.raw) == (3, 1, 0)
    assert seen.spent_usd == pytest.approx(0.03)
    assert await failures.retry(lib, Selection(track=track)) == 3
    assert await states(lib, track) == [0, 4, 0, 0, 0, 0, 0]
    assert await failures.awaiting_scan(lib) == 1
    change, back, stuck = await failures.undo(lib)
    assert (change.verb, back, stuck) == ("retry", 3, 0)
    assert (await lib.rows("SELECT * FROM failure"), await states(lib, track)) == before
    assert await failures.ignore(lib, Selection(kind=FailureKind.EMPTY)) == 1
    assert (await states(lib, track))[2] == State.IGNORED
    assert await failures.ignore(lib, Selection(kind=FailureKind.EMPTY)) == 0
    assert len(await changes.latest(lib, "failures")) == 2
    await failures.undo(lib)
    assert (await lib.rows("SELECT * FROM failure"), await states(lib, track)) == before
    with pytest.raises(UsageError, match="Nothing"):
        await failures.undo(lib)


async def test_what_was_tried_again_since_is_not_taken_back(lib):
    track = await stocked(lib, (), ())
    await failures.retry(lib, Selection())
    await commits.commit(lib, Group(failures=[bad(track, 1)], results=[result(track, 3)]))
    _, back, stuck = await failures.undo(lib)
    assert (back, stuck) == (1, 1)
    assert (await states(lib, track))[:3] == [State.KNOWN_BAD, State.KNOWN_BAD, State.TAGGED]


async def test_a_refusal_is_remembered_by_content_model_and_setting(lib):
    track = await stocked(lib, ())
    await add(lib, image("copy.jpg", "1.jpg", b"/other/folder"))
    todo = [one.asset for one in await parts.todo_page(lib, track.id, Part(), 0, 99)]
    assert todo == [2, 3, 4, 5, 6, 7]
    found = await search.show(lib, "/other/folder/copy.jpg")
    assert (found.asset, found.failures[0].kind) == (1, FailureKind.BLOCKED)
    for other in (await a_track(lib, "better"), await a_track(lib, profile="p_2")):
        assert 1 in [one.asset for one in await parts.todo_page(lib, other.id, Part(), 0, 99)]


async def test_a_selection_is_what_a_query_found_then(lib):
    track = await stocked(lib, (), ())
    await commits.commit(lib, Group(results=[result(track, 3), result(track, 5, "a cat")]))
    kept = await selections.select_assets(lib, "car")
    assert (kept.words, kept.assets) == ("car", 2)
    failed = await selections.select_assets(lib, "failed", track)
    assert failed.assets == 2
    by_hand = await selections.select_these(lib, [4, 5, 6])
    page = await parts.todo_page(lib, track.id, Part(selection=by_hand.id), 0, 9)
    assert [one.asset for one in page] == [4, 6]
    assert await parts.todo_page(lib, track.id, Part(selection=by_hand.id), 4, 1) == page[1:]


async def test_two_tracks_side_by_side_and_a_choice(lib):
    one = await stocked(lib)
    two = await a_track(lib, "better")
    rows = [
        result(one, 1, "left", colours=("red", "blue"), subject=("car",)),
        result(one, 2, "left only"),
        result(two, 1, "right", colours=("red", "green"), subject=("car",)),
        result(two, 3, "right only"),
    ]
    await commits.commit(lib, Group(results=rows))
    (pair,), more = await compare.pairs(lib, one, two)
    assert (pair.asset, pair.left.summary, pair.right.summary, more) == (1, "left", "right", None)
    assert pair.buckets[0] == compare.Bucket("colours", ("red",), ("blue",), ("green",))
    assert not pair.alike
    assert (await compare.pairs(lib, one, two, assets=[2]))[0] == []
    assert await compare.accept(lib, two, [1, 2], ["colours"]) == 1
    for row in await search.search(lib, "path:1.jpg"):
        assert row.tags == {"colours": ["red", "green"], "subject": ["car"]}
        assert row.edited
    assert await compare.accept(lib, two, [1]) == 1
    assert {row.summary for row in await search.search(lib, "path:1.jpg")} == {"right"}


@pytest.mark.parametrize("many", [1, 5_000])
async def test_many_are_counted_once(lib, monkeypatch, many):
    monkeypatch.setattr(bulk, "MANY", many)
    track = await stocked(lib, *[(FailureKind.BLOCKED, "no")] * 4)
    everything = Selection(track=track)
    schema = await lib.rows("SELECT name, sql FROM sqlite_master ORDER BY name")

    async def counted():
        counts = await work.counts(lib, track.id)
        return counts.remaining, counts.known_bad, counts.ignored

    for act, expected in (
        (failures.retry(lib, everything), (7, 0, 0)),
        (failures.undo(lib), (3, 4, 0)),
        (failures.ignore(lib, everything), (3, 0, 4)),
        (failures.reopen(lib, everything), (7, 0, 0)),
    ):
        await act
        assert await counted() == expected
    assert sorted(await states(lib, track)) == [0] * 7
    assert await lib.rows("SELECT name, sql FROM sqlite_master ORDER BY name") == schema
    with pytest.raises(UsageError):
        await fails_in_the_middle(lib)
    assert await counted() == (7, 0, 0)
    assert await lib.rows("SELECT name, sql FROM sqlite_master ORDER BY name") == schema


async def fails_in_the_middle(lib):
    async with lib.transaction() as db, bulk.counted_once(db, bulk.MANY):
        await db.execute("UPDATE work SET state = 5")
        raise UsageError("no")
