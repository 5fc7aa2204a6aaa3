"""What like messages have in common, so that failures with one cause stand in one group."""

from __future__ import annotations

import re

from gemtag_tui.core.text import storable

LONGEST = 120
"""Characters of a cause."""
_LOOK = 600

_SOMETHING = "…"
_FILE = r"[^\s\"'/\\(]+\.(?:jpe?g|png|webp|heic|heif|gif|avif|tiff?|bmp)\b"
_PATH = r"(?<!\w)(?:[a-z]:|\.{0,2})(?:[\\/][^\s\\/\"'<>|]+)+[\\/]?"
_RULES = (
    (re.compile(r"[a-z][a-z0-9+.-]{1,9}://[^\s\"'<>]+", re.IGNORECASE), _SOMETHING),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "#"),
    (re.compile(_PATH, re.IGNORECASE), _SOMETHING),
    (re.compile(_FILE, re.IGNORECASE), _SOMETHING),
    (re.compile(r"\b(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,}\b", re.IGNORECASE), "#"),
    (re.compile(r"\b(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}\b"), "#"),
    (re.compile(r"[0-9][0-9.,:]*(?<![.,:])"), "#"),
    (re.compile(r"\s+"), " "),
)


def cause_of(message: str) -> str:
    """Return a message's words without numbers, ids, addresses and paths, cut to a length."""
    words = storable(message[:_LOOK])
    for pattern, instead in _RULES:
        words = pattern.sub(instead, words)
    return words.strip()[:LONGEST]
