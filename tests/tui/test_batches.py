"""Batch jobs: what the server says and what is stored apart, what can be done, what may come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gemtag_tui.core.batch_job import JobState
from gemtag_tui.store.batches import Event, OddLine, Stranger
from gemtag_tui.store.failures import Selection
from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.screens.batches_lines import cost_words, row_lines, time_words
from gemtag_tui.tui.screens.batches_rows import STATES, Row, columns, rows_of, short
from gemtag_tui.tui.source import Offer
from gemtag_tui.tui.wanted import BatchDetail, BatchView
from gemtag_tui.tui.widgets.columns import layout

from .fakes import job
from .support import HOSTILE, NOW, FakeSource, beat, look, settle, shown, snapshot, text_of

SIZES = [(80, 24), (120, 40)]
HOUR = 3600.0


def events(*words: str) -> list[Event]:
    return [Event(i, NOW - 60 * i, "noted", one) for i, one in enumerate(words)]


def stranger(*, ours: bool = False, given_up: bool = False) -> Stranger:
    name = "gemtag-1-made" if ours else "somebody-else"
    return Stranger("batches/xyz", name, "gemini-3.5-flash-lite", "BATCH_STATE_SUCCEEDED", 60,
                    NOW - 7 * HOUR, ours, NOW - 60, given_up)  # fmt: skip


def rows(text: str) -> list[str]:
    """The lines of the table, its heading left out."""
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("  here"))
    return lines[first + 1 :]


@pytest.mark.parametrize("size", SIZES)
async def test_without_jobs_it_says_how_to_make_some(size):
    async with shown(FakeSource(), "batches", size) as (app, _):
        text = " ".join(text_of(app).split())
    assert "There are no batch jobs yet: S submits what remains, at half the price." in text
    assert "24 hours" in text


@pytest.mark.parametrize("size", SIZES)
async def test_server_and_local_state_stand_apart(size):
    ended = job(1, state="ended", server_state="JOB_STATE_SUCCEEDED", requests=60, succeeded=60,
                ingested=58, pending=0, failed=0, ended_at=NOW - 60)  # fmt: skip
    async with shown(FakeSource(jobs=[job(2), ended]), "batches", size) as (app, pilot):
        await pilot.press("j")
        await settle(pilot)
        text = text_of(app)
        assert "◌ ended        SUCCEEDED" in text
        assert "58 of 60" in text
        assert "Its results are being fetched and taken in" in text
        assert "● running      RUNNING" in text
        assert "0 of 12,000" in text
        assert "71 %" in text
        await pilot.press("enter")
        await settle(pilot)
        assert "The server says" in text_of(app)
        assert "batches/abc1" in text_of(app)
    assert max(len(line) for line in text.splitlines()) <= size[0]


async def test_fourteen_jobs_and_the_present_one_fit_80_by_24():
    source = FakeSource(jobs=[job(n) for n in range(40, 0, -1)])
    source.details[40] = BatchDetail(job=40, events=events("The server says RUNNING."))
    async with shown(source, "batches", (80, 24)) as (app, _):
        text = text_of(app)
    assert sum("● running" in line for line in rows(text)) >= 14
    assert "batch jobs 40" in text
    assert "The server says RUNNING." in text
    assert "8,506 answered" in text


def test_no_column_is_cut_at_80_and_all_are_there_at_120():
    assert [c.title for c, _ in layout(columns(NOW), 78)] == [
        "here", "server", "job", "stored", "progress", "bad", "age",
    ]  # fmt: skip
    assert [c.title for c, _ in layout(columns(NOW), 118)][-3:] == ["ends", "cost", "name"]


async def test_hundreds_of_jobs_are_read_once_while_nothing_is_written(monkeypatch):
    source = FakeSource(jobs=[job(n) for n in range(800, 0, -1)])
    async with shown(source, "batches") as (app, pilot):
        asked = []
        detail = source.batch_detail

        async def counted(number: int) -> BatchDetail:
            asked.append(number)
            return await detail(number)

        monkeypatch.setattr(source, "batch_detail", counted)
        await beat(pilot, source, now=NOW + 1)
        assert asked == []
        await pilot.press("G")
        await settle(pilot)
        assert asked == [1]
        assert "gemtag-01" in text_of(app) or "batches/abc1" in text_of(app)


async def test_a_job_keeps_the_cursor_when_others_come_before_it():
    source = FakeSource(jobs=[job(2), job(1, error="mine")])
    async with shown(source, "batches") as (app, pilot):
        await pilot.press("j")
        await settle(pilot)
        source.jobs = [job(3), *source.jobs]
        await beat(pilot, source, now=NOW + 1)
        assert app.screen.present.key == "1"


def test_a_stuck_job_says_so_and_what_to_do():
    quiet = job(5, moved_at=NOW - 13 * HOUR)
    (row,) = rows_of(BatchView(jobs=[quiet], stuck_hours=12.0), NOW)
    assert row.stuck
    assert columns(NOW)[0].cell(row) == ("! stuck", "warn")
    text = words(row_lines(row, None, NOW, 80, 4))
    assert "batches rescue" in " ".join(text.split())
    (fresh,) = rows_of(BatchView(jobs=[replace(quiet, moved_at=NOW - HOUR)]), NOW)
    assert not fresh.stuck


def words(lines) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_a_job_in_full_says_times_lines_files_and_what_happened():
    one = job(7, started_at=NOW - HOUR, bytes=1_600_000, tokens=9_000, input_file="files/in",
              input_expires_at=NOW + 30 * HOUR, looked_at=NOW - 30, expected_usd=3.0,
              moved_at=NOW)  # fmt: skip
    detail = BatchDetail(
        job=7,
        events=events("The server says RUNNING.", "Uploaded: 1.6 MB."),
        lines={"ok": 8_506, "doubled": 3},
    )
    (row,) = rows_of(BatchView(jobs=[one]), NOW)
    for width, height in ((80, 14), (120, 14)):
        text = words(row_lines(row, detail, NOW, width, height))
        assert "of the 24 h aimed at" in text
        assert "expires" in text
        assert "8,506 tagged · 3 came twice" in text
        assert "1.6 MB, 9,000 tokens sent" in text
        assert "$1.27 so far, about $3.00 expected" in text
        assert "an hour" in text
        assert "The server says RUNNING." in text
        assert all(len(line) <= width for line in text.splitlines())
    assert "Uploaded" not in words(row_lines(row, replace(detail, job=8), NOW, 120, 14))


def test_paid_twice_is_said_with_the_sum():
    words = cost_words(job(1, cost_usd=0.1, double_usd=0.2))  # beside it, by single calls
    assert "paid twice: $0.20 for images that had a result" in words


@pytest.mark.parametrize("size", SIZES)
async def test_large_numbers_stand_whole_in_their_columns(size):
    large = job(1, state="ingested", requests=200_000, ingested=200_000, tagged=140_000,
                succeeded=200_000, failed=0, pending=0, created_at=NOW - 107 * HOUR,
                ended_at=NOW)  # fmt: skip
    async with shown(FakeSource(jobs=[large]), "batches", size) as (app, _):
        (line, *_) = rows(text_of(app))
    assert all(one in line for one in ("200 k of 200 k", "60 k", "4 d 11"))
    assert "…" not in line.split("4 d 11")[0]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(7, "7 s"), (59, "55 s"), (61, "1 min"), (3 * 3600 + 600, "3 h 10"), (26 * 3600, "26 h"),
     (76 * 3600, "3 d 04"), (107 * 3600, "4 d 11"), (250 * 3600, "10 d")],
)  # fmt: skip
def test_ages_are_short(seconds, said):
    assert short(seconds) == said


def test_a_finished_job_says_how_long_it_took():
    ended = job(1, state="ingested", ended_at=NOW - 60, created_at=NOW - 60 - 3 * HOUR)
    assert "after 3 h 00" in time_words(ended, NOW)


# -- doing something ------------------------------------------------------------------------------


async def pressed(source: FakeSource, *keys: str, then: str = "") -> str:
    """Press keys one by one; what the screen then shows, before an answer is given."""
    async with shown(source, "batches", (120, 40)) as (app, pilot):
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        text = text_of(app)
        if then:
            await pilot.press(then)
            await settle(pilot)
    return text


IDLE = look(engine=False, run=None)


@pytest.mark.parametrize("answer", ["y", "enter"])
async def test_submitting_asks_with_count_and_cost(answer):
    source = FakeSource(state=IDLE)
    text = await pressed(source, "S", then=answer)
    assert "Start on 18,204 images in the batch lane, about $8.24? y/N" in text
    assert source.told == ([("start", "--lane", "batch")] if answer == "y" else [])


async def test_submitting_beside_a_run_hands_what_remains_over():
    source = FakeSource()
    text = await pressed(source, "S", then="y")
    assert "Hand 18,204 images to the batch lane, about $8.24? y/N" in text
    assert source.told == [("lane", "batch")]


async def test_submitting_where_there_is_no_batch_is_refused_before():
    why = "The free tier has no batch jobs for this model: nothing would be sent."
    source = FakeSource(state=IDLE, offered=Offer(images=9, cost=0.1, lane="batch", obstacle=why))
    assert f"Can't submit: {why}" in await pressed(source, "S", then="y")
    assert source.told == []


async def test_a_run_in_the_batch_lane_submits_by_itself():
    source = FakeSource(state=look(snapshot=snapshot(lane="batch")))
    assert "submits what remains by itself" in await pressed(source, "S", then="y")
    assert source.told == []


async def test_syncing_is_instant_and_needs_no_answer():
    source = FakeSource(jobs=[job(1)], state=IDLE)
    assert "Sync done" in await pressed(source, "s")
    assert source.told == [("batch", "sync", "")]


@pytest.mark.parametrize("answer", ["y", "enter"])
async def test_cancelling_asks(answer):
    source = FakeSource(jobs=[job(7)])
    text = await pressed(source, "X", then=answer)
    assert "Cancel job 7 of 12,000 images; what is done may still be paid? y/N" in text
    assert source.told == ([("batch", "cancel", "7")] if answer == "y" else [])


@pytest.mark.parametrize("answer", ["y", "enter"])
async def test_rescuing_asks_with_count_and_price(answer):
    source = FakeSource(jobs=[job(7)])
    source.details[7] = BatchDetail(job=7, images={"held": 4_000, "tagged": 8_000})
    text = await pressed(source, "R", then=answer)
    assert "Rescue 4,000 images of job 7: about $2.00 interactive, paid twice if it lands?" in text
    assert source.told == ([("batch", "rescue", "7")] if answer == "y" else [])


@pytest.mark.parametrize(("key", "verb"), [("X", "cancel"), ("R", "rescue")])
async def test_a_finished_job_leaves_nothing_to_do(key, verb):
    source = FakeSource(jobs=[job(7, state="ingested", ended_at=NOW)])
    text = await pressed(source, key, then="y")
    assert f"Job 7 is ingested: there is nothing to {verb}." in text
    assert source.told == []


async def test_failed_lines_are_tried_again_by_job():
    source = FakeSource(jobs=[job(7, state="ingested", ended_at=NOW)])
    await pressed(source, "r")
    assert source.decided == [("retry", [Selection(job=7)])]


async def test_jobs_are_looked_after_without_a_run():
    source = FakeSource(jobs=[job(7)], state=IDLE)
    assert "until they have ended (process 4712)" in await pressed(source, "w")
    assert source.told == [("batch", "watch")]


async def test_jobs_of_others_are_listed_and_left_alone():
    source = FakeSource(strangers=[stranger()])
    text = await pressed(source, "A", then="y")
    assert "– not ours     SUCCEEDED" in text
    assert "– of 60" in text
    assert "somebody-else" in text
    assert "does not have this library's name" in text
    assert source.told == []


async def test_a_forgotten_job_of_ours_can_be_adopted():
    source = FakeSource(strangers=[stranger(ours=True)])
    text = await pressed(source, "A", then="y")
    assert "+ adoptable" in text
    assert "Adopt the job of 60 images? y/N" in text
    assert source.told == [("batch", "adopt", "batches/xyz")]


async def test_a_forgotten_job_of_ours_is_cancelled_or_given_up_after_a_question():
    source = FakeSource(strangers=[stranger(ours=True)])
    text = await pressed(source, "X", then="y")
    assert "Cancel the forgotten job of 60 images" in text
    text = await pressed(source, "R", then="y")
    assert "Pay anew for the images of the forgotten job of 60 images" in text
    assert source.told == [("batch", "cancel", "batches/xyz"), ("batch", "rescue", "batches/xyz")]


async def test_a_forgotten_job_that_was_given_up_says_so():
    text = await pressed(FakeSource(strangers=[stranger(ours=True, given_up=True)]), "j")
    assert "given up" in text
    assert "+ adoptable" not in text


async def test_coming_back_says_what_landed_until_the_first_key():
    source = FakeSource(jobs=[job(7)], landed=(2, 11_981))
    async with shown(source, "batches") as (app, pilot):
        await app.screen._look_back(NOW - 3 * 24 * HOUR)
        await settle(pilot)
        assert "2 jobs landed since you left" in text_of(app)
        assert "11,981 images tagged" in text_of(app)
        await pilot.press("j")
        await settle(pilot)
        assert "landed" not in text_of(app)
        assert "batch jobs 1" in text_of(app)


async def test_a_filter_narrows_by_state_and_error():
    jobs = [job(1), job(2, state="failed", error="quota")]
    async with shown(FakeSource(jobs=jobs), "batches", (120, 40)) as (app, pilot):
        await pilot.press("/", *"quota", "enter")
        await settle(pilot)
        assert "gemtag-02" in text_of(app)
        assert "gemtag-01" not in text_of(app)


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_words_of_a_server_stay_words(name):
    said = name.decode("utf-8", "surrogateescape")
    rows = [job(1, display_name=said, error=said, server_state=said[:300], waiting=said)]
    source = FakeSource(jobs=rows, strangers=[replace(stranger(), display_name=said, state=said)])
    source.details[1] = BatchDetail(job=1, events=events(said))
    source.odd = [OddLine(1, "unparsable", said, None, 0.0, name[:5_000])]
    async with shown(source, "batches", (120, 40)) as (app, pilot):
        assert "\x1b" not in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "\x1b" not in text_of(app)
        assert "\u202e" not in text_of(app)


def test_every_state_has_a_sign():
    assert set(STATES) == {state.value for state in JobState}
    assert columns(NOW)[0].cell(Row(job=job(1, state="built"))) == ("◌ built", "muted")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_picture(snap_compare, size):
    source = FakeSource(
        jobs=[
            job(8, state="pending", server_state="BATCH_STATE_PENDING", succeeded=0, failed=0,
                pending=12_000, expected_usd=2.9, cost_usd=0.0, moved_at=NOW - HOUR),
            job(7, started_at=NOW - 2 * HOUR, moved_at=NOW - 60),
            job(5, moved_at=NOW - 13 * HOUR, created_at=NOW - 26 * HOUR, succeeded=0, failed=0),
            job(6, state="ingested", ended_at=NOW - 300, ingested=12_000, tagged=11_981),
        ],
        strangers=[stranger()],
    )  # fmt: skip
    source.details[8] = BatchDetail(job=8, events=events("The server says BATCH_STATE_PENDING."))
    app = GemtagApp(source, tick=3600, first_screen="batches")
    assert snap_compare(app, terminal_size=size, run_before=settle)
