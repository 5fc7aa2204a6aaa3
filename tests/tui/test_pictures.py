"""Pictures of the whole screens: look at the report before accepting a change."""

from __future__ import annotations

import pytest

from gemtag_tui.core.snapshot import Counts
from gemtag_tui.tui.app import GemtagApp
from gemtag_tui.tui.state import LastRun, Look

from .support import NOW, FakeSource, look, settle, snapshot

STATES = {
    "running": look(),
    "parked": look(
        snapshot=snapshot(
            state="parked",
            waiting_for="daily quota 10,000 used",
            parked_until=NOW + 33_120,
            in_flight=0,
            rate_per_min=0.0,
            binding_limit="rpd",
        )
    ),
    "paused": look(snapshot=snapshot(state="paused", in_flight=0, rate_per_min=0.0)),
    "died": look(engine=False),
    "empty": Look(now=NOW, title="new"),
    "done": Look(
        now=NOW,
        snapshot=snapshot(
            state="idle",
            counts=Counts(total=120, tagged=118, known_bad=2),
            in_flight=0,
            at=NOW - 60,
        ),
        run=LastRun(
            id=7, state="done", lane="interactive", started_at=NOW - 300, ended_at=NOW - 60
        ),
        title="holiday",
    ),
}


def app_on(screen: str, state: Look) -> GemtagApp:
    log = FakeSource().log if state.snapshot.errors else []
    return GemtagApp(FakeSource(state=state, log=log), tick=3600, first_screen=screen)


@pytest.mark.parametrize("state", STATES)
def test_run(snap_compare, state):
    assert snap_compare(app_on("run", STATES[state]), terminal_size=(80, 24), run_before=settle)


def test_run_wide(snap_compare):
    assert snap_compare(
        app_on("run", STATES["running"]), terminal_size=(120, 40), run_before=settle
    )


def test_run_without_colour(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(app_on("run", STATES["running"]), terminal_size=(80, 24), run_before=settle)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_limits(snap_compare, size):
    assert snap_compare(app_on("limits", STATES["running"]), terminal_size=size, run_before=settle)
