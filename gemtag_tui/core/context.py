"""What a picture's source says of it: strangers' words, kept short and never obeyed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gemtag_tui.core.text import storable

LONGEST = 4_000
"""Characters kept of a description; of anything else a tenth of it."""
MOST_KEYWORDS = 100

_NAMES: dict[str, tuple[str, ...]] = {
    "external_id": ("external_id", "id", "pin_id", "post_id", "photo_id", "tweet_id", "md5"),
    "board": ("board", "board_name", "album", "collection", "subreddit", "gallery"),
    "section": ("section", "board_section", "section_name", "chapter"),
    "title": ("title", "grid_title", "name", "headline"),
    "description": (
        "description",
        "closeup_unified_description",
        "closeup_description",
        "note",
        "caption",
        "content",
        "alt_text",
        "auto_alt_text",
        "alt",
    ),
    "author": ("author", "pinner", "native_creator", "creator", "artist", "user", "uploader"),
    "link": ("link", "source", "source_url", "post_url", "permalink", "canonical_link", "url"),
}
"""Under which names sources tell each part; earlier ones win."""
_KEYWORDS = ("keywords", "tags", "hashtags", "tag_string")
_INSIDE = ("name", "title", "full_name", "nick", "username", "text", "value", "url", "id")


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a picture from where it came from; "" is nothing."""

    external_id: str = ""
    board: str = ""
    section: str = ""
    title: str = ""
    description: str = ""
    author: str = ""
    link: str = ""
    keywords: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return self == Context()


def context_from(told: Mapping[str, Any]) -> Context:
    """Return what a source tells, whichever of the usual names it uses.

    Args:
        told: a JSON object, or the columns of a row.
    """
    given = {str(name).strip().casefold(): value for name, value in told.items()}
    found = {part: _first(given, names, part) for part, names in _NAMES.items()}
    return Context(**found, keywords=_keywords(given))


def _first(given: Mapping[str, Any], names: Iterable[str], part: str) -> str:
    limit = LONGEST if part == "description" else LONGEST // 10
    for name in names:
        if words := _words(given.get(name), limit):
            return words
    return ""


def _words(value: Any, limit: int) -> str:
    """Return a value's words: of an object its name, of a list nothing."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in _INSIDE if isinstance(value.get(name), str)), None)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return storable(str(value)[:limit]).strip()


def _keywords(given: Mapping[str, Any]) -> tuple[str, ...]:
    for name in _KEYWORDS:
        value = given.get(name)
        if isinstance(value, str):
            value = value.split(",") if "," in value else value.split()
        if isinstance(value, list | tuple):
            words = [_words(one, LONGEST // 10) for one in value[:MOST_KEYWORDS]]
            if kept := tuple(dict.fromkeys(filter(None, words))):
                return kept
    return ()
