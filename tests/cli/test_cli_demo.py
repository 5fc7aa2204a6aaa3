"""The demo and the simulator as processes, as a person starts them."""

from __future__ import annotations

import json

import pytest
from cli_kit import run_apart

from gemtag_tui.cli.demo_parts import pace, write_config, write_faults
from gemtag_tui.engine.config import load_settings
from gemtag_tui.simulator.config import load_config
from gemtag_tui.simulator.drawing import draw_pictures


@pytest.mark.slow
def test_without_a_terminal_the_demo_runs_to_its_end_and_cleans_up(tmp_path):
    said = run_apart(tmp_path, "demo", "--images", "5", "--seconds", "2", TMPDIR=str(tmp_path))
    assert said.code == 0, said.err
    assert [line.split()[0] for line in said.out.splitlines()] == [
        "Done",
        "Failed",
        "Cost",
        "Time",
        "Next",
    ]
    assert "of 5 tagged" in said.out
    assert list(tmp_path.glob("gemtag-demo-*")) == []


@pytest.mark.slow
def test_the_demo_in_json_is_lines_of_progress_with_provider_simulator(tmp_path):
    said = run_apart(tmp_path, "demo", "--images", "3", "--seconds", "1", "--json")
    assert said.code == 0, said.err
    end = json.loads(said.out.splitlines()[-1])
    assert (end["event"], end["provider"], end["total"]) == ("end", "simulator", 3)


def test_the_pace_is_what_was_asked_for_and_the_files_can_be_read(tmp_path):
    assert pace(120, 60) == 120
    assert pace(1, 3600) == 1
    assert load_settings(write_config(tmp_path, 90, 30), {}).settings.limits.rpm == 180
    faults = load_config(write_faults(tmp_path, 90, 30))
    assert faults.limits.rpm >= 180
    assert {rule.fault for rule in faults.faults} == {"blocked", "overloaded", "bare_429"}


def test_pictures_differ_and_the_same_seed_draws_the_same(tmp_path):
    first = [path.read_bytes() for path in draw_pictures(tmp_path / "a", 12)]
    same = [path.read_bytes() for path in draw_pictures(tmp_path / "b", 12)]
    other = [path.read_bytes() for path in draw_pictures(tmp_path / "c", 12, seed=1)]
    assert first == same
    assert len(set(first + other)) == 24


def test_status_of_a_fresh_machine_makes_nothing(tmp_path):
    said = run_apart(tmp_path, "status", "--json")
    assert said.code == 0
    assert json.loads(said.out)["state"] == "idle"
    assert list(tmp_path.iterdir()) == []
