from __future__ import annotations

import time

import pytest


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
