from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.snapshot import Counts, Gauge, LastResult
from gemtag_tui.tui.screens.entry import EntryScreen, wrapped
from gemtag_tui.tui.screens.run_gauges import gauge_lines, middle_lines
from gemtag_tui.tui.screens.run_lines import account_line, head_lines, why_line
from gemtag_tui.tui.source import Offer, Since
from gemtag_tui.tui.state import LastRun, Look

from .support import HOSTILE, NOW, FakeSource, beat, entries, look, settle, shown, snapshot, text_of


def words(line):
    return "".join(text for text, _ in line)


SIZES = [(80, 24), (120, 40), (60, 15), (200, 50)]


@pytest.mark.parametrize("size", SIZES)
async def test_a_running_run_says_everything(size):
    async with shown(FakeSource(), size=size) as (app, _):
        told = text_of(app)
    assert "● running" in told
    assert (
        "586/min now · 571/min over the run · done about 12:35, in 32 min" in told or size[0] < 80
    )
    assert "◀ binds" in told or size[1] < 24
    if size[0] >= 80 and size[1] >= 24:
        assert "41,322 of 60,000 tagged" in told
        assert "$18.72 spent · about $8.24 to come · cap $30.00" in told
        assert "9 in flight of 9 at once · follows demand · single worker twice" in told
        assert "kitchen/4f2a0.jpg" in told
        assert "subject kitchen, tap · setting indoor" in told
        assert "known bad, never sent again" in told


counts = st.tuples(*[st.integers(0, 200_000) for _ in range(5)])


@given(counts)
def test_the_accounting_adds_up(numbers):
    tagged, bad, ignored, remaining, flying = numbers
    held = Counts(
        total=tagged + bad + ignored + remaining,
        tagged=tagged,
        known_bad=bad,
        ignored=ignored,
        remaining=remaining,
    )
    told = words(account_line(snapshot(counts=held, in_flight=flying), 200)).split(" tr")[0]
    left, right = told.split("=")
    parts = [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", left)]
    assert sum(parts) == int(re.findall(r"[\d,]+", right)[0].replace(",", "")) == held.total


NOTHING_MOVES = {
    "Paused: nothing new is sent, 9 in flight. p resumes.": look(snapshot=snapshot(state="paused")),
    "parked: daily quota 10,000 used · wakes 21:15, in 9 h 12 min": look(
        snapshot=snapshot(
            state="parked", waiting_for="daily quota 10,000 used", parked_until=NOW + 33_120
        )
    ),
    "The engine died, last seen 12:03. All that was answered is kept.": look(engine=False),
    "The engine holds its lock but says nothing.": look(snapshot=snapshot(at=NOW - 95)),
    "No images yet: 1 Plan adds a folder.": Look(now=NOW),
    "Nothing runs. S starts on 9 images.": Look(
        now=NOW, snapshot=snapshot(counts=Counts(total=9, remaining=9))
    ),
    "Nothing to do: 120 of 120 are tagged.": Look(
        now=NOW, snapshot=snapshot(counts=Counts(total=120, tagged=120))
    ),
    "The engine starts.": look(snapshot=snapshot(run=6)),
}


@pytest.mark.parametrize(("says", "state"), NOTHING_MOVES.items())
def test_it_says_why_nothing_moves(says, state):
    assert says in words(why_line(state, 120))


def test_while_it_moves_it_says_what_it_waits_for():
    paced = look(snapshot=snapshot(waiting_for="paced: 600 of 600 this minute, next in 0.1 s"))
    told = [words(line) for line in head_lines(paced, 100)]
    assert any("paced: 600 of 600 this minute" in line for line in told)
    assert any("9 in flight of 9" in line for line in told)


@pytest.mark.parametrize("width", [60, 80, 99, 120, 200])
@pytest.mark.parametrize("state", [look(), Look(), look(engine=False)])
def test_no_line_is_wider_than_the_screen(width, state):
    lines = head_lines(state, width) + middle_lines(state.snapshot, width, 5)
    assert [line for line in map(words, lines) if len(line) > width] == []


def test_a_limited_run_names_its_goal():
    limited = look(snapshot=snapshot(goal=500, done=120, bad=1))
    assert any("this run 121 of 500" in words(line) for line in head_lines(limited, 120))


def test_the_binding_gauge_is_never_left_out():
    many = [Gauge(name=name, used=1, limit=2, binding=name == "budget_month") for name in
            ("rpm", "tpm", "rpd", "spend", "budget_run", "budget_day", "budget_month")]  # fmt: skip
    told = [words(line) for line in gauge_lines(many, 60, 4)]
    assert len(told) == 4
    assert sum("◀ binds" in line for line in told) == 1


async def test_start_asks_with_count_and_cost():
    source = FakeSource(state=look(engine=False, run=None))
    async with shown(source) as (app, pilot):
        await pilot.press("S")
        await settle(pilot)
        assert "Start on 18,204 images in the interactive lane, about $8.24? y/N" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert source.told == []
        await pilot.press("S")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
    assert source.told == [("start",)]


async def test_start_says_why_it_cannot():
    source = FakeSource(state=look(engine=False, run=None))
    source.offered = Offer(
        images=0, cost=None, lane="interactive", obstacle="no key: set GEMINI_API_KEY"
    )
    async with shown(source) as (app, pilot):
        await pilot.press("S")
        await settle(pilot)
        assert "Can't start: no key: set GEMINI_API_KEY" in text_of(app)
    async with shown(FakeSource()) as (app, pilot):
        await pilot.press("S")
        await settle(pilot)
        assert "An engine runs already" in text_of(app)


async def test_a_run_that_died_is_offered_for_resuming():
    source = FakeSource(state=look(engine=False))
    async with shown(source) as (app, pilot):
        assert "✗ died" in text_of(app)
        assert " + 0 running = " in text_of(app)
        await pilot.press("S")
        await settle(pilot)
        assert "Resume with 18,204 images" in text_of(app)


@pytest.mark.parametrize(
    ("keys", "state", "told"),
    [
        ("p", "running", ("pause", "")),
        ("p", "paused", ("resume", "")),
        ("p", "parked", ("resume", "")),
        ("Xy", "running", ("stop", "")),
        ("Xy", "stopping", ("stop", "")),
        ("+", "running", ("concurrency", "10")),
        ("-", "running", ("concurrency", "8")),
        ("0", "running", ("concurrency", "0")),
    ],
)
async def test_keys_become_commands(keys, state, told):
    source = FakeSource(state=look(snapshot=snapshot(state=state)))
    async with shown(source) as (_, pilot):
        for key in keys:
            await pilot.press({"+": "plus", "-": "minus"}.get(key, key))
            await settle(pilot)
    assert source.told == [told]


async def test_another_lane_is_chosen_by_name_and_asked_for():
    source = FakeSource()
    async with shown(source) as (app, pilot):
        await pilot.press("ctrl+l", *"slow", "enter")
        await settle(pilot)
        assert "Write one of auto, interactive, flex, batch." in text_of(app)
        await pilot.press(*["backspace"] * 4, *"flex", "enter")
        await settle(pilot)
        assert "Hand 18,204 images to the flex lane, about $8.24? y/N" in text_of(app)
        await pilot.press("y")
        await settle(pilot)
    assert source.told == [("lane", "flex")]


@pytest.mark.parametrize(
    ("lane", "other"), [("interactive", "batch"), ("flex", "batch"), ("batch", "interactive")]
)
async def test_one_key_hands_what_remains_to_batch_and_back(lane, other):
    source = FakeSource(state=look(snapshot=snapshot(lane=lane)))
    async with shown(source) as (app, pilot):
        await pilot.press("L")
        await settle(pilot)
        assert f"Hand 18,204 images to the {other} lane, about $8.24? y/N" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert source.told == []
        await pilot.press("L")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
    assert source.told == [("lane", other)]


async def test_a_lane_that_cannot_be_had_is_said_before():
    words = "The free tier has no batch jobs for this model: nothing would be sent."
    source = FakeSource(offered=Offer(images=9, cost=0.1, lane="batch", obstacle=words))
    async with shown(source) as (app, pilot):
        await pilot.press("L")
        await settle(pilot)
        assert "Can't hand over: The free tier has no batch jobs" in text_of(app)
    assert source.told == []


async def test_keys_that_need_an_engine_say_so():
    source = FakeSource(state=look(engine=False, run=None))
    async with shown(source) as (app, pilot):
        for key in ("p", "X", "plus", "minus", "L", "0"):
            app.history.clear()
            await pilot.press(key)
            await settle(pilot)
            assert "Nothing runs" in app.history[-1][2], key
    assert source.told == []


async def test_errors_can_be_filtered_and_opened_whole():
    source = FakeSource(log=entries(HOSTILE))
    source.detail = [("Image", "[red]x[/red].jpg"), ("Raw answer", '{"a":\n\x1b[2J"[/b]"}')]
    async with shown(source, size=(120, 40)) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, EntryScreen)
        told = text_of(app)
        assert "[red]x[/red].jpg" in told
        assert '"[/b]"}' in told
        assert "\x1b" not in told
        await pilot.press("escape", "slash", *"nothing like it")
        await settle(pilot)
        assert "Nothing fits the filter." in text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "h [/b].jpg" in text_of(app)


async def test_the_log_grows_as_errors_come():
    source = FakeSource(log=entries()[:1])
    async with shown(source) as (app, pilot):
        assert "cut.jpg" not in text_of(app)
        source.log = entries()
        await beat(pilot, source, snapshot=snapshot(errors=4))
        assert "cut.jpg" in text_of(app)


def test_an_entry_is_wrapped_and_very_long_ones_are_cut_with_words():
    spans = wrapped([("Raw answer", "x" * 1_000_000)], 76)
    assert max(len(text) for text, _ in spans) <= 76
    assert spans[-1][0] == "… 800,000 characters more"


async def test_what_happened_meanwhile_is_shown_until_the_first_key():
    kept = '{"screen": "run", "at": %f}' % (NOW - 30_000)
    since = Since(
        left_at=NOW - 30_000, done=9_210, bad=3, spent=4.11, new_kinds=(("rejected_image", 3),)
    )
    source = FakeSource(prefs={"tui": kept}, away=since)
    async with shown(source) as (app, pilot):
        told = text_of(app)
        assert "Since you left (03:43, 8 h 20 min ago)" in told
        assert "9,210 done · $4.11 spent · 3 failed" in told
        assert "new kinds of failure: rejected image 3" in told
        await pilot.press("j")
        await settle(pilot)
        assert "Since you left" not in text_of(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_text_changes_nothing_but_itself(size):
    evil = [name.decode("utf-8", "surrogateescape") for name in HOSTILE]
    last = [
        LastResult(asset=i, path=name, summary=text, tags={text[:50]: [text[:90], text]}, at=NOW)
        for i, (name, text) in enumerate(zip(HOSTILE, evil, strict=True))
    ]
    for start in range(0, len(last), 3):
        held = snapshot(
            last=last[start : start + 3], model=evil[start], profile=evil[start], message=evil[-1],
            waiting_for=evil[start], warnings=[evil[start]], concurrency_why=evil[start],
        )  # fmt: skip
        run = LastRun(id=7, state="running", lane=evil[start], started_at=NOW, message=evil[-1])
        source = FakeSource(
            state=look(snapshot=held, run=run, title=evil[start]), log=entries(HOSTILE)
        )
        async with shown(source, size=size) as (app, _):
            told = text_of(app)
            lines = told.split("\n")
            assert len(lines) == size[1]
            assert not any(sign in told for sign in "\x1b\x07\r\u202e\t")
            assert lines[1].startswith(" ● running")
            assert lines[-1].endswith("? help  q quit")
