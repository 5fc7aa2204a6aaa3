from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from gemtag_tui.cli.ending import ending_lines
from gemtag_tui.cli.fields import progress_words, status_fields
from gemtag_tui.cli.run import Teller, options_of, run
from gemtag_tui.cli.words import duration, money
from gemtag_tui.core.batch_words import OLDER_COPY
from gemtag_tui.core.settings import Settings
from gemtag_tui.core.snapshot import Counts, RunSnapshot
from gemtag_tui.engine.request import RunRequest

COUNTS = Counts(total=100, tagged=60, remaining=30, known_bad=8, ignored=2, retry_later=5)
SNAPSHOT = RunSnapshot(
    state="running",
    lane="interactive",
    provider="google",
    counts=COUNTS,
    done=50,
    tries=70,
    cost_usd=0.25,
    rate_per_min=120.0,
    rate_overall=100.0,
    eta_seconds=90.0,
    at=1000.0,
    started_at=900.0,
    ended_at=1000.0,
    binding_limit="rpm",
    message="Stopped on request; everything is kept.",
)


def test_progress_says_what_counts_in_one_line():
    words = progress_words(SNAPSHOT)
    assert words.startswith("running, 60 of 100 tagged, 120/min, 1 min 30 s left")
    assert words.endswith("$0.2500, 13 failed, limit: rpm")


def test_what_holds_things_up_stands_before_the_limit_and_is_harmless():
    held = RunSnapshot(waiting_for="paused\x1b[2J by you", binding_limit="rpm")
    words = progress_words(held)
    assert "paused" in words
    assert "\x1b" not in words
    assert "limit" not in words


def test_unknown_times_are_null_in_json():
    fields = status_fields(RunSnapshot())
    assert fields["eta_seconds"] is None
    assert fields["parked_until"] is None


def test_five_lines_tell_the_end():
    lines = ending_lines(SNAPSHOT, {"blocked": 6, "timeout": 2})
    assert [line.split()[0] for line in lines] == ["Done", "Failed", "Cost", "Time", "Next"]
    assert "60 of 100 tagged, 50 by this run. Stopped on request" in lines[0]
    assert "6 blocked, 2 timeout; 5 to be tried later; 2 ignored" in lines[1]
    assert "$0.2500 in 70 calls, $0.0050 an image" in lines[2]
    assert "1 min 40 s, 100 images a minute" in lines[3]
    assert "gemtag run" in lines[4]
    assert "gemtag scan PATH" in ending_lines(RunSnapshot(), {})[4]
    copy = RunSnapshot(counts=Counts(total=9, remaining=9), message=f"{OLDER_COPY}: two jobs.")
    assert "gemtag batches list" in ending_lines(copy, {})[4]


def test_the_same_run_can_be_asked_for_again_in_words():
    request = RunRequest(
        library=Path("l.db"),
        settings=Settings(),
        overrides={"concurrency": 5, "model": "m"},
        lane="flex",
        limit=7,
        selection=3,
        max_cost=0.1,
        no_wait=True,
    )
    words = options_of(request)
    parsed = run.make_context("run", list(words)).params
    assert parsed["lane"] == "flex"
    assert (parsed["concurrency"], parsed["model"], parsed["limit"]) == (5, "m", 7)
    assert parsed["selection"] == 3
    assert (parsed["max_cost"], parsed["no_wait"], parsed["detach"]) == (0.1, True, False)


def test_json_lines_of_progress_end_with_the_end(capsys):
    teller = Teller(as_json=True)
    teller.tell("progress", SNAPSHOT)
    teller.tell("end", SNAPSHOT)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in events] == ["progress", "end"]
    assert events[0]["tagged"] == 60


class Gone(io.StringIO):
    """A stdout whose reader has gone away."""

    def write(self, text):
        raise BrokenPipeError


def test_a_reader_that_goes_away_does_not_end_the_run(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Gone())
    teller = Teller(as_json=True)
    teller.tell("progress", SNAPSHOT)
    teller.tell("end", SNAPSHOT)
    assert teller.last is SNAPSHOT


def test_warnings_are_said_once(capsys):
    teller = Teller(as_json=False)
    warned = RunSnapshot(warnings=["80 % of today's quota is used"])
    teller.tell("progress", warned)
    teller.tell("progress", warned)
    assert capsys.readouterr().err.count("80 %") == 1


def test_numbers_in_words():
    assert [duration(n) for n in (0, 0.4, 45, 200, 7500, 300_000)] == [
        "0 s",
        "0.4 s",
        "45 s",
        "3 min 20 s",
        "2 h 05 min",
        "3 d 11 h",
    ]
    assert [money(n) for n in (0, 0.0031, 0.5, 12.4, 1234.5)] == [
        "$0",
        "$0.0031",
        "$0.5000",
        "$12.40",
        "$1,234.50",
    ]
