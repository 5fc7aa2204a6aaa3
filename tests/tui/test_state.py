from __future__ import annotations

import pytest

from gemtag_tui.tui.state import GLYPHS, LastRun, Life, Look, life_words

from .support import NOW, look, snapshot


def run(state="running", ended=None):
    return LastRun(id=7, state=state, lane="interactive", started_at=NOW - 60, ended_at=ended)


@pytest.mark.parametrize(
    ("state", "life"),
    [
        (Look(), Life.IDLE),
        (look(), Life.RUNNING),
        (look(snapshot=snapshot(state="paused")), Life.PAUSED),
        (look(snapshot=snapshot(state="parked")), Life.PARKED),
        (look(snapshot=snapshot(state="stopping")), Life.STOPPING),
        (look(snapshot=snapshot(at=NOW - 95)), Life.STALLED),
        (look(engine=False), Life.DIED),
        (look(engine=False, run=run("died", NOW)), Life.DIED),
        (look(engine=False, run=run("done", NOW)), Life.IDLE),
        (look(engine=False, run=run("stopped", NOW)), Life.IDLE),
        (look(snapshot=snapshot(run=6)), Life.STARTING),
        (Look(engine=True, now=NOW), Life.STARTING),
    ],
)
def test_life_is_told_from_the_lock_and_the_heartbeat(state, life):
    assert state.life is life


def test_every_state_has_a_sign_of_its_own_beside_its_word():
    assert set(GLYPHS) == set(Life)
    assert all(len(sign) == 1 for sign, _ in GLYPHS.values())


def test_the_age_is_said_when_it_is_not_fresh():
    assert life_words(look()) == "running"
    assert life_words(look(snapshot=snapshot(at=NOW - 7))) == "running (7 s ago)"
    assert life_words(look(snapshot=snapshot(at=NOW - 95))) == "stalled (no beat for 95 s)"


def test_looks_of_a_quiet_library_are_equal_whatever_the_time():
    assert look(now=NOW) == look(now=NOW + 5)
