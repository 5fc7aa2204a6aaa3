"""Searching, correcting and triage by commands, on a library filled by hand."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import sqlite3

import pytest

from gemtag_tui.core.failures import FailureKind, Standing
from gemtag_tui.core.profile_text import parse_profile
from gemtag_tui.core.verdicts import Tags
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.profiles import default_profile_text
from gemtag_tui.store import commits, scans, tracks
from gemtag_tui.store.library import Library
from gemtag_tui.store.rows import Group, NewFailure, NewResult

PROFILE = parse_profile(default_profile_text())
FIRST = PROFILE.buckets[0].name
COLOURS = PROFILE.buckets[-1].name


def answer(words: str) -> bytes:
    buckets = {bucket.name: ["sea"] for bucket in PROFILE.buckets}
    text = json.dumps({"summary": words, **buckets})
    body = {
        "candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 600, "candidatesTokenCount": 90},
        "modelVersion": "gemini-3.5-flash-lite",
    }
    return json.dumps(body).encode()


async def fill(path):
    async with await Library.open(path, SystemClock()) as lib:
        owner = ("google", "gemini-3.5-flash-lite", PROFILE.id, PROFILE.name, PROFILE.body)
        track = await tracks.ensure_track(lib, *owner)
        seen = [
            scans.Seen(b"/p", b"%d.jpg" % n, 9, 9, scans.Content(bytes([n]) * 32, "jpeg", 9, 9))
            for n in range(1, 8)
        ]
        await scans.record(lib, seen)
        results = [
            NewResult(n, track, Tags(words, {FIRST: (tag,), COLOURS: ("red",)}), "batch", 1.79e9,
                      made_with=made)
            for n, words, tag, made in ((1, "a car", "car", ""),
                                        (2, "a lorry", "lorry", "resolution=low"))
        ]  # fmt: skip
        bad = [
            NewFailure(3, track, FailureKind.SAFETY, "withheld 1", Standing.KNOWN_BAD, 9.0),
            NewFailure(4, track, FailureKind.SAFETY, "withheld 2", Standing.KNOWN_BAD, 9.0),
            NewFailure(5, track, FailureKind.MALFORMED, "not a list", Standing.KNOWN_BAD, 9.0,
                       lane="interactive", cost_usd=0.001, raw=answer("by the sea"),
                       made_with="output=4096"),
            NewFailure(6, track, FailureKind.MALFORMED, "no JSON", Standing.KNOWN_BAD, 9.0,
                       raw=b"{}"),
        ]  # fmt: skip
        await commits.commit(lib, Group(results=results, failures=bad))


@pytest.fixture
def stocked(gemtag, tmp_path):
    asyncio.run(fill(tmp_path / "library.db"))
    return gemtag


def ids(said):
    return [one["id"] for one in said.lines]


def test_search_by_fields_and_facets(stocked):
    assert ids(stocked("search", "--json", f"{COLOURS}:red")) == [2, 1]
    assert ids(stocked("search", "--json", "-car", "lane:batch")) == [2]
    untagged = stocked("search", "--json", "untagged -failed").lines
    assert [(one["id"], one["summary"], one["tags"]) for one in untagged] == [(7, None, {})]
    wrong = stocked("search", "nobucket:x")
    assert wrong.code == 2
    assert "at character 1" in wrong.err
    assert "nobucket" in wrong.err
    facets = {one["bucket"]: one["tags"] for one in stocked("search", "--facets", "--json").lines}
    assert facets == {FIRST: {"car": 1, "lorry": 1}, COLOURS: {"red": 2}}
    assert "red 1" in stocked("search", "--facets", "lorry").out
    assert "boards come from" in stocked("search", "board:cats").err


def test_what_a_try_was_made_with_is_told_and_exported(stocked, tmp_path):
    assert [stocked("show", n, "--json").json["made_with"] for n in "12"] == ["", "resolution=low"]
    assert "tried with low resolution" in stocked("show", "2").out
    assert "tried with" not in stocked("show", "1").out
    lines = stocked("export", "jsonl", "-").lines
    assert [(one["id"], one["made_with"]) for one in lines] == [(2, "resolution=low"), (1, "")]
    assert stocked("export", "jsonl", "-", "--query", "lorry").lines == lines[:1]
    table = csv.DictReader(io.StringIO(stocked("export", "csv", "-").out))
    assert [row["made_with"] for row in table] == ["resolution=low", ""]
    assert stocked("export", "sqlite", tmp_path / "out.db").code == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "out.db")) as db:
        made = db.execute("SELECT asset, made_with FROM asset_ai ORDER BY asset").fetchall()
    assert made == [(1, ""), (2, "resolution=low")]
    assert stocked("failures", "rejudge", "--all").code == 0
    assert stocked("show", "5", "--json").json["made_with"] == "output=4096"


def test_edits_by_commands(stocked):
    said = stocked("edit", "1", "2", "--add", f"{COLOURS}:Dark Blue", "--remove", f"{COLOURS}:red",
                   "--json")  # fmt: skip
    assert said.json == {"command": "edit", "images": 2, "changed": 2, "dry_run": False}
    assert ids(stocked("search", "--json", f'{COLOURS}:"dark blue" -tag:red edited')) == [2, 1]
    assert stocked("edit", "/p/1.jpg", "--summary", "my own", "--json").json["changed"] == 1
    shown = stocked("show", "1", "--json").json
    assert (shown["summary"], shown["edited"]) == ("my own", True)
    assert shown["edit"]["summary"] == "my own"
    assert stocked("edit", "--undo", "--json").json["undone"] == "summary"
    assert stocked("show", "1", "--json").json["summary"] == "a car"
    dry = stocked("edit", "--query", "lorry", "--reset", "--dry-run", "--json").json
    assert (dry["images"], dry["changed"]) == (1, 0)
    assert stocked("edit", "--query", "lorry", "--reset", "--json").json["changed"] == 1
    assert stocked("search", "--json", "edited").lines[0]["id"] == 1
    assert stocked("edit", "1").code == 2
    assert stocked("edit", "1", "--add", "nothing").code == 2
    assert stocked("edit", "1", "--add", "nobucket:x").code == 2
    assert stocked("edit", "99", "--reset").code == 2


def test_tags_by_commands(stocked):
    (seen,) = stocked("tags", "merge", "lorry", "--into", "car", "--dry-run", "--json").lines
    assert (seen["bucket"], seen["results"], seen["merged"]) == (FIRST, 1, True)
    assert stocked("tags", "synonyms", "--json").out == ""
    assert stocked("tags", "merge", "lorry", "--into", "car").code == 0
    assert stocked("tags", "list", FIRST, "--json").lines == [
        {"bucket": FIRST, "tag": "car", "count": 2, "exact": True}
    ]
    assert ids(stocked("search", "--json", f"{FIRST}:car")) == [2, 1]
    assert stocked("tags", "synonyms", "--json").json["synonyms"] == ["lorry"]
    assert stocked("tags", "vocabulary", FIRST, "--json").json["vocabulary"] == ["car"]
    assert '"car"' in stocked("tags", "vocabulary", FIRST).out
    assert stocked("tags", "changes", "--json").json["verb"] == "merge"
    assert stocked("tags", "undo", "--json").json["changed"] == 1
    assert stocked("tags", "rename", "nothing", "x").code == 2
    assert stocked("tags", "undo").code == 2


def test_failures_by_commands(stocked):
    groups = {one["kind"]: one for one in stocked("failures", "--json").lines}
    assert (groups["safety"]["count"], groups["safety"]["share"]) == (2, 0.5)
    assert groups["safety"]["remedies"][0]["remedy"] == "model"
    assert groups["malformed"]["remedies"][0]["remedy"] == "rejudge"
    dry = stocked("failures", "retry", "--kind", "safety", "--dry-run", "--json").json
    assert (dry["reach"], dry["changed"]) == (2, 0)
    assert stocked("failures", "retry", "--all", "--json").json["changed"] == 4
    assert stocked("status", "--json").json["known_bad"] == 0
    undone = stocked("failures", "undo", "--json").json
    assert (undone["undone"], undone["changed"], undone["kept"]) == ("retry", 4, 0)
    assert stocked("status", "--json").json["known_bad"] == 4
    one = stocked("failures", "list", "--kind", "malformed", "--json").lines[0]
    shown = stocked("failures", "show", str(one["id"]), "--json").json
    assert "by the sea" in shown["raw"]
    assert stocked("failures", "show", "999").code == 2
    assert stocked("failures", "retry", "--all", "--kind", "safety").code == 2


def test_stored_answers_are_judged_again_at_no_cost(stocked):
    before = stocked("status", "--json").json
    dry = stocked("failures", "rejudge", "--all", "--dry-run", "--json").json
    assert (dry["looked"], dry["changed"], dry["cost_usd"]) == (2, 1, 0.0)
    assert stocked("failures", "rejudge", "--all", "--json").json["changed"] == 1
    after = stocked("status", "--json").json
    assert (after["tagged"], after["known_bad"]) == (before["tagged"] + 1, before["known_bad"] - 1)
    (row,) = stocked("search", "--json", '"by the sea"').lines
    assert row["id"] == 5
    assert 0 < row["cost_usd"] <= 0.001
    assert after["requests_today"] == before["requests_today"]
    assert stocked("failures", "rejudge", "--all", "--json").json["changed"] == 0


def test_judging_again_is_taken_back(stocked):
    before = [stocked("failures", "list", "--json").lines, stocked("status", "--json").json]
    assert stocked("failures", "rejudge", "--all", "--json").json["changed"] == 1
    undone = stocked("failures", "undo", "--json").json
    assert (undone["undone"], undone["changed"], undone["kept"]) == ("rejudge", 1, 0)
    assert [stocked("failures", "list", "--json").lines, stocked("status", "--json").json] == before
    assert stocked("search", "--json", '"by the sea"').out == ""
    assert stocked("failures", "undo").code == 2
    assert stocked("failures", "rejudge", "--all", "--json").json["changed"] == 1
    assert ids(stocked("search", "--json", '"by the sea"')) == [5]


def test_failures_with_a_changed_setting(stocked):
    dry = stocked("failures", "retry", "--kind", "malformed", "--with", "more-output", "--dry-run",
                  "--json").json  # fmt: skip
    assert (dry["reach"], dry["changed"], dry["refused_before"]) == (2, 0, 0)
    assert dry["cost_usd"] > 0
    for wish in ("more-output", "re-encode", "resolution=high"):
        made = stocked("failures", "retry", "--kind", "malformed", "--with", wish, "--json").json
        assert (made["changed"], made["with"]) == (2, wish)
    assert stocked("status", "--json").json["known_bad"] == 2
    for _ in range(3):
        assert stocked("failures", "undo", "--json").json["changed"] == 2
    assert stocked("status", "--json").json["known_bad"] == 4
    said = stocked("failures", "retry", "--all", "--with", "more-output")
    assert "4 failures will be tried with more-output, about $" in said.err
    assert "undo" in said.err
    wrong = stocked("failures", "retry", "--all", "--with", "nonsense")
    assert wrong.code == 2
    assert "more-output, output=N" in wrong.err
    low = f"resolution={PROFILE.model.media_resolution}"
    assert stocked("failures", "retry", "--all", "--with", low).code == 2


def test_failures_to_another_model(stocked):
    made = stocked("failures", "retry", "--kind", "safety", "--with", "model=gemini-3.8-flash",
                   "--json").json  # fmt: skip
    assert (made["changed"], made["selection"], made["model"]) == (2, 1, "gemini-3.8-flash")
    assert made["cost_usd"] > 0
    said = stocked("failures", "retry", "--kind", "safety", "--with", "model=gemini-3.8-flash")
    assert "gemtag run --model gemini-3.8-flash --selection 2" in said.err
    assert stocked("failures", "retry", "--all", "--with", "model=").code == 2
    assert stocked("status", "--json").json["known_bad"] == 4


def test_one_model_s_results_and_failures(stocked):
    mine = ("--model", "gemini-3.5-flash-lite", "--profile", PROFILE.id)
    assert len(stocked("failures", "list", "--json", *mine).lines) == 4
    assert len(stocked("failures", "--json", *mine).lines) == 3
    assert ids(stocked("search", "--json", *mine)) == [2, 1]
    assert len(stocked("show", "1", "--json", *mine).json["results"]) == 1
    for command in (("failures", "list"), ("search",), ("show", "1"), ("failures",)):
        wrong = stocked(*command, "--model", "nobody")
        assert wrong.code == 2
        assert "Known: gemini-3.5-flash-lite" in wrong.err
