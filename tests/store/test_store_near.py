from __future__ import annotations

import random

import pytest
from store_kit import a_track, add, image, opened, result

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.near import Follow, Kind, Look
from gemtag_tui.store import (
    commits,
    edits,
    export_rows,
    indexer,
    near_groups,
    near_looks,
    near_work,
    parts,
    plan_lists,
    search,
    work,
)
from gemtag_tui.store.near_looks import Force
from gemtag_tui.store.parts import Part
from gemtag_tui.store.rows import Group, NewFailure
from gemtag_tui.store.tracks import ensure_track
from gemtag_tui.store.work import State

FORCE = Force(4, by_setting=True, version=1)


@pytest.fixture
async def lib(tmp_path):
    library = await opened(tmp_path)
    yield library
    await library.close()


async def grouped(lib, follows, force=FORCE):
    rows = near_groups.rows_of((one, Follow(leader, 2)) for one, leader in follows)
    await near_groups.replace(lib, rows, force)


async def filled(lib, number, follows):
    """So many images, in groups, with a track that is in line."""
    await add(lib, *[image(f"{i}.jpg") for i in range(1, number + 1)])
    track = await a_track(lib)
    await grouped(lib, follows)
    await near_work.apply(lib, track.id, FORCE)
    return track


async def states(lib, track):
    rows = await lib.rows("SELECT asset, state FROM work WHERE track = ?", (track.id,))
    return {row[0]: State(row[1]) for row in rows}


async def heirs(lib):
    sql = "SELECT asset, inherited_from FROM asset_ai ORDER BY asset"
    return {row[0]: row[1] for row in await lib.rows(sql)}


async def check(lib, track):
    """What holds at every instant: kept counts are right, sums add up, nobody is stuck."""
    counts = await work.counts(lib, track.id)
    found = list((await states(lib, track)).values())
    assert counts.total == len(found)
    assert counts.total == counts.tagged + counts.remaining + counts.known_bad + counts.ignored
    for state, count in (
        (State.TAGGED, counts.tagged),
        (State.NEAR, counts.near_waiting),
        (State.RETRY, counts.retry_later),
        (State.BATCH, counts.in_batches),
        (State.KNOWN_BAD, counts.known_bad),
    ):
        assert found.count(state) == count
    stuck = await lib.rows(
        "SELECT m.leader FROM near_member m JOIN work w ON w.asset = m.asset AND w.track = ?1 "
        "GROUP BY m.leader HAVING sum(w.state = 6) AND NOT sum(w.state IN (0, 1, 2))",
        (track.id,),
    )
    assert not stuck
    lonely = await lib.rows(
        "SELECT asset FROM work WHERE track = ? AND state = 6 "
        "AND asset NOT IN (SELECT asset FROM near_member)",
        (track.id,),
    )
    assert not lonely
    return counts


def bad(track, asset, standing=Standing.KNOWN_BAD, kind=FailureKind.BLOCKED):
    return NewFailure(asset, track, kind, "no", standing, 1.0, next_retry=9e9)


async def test_one_of_each_group_is_to_be_tagged(lib):
    track = await filled(lib, 6, [(2, 1), (3, 1), (5, 4)])
    counts = await check(lib, track)
    assert (counts.remaining, counts.near_waiting, counts.near_duplicates) == (6, 3, 3)
    assert [one.asset for one in await parts.todo_page(lib, track.id, Part(), 0, 9)] == [1, 4, 6]


async def test_the_leader_s_result_goes_to_all_for_nothing(lib):
    track = await filled(lib, 4, [(2, 1), (3, 1)])
    new = result(track, 1, "a red car", subject=("car",))
    await commits.commit(lib, Group(results=[new]))
    counts = await check(lib, track)
    assert (counts.tagged, counts.remaining, counts.near_waiting) == (3, 1, 0)
    assert await heirs(lib) == {1: None, 2: 1, 3: 1}
    found = {one.asset: one for one in await search.search(lib, "car")}
    assert set(found) == {1, 2, 3}
    assert (found[2].cost_usd, found[2].inherited_from) == (0.0, 1)
    assert (found[2].lane, found[2].tags) == (found[1].lane, found[1].tags)
    rows = [row async for page in export_rows.pages(lib, export_rows.Wanted()) for row in page]
    assert {row.asset: row.inherited_from for row in rows} == {1: None, 2: 1, 3: 1}


async def test_results_that_were_there_go_to_those_that_wait(lib):
    await add(lib, *[image(f"{i}.jpg") for i in range(1, 6)])
    track = await a_track(lib)
    await commits.commit(lib, Group(results=[result(track, 2), result(track, 3, "its own")]))
    await grouped(lib, [(2, 1), (3, 1), (4, 1)])
    await near_work.apply(lib, track.id, FORCE)
    await check(lib, track)
    assert await heirs(lib) == {1: 2, 2: None, 3: None, 4: 2}
    (own,) = (await search.show(lib, 3)).results
    assert own.summary == "its own"


@pytest.mark.parametrize("standing", [Standing.KNOWN_BAD, Standing.IGNORED])
async def test_when_the_leader_is_lost_the_next_is_to_be_tagged(lib, standing):
    track = await filled(lib, 3, [(2, 1), (3, 1)])
    await commits.commit(lib, Group(failures=[bad(track, 1, standing)]))
    assert (await states(lib, track))[2] is State.TODO
    await check(lib, track)
    await commits.commit(lib, Group(failures=[bad(track, 2, standing)]))
    assert [one.asset for one in await parts.todo_page(lib, track.id, Part(), 0, 9)] == [3]
    await commits.commit(lib, Group(results=[result(track, 3)]))
    counts = await check(lib, track)
    assert (counts.tagged, counts.remaining) == (1, 0)


async def test_a_failure_that_comes_back_by_itself_keeps_the_others_waiting(lib):
    track = await filled(lib, 2, [(2, 1)])
    await commits.commit(lib, Group(failures=[bad(track, 1, Standing.OPEN, FailureKind.TIMEOUT)]))
    assert (await states(lib, track))[2] is State.NEAR
    await check(lib, track)


async def test_when_the_leader_s_file_goes_the_next_is_to_be_tagged(lib):
    track = await filled(lib, 3, [(2, 1), (3, 1)])
    async with lib.transaction() as db:
        await db.execute("UPDATE file SET missing_at = 5 WHERE asset = 1")
    assert (await states(lib, track)) == {2: State.TODO, 3: State.NEAR}
    await check(lib, track)


async def test_a_broken_file_s_failure_holds_for_every_track(lib):
    first = await filled(lib, 3, [(2, 1), (3, 1)])
    second = await a_track(lib, model="n")
    await near_work.apply(lib, second.id, FORCE)
    gone = bad(first, 1, kind=FailureKind.UNREADABLE)
    await commits.commit(lib, Group(failures=[gone]))
    for track in (first, second):
        assert (await states(lib, track))[2] is State.TODO
        await check(lib, track)


async def test_tracks_are_told_apart(lib):
    first = await filled(lib, 2, [(2, 1)])
    second = await a_track(lib, model="n")
    await near_work.apply(lib, second.id, FORCE)
    await commits.commit(lib, Group(results=[result(first, 1)]))
    assert (await states(lib, second))[2] is State.NEAR
    await check(lib, first)
    await check(lib, second)


async def test_a_group_in_a_batch_landing_is_counted_right(lib):
    """Landing takes the counting trigger away for a moment, as many rows do here."""
    track = await filled(lib, 3, [(2, 1), (3, 1)])
    await commits.commit(lib, Group(results=[]))
    async with lib.transaction() as db:
        ((counting,),) = await db.execute_fetchall(
            "SELECT sql FROM sqlite_master WHERE name = 'work_moved'"
        )
        await db.execute("UPDATE work SET state = 2 WHERE asset = 1")
        await db.execute("DROP TRIGGER work_moved")
        await db.execute(
            "INSERT INTO asset_ai (asset, provider, model, profile, summary, tags, lane, tagged_at)"
            " VALUES (1, 'google', 'm', 'p_1', 's', '{}', 'batch', 1)"
        )
        await db.execute("UPDATE work SET state = 3 WHERE asset = 1")
        await db.execute("UPDATE counter SET in_batches = in_batches - 1, tagged = tagged + 1")
        await db.execute(counting)
    counts = await check(lib, track)
    assert (counts.tagged, counts.near_waiting) == (3, 0)


async def test_a_person_s_words_win_over_what_is_inherited(lib):
    track = await filled(lib, 2, [(2, 1)])
    await edits.set_summary(lib, [2], "my own words")
    await commits.commit(lib, Group(results=[result(track, 1)]))
    (found,) = (await search.show(lib, 2)).results
    assert (found.summary, found.edited, found.inherited_from) == ("my own words", True, 1)


async def test_breaking_up_keeps_what_was_inherited_and_frees_who_waits(lib):
    track = await filled(lib, 5, [(2, 1), (4, 3), (5, 3)])
    await commits.commit(lib, Group(results=[result(track, 1)]))
    assert await near_groups.break_up(lib, 4) == 3
    assert await near_groups.break_up(lib, 1) == 2
    assert await heirs(lib) == {1: None, 2: 1}
    assert [one.asset for one in await parts.todo_page(lib, track.id, Part(), 0, 9)] == [3, 4, 5]
    assert (await check(lib, track)).near_duplicates == 0
    assert [one async for one in near_groups.members(lib, track.id)] == []
    await near_work.apply(lib, track.id, Force(4, by_setting=True, version=2))
    await check(lib, track)


async def test_a_broken_group_can_be_tagged_anew_and_grouped_again(lib):
    track = await filled(lib, 3, [(2, 1), (3, 1)])
    await commits.commit(lib, Group(results=[result(track, 1)]))
    await indexer.catch_up(lib)
    assert await near_groups.retag_these(lib, [2, 3]) == 0  # they are in a group
    await near_groups.break_up(lib, 1, retag=True)
    assert await heirs(lib) == {1: None}
    assert [one.asset for one in await parts.todo_page(lib, track.id, Part(), 0, 9)] == [2, 3]
    await commits.commit(lib, Group(results=[result(track, 2, "a blue boat", subject=("boat",))]))
    await indexer.catch_up(lib)
    assert [one.asset for one in await search.search(lib, "car")] == [1]
    await check(lib, track)
    assert await near_groups.rejoin(lib) == 3
    assert await near_looks.is_stale(lib)


async def test_the_end_lets_all_go_and_leaves_no_trigger(lib):
    track = await filled(lib, 5, [(2, 1), (4, 3), (5, 3)])
    await commits.commit(lib, Group(results=[result(track, 1)]))
    await near_work.end(lib)
    assert await near_looks.in_force(lib) is None
    assert [one.asset for one in await parts.todo_page(lib, track.id, Part(), 0, 9)] == [3, 4, 5]
    assert (await check(lib, track)).tagged == 2
    left = await lib.rows(
        "SELECT name FROM sqlite_master WHERE name LIKE 'near%' AND type = 'trigger'"
    )
    assert left == []


async def test_without_groups_there_is_no_trigger(lib):
    left = await lib.rows(
        "SELECT name FROM sqlite_master WHERE name LIKE 'near%' AND type = 'trigger'"
    )
    assert left == []


async def test_while_an_engine_runs_only_those_who_wait_are_moved(lib):
    await add(lib, *[image(f"{i}.jpg") for i in range(1, 5)])
    track = await a_track(lib)
    await commits.commit(lib, Group(results=[result(track, 1)]))
    await grouped(lib, [(2, 1), (4, 3)])
    await near_work.apply(lib, track.id, FORCE, running=True)
    found = await states(lib, track)
    assert [found[n] for n in (2, 3, 4)] == [State.TODO] * 3
    await near_work.apply(lib, track.id, FORCE)
    found = await states(lib, track)
    assert [found[n] for n in (2, 3, 4)] == [State.TAGGED, State.TODO, State.NEAR]


async def test_a_new_grouping_frees_those_it_leaves_out(lib):
    track = await filled(lib, 4, [(2, 1), (3, 1)])
    again = Force(4, by_setting=True, version=2)
    await grouped(lib, [(1, 4)], again)
    await near_work.apply(lib, track.id, again)
    found = await states(lib, track)
    assert [found[n] for n in (1, 2, 3, 4)] == [State.NEAR, State.TODO, State.TODO, State.TODO]
    await check(lib, track)


async def test_a_new_track_begins_with_the_groups(lib):
    await filled(lib, 3, [(2, 1)])
    assert (await work.library_counts(lib)).near_waiting == 1
    track = await ensure_track(lib, "google", "other", "p_1", "default", "{}")
    await near_work.apply(lib, track.id, FORCE)
    assert (await check(lib, track)).near_waiting == 1


async def test_members_are_listed_group_by_group_with_the_leader_first(lib):
    track = await filled(lib, 5, [(2, 4), (3, 4), (5, 1)])
    found = [one async for one in near_groups.members(lib, track.id)]
    assert [(one.leader, one.asset, one.leads) for one in found] == [
        (1, 1, True), (1, 5, False), (4, 4, True), (4, 2, False), (4, 3, False)
    ]  # fmt: skip
    assert [one.asset async for one in near_groups.members(lib, track.id, leader=4)] == [4, 2, 3]
    assert [one.asset async for one in near_groups.members(lib, None, leader=2)] == []
    assert await near_groups.count(lib) == (2, 5)
    listed = [one.id async for one in plan_lists.listed(lib, track, "remaining")]
    assert sorted(listed) == [1, 2, 3, 4, 5]


async def test_looks_are_kept_with_all_their_bits_and_come_largest_first(lib):
    await add(lib, *[image(f"{i}.jpg") for i in range(1, 5)])
    assert [one.asset for one in await near_looks.missing(lib, 0, 9)] == [1, 2, 3, 4]
    top = Look(Kind.TELLING, 2**64 - 1, 0xFFFFFF)
    await near_looks.keep(lib, [(1, Look(Kind.VAGUE)), (3, top), (2, Look(Kind.FLAT, 0, 5))])
    assert await near_looks.count_missing(lib) == 1
    async with lib.transaction() as db:
        await db.execute("UPDATE asset SET width = 9999 WHERE id = 3")
    found = [one async for page in near_looks.seen(lib) for one in page]
    assert [(one.asset, one.look) for one in found] == [(3, top), (2, Look(Kind.FLAT, 0, 5))]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_sums_add_up_and_nobody_is_stuck(lib, seed):
    chance = random.Random(seed)
    follows = [(n, 1 + (n % 4)) for n in range(5, 17) if chance.random() < 0.8]
    track = await filled(lib, 18, follows)
    version = 1
    for _ in range(30):
        asset = chance.randrange(1, 19)
        state = (await states(lib, track)).get(asset)
        match chance.randrange(7):
            case 0 if state in {State.TODO, State.RETRY}:
                await commits.commit(lib, Group(results=[result(track, asset)]))
            case 1 if state in {State.TODO, State.RETRY}:
                standing = chance.choice([Standing.KNOWN_BAD, Standing.OPEN, Standing.IGNORED])
                await commits.commit(lib, Group(failures=[bad(track, asset, standing)]))
            case 2:
                async with lib.transaction() as db:
                    await db.execute("UPDATE file SET missing_at = 5 WHERE asset = ?", (asset,))
            case 3:
                async with lib.transaction() as db:
                    await db.execute("UPDATE file SET missing_at = NULL WHERE asset = ?", (asset,))
            case 4 if await near_groups.leader_of(lib, asset) is not None:
                await near_groups.break_up(lib, asset, retag=chance.random() < 0.5)
            case 5:
                version += 1
                again = Force(4, by_setting=True, version=version)
                await near_groups.renew(lib, Force(4, by_setting=True, version=version - 1))
                await near_work.apply(lib, track.id, again)
            case 6 if state is State.TODO:
                async with lib.transaction() as db:
                    await db.execute("UPDATE work SET state = 2 WHERE asset = ?", (asset,))
        await check(lib, track)
