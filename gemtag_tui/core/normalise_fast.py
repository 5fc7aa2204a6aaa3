"""Answers as they nearly always come, made into tags at once; others are for `normalise`."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from gemtag_tui.core.normalise import MAX_TAG, Flaw, clean_summary, cleaners
from gemtag_tui.core.profile import ECHO_FIELD, SUMMARY_FIELD, Profile
from gemtag_tui.core.text import storable

_MOST_TEXT = 1_000_000
_SHORT = 400
"""Up to here a summary is not looked through for loops."""
_PLAIN = b"abcdefghijklmnopqrstuvwxyz0123456789 -\0"
"""What words consist of that are tags as they are; the last stands between them."""
_WITHIN = " -\0"
"""What is no word's beginning, and no word's end."""
_MOST_PLAIN = 50_000
"""Words that are remembered as plain: a few megabytes."""
_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=16)
def swift(profile: Profile) -> Swift:
    """Return the profile's reader."""
    return Swift(profile)


class Swift:
    """Reads answers to one profile.

    What it gives is what `read_json`, `clean` and storing give, in a fraction of the time.

    Args:
        profile: what was asked for.
    """

    def __init__(self, profile: Profile) -> None:
        self._wants_summary = profile.summary_words > 0
        self._cleaners = cleaners(profile)
        self._names = [f"b{n}" for n in range(len(profile.buckets))]
        self._decode = msgspec.json.Decoder(_form(profile, self._names)).decode
        self._lists = _getter(self._names)
        self._rules = list(zip(self._names, self._cleaners, strict=True))
        self._free = _getter([n for n, one in self._rules if not one.bucket.vocabulary])
        self._bound = [(n, one, one.settled()) for n, one in self._rules if one.bucket.vocabulary]
        self._least_cap = min(bucket.cap for bucket in profile.buckets)
        self._plain: set[str] = set()
        self._caps = [(one.bucket.cap, one.bucket.required) for one in self._cleaners]

    def read(self, text: str, echo: str) -> tuple[str, str] | None:
        """Return an answer's summary and its tags as JSON, both as they are stored.

        `None` when it is no usual answer, or none at all.

        Args:
            text: what the model said.
            echo: when given, the id that the answer must repeat.
        """
        try:
            answer: Any = self._decode(text)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None
        if (echo and answer.echo != echo) or len(text) > _MOST_TEXT:
            return None
        summary = self._summary(answer.summary)
        if summary is None:
            return None
        lists = self._lists(answer)
        if not any(lists) or not self._as_they_are(answer, lists):
            some = self._cleaned(answer)
            if some is None or not (summary or some):
                return None
        answer.summary = answer.echo = UNSET
        try:
            return summary, _encode(answer).decode()
        except UnicodeEncodeError:  # lone surrogates
            return None

    def _summary(self, said: str) -> str | None:
        if not self._wants_summary:
            return ""
        if len(said) <= _SHORT and said.isascii() and said.isprintable() and "  " not in said:
            return said.strip(" ")
        found = clean_summary(said)
        return None if isinstance(found, Flaw) else storable(found)

    def _as_they_are(self, answer: Any, lists: tuple[list[str], ...]) -> bool:
        """Whether every word is a tag already, and none is said twice."""
        if max(map(len, lists)) > self._least_cap or not all(lists):
            for said, (cap, required) in zip(lists, self._caps, strict=True):
                if len(said) > cap or (required and not said):
                    return False
        words = list(chain.from_iterable(lists))
        distinct = set(words)
        if len(distinct) != len(words) and any(len(set(said)) != len(said) for said in lists):
            return False
        if self._bound:
            for name, _, settled in self._bound:
                if not settled.issuperset(getattr(answer, name)):
                    return False
            distinct = set(chain.from_iterable(self._free(answer)))
        return distinct <= self._plain or self._learns(distinct)

    def _learns(self, words: set[str]) -> bool:
        """Whether words are plain; they are remembered, since they come again and again."""
        fresh = list(words - self._plain)
        if not _plain(fresh):
            return False
        if len(self._plain) > _MOST_PLAIN:
            self._plain.clear()
        self._plain.update(fresh)
        return True

    def _cleaned(self, answer: Any) -> bool | None:
        """Clean bucket by bucket; return whether there is a tag, `None` when one is flawed."""
        some = False
        for name, cleaner in self._rules:
            found = cleaner.clean(getattr(answer, name))
            if isinstance(found, Flaw):
                return None
            setattr(answer, name, found[0])
            some = some or bool(found[0])
        return some


def _plain(words: list[str]) -> bool:
    """Whether words consist of small letters, digits and single spaces and hyphens within."""
    if not words:
        return True
    joined = "\0".join(words)
    if not joined.isascii() or joined.encode().translate(None, _PLAIN):
        return False
    if joined.count("\0") != len(words) - 1 or max(map(len, words)) > MAX_TAG:
        return False
    if (
        not joined
        or "  " in joined
        or "\0\0" in joined
        or joined[0] in _WITHIN
        or joined[-1] in _WITHIN
    ):
        return False
    return not (" \0" in joined or "\0 " in joined or "-\0" in joined or "\0-" in joined)


def _form(profile: Profile, names: list[str]) -> type[msgspec.Struct]:
    """Return the type of an answer; a bucket may have any name, so its field has a number."""
    text = str | UnsetType
    fields: list[Any] = [("summary", text, ""), ("echo", text, "")]
    fields += [(name, list[str], []) for name in names]
    wire = {name: bucket.name for name, bucket in zip(names, profile.buckets, strict=True)}
    wire |= {"summary": SUMMARY_FIELD, "echo": ECHO_FIELD}
    return msgspec.defstruct("Said", fields, rename=wire, gc=False)


def _getter(names: list[str]) -> Any:
    """Return a function that gives a struct's fields as a tuple, however many they are."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda answer: tuple(getattr(answer, name) for name in names)
