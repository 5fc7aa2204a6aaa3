"""Words of the search index that stand for whole facts: a tag, a tag of a bucket, a track, a lane.

A word begins with a sign from Unicode's private area. Those count as letters for the index, never
occur in a cleaned answer, and so such a word is found by itself and by nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from gemtag_tui.core.text import storable

_FACT, _TAG, _BUCKET, _GAP = "\ue000", "\ue001", "\ue002", "\ue003"
_ASCII = re.compile(r"[0-9A-Za-z]+")
_SIGNS = str.maketrans(dict.fromkeys((_FACT, _TAG, _BUCKET, _GAP), " "))

ALL = f"{_FACT}all"
"""Every result."""
EDITED = f"{_FACT}edited"
"""Results that a person's edit lies over."""


def joined(text: str) -> str:
    """Return text as one word: what is no letter becomes one gap; "" when nothing is left."""
    if text.isascii():
        if text.isalnum():
            return text
        return _GAP.join(_ASCII.findall(text))
    return _joined(text)


@lru_cache(maxsize=16_384)
def _joined(text: str) -> str:
    pieces = "".join(c if _letter(c) else " " for c in storable(text).translate(_SIGNS)).split()
    return _GAP.join(pieces)


def _letter(char: str) -> bool:
    return char.isalnum() or (not char.isascii() and unicodedata.category(char)[0] == "M")


def tag_key(name: str) -> str:
    """Return the word for a whole tag in any bucket, "" when it has no letters."""
    word = joined(name)
    return _TAG + word if word else ""


def bucket_key(bucket: str, name: str) -> str:
    """Return the word for a whole tag in one bucket, "" when it has no letters."""
    word = joined(name)
    return f"{_BUCKET}{joined(bucket)}{_TAG}{word}" if word else ""


def track_key(track: int) -> str:
    """Return the word for a track."""
    return f"{_FACT}t{track:d}"


def lane_key(lane: str) -> str:
    """Return the word for a lane."""
    return f"{_FACT}lane{_TAG}{joined(lane)}"


def block_key(block: int) -> str:
    """Return the word for a block of results."""
    return f"{_FACT}b{block:d}"


def board_keys(board: str) -> list[str]:
    """Return the words for a board: one for each word of its name."""
    return [f"{_FACT}board{_TAG}{word}" for word in joined(board).split(_GAP) if word]


def has_key(bucket: str) -> str:
    """Return the word for a bucket that is not empty."""
    return f"{_FACT}has{_TAG}{joined(bucket)}"


def folded(text: str) -> str:
    """Return what texts have in common that the index takes for the same: case and accents go."""
    apart = unicodedata.normalize("NFD", joined(text).casefold())
    return "".join(char for char in apart if not unicodedata.combining(char))


def keys(tags: Mapping[str, Iterable[str]], facts: Iterable[str]) -> str:
    """Return all words for a result's tags by bucket and for other facts, with spaces between."""
    words = [ALL, *facts]
    for bucket, names in tags.items():
        own = f"{_BUCKET}{joined(bucket)}{_TAG}"
        for name in names:
            if word := joined(name):
                words += (_TAG + word, own + word)
    return " ".join(words)
