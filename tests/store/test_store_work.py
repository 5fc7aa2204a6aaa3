from __future__ import annotations

import pytest
from store_kit import HandClock, a_track, add, image, opened, result, sha

from gemtag_tui.core.calls import Usage
from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.snapshot import LastResult, RunSnapshot
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.store import (
    commits,
    failures,
    ledger,
    live,
    parts,
    runs,
    scans,
    search,
    tracks,
    work,
)
from gemtag_tui.store.failures import Selection
from gemtag_tui.store.parts import Part
from gemtag_tui.store.rows import Group, LedgerRow, LoggedError, NewFailure, NewResult
from gemtag_tui.store.scans import Broken, Seen
from gemtag_tui.store.work import State

NOW = 1_790_000_000.0


@pytest.fixture
async def lib(tmp_path):
    library = await opened(tmp_path)
    yield library
    await library.close()


def failure(track, asset, kind=FailureKind.SAFETY, **more):
    standing = Standing.OPEN if "next_retry" in more else Standing.KNOWN_BAD
    return NewFailure(asset, track, kind, "no 12 ways", standing, NOW, **more)


def broken(name, kind=FailureKind.UNREADABLE, digest=None, size=7):
    return Seen(b"/pics", name.encode(), size, 1, Broken(kind, "cannot be read", digest))


async def gone(lib, *ids):
    scan = await scans.begin(lib, [b"/pics"])
    await scans.note_vanished(lib, scan, ids)
    assert await scans.sweep_missing(lib, scan) == len(ids)
    await scans.finish(lib, scan, "done", {})


async def stands(lib, track):
    c = await work.counts(lib, track.id)
    assert c.total == c.tagged + c.remaining + c.known_bad + c.ignored
    return (c.tagged, c.remaining, c.known_bad, c.ignored)


async def test_copies_are_one_asset_to_pay_for(lib):
    track = await a_track(lib)
    await add(lib, image("a.jpg", 1), image("b.jpg", 1), image("c.jpg", 2))
    counts = await work.counts(lib, track.id)
    assert (counts.total, counts.files, counts.duplicates) == (2, 3, 1)
    page = await parts.todo_page(lib, track.id, Part(), 0, 10)
    assert [c.path for c in page] == [b"/pics/a.jpg", b"/pics/c.jpg"]
    assert page[0].sha256 == sha(1)


async def test_a_name_that_is_not_text_survives(lib):
    track = await a_track(lib)
    name = b"\xff\xfe \n\x1b[31m[bold]-.jpg"
    await add(lib, image(name))
    (candidate,) = await parts.todo_page(lib, track.id, Part(), 0, 1)
    assert candidate.path == b"/pics/" + name


async def test_a_copy_stands_in_when_the_first_file_goes(lib):
    track = await a_track(lib)
    await add(lib, image("a.jpg", 1), image("b.jpg", 1))
    await gone(lib, 1)
    (candidate,) = await parts.todo_page(lib, track.id, Part(), 0, 1)
    assert candidate.path == b"/pics/b.jpg"
    counts = await work.counts(lib, track.id)
    assert (counts.total, counts.files, counts.missing, counts.duplicates) == (1, 1, 1, 0)


async def test_what_is_gone_leaves_scope_and_returns_tagged(lib):
    track = await a_track(lib)
    await add(lib, image("a.jpg"), image("b.jpg"))
    await commits.commit(lib, Group(results=[result(track, 1)], failures=[failure(track, 2)]))
    await gone(lib, 1, 2)
    assert await stands(lib, track) == (0, 0, 0, 0)
    assert await failures.page(lib) == []
    (found,) = await search.search(lib)
    assert (found.missing, found.path) == (True, b"/pics/a.jpg")
    await add(lib, image("elsewhere.jpg", "a.jpg"))
    await scans.mark_back(lib, [2])
    assert await stands(lib, track) == (1, 0, 1, 0)
    assert len(await failures.page(lib)) == 1


async def test_a_changed_file_is_another_asset(lib):
    track = await a_track(lib)
    await add(lib, image("a.jpg", "old"))
    await commits.commit(lib, Group(results=[result(track, 1)]))
    await add(lib, image("a.jpg", "new"))
    assert await stands(lib, track) == (0, 1, 0, 0)
    assert (await search.search(lib))[0].path == b""
    await add(lib, image("a.jpg", "old"))
    assert await stands(lib, track) == (1, 0, 0, 0)


async def test_a_new_track_knows_what_is_unusable_and_what_is_done(lib):
    first = await a_track(lib)
    await add(lib, image("a.jpg"), broken("b.jpg"), image("c.jpg"))
    await commits.commit(lib, Group(results=[result(first, 1)]))
    second = await a_track(lib, "other")
    assert await stands(lib, first) == (1, 1, 1, 0)
    assert await stands(lib, second) == (0, 2, 1, 0)
    assert await a_track(lib) == first
    assert await tracks.list_tracks(lib) == [first, second]
    assert await tracks.latest_track(lib) == second
    await runs.begin(lib, first, "batch", {}, 1)
    assert await tracks.latest_track(lib) == first


async def test_filling_a_track_goes_on_where_it_was_cut_off(lib, monkeypatch):
    monkeypatch.setattr(tracks, "_CHUNK", 3)
    await add(lib, *[image(f"{n}.jpg") for n in range(10)])
    track = await a_track(lib)
    async with lib.transaction() as db:
        await db.execute("DELETE FROM work WHERE asset > 3")
        await db.execute("UPDATE track SET filled = 3")
    assert await stands(lib, track) == (0, 3, 0, 0)
    await a_track(lib)
    assert await stands(lib, track) == (0, 10, 0, 0)


async def test_unreadable_files_are_known_bad_until_they_can_be_read(lib):
    track = await a_track(lib)
    await add(lib, broken("a.jpg"))
    assert await stands(lib, track) == (0, 0, 1, 0)
    assert (await work.library_counts(lib)).known_bad == 1
    await add(lib, broken("a.jpg", size=8))
    (row,) = await failures.page(lib, track=track)
    assert (row.attempts, row.path) == (2, b"/pics/a.jpg")
    await add(lib, image("a.jpg"))
    assert await stands(lib, track) == (0, 1, 0, 0)
    assert await failures.page(lib) == []
    (row,) = await failures.page(lib, standing=Standing.RESOLVED)
    assert row.kind is FailureKind.UNREADABLE


async def test_what_is_wrong_hangs_on_the_content(lib):
    track = await a_track(lib)
    await add(lib, broken("a.jpg", FailureKind.TOO_LARGE, sha("big")), image("b.jpg"))
    await commits.commit(lib, Group(failures=[failure(track, 2)]))
    await add(lib, image("other.jpg", "big"), image("copy.jpg", "b.jpg"))
    assert await stands(lib, track) == (0, 0, 2, 0)


async def test_a_local_failure_found_while_preparing_holds_everywhere(lib):
    first, second = await a_track(lib), await a_track(lib, "other")
    await add(lib, image("a.jpg"))
    group = Group(failures=[failure(first, 1, FailureKind.UNREADABLE)])
    await commits.commit(lib, group)
    assert await stands(lib, second) == (0, 0, 1, 0)


async def test_a_wish_to_retry_what_is_unreadable_waits_for_the_next_scan(lib):
    track = await a_track(lib)
    await add(lib, broken("a.jpg", digest=sha(1)), image("b.jpg"))
    assert await failures.retry(lib, Selection(kind=FailureKind.UNREADABLE)) == 1
    assert await stands(lib, track) == (0, 1, 1, 0)
    assert await failures.awaiting_scan(lib) == 1
    await add(lib, image("a.jpg", 1))
    assert await failures.awaiting_scan(lib) == 0
    assert await stands(lib, track) == (0, 2, 0, 0)


async def test_transient_failures_come_due(lib):
    track = await a_track(lib)
    await add(lib, image("a.jpg"), image("b.jpg"))
    late = failure(track, 1, FailureKind.TIMEOUT, next_retry=NOW + 60, attempts=6)
    soon = failure(track, 2, FailureKind.TIMEOUT, next_retry=NOW + 30)
    await commits.commit(lib, Group(failures=[late, soon]))
    assert await parts.todo_page(lib, track.id, Part(), 0, 9) == []
    assert (await work.counts(lib, track.id)).retry_later == 2
    assert await work.next_due(lib, track.id) == NOW + 30
    assert await parts.due_page(lib, track.id, Part(), NOW, 9) == []
    due = await parts.due_page(lib, track.id, Part(), NOW + 60, 9)
    assert [(c.asset, c.waited) for c in due] == [(2, 30.0), (1, 60.0)]
    await commits.commit(lib, Group(failures=[late]))
    assert (await failures.get(lib, 1)).attempts == 12
    await commits.commit(lib, Group(results=[result(track, 1)]))
    assert (await failures.get(lib, 1)).standing is Standing.RESOLVED
    assert await stands(lib, track) == (1, 1, 0, 0)


async def test_people_retry_ignore_and_reopen(lib):
    track = await a_track(lib)
    await add(lib, *[image(f"{n}.jpg") for n in range(4)])
    rows = [failure(track, n) for n in (1, 2)]
    rows.append(failure(track, 3, FailureKind.TIMEOUT, next_retry=NOW + 1))
    await commits.commit(lib, Group(failures=rows))
    assert await failures.retry(lib, Selection(ids=(1, 99))) == 1
    assert [c.asset for c in await parts.todo_page(lib, track.id, Part(), 0, 9)] == [1, 4]
    assert await failures.ignore(lib, Selection(kind=FailureKind.SAFETY)) == 2
    assert await stands(lib, track) == (0, 2, 0, 2)
    assert await failures.retry(lib, Selection(kind=FailureKind.SAFETY)) == 0
    await commits.commit(lib, Group(failures=[failure(track, 1)]))
    assert await stands(lib, track) == (0, 2, 0, 2)
    assert await failures.reopen(lib, Selection(track=track)) == 2
    assert await stands(lib, track) == (0, 4, 0, 0)
    (one, *_) = await failures.page(lib, standing=Standing.OPEN, kind=FailureKind.SAFETY)
    assert one.next_retry == NOW


async def test_failures_alike_make_a_group(lib):
    track = await a_track(lib)
    await add(lib, *[image(f"{n}.jpg") for n in range(4)])
    rows = [
        NewFailure(
            n, track, FailureKind.SAFETY, f"no {n} ways", Standing.KNOWN_BAD, NOW + n, cost_usd=1
        )
        for n in (1, 2, 3)
    ]
    await commits.commit(lib, Group(failures=[*rows, failure(track, 4, FailureKind.EMPTY)]))
    first, second = await failures.groups(lib, track)
    assert (first.head, first.count, first.cost_usd) == ("no # ways", 3, 3.0)
    assert (first.first_seen, first.last_seen, first.example) == (NOW + 1, NOW + 3, 3)
    assert second.kind is FailureKind.EMPTY
    assert await failures.ignore(lib, Selection(head=first.head, kind=first.kind)) == 3
    pages = [await failures.page(lib, after=after, limit=2) for after in (0, 2, 4)]
    assert [[row.id for row in page] for page in pages] == [[1, 2], [3, 4], []]


async def test_the_raw_answer_is_kept(lib):
    track = await a_track(lib)
    await add(lib, image("a.jpg"))
    await commits.commit(lib, Group(failures=[failure(track, 1, raw=b'{"a":1}' * 1000)]))
    assert await failures.raw(lib, 1) == b'{"a":1}' * 1000
    await commits.commit(lib, Group(failures=[failure(track, 1)]))
    assert await failures.raw(lib, 1) != b""


async def test_the_first_result_stands_unless_replaced(lib):
    track = await a_track(lib)
    await add(lib, image("a.jpg"))
    for words, replaces in (("first", False), ("second", False), ("third", True)):
        new = NewResult(1, track, Tags(words, {}), "interactive", NOW, replaces=replaces)
        await commits.commit(lib, Group(results=[new]))
        (row,) = await search.search(lib)
        assert row.summary == ("first" if words == "second" else words)


async def test_one_commit_keeps_everything_that_belongs_together(lib):
    track = await a_track(lib)
    await add(lib, image("a.jpg"))
    run = await runs.begin(lib, track, "interactive", {}, 1)
    new = NewResult(1, track, Tags("s", {}), "interactive", NOW, Usage(10, 5, 3), 0.25, "m-001")
    last = LastResult(asset=1, path=b"\xff.jpg", summary="s\ud800", tags={}, at=NOW)
    shown = RunSnapshot(
        run=run, provider="google", model="m", profile_id="p_1", state="parked",
        done=1, bad=2, tries=3, cost_usd=0.5,
    )  # fmt: skip
    group = Group(
        results=[new],
        ledger=[
            LedgerRow(NOW, "google", "m", "interactive", "ok", 1, 10, 3, 0.25),
            LedgerRow(NOW, "google", "m", "interactive", "rate_requests", refused=True),
        ],
        errors=[LoggedError(NOW, "timeout", "100% \ud800", "again at 7", 1)],
        run=run,
        snapshot=shown,
    )
    await commits.commit(lib, group)
    assert (await live.read(lib)).counts == await work.counts(lib, track.id)
    row = await runs.last(lib)
    assert (row.state, row.done, row.bad, row.tries, row.cost_usd) == ("parked", 1, 2, 3, 0.5)
    assert await ledger.requests_today(lib, "google", "m", "2026-09-21") == 1
    assert await ledger.refused_today(lib, "google", "m", "2026-09-21") == 1
    assert await ledger.day_spend(lib, "2026-09-21") == 0.25
    assert await ledger.month_spend(lib, "2026-09") == 0.25
    assert await ledger.month_spend(lib, "2026-10") == 0.0
    assert [c.tokens_in for c in await ledger.recent(lib, "google", "m", NOW - 1)] == [10, 0]
    (line,) = await runs.errors_page(lib, run, text="100%")
    assert (line.path, line.fate) == (b"/pics/a.jpg", "again at 7")
    assert await runs.errors_page(lib, run, text="100_") == []
    assert await runs.errors_page(lib, run, before=line.id) == []
    assert last.path.startswith(b"\xff")


async def test_a_failed_commit_keeps_nothing(lib):
    track = await a_track(lib)
    await add(lib, image("a.jpg"))
    bad = NewFailure(999, track, FailureKind.SAFETY, "no such asset", Standing.KNOWN_BAD, NOW)
    with pytest.raises(Exception, match="constraint"):
        await commits.commit(lib, Group(results=[result(track, 1)], failures=[bad]))
    assert await stands(lib, track) == (0, 1, 0, 0)
    assert await search.search(lib) == []
    await commits.commit(lib, Group(results=[result(track, 1)]))
    assert len(await search.search(lib, "tag:red")) == 1


async def test_pages_of_work_read_no_more_than_they_give(lib):
    pages = [(work.PAGE, (1, 0, 0, 9)), (work.DUE_PAGE, (1, 9.0, 9))]
    for part in (Part(), Part(5, 7), Part(selection=1), Part(above=5, selection=1)):
        pages += [part.todo(work.PAGE, 1, 0, 9), part.due(work.DUE_PAGE, 1, 9.0, 9)]
    for sql, values in pages:
        plan = [row[3] for row in await lib.rows("EXPLAIN QUERY PLAN " + sql, values)]
        assert not any("SCAN" in line or "TEMP" in line for line in plan), plan
        assert any(way in plan[0] for way in ("work_state", "work_due", "SEARCH i ")), plan
    assert (await work.list_state(lib, 1, State.TAGGED, 0, 9)) == []


async def test_a_clock_that_goes_back_harms_nothing(tmp_path):
    clock = HandClock()
    async with await opened(tmp_path, clock) as lib:
        track = await a_track(lib)
        await add(lib, image("a.jpg"))
        clock.at -= 1e6
        await commits.commit(lib, Group(failures=[failure(track, 1)]))
        assert await failures.retry(lib, Selection()) == 1
        assert await stands(lib, track) == (0, 1, 0, 0)
