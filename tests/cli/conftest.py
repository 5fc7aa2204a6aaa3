from __future__ import annotations

import logging
import os
from functools import partial

import pytest
from cli_kit import MINE, run_here

from gemtag_tui.cli import demo_parts
from gemtag_tui.engine import logs
from gemtag_tui.simulator.drawing import draw_pictures


@pytest.fixture
def gemtag(tmp_path, monkeypatch, capsys):
    """Run commands on a library of their own, with nothing of the user's around."""
    for name in list(os.environ):
        if name.startswith(MINE):
            monkeypatch.delenv(name)
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    monkeypatch.setenv("GEMTAG_LIBRARY", str(tmp_path / "library.db"))
    monkeypatch.setenv("GEMTAG_CONFIG", str(tmp_path / "config.toml"))
    yield partial(run_here, capsys)
    logs.stop_logging()
    root.handlers[:], logging.raiseExceptions = before[0], before[2]
    root.setLevel(before[1])


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    """Run the simulator as a process and give its address; some calls fail at first."""
    faults = tmp_path_factory.mktemp("simulator") / "faults.json"
    faults.write_text('{"faults": [{"fault": "overloaded", "calls": [[2, 3]]}]}', "utf-8")
    with demo_parts.simulator(faults) as address:
        yield address


@pytest.fixture
def with_key(gemtag, simulator, monkeypatch):
    """Run commands that may ask the simulator."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", simulator)
    monkeypatch.setenv("GEMINI_API_KEY", "any-key-will-do")
    return gemtag


@pytest.fixture
def pictures(tmp_path):
    """Six pictures, a copy of one, a broken one, a text, and a name that is no UTF-8."""
    folder = tmp_path / "pictures"
    first, *_ = draw_pictures(folder, 6)
    (folder / "copy.jpg").write_bytes(first.read_bytes())
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    (folder / "notes.txt").write_text("no picture")
    with open(os.fsencode(folder) + b"/caf\xe9.jpg", "wb") as file:  # noqa: PTH123 - bytes
        file.write(draw_pictures(tmp_path / "more", 1, seed=9)[0].read_bytes())
    return folder
