from __future__ import annotations

import io
import sys

import click
import pytest

from gemtag_tui import __version__
from gemtag_tui.cli import main as main_module
from gemtag_tui.cli.main import COMMANDS, cli, main
from gemtag_tui.cli.output import ProgressLine, path_fields
from gemtag_tui.core.errors import LibraryBusyError, StoppedError

PROMISED = """scan plan run status pause resume stop lane batches failures search show export doctor
simulate demo""".split()  # noqa: SIM905 - read as one line of the contract


def boom(error):
    @click.command()
    def command():
        raise error

    return command


@pytest.fixture
def raising(monkeypatch):
    """Let `gemtag status` raise something."""

    def arrange(error):
        command = boom(error)
        monkeypatch.setattr(type(cli), "get_command", lambda self, ctx, name: command)

    return arrange


def test_every_promised_command_is_there_and_takes_the_common_options(gemtag):
    assert set(PROMISED) <= set(COMMANDS)
    for name in COMMANDS:
        said = gemtag(name, "--help")
        assert said.code == 0
        for option in ("--library", "--config", "--json"):
            assert option in said.out


def test_help_and_version(gemtag):
    assert "scan" in gemtag("--help").out
    assert __version__ in gemtag("--version").out


def test_common_options_may_stand_on_either_side(gemtag, tmp_path):
    for words in (
        ("--library", tmp_path / "a" / "x.db", "--json", "status"),
        ("status", "--library", tmp_path / "a" / "x.db", "--json"),
    ):
        assert gemtag(*words).json["state"] == "idle"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["stauts"], "Did you mean status?"),
        (["status", "--nope"], "--nope"),
        (["lane", "slow"], "slow"),
        (["run", "--limit", "0"], "--limit"),
        (["run", "--max-cost", "-1"], "dollars"),
        (["scan"], "PATH"),
    ],
)
def test_wrong_words_end_with_2_and_say_so_on_stderr(gemtag, words, hint):
    said = gemtag(*words)
    assert (said.code, said.out) == (2, "")
    assert hint in said.err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (LibraryBusyError("it is busy\x1b[2J"), 2, "An engine is already running: it is busy"),
        (StoppedError("the quota is spent"), 3, "the quota is spent"),
        (KeyboardInterrupt(), 130, "kept"),
    ],
)
def test_errors_become_words_and_exit_codes(gemtag, raising, error, code, words):
    raising(error)
    said = gemtag("status")
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert "\x1b" not in said.err
    assert "Traceback" not in said.err


def test_an_error_of_our_own_is_logged_whole_and_told_in_a_line(
    gemtag, raising, tmp_path, monkeypatch
):
    monkeypatch.setenv("GEMINI_API_KEY", "AIzaSyHush-hush-hush-hush")
    raising(ValueError("odd: AIzaSyHush-hush-hush-hush"))
    said = gemtag("status")
    assert said.code == 2
    assert "ValueError" in said.err
    assert "Traceback" not in said.err
    log = (tmp_path / "library-logs" / "shell.log").read_text("utf-8")
    assert "Traceback" in log
    assert "hush" not in (said.err + log).lower()


def test_a_reader_that_goes_away_is_no_error(raising, monkeypatch, capfd):
    raising(BrokenPipeError())
    monkeypatch.setattr(main_module.os, "dup2", lambda *_: None)
    assert main(["status"]) == 0
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_gemtag_alone_prints_the_status(gemtag):
    said = gemtag()
    assert said.code == 0
    assert said.out.startswith("Idle")
    assert "--help" in said.err


def test_names_that_are_no_utf8_stay_readable_and_whole():
    assert path_fields("/ü.jpg".encode()) == {"path": "/ü.jpg"}
    odd = path_fields(b"/\xff.jpg")
    assert odd == {"path": r"/\xff.jpg", "path_bytes": b"/\xff.jpg".hex()}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_progress_is_one_live_line_on_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    line = ProgressLine(stream, lambda: 0.0)
    line.show("x" * 200)
    line.show("two")
    line.clear()
    assert "\n" not in stream.getvalue()
    assert len(stream.getvalue().split("\r")[1].removesuffix("\x1b[K")) == 79


def test_progress_off_a_terminal_is_a_plain_line_each_ten_seconds():
    stream = io.StringIO()
    times = iter([0.0, 1.0, 9.9, 10.0, 15.0, 20.5])
    line = ProgressLine(stream, lambda: next(times))
    for number in range(5):
        line.show(f"line {number}")
    assert stream.getvalue() == "line 2\nline 4\n"


def test_a_closed_stderr_does_not_matter(monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    assert main(["stauts"]) == 2
