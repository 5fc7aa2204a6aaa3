from __future__ import annotations

import asyncio
import json
import logging
import signal

import pytest
from textual import events

from gemtag_tui.core.errors import LibraryError
from gemtag_tui.core.text import plain
from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.screens.help import HelpScreen
from gemtag_tui.tui.screens.history import HistoryScreen
from gemtag_tui.tui.screens.palette import PaletteScreen
from gemtag_tui.tui.state import Look
from gemtag_tui.tui.widgets.frame import status_line
from gemtag_tui.tui.widgets.prompt import PromptLine
from gemtag_tui.tui.wiring import farewell, refusal

from .support import HOSTILE, FakeSource, beat, look, settle, shown, snapshot, text_of


def last_lines(app, count=2):
    return text_of(app).split("\n")[-count:]


async def test_number_keys_and_brackets_go_to_screens():
    async with shown(FakeSource()) as (app, pilot):
        await pilot.press("6")
        await settle(pilot)
        assert app.current_mode == "limits"
        await pilot.press("2")
        await settle(pilot)
        assert app.current_mode == "run"
        app.action_step(1)
        app.action_step(-1)
        await settle(pilot)
        assert app.current_mode == "run"


async def test_the_tab_line_counts_what_matters():
    async with shown(FakeSource()) as (app, _):
        first, second = text_of(app).split("\n")[:2]
    assert first.startswith(" 1 Plan  2 Run  3 Batches  4 Failures 12  5 Library  6 Limits ")
    assert first.endswith(" pinterest")
    assert second == " ● running · 41,322/60,000 · 586/min · 12:35 (32 min) · $18.72 · RPM binds"


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_help_and_quit_are_never_cut(width):
    async with shown(FakeSource(), size=(width, 24)) as (app, _):
        keys = last_lines(app, 1)[0]
    assert keys.endswith("? help  q quit")
    assert len(keys.strip().split("  ")) <= 7 or width > 80


async def test_what_was_put_off_is_not_drawn_on_a_screen_that_goes(monkeypatch):
    async with shown(FakeSource()) as (app, pilot):
        await pilot.press("question_mark")
        await settle(pilot)
        screen = app.screen
        assert screen.stands
        await screen.query_one("#keys").remove()  # in any order: another may still be there
        monkeypatch.setattr(screen, "_pruning", True)
        screen.draw_keys()
        screen.show_look(app.look)
        assert not screen.stands


async def test_help_lists_every_key_of_the_screen_first_and_does_what_is_chosen():
    source = FakeSource()
    async with shown(source, size=(80, 40)) as (app, pilot):
        await pilot.press("question_mark")
        await settle(pilot)
        assert isinstance(app.screen, HelpScreen)
        rows = [line[2:12].strip() for line in text_of(app).split("\n")[3:]]
        assert rows.index("S") < rows.index("Space")
        await pilot.press("slash", *"pause", "enter")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
    assert ("pause", "") in source.told


async def test_the_palette_does_an_action_by_its_name():
    source = FakeSource()
    async with shown(source) as (app, pilot):
        await pilot.press("ctrl+p")
        await settle(pilot)
        assert isinstance(app.screen, PaletteScreen)
        await pilot.press(*"pause or", "enter")
        await settle(pilot)
        await settle(pilot)
    assert ("pause", "") in source.told


async def test_messages_take_one_line_and_can_be_read_again():
    async with shown(FakeSource()) as (app, pilot):
        for name in HOSTILE:
            app.say(name.decode("utf-8", "surrogateescape"), "warn")
        assert "mmmm" in last_lines(app)[0]
        await pilot.press("exclamation_mark")
        await settle(pilot)
        assert isinstance(app.screen, HistoryScreen)
        told = text_of(app)
        assert "h [/b].jpg" in told
        assert not any(sign in told for sign in "\x1b\x07\u202e")
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.PLACE == "run"


@pytest.mark.parametrize("key", ["n", "enter", "escape", "1", "X", "q", "ctrl+p"])
async def test_a_question_takes_only_y_for_yes(key):
    done = []

    async def work():
        done.append(1)

    async with shown(FakeSource()) as (app, pilot):
        app.screen.ask("Stop the run?", work)
        await settle(pilot)
        assert "Stop the run? y/N" in last_lines(app)[0]
        await pilot.press(key)
        await settle(pilot)
        assert app.screen.PLACE == "run"
        assert done == []
        app.screen.ask("Stop the run?", work)
        await pilot.press("y")
        await settle(pilot)
    assert done == [1]


@pytest.mark.parametrize("place", ["1", "2", "3", "4", "5", "6"])
async def test_tab_leads_to_nothing_that_swallows_keys(place):
    async with shown(FakeSource()) as (app, pilot):
        await pilot.press(place)
        await settle(pilot)
        other, reached = ("2", "run") if place == "1" else ("1", "plan")
        for steps in (1, 2, 3):
            await pilot.press(*["tab"] * steps, other)
            await settle(pilot)
            assert reached == app.screen.PLACE
            await pilot.press(place)
            await settle(pilot)
        app.screen.ask("Sure?", lambda: settle(pilot))
        await pilot.press("n", "tab", other)
        await settle(pilot)
        assert reached == app.screen.PLACE


async def test_editing_says_what_is_wrong_and_escape_keeps_what_was():
    taken = []

    async def accept(text):
        if not text.isdigit():
            return "A number, please."
        taken.append(text)
        return None

    async with shown(FakeSource()) as (app, pilot):
        app.screen.edit("rate:", "5", accept)
        await settle(pilot)
        await pilot.press("x", "enter")
        await settle(pilot)
        assert "A number, please." in last_lines(app)[1]
        await pilot.press("escape")
        await settle(pilot)
        assert not app.screen.query_one(PromptLine).busy
        app.screen.edit("rate:", "5", accept)
        await pilot.press("0", "enter")
        await settle(pilot)
    assert taken == ["50"]


def burst(app, *keys: str) -> None:
    """Have keys come at once, as a slow line brings them."""
    for key in keys:
        name = "space" if key == " " else key
        app.post_message(events.Key(name, key if len(key) == 1 else None))


@pytest.mark.parametrize("ended", ["enter", "escape"])
async def test_keys_in_one_burst_with_the_end_of_a_line_are_not_the_lines(ended):
    taken = []

    async def accept(text):
        await asyncio.sleep(0)
        taken.append(text)
        return

    async with shown(FakeSource()) as (app, pilot):
        app.screen.edit("rate:", "5", accept)
        await settle(pilot)
        burst(app, "0", ended, "6", "3")
        await settle(pilot)
        assert app.screen.PLACE == "batches"
        burst(app, "2", "slash", *"im", "enter", "1")
        await settle(pilot)
        assert app.screen.PLACE == "plan"
        await pilot.press("2")
        await settle(pilot)
        assert app.screen.filter_text == "im"
    assert taken == (["50"] if ended == "enter" else [])


async def test_keys_after_a_line_that_was_not_taken_go_on_in_it():
    taken = []

    async def accept(text):
        await asyncio.sleep(0)
        if not text.isdigit():
            return "A number, please."
        taken.append(text)
        return None

    async with shown(FakeSource()) as (app, pilot):
        app.screen.edit("rate:", "5", accept)
        await settle(pilot)
        burst(app, "x", "enter", "backspace", "7", "enter", "3")
        await settle(pilot)
        assert app.screen.PLACE == "batches"
    assert taken == ["57"]


async def test_letters_in_one_burst_with_a_question_or_the_palette_go_there():
    done = []

    async def work():
        done.append(1)

    async with shown(FakeSource()) as (app, pilot):
        app.screen.ask("Stop the run?", work)
        burst(app, "y", "3")
        await settle(pilot)
        assert app.screen.PLACE == "batches"
        burst(app, "colon", *"go to failures", "enter")
        await settle(pilot)
        await settle(pilot)
        assert app.screen.PLACE == "failures"
    assert done == [1]


async def test_keys_behind_one_that_closes_a_screen_are_not_stuck():
    async with shown(FakeSource()) as (app, pilot):
        burst(app, "question_mark", "escape", "3")
        for _ in range(200):
            await settle(pilot)
            if app.screen.PLACE == "batches":
                break
        assert app.screen.PLACE == "batches"
        await pilot.press("4")
        await settle(pilot)
        assert app.screen.PLACE == "failures"


async def test_escape_clears_the_filter_first():
    async with shown(FakeSource()) as (app, pilot):
        await pilot.press("slash", *"old", "enter")
        await settle(pilot)
        assert app.screen.filter_text == "old"
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.filter_text == ""


async def test_a_small_terminal_is_told_so_and_a_resize_loses_nothing():
    async with shown(FakeSource()) as (app, pilot):
        await pilot.press("slash", *"image", "enter", "j")
        await settle(pilot)
        row = app.screen.query_one("#run-errors").row
        await pilot.resize_terminal(50, 12)
        await settle(pilot)
        assert text_of(app).strip() == "50×12 is too small: 60×15 at least."
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        assert app.screen.filter_text == "image"
        assert app.screen.query_one("#run-errors").row == row


async def test_leaving_keeps_screen_filter_and_row_and_opening_restores_them():
    source = FakeSource()
    async with shown(source) as (app, pilot):
        await pilot.press("slash", *"image", "enter", "j")
        await settle(pilot)
        await pilot.press("q")
        await settle(pilot)
        assert app.return_code == 0
    assert json.loads(source.prefs["tui"])["screen"] == "run"
    assert ("left",) in source.told
    app = GemtagApp(source, tick=3600)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.current_mode == "run"
        assert app.screen.filter_text == "image"
        assert app.screen.query_one("#run-errors").cursor == 1
        assert "Back where you were." in last_lines(app)[0]


@pytest.mark.parametrize("kept", ["", "nonsense", "[1]", '{"screen": 7, "screens": [], "at": "x"}'])
async def test_a_broken_memory_of_the_last_sitting_does_no_harm(kept):
    app = GemtagApp(FakeSource(prefs={"tui": kept}), tick=3600)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.current_mode == "run"


async def test_a_library_that_cannot_be_read_is_said_once_and_the_app_goes_on():
    source = FakeSource()
    async with shown(source) as (app, pilot):

        async def broken():
            raise LibraryError("The disk is gone.")

        source.look = broken
        await beat(pilot, source)
        await beat(pilot, source)
        assert [words for _, _, words in app.history].count("Library: The disk is gone.") == 1


async def test_an_unexpected_error_goes_to_the_log_and_not_to_the_screen(caplog):
    async def work():
        api_key = "AIza-secret"
        raise RuntimeError(len(api_key))

    async with shown(FakeSource()) as (app, pilot):
        with caplog.at_level(logging.ERROR):
            app.screen.do(work())
            await settle(pilot)
        assert "Something went wrong. The log has it: /var/log/gemtag.log" in text_of(app)
    assert "RuntimeError" in caplog.text
    assert "AIza-secret" not in caplog.text


async def test_a_fatal_error_prints_one_sentence_without_locals(caplog):
    app = GemtagApp(FakeSource(), tick=3600)
    secret = "AIza-secret"
    with pytest.raises(RuntimeError):  # noqa: PT012 - Textual raises it again on leaving
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)

            def crash():
                api_key = secret
                raise RuntimeError("crash" + api_key[:0])

            app.call_later(crash)
            await pilot.pause()
            assert [plain(str(said)) for said in app._exit_renderables] == [
                "The screen ended unexpectedly; a run goes on. The log has it: /var/log/gemtag.log"
            ]
    assert secret not in caplog.text


async def test_nothing_is_drawn_again_when_nothing_changed():
    source = FakeSource(state=look(engine=False, run=None))
    async with shown(source) as (app, pilot):
        app.screen._compositor._dirty_regions.clear()
        painted = []
        app.screen.query_one("#status").refresh = lambda *regions, **_: painted.append(regions)
        for now in (1, 2, 3):
            await beat(pilot, source, now=look().now + now)
        assert painted == []
        await beat(pilot, source, engine=True)
        assert painted != []


@pytest.mark.parametrize("width", range(60, 140, 7))
@pytest.mark.parametrize("state", ["running", "paused", "parked", "stopping"])
def test_the_status_line_says_the_state_in_words_at_any_width(width, state):
    words = "".join(text for text, _ in status_line(look(snapshot=snapshot(state=state)), width))
    assert state in words
    assert len(words) <= width


async def test_ascii_terminals_get_ascii_alone():
    async with shown(FakeSource(), ascii_only=True) as (app, pilot):
        for key in ("2", "6", "question_mark"):
            await pilot.press(key)
            await settle(pilot)
            assert {sign for sign in text_of(app) if not sign.isascii()} == set(), key


def test_leaving_says_that_the_run_goes_on():
    assert farewell(look()) == "The run goes on (started 10:51). gemtag opens it again."
    assert farewell(look(engine=False)) == ""
    assert farewell(Look(engine=True)) == "The run goes on. gemtag opens it again."


def test_without_a_terminal_or_on_a_dumb_one_it_says_what_works(monkeypatch):
    assert "gemtag status" in refusal()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.__stderr__.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert "TERM=dumb" in refusal()
    monkeypatch.setenv("TERM", "xterm-256color")
    assert refusal() == ""


async def test_being_told_to_end_ends_with_the_signals_code(monkeypatch):
    app = GemtagApp(FakeSource(), tick=3600)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.hang_up(128 + signal.SIGTERM)
        await settle(pilot)
    assert app.return_code == 143
