"""First steps: no key, no images, neither, both; no dead end."""

from __future__ import annotations

import pytest

from gemtag_tui.tui.screens.first_start import FirstStartScreen
from gemtag_tui.tui.state import LastRun
from gemtag_tui.tui.wanted import ScanState

from .fakes_plan import plan_base
from .support import NOW, FakeSource, look, settle, shown, text_of


def source(**changes: object) -> FakeSource:
    done = LastRun(id=7, state="done", lane="interactive", started_at=NOW, ended_at=NOW)
    return FakeSource(state=look(engine=False, run=done), base=plan_base(**changes))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "", "total": 0}, ["aistudio.google.com/apikey", "export GEMINI_API_KEY",
          "none yet",
          "gemtag demo"]),
        ({"key": ""}, ["none found", "15,000 images in the library",
          "reckons cost and time without one"]),
        ({"total": 0}, ["found in GEMINI_API_KEY", "none yet. a adds a folder", "Next: a"]),
    ],
)  # fmt: skip
async def test_whoever_lacks_something_is_led(size, changes, words):
    async with shown(source(**changes), "plan", size) as (app, pilot):
        assert isinstance(app.screen, FirstStartScreen)
        text = text_of(app)
        for one in words:
            assert one in text, one
        assert max(len(line) for line in text.splitlines()) <= size[0]
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.PLACE == "plan"


async def test_whoever_has_all_is_not_bothered_but_can_ask():
    async with shown(source(), "plan") as (app, pilot):
        assert app.screen.PLACE == "plan"
        await pilot.press("f")
        await settle(pilot)
        assert "All is there. Esc shows the plan" in text_of(app)


async def test_a_folder_typed_here_is_scanned_by_the_plan():
    given = source(total=0)
    given.scans = [ScanState(path="/pics", running=False, files=4, added=4, words="4 found")]
    async with shown(given, "plan") as (app, pilot):
        await pilot.press("a", *"/nope", "enter")
        await settle(pilot)
        assert given.told == [("scan", "/nope")]
        assert app.screen.PLACE == "plan"
        assert "4 found" in text_of(app)


async def test_the_demo_says_its_command_where_the_terminal_cannot_be_lent():
    async with shown(source(key="", total=0), "plan") as (app, pilot):
        await pilot.press("d")
        await settle(pilot)
        assert "type: gemtag demo" in text_of(app)
