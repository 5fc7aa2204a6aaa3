"""The way of a library through the commands, against the simulator in a process of its own."""

from __future__ import annotations

import csv
import io
import json
import os

import pytest

from gemtag_tui.store.lock import EngineLock

RESULT = (
    "id",
    "path",
    "sha256",
    "provider",
    "model",
    "profile",
    "summary",
    "tags",
    "lane",
    "cost_usd",
    "tagged_at",
)


def test_a_mistyped_path_leaves_no_library_behind(gemtag, tmp_path):
    said = gemtag("scan", tmp_path / "pictuers")
    assert said.code == 2
    assert "cannot be scanned" in said.err
    assert not list(tmp_path.glob("**/*.db"))


def test_scan_counts_and_knows_it_all_the_second_time(gemtag, pictures):
    first = gemtag("scan", pictures, "--json")
    assert first.code == 0
    assert (first.json["found"], first.json["added"]) == (9, 9)
    assert (first.json["duplicates"], first.json["unreadable"], first.json["skipped"]) == (1, 1, 1)
    second = gemtag("scan", pictures, "--json").json
    assert (second["added"], second["unchanged"], second["missing"]) == (0, 9, 0)
    state = gemtag("status", "--json").json
    assert (state["total"], state["remaining"], state["known_bad"]) == (8, 7, 1)
    plan = gemtag("plan", "--json").json
    assert (plan["total"], plan["remaining"], plan["known_bad"], plan["duplicates"]) == (8, 7, 1, 1)
    assert plan["recommended"] == "interactive"
    assert plan["tokens_per_image"]["basis"] == "rule"


def test_a_path_that_is_not_there_ends_with_2(gemtag, tmp_path):
    assert gemtag("scan", tmp_path / "nowhere").code == 2


def test_without_a_library_or_a_key_a_run_says_what_to_do(gemtag, pictures):
    assert "gemtag scan" in gemtag("run").err
    gemtag("scan", pictures)
    said = gemtag("run")
    assert said.code == 2
    assert "GEMINI_API_KEY" in said.err
    assert gemtag("run", "--detach").code == 2


def test_from_pictures_to_tags_and_out_again(with_key, pictures, tmp_path):
    with_key("scan", pictures)
    said = with_key("run", "--lane", "interactive", "--json")
    assert said.code == 1  # the broken one
    end = said.lines[-1]
    assert (end["event"], end["state"], end["provider"]) == ("end", "idle", "simulator")
    assert end["total"] == end["tagged"] + end["remaining"] + end["known_bad"] + end["ignored"]
    assert (end["tagged"], end["known_bad"]) == (7, 1)
    assert end["cost_usd"] > 0

    state = with_key("status", "--json").json
    assert {name: state[name] for name in ("tagged", "cost_usd", "tokens_in")} == {
        name: end[name] for name in ("tagged", "cost_usd", "tokens_in")
    }

    found = with_key("search", "--json").lines
    assert len(found) == 7
    assert all(set(RESULT) <= set(one) for one in found)
    (odd,) = [one for one in found if "path_bytes" in one]
    assert bytes.fromhex(odd["path_bytes"]).endswith(b"caf\xe9.jpg")
    assert odd["path"].endswith(r"caf\xe9.jpg")
    assert len(with_key("search", "--json", "--limit", "2").lines) == 2
    assert with_key("search", "nosuchwordatall", "--json").out == ""

    one = found[0]
    by_id = with_key("show", str(one["id"]), "--json").json
    assert by_id["tags"] == one["tags"]
    by_path = with_key("show", os.fsencode(pictures) + b"/caf\xe9.jpg", "--json").json
    assert by_path["id"] == odd["id"]
    assert with_key("show", "999999").code == 2

    jsonl = tmp_path / "out.jsonl"
    assert with_key("export", "jsonl", jsonl).code == 0
    rows = [json.loads(line) for line in jsonl.read_text("utf-8").splitlines()]
    assert rows == found
    table = list(csv.DictReader(io.StringIO(with_key("export", "csv", "-").out)))
    assert [int(row["id"]) for row in table] == [row["id"] for row in found]

    again = with_key("run", "--json")
    assert again.lines[-1]["cost_usd"] == 0
    assert with_key("search", "--json").lines == found


def test_the_end_of_a_run_is_five_lines(with_key, pictures):
    with_key("scan", pictures)
    lines = with_key("run", "--limit", "2").out.splitlines()
    assert [line.split()[0] for line in lines] == ["Done", "Failed", "Cost", "Time", "Next"]
    assert "2 of 8 tagged" in lines[0]
    assert "1 unreadable" in lines[1]
    assert "simulated" in lines[2]
    assert "gemtag run" in lines[4]


def test_failures_are_listed_ignored_and_opened_again(gemtag, pictures):
    gemtag("scan", pictures)
    (bad,) = gemtag("failures", "list", "--json").lines
    assert bad["path"].endswith("broken.png")
    assert (bad["kind"], bad["standing"], bad["attempts"]) == ("unreadable", "known_bad", 1)
    assert {"id", "message", "first_seen", "last_seen"} <= set(bad)
    assert gemtag("failures", "list", "--kind", "blocked", "--json").out == ""
    assert gemtag("failures", "ignore", "--id", str(bad["id"]), "--json").json["changed"] == 1
    state = gemtag("status", "--json").json
    assert (state["ignored"], state["known_bad"]) == (1, 0)
    assert gemtag("failures", "reopen", "--kind", "unreadable", "--json").json["changed"] == 1
    assert gemtag("failures", "ignore", "--json").json["changed"] == 1
    assert gemtag("failures", "reopen", "--json").json["changed"] == 1
    assert gemtag("failures", "retry", "--all", "--id", "1").code == 2


def test_commands_without_an_engine(gemtag, pictures):
    gemtag("scan", pictures)
    assert gemtag("stop").code == 0
    for words in (("pause",), ("resume",), ("lane", "flex")):
        said = gemtag(*words, "--json")
        assert said.code == 2
        assert said.json["taken"] is False


def test_a_second_engine_is_refused(with_key, pictures, tmp_path):
    with_key("scan", pictures)
    with EngineLock(tmp_path / "library.db"):
        said = with_key("run")
    assert said.code == 2
    assert "already" in said.err


def test_an_engine_that_does_not_answer_is_told_of(gemtag, pictures, tmp_path, monkeypatch):
    from gemtag_tui.cli import control

    gemtag("scan", pictures)
    monkeypatch.setattr(control, "WAIT_SECONDS", 0.0)
    with EngineLock(tmp_path / "library.db"):
        said = gemtag("pause", "--json")
    assert said.code == 0
    assert said.json["taken"] is False


@pytest.mark.parametrize("form", ["pdf", "xls"])
def test_formats_that_there_are_not(gemtag, form, tmp_path):
    assert gemtag("export", form, tmp_path / "x").code == 2


def test_an_export_that_cannot_be_written_leaves_nothing(gemtag, pictures, tmp_path):
    gemtag("scan", pictures)
    said = gemtag("export", "jsonl", tmp_path / "no" / "folder" / "x.jsonl")
    assert said.code == 2
    assert "cannot be written" in said.err


def test_there_are_no_batch_jobs(gemtag, pictures):
    gemtag("scan", pictures)
    assert gemtag("batches", "list", "--json").out == ""
    assert gemtag("batches", "show", "1").code == 2


def test_the_doctor_answers_in_json(with_key, pictures):
    with_key("scan", pictures)
    said = with_key("doctor", "--json")
    assert said.code == 0
    assert said.json["ok"] is True
    assert {"name", "status", "message", "fix"} == set(said.json["checks"][0])
    assert "any-key-will-do" not in said.out


def test_what_the_engine_refuses_ends_with_2(gemtag, pictures, tmp_path, monkeypatch):
    from gemtag_tui.store import commands

    async def refuse(library, number):
        return "refused: not in this version"

    gemtag("scan", pictures)
    monkeypatch.setattr(commands, "outcome", refuse)
    with EngineLock(tmp_path / "library.db"):
        said = gemtag("lane", "batch", "--json")
    assert said.code == 2
    assert said.json == {
        "command": "lane",
        "taken": False,
        "message": "refused: not in this version",
    }
