from __future__ import annotations

import logging
import stat
import warnings

import pytest

from gemtag_tui.engine import logs
from gemtag_tui.gemini.key import Secret

KEY = "AIzaSyA-very-secret-key-1234567890abcde"


@pytest.fixture
def started(tmp_path):
    """Start logging, and give pytest its handlers back."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    for handler in handlers:
        root.removeHandler(handler)
    yield lambda **more: logs.start_logging(
        tmp_path / "logs", "engine", [Secret("hush-hush")], **more
    )
    logs.stop_logging()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = raising


def test_lines_go_to_a_file_of_its_own_user(started):
    path = started()
    logging.getLogger("gemtag.engine").info("run %d begins", 7)
    assert path.name == "engine.log"
    line = path.read_text("utf-8")
    assert line.endswith("gemtag.engine: run 7 begins\n")
    assert line[4] == "-"
    assert "T" in line.split()[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_no_secret_reaches_the_file_in_whatever_dress(started):
    path = started()
    log = logging.getLogger("gemtag")
    log.info("sending with %s", KEY)
    log.info("x-goog-api-key: %s", "short-one-99")
    log.info("headers %r", {"x-goog-api-key": "short-one-99", "a": 1})
    log.info("GET /v1/models?key=short-one-99&pageSize=1")
    log.info("Authorization: Bearer short-one-99")
    log.info("the value hush-hush alone")
    try:
        raise RuntimeError(f"refused: hush-hush {KEY}")
    except RuntimeError:
        log.exception("a call failed for hush-hush", stack_info=True)
    text = path.read_text("utf-8")
    for secret in (KEY, "short-one-99", "hush-hush"):
        assert secret not in text.replace('"the value hush-hush alone"', "").replace(
            'f"refused: hush-hush {KEY}"', ""
        )
    assert "pageSize=1" in text
    assert "RuntimeError" in text


def test_outside_text_can_neither_forge_an_entry_nor_command_a_terminal(started):
    path = started()
    logging.getLogger("gemtag").warning("name %s", "x\n2026-01-01 ERROR forged\x1b[2J")
    first, second = path.read_text("utf-8").splitlines()
    assert "WARNING" in first
    assert second.startswith("    2026")
    assert "\x1b" not in second


def test_lone_surrogates_are_written_as_escapes(started):
    path = started()
    logging.getLogger("gemtag").warning("name %s", "caf\udce9")
    assert "caf\\udce9" in path.read_text("utf-8")


def test_warnings_are_logged_and_nothing_goes_to_the_terminal(started, capfd):
    path = started()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("an old habit", UserWarning, stacklevel=1)
    logging.getLogger("google_genai.models").error("loud")
    logging.getLogger("aiohttp.client").info("chatter")
    text = path.read_text("utf-8")
    assert "an old habit" in text
    assert "loud" in text
    assert "chatter" not in text
    assert capfd.readouterr() == ("", "")


def test_files_rotate_and_are_limited_in_number(started, monkeypatch):
    monkeypatch.setattr(logs, "FILE_BYTES", 1000)
    path = started()
    for number in range(200):
        logging.getLogger("gemtag").info("line %d", number)
    kept = sorted(one.name for one in path.parent.iterdir())
    assert kept == ["engine.log", *(f"engine.log.{n}" for n in range(1, logs.FILES))]
    assert "line 199" in path.read_text("utf-8")


def test_without_a_place_to_write_gemtag_goes_on(tmp_path, started, capfd):
    (tmp_path / "logs").write_text("a file where the folder ought to be")
    assert started() is None
    logging.getLogger("gemtag").error("lost")
    assert capfd.readouterr() == ("", "")


def test_library_loggers_lose_handlers_of_their_own(started):
    library = logging.getLogger("google_genai")
    library.addHandler(logging.StreamHandler())
    started()
    assert library.handlers == []
