"""What pictures' next tries are made with: chosen, taken back, used up, remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from store_kit import HandClock, a_track, add, image, opened, result

from gemtag_tui.core.context import Context
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.next_try import MOST_OUTPUT, NextTry, Wish
from gemtag_tui.store import commits, context, failures, next_choice, parts
from gemtag_tui.store.failures import Selection
from gemtag_tui.store.parts import Part
from gemtag_tui.store.rows import Group, NewFailure
from gemtag_tui.store.work import State

LOW = Wish(NextTry(resolution="low"))
MORE = Wish(more=4096)
ALL = Selection()


@pytest.fixture
async def lib(tmp_path):
    library = await opened(tmp_path, HandClock())
    yield library
    await library.close()


def bad(track, asset, kind=FailureKind.TRUNCATED, **more):
    standing = more.pop("standing", Standing.KNOWN_BAD)
    return NewFailure(asset, track, kind, "no", standing, 5.0, cost_usd=0.01, **more)


async def stocked(lib, count=3):
    track = await a_track(lib)
    await add(lib, *[image(f"{n}.jpg") for n in range(1, 6)])
    rows = [bad(track, n) for n in range(1, count + 1)]
    await commits.commit(lib, Group(failures=rows))
    return track


async def chosen(lib, track):
    page = await parts.todo_page(lib, track.id, Part(), 0, 99)
    return {one.asset: one.setting for one in page}


async def whole(lib, *more):
    tables = ("failure", "next_try", "refusal", *more)
    return [await lib.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


async def test_a_choice_is_previewed_made_and_taken_back(lib):
    track = await stocked(lib)
    before = await whole(lib, "work")
    seen = await next_choice.reach(lib, ALL, track, MORE)
    assert (seen.count, seen.refused, seen.output) == (3, 0, 4096)
    assert seen.spent_usd == pytest.approx(0.03)
    assert await whole(lib, "work") == before
    assert await next_choice.choose(lib, Selection(ids=(1, 2)), track, MORE) == 2
    assert await chosen(lib, track) == {1: "output=4096", 2: "output=4096", 4: "", 5: ""}
    await failures.undo(lib)
    assert await whole(lib, "work") == before


async def test_undo_brings_back_what_was_chosen_before(lib):
    track = await stocked(lib, 1)
    await next_choice.choose(lib, ALL, track, LOW)
    first = await whole(lib)
    lib.clock.at += 1
    await next_choice.choose(lib, ALL, track, MORE)
    assert (await chosen(lib, track))[1] == "output=4096"
    await failures.undo(lib)
    assert await whole(lib) == first
    for verb in (failures.retry, failures.ignore):
        await verb(lib, ALL)
        assert not await lib.rows("SELECT * FROM next_try")
        await failures.undo(lib)
        assert await whole(lib) == first


async def test_a_result_says_what_it_was_made_with_and_uses_it_up(lib):
    track = await stocked(lib, 2)
    await next_choice.choose(lib, ALL, track, LOW)
    new = replace(result(track, 1), made_with="resolution=low")
    await commits.commit(lib, Group(results=[new, result(track, 4)]))
    rows = await lib.rows("SELECT asset, made_with FROM asset_ai ORDER BY asset")
    assert [tuple(row) for row in rows] == [(1, "resolution=low"), (4, "")]
    assert [row[0] for row in await lib.rows("SELECT asset FROM next_try")] == [2]


async def test_a_refusal_is_remembered_by_its_setting_and_left_out(lib):
    track = await stocked(lib, 2)
    await next_choice.choose(lib, ALL, track, LOW)
    again = bad(track, 1, FailureKind.SAFETY, made_with="resolution=low")
    await commits.commit(lib, Group(failures=[again]))
    assert [row[0] for row in await lib.rows("SELECT asset FROM next_try")] == [2]
    assert await lib.rows("SELECT made_with FROM failure WHERE asset = 1") == [("resolution=low",)]
    seen = await next_choice.reach(lib, ALL, track, LOW)
    assert (seen.count, seen.refused) == (1, 1)
    other = await a_track(lib, "better")
    assert (await next_choice.reach(lib, ALL, other, LOW)).count == 0
    high = await next_choice.reach(lib, ALL, track, Wish(NextTry(resolution="high")))
    assert (high.count, high.refused) == (2, 0)
    assert await next_choice.choose(lib, Selection(ids=(1,)), track, LOW) == 0


async def test_more_output_is_more_each_time_and_ends(lib):
    track = await stocked(lib, 1)
    asked = []
    for _ in range(9):
        if not await next_choice.choose(lib, ALL, track, MORE):
            break
        setting = (await chosen(lib, track))[1]
        asked.append(int(setting.partition("=")[2]))
        await commits.commit(lib, Group(failures=[bad(track, 1, made_with=setting)]))
    assert asked == [4096, 8192, 16384, MOST_OUTPUT]
    assert await next_choice.reach(lib, ALL, track, MORE) == next_choice.Reached(0, 1, 0.0, 0.0)


async def test_what_came_to_no_answer_is_tried_so_again(lib):
    track = await stocked(lib, 1)
    await next_choice.choose(lib, ALL, track, LOW)
    late = bad(track, 1, FailureKind.OVERLOADED, standing=Standing.OPEN, next_retry=9.0,
               made_with="resolution=low")  # fmt: skip
    await commits.commit(lib, Group(failures=[late]))
    assert not await lib.rows("SELECT * FROM refusal")
    (due,) = await parts.due_page(lib, track.id, Part(), 99.0, 9)
    assert (due.asset, due.setting) == (1, "resolution=low")


async def test_what_was_found_without_a_model_has_no_next_try(lib):
    track = await a_track(lib)
    await add(lib, image("1.jpg"))
    await commits.commit(lib, Group(failures=[bad(track, 1, FailureKind.UNREADABLE)]))
    assert (await next_choice.reach(lib, ALL, track, LOW)).count == 0
    assert await next_choice.choose(lib, ALL, track, LOW) == 0


async def test_context_comes_with_the_page_when_it_is_wanted(lib):
    track = await stocked(lib, 1)
    said = Context(board="Kitchens", description="oak", keywords=("tap",))
    file = (await lib.row("SELECT file FROM asset WHERE id = 2"))[0]
    await context.note(lib, "manifest", [context.Noted(file, Context(board="Elsewhere"))])
    await context.note(lib, "sidecar", [context.Noted(file, said)])
    plain = await parts.todo_page(lib, track.id, Part(), 0, 9)
    told = await parts.todo_page(lib, track.id, Part(), 0, 9, context=True)
    assert {one.context for one in plain} == {""}
    assert [one.asset for one in told if one.context] == [2]
    words = next(one.context for one in told if one.context)
    assert "board: Kitchens\nkeywords: tap\ndescription: oak" in words
    assert [one.asset for one in told] == [one.asset for one in plain]
    assert plain[0].setting == ""
    assert (await lib.rows("SELECT state FROM work WHERE asset = 1"))[0][0] == State.KNOWN_BAD
