"""Answers made into tags: checked against the profile, cleaned, bounded. No JSON makes it raise."""

from __future__ import annotations

import re
import unicodedata
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gemtag_tui.core.failures import FailureKind
from gemtag_tui.core.profile import ECHO_FIELD, SUMMARY_FIELD, Bucket, Profile, word_key
from gemtag_tui.core.verdicts import Tags

MAX_TAG = 100
"""Characters of a tag."""
MAX_SUMMARY = 2000
"""Characters of a summary."""

_MEMO_LENGTH = 64
_MEMO_SIZE = 4096
_MANY = 12
"""Items from which on a list that says the same over and over is a loop, not an answer."""
_LOOK = 8 * MAX_SUMMARY
"""Characters of one value that are looked at."""
_LONG = 400
_REPEATING = 0.12
"""A long text that compresses to less than this share repeats itself: prose stays above 0.3."""

_SPACES = re.compile(r"\s+")
_EDGES = " \t.,;:!?#*|/\\_-–—•·'\"`´‘’“”„«»‹›"
_TEXT_EDGES = " \t,;|`"
_JOINERS = {"\u200c", "\u200d"}
"""Invisible, but part of words in Persian and of emoji."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A good answer.

    Attributes:
        tags: what is kept.
        dropped: tags left out because the vocabulary does not know them, or they were no words.
    """

    tags: Tags
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why an answer is not good: `MALFORMED` or `EMPTY`, and words."""

    kind: FailureKind
    why: str


def clean(data: object, profile: Profile, echo: str = "") -> Cleaned | Flaw:
    """Check and normalise an answer.

    Args:
        data: the answer, as JSON values.
        profile: what was asked for.
        echo: when given, the id that the answer must repeat.
    """
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, dict):
        return _malformed("the answer is not an object")
    if echo and data.get(ECHO_FIELD) != echo:
        return _malformed("the answer belongs to another picture")
    summary = _summary(data.get(SUMMARY_FIELD), profile)
    if isinstance(summary, Flaw):
        return summary
    buckets: dict[str, tuple[str, ...]] = {}
    dropped = 0
    for cleaner in cleaners(profile):
        found = cleaner.clean(data.get(cleaner.name))
        if isinstance(found, Flaw):
            return found
        buckets[cleaner.name], lost = found
        dropped += lost
    if not summary and not any(buckets.values()):
        return Flaw(FailureKind.EMPTY, "the answer has neither a summary nor a tag")
    return Cleaned(Tags(summary, buckets), dropped)


def _malformed(why: str) -> Flaw:
    return Flaw(FailureKind.MALFORMED, why)


def _summary(value: object, profile: Profile) -> str | Flaw:
    if profile.summary_words == 0 or value is None:
        value = ""
    if not isinstance(value, str):
        return _malformed("the summary is not text")
    return clean_summary(value)


def clean_summary(value: str) -> str | Flaw:
    """Return a summary made clean, or why it is none."""
    summary = clean_text(value[:_LOOK], MAX_SUMMARY)
    if len(summary) > _LONG and repeats(summary):
        return _malformed("the summary repeats itself")
    return summary


@lru_cache(maxsize=16)
def cleaners(profile: Profile) -> tuple[Cleaner, ...]:
    """Return what cleans a profile's buckets, in their order."""
    return tuple(Cleaner(bucket) for bucket in profile.buckets)


class Cleaner:
    """Makes one bucket's items into tags; remembers short ones, which come again and again."""

    __slots__ = ("_known", "_memo", "_normal", "bucket", "name")

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.name = bucket.name
        self._normal = _cased if bucket.keep_case else _lowered
        self._known = {word_key(word): clean_text(word, MAX_TAG) for word in bucket.vocabulary}
        self._memo: dict[str, tuple[str, str]] = {}

    def settled(self) -> frozenset[str]:
        """Return the words of the vocabulary that are tags as they are."""
        words = frozenset(self._known.values())
        return frozenset(word for word in words if self._pair(word) == (word.casefold(), word))

    def clean(self, value: object) -> tuple[tuple[str, ...], int] | Flaw:
        """Return the tags and how many items were left out."""
        if (usual := self._usual(value)) is not None:
            return usual, 0
        items = self._items(value)
        if isinstance(items, Flaw):
            return items
        kept: dict[str, str] = {}
        dropped = 0
        cap, memo = self.bucket.cap, self._memo
        for item in items:
            pair = (memo.get(item) if type(item) is str else None) or self._pair(item)
            if pair is None:
                return _malformed(f"{self.name!r} repeats itself")
            key, word = pair
            if not word:
                dropped += 1
            elif key not in kept:
                kept[key] = word
                if len(kept) == cap:
                    break
        if self.bucket.required and not kept:
            return _malformed(f"{self.name!r} has no tag")
        return tuple(kept.values()), dropped

    def _usual(self, value: object) -> tuple[str, ...] | None:
        """Return the tags of a short list of different words that all came before; else `None`."""
        if type(value) is not list or not 0 < len(value) < _MANY:
            return None
        try:
            kept = dict(map(self._memo.__getitem__, value))
        except (KeyError, TypeError):
            return None
        alike = len(kept) == len(value) <= self.bucket.cap
        return tuple(kept.values()) if alike and "" not in kept else None

    def _items(self, value: object) -> list[Any] | Flaw:
        if value is None:
            return []
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            return _malformed(f"{self.name!r} is not a list")
        if len(value) >= _MANY and _repeating(value):
            return _malformed(f"{self.name!r} repeats itself")
        return value

    def _pair(self, item: object) -> tuple[str, str] | None:
        """Return an item's key and its tag ("" when it is left out), or `None` when degenerate."""
        if not isinstance(item, str):
            if isinstance(item, bool) or not isinstance(item, int | float):
                return "", ""
            item = str(item)
        if len(item) > _LONG and repeats(item[:_LOOK]):
            return None
        word = self._normal(item[:_LOOK])
        if self._known:
            word = self._known.get(word_key(word), "")
        pair = word.casefold(), word
        if len(item) <= _MEMO_LENGTH:
            if len(self._memo) >= _MEMO_SIZE:
                self._memo.clear()
            self._memo[item] = pair
        return pair


def _repeating(items: list[Any]) -> bool:
    words = [item for item in items if isinstance(item, str)]
    return len(words) >= _MANY and len(set(words)) * 4 <= len(words)


def _lowered(raw: str) -> str:
    text = clean_text(raw.replace("_", " "), MAX_TAG)
    while True:  # lowering may decompose, stripping may uncover: a few rounds at most
        lower = _SPACES.sub(" ", unicodedata.normalize("NFC", text.lower())).strip(_EDGES)[:MAX_TAG]
        if lower == text:
            return lower
        text = lower


def _cased(raw: str) -> str:
    return clean_text(raw, MAX_TAG, _TEXT_EDGES)


def clean_text(raw: str, limit: int, edges: str = " ") -> str:
    """Return one line without controls, bidi signs and doubled spaces, in NFC, stripped and cut."""
    text = raw
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", "".join(map(_harmless, text)))
    if "  " in text or not text.isascii():
        text = _SPACES.sub(" ", text)
    return text.strip(edges)[:limit].rstrip(edges)


@lru_cache(maxsize=4096)
def _harmless(char: str) -> str:
    if char in _JOINERS:
        return char
    category = unicodedata.category(char)
    if category in {"Zs", "Zl", "Zp"} or char.isspace():
        return " "
    return "" if category in {"Cc", "Cf", "Cs", "Co"} else char


def repeats(text: str) -> bool:
    """Whether a long text says the same over and over (how models fail when they loop)."""
    data = text.encode("utf-8", "replace")
    return len(zlib.compress(data, 1)) < _REPEATING * len(data)
