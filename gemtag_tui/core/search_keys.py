"""Words of the search index that stand for whole facts: a tag, a tag of a bucket, a track, a lane.

A word begins with a sign from Unicode's private area. Those count as letters for the index, never
occur in a cleaned answer, and so such a word is found by itself and by nothing else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from gemtag_tui.core.text import storable

_FACT, _TAG, _BUCKET, _GAP = "\ue000", "\ue001", "\ue002", "\ue003"
_SIGNS = str.maketrans(dict.fromkeys((_FACT, _TAG, _BUCKET, _GAP), " "))

ALL = f"{_FACT}all"
"""Every result."""
EDITED = f"{_FACT}edited"
"""Results that a person's edit lies over."""


@lru_cache(maxsize=65_536)
def joined(text: str) -> str:
    """Return text as one word: what is no letter becomes one gap; "" when nothing is left."""
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


@lru_cache(maxsize=65_536)
def keys_of(bucket: str, name: str) -> str:
    """Return both words for a tag."""
    word = joined(name)
    return f"{_TAG}{word} {_BUCKET}{joined(bucket)}{_TAG}{word}" if word else ""


def keys(tags: Iterable[tuple[str, str]], *facts: str) -> str:
    """Return all words for a result, with a space between them."""
    return " ".join([ALL, *facts, *filter(None, [keys_of(*one) for one in tags])])
