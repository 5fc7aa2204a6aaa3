from __future__ import annotations

import time

import pytest
from textual.css.stylesheet import Stylesheet

from .quick import SharedRules, at_rest

RULES = SharedRules().wrapped(Stylesheet._parse_rules)


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch):
    """One time zone and one terminal for every machine."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for name in ("NO_COLOR", "COLORTERM", "TEXTUAL_THEME", "TEXTUAL"):
        monkeypatch.delenv(name, raising=False)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """No fixed waits, and one parse of each stylesheet."""
    monkeypatch.setattr("textual.pilot.wait_for_idle", at_rest)
    monkeypatch.setattr("textual.app.wait_for_idle", at_rest)
    monkeypatch.setattr(Stylesheet, "_parse_rules", RULES)
